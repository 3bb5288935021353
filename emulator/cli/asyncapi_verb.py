"""``asyncapi``: print the AsyncAPI document of the webhooks."""

from __future__ import annotations

import json

import click

from emulator.cli import output


@click.command(name="asyncapi", epilog="Example: testlify-emulator asyncapi > webhooks.json")
@click.option(
    "--webhooks", type=click.Choice(["v1", "v2"]), default="v1", show_default=True,
    help="Generation of the payloads.",
)  # fmt: skip
def command(webhooks: str) -> None:
    """Print the AsyncAPI 3 document (JSON) of the webhooks: events and their payloads."""
    from emulator.contracts.validation import Contracts
    from emulator.server.documents import asyncapi

    document = asyncapi(Contracts(), webhooks)  # type: ignore[arg-type]
    output.document(json.dumps(document, indent=2, ensure_ascii=False))
