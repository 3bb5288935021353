"""``list``: list events, commands, scenarios, steps, faults or checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from emulator.cli import common_options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator.domain.events import Generation

Row = tuple[str, str]


@click.command(name="list", epilog="Example: testlify-emulator list events --webhooks v2")
@click.argument(
    "kind", type=click.Choice(["events", "commands", "scenarios", "steps", "faults", "checks"])
)
@common_options.generation
def command(kind: str, webhooks: Generation) -> None:
    """List events, commands, scenarios, steps, faults or checks, one per line.

    events: event types with their words in payloads and their provenance. commands: the commands
    of candidates and assessments, with the states that allow them. scenarios: the bundled
    scenarios. steps: the steps of scenario files. faults: the faults of deliveries and of the
    provider API. checks: the checks of 'test'.
    """
    formatter = click.HelpFormatter(width=250)
    rows = _events(webhooks) if kind == "events" else _LISTS[kind]()
    formatter.write_dl(list(rows), col_max=52)
    click.echo(formatter.getvalue(), nl=False)


def _events(generation: Generation) -> Iterator[Row]:
    from emulator.domain.events import EVENT_TYPES, EVENTS_OF

    for event in map(EVENT_TYPES.__getitem__, EVENTS_OF[generation]):
        if generation == "v2":
            known = f"event {event.v2_word!r}; its name {event.v2_provenance}"
            yield str(event.v2_name), f"{event.summary} [{known}]"
            continue
        word = f"v1 event {event.v1_word!r}" if event.v1_word else "v1 has no event key"
        known = str(event.provenance)
        if event.word_provenance != known:
            known = f"{known}, its word {event.word_provenance}"
        yield event.id, f"{event.summary} [{word}; {known}]"


def _commands() -> Iterator[Row]:
    from emulator.domain import assessment, candidate

    for lifecycle in (candidate.LIFECYCLE, assessment.LIFECYCLE):
        for row in lifecycle.rows:
            events = ", ".join(row.events) or "no event"
            name = f"{lifecycle.subject} {row.command}"
            yield name, f"{row.state or 'new'} -> {row.next_state}: {events} [{row.provenance}]"


def _scenarios() -> Iterator[Row]:
    from emulator.scenario.discovery import bundled

    for scenario in bundled():
        yield scenario.name, scenario.title


def _steps() -> Iterator[Row]:
    from emulator.scenario.steps.table import STEPS

    for name, step in STEPS.items():
        summary = (step.__doc__ or "").partition("\n")[0]
        yield name, f"{summary} Example: {step.example}"


def _faults() -> Iterator[Row]:
    from emulator.delivery.faults.registry import FAULTS

    for kind, fault in FAULTS.items():
        summary = (fault.__doc__ or "").partition("\n")[0]
        yield kind, f"{summary} [{fault.side}] Example: {fault.example}"


def _checks() -> Iterator[Row]:
    from emulator.conformance.catalogue import CHECKS

    for id_, check in CHECKS.items():
        needs = f" [needs {', '.join(check.requires)}]" if check.requires else ""
        yield id_, f"{check.title}{needs}"


_LISTS = {
    "commands": _commands,
    "scenarios": _scenarios,
    "steps": _steps,
    "faults": _faults,
    "checks": _checks,
}
