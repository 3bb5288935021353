"""``validate``: check a scenario, or a payload against its schema."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from emulator.cli import common_options
from emulator.cli.codes import FAILED
from emulator.cli.output import say
from emulator.cli.scenario_variables import set_option, variables
from emulator.decoding import parsed
from emulator.domain.events import event_type
from emulator.errors import InvalidInputError, NotJSONError, ScenarioError, file_error

if TYPE_CHECKING:
    from emulator.contracts.validation import Contracts
    from emulator.domain.events import Generation


@click.command(
    name="validate",
    epilog="Examples: testlify-emulator validate scenarios/candidate-completes.yaml; "
    "testlify-emulator validate --event candidate.completed payload.json",
)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--event", metavar="EVENT", help="The files are payloads of this event type.")
@common_options.generation
@set_option
def command(
    files: tuple[Path, ...], event: str | None, webhooks: Generation, settings: tuple[str, ...]
) -> int:
    """Check FILES: scenarios, or with --event payloads.

    A payload is checked against its schema, as before a delivery. A scenario is also checked for
    steps that a run would refuse. Each problem is reported with line and column. Exit 0: all files
    are valid; 1: a file is invalid; 2: a file can't be read.
    """
    if event is None:
        return max(_scenario(file, settings) for file in files)
    from emulator.contracts.validation import Contracts

    contracts, id_ = Contracts(), event_type(event, generation=webhooks).id
    return max(_payload(file, contracts, webhooks, id_) for file in files)


def _scenario(file: Path, settings: tuple[str, ...]) -> int:
    from emulator.scenario.dry_run import refusals
    from emulator.scenario.loading import read_file

    if file.suffix == ".json":
        message = f"{file}: for a payload, name its event type: --event candidate.completed"
        raise InvalidInputError(message)
    if not file.is_file():
        message = f"{file}: no such file"
        raise InvalidInputError(message)
    # Nothing is sent, so it does not matter where the consumer would be.
    known = {"CONSUMER_URL": "http://127.0.0.1:9000/hook"} | variables(settings, url=None)
    try:
        scenario = read_file(file, known)
        refused = refusals(scenario)
    except ScenarioError as error:
        say(str(error), err=True)
        return FAILED
    if refused:
        say(refused, err=True)
        return FAILED
    say(f"{file}: a valid scenario of {len(scenario.steps)} steps")
    return 0


def _payload(file: Path, contracts: Contracts, generation: str, event: str) -> int:
    with file_error(str(file)):
        body = file.read_bytes()
    try:
        payload = parsed(body)
    except NotJSONError as error:
        message = f"{file}: {error}"
        raise InvalidInputError(message) from None
    violations = contracts.violations(generation, event, payload)
    if not violations:
        say(f"{file}: a valid payload of {event}")
        return 0
    from emulator.contracts.position import position

    text = body.decode()
    for violation in violations:
        line, column = position(text, violation.path)
        say(f"{file}:{line}:{column}: {violation.path}: {violation.message}", err=True)
    return FAILED
