"""``openapi``: print an OpenAPI document."""

from __future__ import annotations

import json

import click

from emulator.cli import output


@click.command(
    name="openapi",
    epilog="Example: testlify-emulator openapi --as-consumer http://127.0.0.1:9000/hook"
    " > consumer.json && schemathesis run consumer.json",
)
@click.option(
    "--as-consumer", "url", required=True, metavar="URL",
    help="Describe the endpoint of the consumer at this URL.",
)  # fmt: skip
@click.option(
    "--webhooks", type=click.Choice(["v1", "v2"]), default="v1", show_default=True,
    help="Generation of the payloads.",
)  # fmt: skip
def command(url: str, webhooks: str) -> None:
    """Print the OpenAPI 3.1 document (JSON) of a consumer's endpoint.

    One path, one POST, and the schemas of all payloads: for Schemathesis and other tools that
    test an API by its document.
    """
    from emulator.contracts.openapi import as_consumer
    from emulator.contracts.validation import Contracts

    document = as_consumer(Contracts(), webhooks, url)  # type: ignore[arg-type]
    output.document(json.dumps(document, indent=2, ensure_ascii=False))
