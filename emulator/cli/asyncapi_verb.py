"""``asyncapi``: print the AsyncAPI document of the webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from emulator.cli import common_options, output

if TYPE_CHECKING:
    from emulator.domain.events import Generation


@click.command(name="asyncapi", epilog="Example: testlify-emulator asyncapi > webhooks.json")
@common_options.generation
def command(webhooks: Generation) -> None:
    """Print the AsyncAPI 3 document (JSON) of the webhooks: events and their payloads."""
    from emulator.contracts.validation import Contracts
    from emulator.server.documents import asyncapi

    document = asyncapi(Contracts(), webhooks)
    output.json_document(document)
