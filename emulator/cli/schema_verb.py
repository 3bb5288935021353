"""``schema``: print the JSON Schema of an event's payload."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from emulator.cli import common_options, output
from emulator.domain.events import event_type

if TYPE_CHECKING:
    from emulator.domain.events import Generation


@click.command(
    name="schema", epilog="Example: testlify-emulator schema candidate.completed > completed.json"
)
@click.argument("event")
@common_options.generation
def command(event: str, webhooks: Generation) -> None:
    """Print the self-contained JSON Schema (2020-12) of EVENT's payload.

    EVENT is an id or a name in payloads; 'testlify-emulator list events' shows both.
    """
    from emulator.contracts.validation import Contracts

    document = Contracts().document(webhooks, event_type(event, generation=webhooks).id)
    output.json_document(document)
