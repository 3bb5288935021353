"""``openapi``: print an OpenAPI document."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from emulator.cli import common_options, output

if TYPE_CHECKING:
    from emulator.domain.events import Generation


@click.command(
    name="openapi",
    epilog="Example: testlify-emulator openapi --as-consumer http://127.0.0.1:9000/hook"
    " > consumer.json && schemathesis run consumer.json",
)
@click.option(
    "--as-consumer", "url", metavar="URL",
    help="Describe, instead, the consumer to which Testlify posts at this URL.",
)  # fmt: skip
@click.option("--control", "is_control", is_flag=True, help="Describe, instead, the control API.")
@common_options.generation
def command(*, url: str | None, is_control: bool, webhooks: Generation) -> None:
    """Print the OpenAPI 3.1 document (JSON) of the emulated provider API.

    The document has all calls, and the webhooks with the schemas of their payloads. With
    --as-consumer it has one path with one POST, and the schemas of all payloads: for Schemathesis
    and other tools that test an API against its document.
    """
    if url is not None and is_control:
        message = "--as-consumer and --control exclude each other"
        raise click.UsageError(message)
    from emulator.contracts.consumer_openapi import as_consumer
    from emulator.contracts.validation import Contracts
    from emulator.server.documents import control_openapi, openapi

    contracts = Contracts()
    if is_control:
        document = control_openapi()
    elif url is None:
        document = openapi(contracts, webhooks)
    else:
        document = as_consumer(contracts, webhooks, url)
    output.json_document(document)
