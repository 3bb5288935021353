"""``asyncapi``: print the AsyncAPI document of the webhooks."""

from __future__ import annotations

import json

import click

from emulator.cli import common_options, output


@click.command(name="asyncapi", epilog="Example: testlify-emulator asyncapi > webhooks.json")
@common_options.generation
def command(webhooks: str) -> None:
    """Print the AsyncAPI 3 document (JSON) of the webhooks: events and their payloads."""
    from emulator.contracts.validation import Contracts
    from emulator.server.documents import asyncapi

    document = asyncapi(Contracts(), webhooks)  # type: ignore[arg-type]
    output.document(json.dumps(document, indent=2, ensure_ascii=False))
