"""Random sequences as plain data that can be shrunk, and the steps of their scenarios. Pure.

A sequence has the steps of each candidate's path through the lifecycle. Times and disturbances of
a step do not depend on each other, and disturbances are optional keys. So Hypothesis can remove
any part alone, and the smallest sequence has no disturbances.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from emulator.decoding import parsed
from emulator.domain.candidate import COMPLETED, LIFECYCLE, SCHEDULED
from emulator.domain.events import EVENT_TYPES, EVENTS_OF
from emulator.domain.lifecycle import NEW
from emulator.errors import NotJSONError
from emulator.paths import ABSENT
from emulator.scenario.matchers import demand
from emulator.scenario.value_types import PayloadPath

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hypothesis.strategies import SearchStrategy

    from emulator.conformance.state import StateMap
    from emulator.domain.events import Generation
    from emulator.domain.lifecycle import Transition

CHANGES = ("candidate.status_changed", "candidate.score_updated")
"""Event types that announce every transition once, as far as the generation has them."""

NAMES = ("ada", "ben", "cleo")
MOST_HOURS = 4
_HOUR = 60  # minutes; a sequence counts in them


class ExpectedEnd(msgspec.Struct, frozen=True):
    """The expected state of a candidate at the end.

    Attributes:
        name: name of the candidate in the scenario.
        status: the last status in the order of the lifecycle.
        completions: 1 if completed, however many messages said so.
        accepted: event type -> number of deliveries to be accepted, with copies and retries.
    """

    name: str
    status: str
    completions: int
    accepted: dict[str, int]

    def shown(self, invariant: Mapping[str, str], words: StateMap) -> dict[PayloadPath, Any]:
        """Return the expected output of the probe: path -> value."""
        plain = self.plain(invariant, words)
        return {PayloadPath(path): demand(value) for path, value in plain.items()}

    def plain(self, invariant: Mapping[str, str], words: StateMap) -> dict[str, Any]:
        """Return the expected output of the probe as plain data for a scenario file."""
        known = {"status": words.word(self.status), "completions": self.completions}
        return {
            path: _value(template, known)
            for path, template in invariant.items()
            if known["status"] is not ABSENT or "{status}" not in template
        }


def built_in(words: StateMap) -> dict[str, str]:
    """Return the default of the expected output of the probe: path -> value."""
    return {words.status: "{status}", words.completions: "{completions}"}


@cache
def paths() -> tuple[tuple[Transition, ...], ...]:
    """Return all paths through the candidate's lifecycle, short paths first.

    Leaves out paths with a repeated transition, scheduled invitations, and commands that send
    nothing.
    """
    with_events = [row for row in LIFECYCLE.rows if row.events]
    rows = [row for row in with_events if SCHEDULED not in (row.state, row.next_state)]
    found: list[tuple[Transition, ...]] = []
    level: list[tuple[Transition, ...]] = [(row,) for row in rows if row.state == NEW]
    while level:
        found += level
        level = [
            (*path, row)
            for path in level
            for row in rows
            if row.state == path[-1].next_state and row not in path
        ]
    return tuple(found)


def changes(generation: Generation) -> tuple[str, ...]:
    """Return the event types of a generation that announce a transition, each transition once."""
    return tuple(event for event in CHANGES if event in EVENTS_OF[generation])


def drawn(most: int = len(NAMES), generation: Generation = "v1") -> SearchStrategy[dict[str, Any]]:
    """Return a strategy for sequences with up to *most* candidates."""
    from hypothesis import strategies as st

    @cache  # making a strategy takes longer than drawing from it
    def steps(path: tuple[Transition, ...]) -> SearchStrategy[list[dict[str, Any]]]:
        hours = st.integers(0, MOST_HOURS)
        disturbances = {
            "duplicate": st.integers(1, 2),
            "delay": st.integers(0, MOST_HOURS),
            "retry": st.integers(0, MOST_HOURS),
        }
        each = (
            st.fixed_dictionaries(
                {"do": st.just(row.command), "after": hours}, optional=disturbances
            ).map(_in_order)
            for row in path
        )
        return st.tuples(*each).map(list)

    candidates = st.lists(st.sampled_from(paths()).flatmap(steps), min_size=1, max_size=most)
    return st.fixed_dictionaries(
        {"candidates": candidates, "webhooks": st.just(generation)},
        optional={"everything": st.just(value=True)},
    )


def _in_order(step: dict[str, Any]) -> dict[str, Any]:
    # Hypothesis draws optional keys in any order; equal steps have to look equal.
    return dict(sorted(step.items()))


def events(sequence: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the event types that the consumer subscribes to.

    All event types of candidates together announce every change of the status twice.
    """
    generation: Generation = sequence.get("webhooks", "v1")
    if not sequence.get("everything"):
        return changes(generation)
    known = EVENTS_OF[generation]
    return tuple(event for event in known if EVENT_TYPES[event].subject == "candidate")


def size(sequence: Mapping[str, Any]) -> tuple[int, int, int, str]:
    """Return the size of a sequence: commands, disturbances, hours."""
    steps = [step for candidate in sequence["candidates"] for step in candidate]
    disturbances = sum(len(step) - 2 for step in steps) + ("everything" in sequence)
    hours = sum(value for step in steps for value in step.values() if isinstance(value, int))
    return len(steps), disturbances, hours, repr(sequence)


def expected(sequence: Mapping[str, Any]) -> list[ExpectedEnd]:
    """Return the expected state of each candidate at the end."""
    wanted = events(sequence)
    found = []
    for name, steps in zip(NAMES, sequence["candidates"], strict=False):
        rows = _rows(steps)
        accepted: dict[str, int] = {}
        for row, step in zip(rows, steps, strict=True):
            for event in row.events:
                if event in wanted:
                    tries = 1 + step.get("duplicate", 0)
                    # A retry repeats the delivery of one event type.
                    tries += "retry" in step and event == _change_event(row)
                    accepted[event] = accepted.get(event, 0) + tries
        completions = sum(row.next_state == COMPLETED != row.state for row in rows)
        found.append(ExpectedEnd(name, rows[-1].next_state, completions, accepted))
    return found


def steps(sequence: Mapping[str, Any], emails: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the steps of the scenario, in the order of their times.

    Args:
        sequence: a drawn sequence.
        emails: name of a candidate -> address.
    """
    made: list[dict[str, Any]] = [{"create_assessment": {"as": "job"}}]
    now = 0
    for at, name, row, step, is_retry in _timeline(sequence):
        if at > now:
            made.append({"wait": f"{at - now}m"})
            now = at
        if is_retry:
            made.append({"redeliver": _redelivery(name, row)})
        else:
            made += _command(name, row, step, emails[name], set(events(sequence)))
    left = _last(sequence) - now
    if left > 0:
        made.append({"wait": f"{left}m"})
    return made


def demands(sequence: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the steps that expect that all deliveries were accepted, with copies and retries."""
    return [
        {"expect": {"event": event, "candidate": one.name, "answered": "2xx", "count": count}}
        for one in expected(sequence)
        for event, count in one.accepted.items()
    ]


def _timeline(
    sequence: Mapping[str, Any],
) -> list[tuple[int, str, Transition, dict[str, Any], bool]]:
    """Return minute, candidate, transition, step, and whether the step is repeated as a retry."""
    found, wanted = [], events(sequence)
    for number, (name, steps) in enumerate(zip(NAMES, sequence["candidates"], strict=False)):
        at = 0
        for index, (row, step) in enumerate(zip(_rows(steps), steps, strict=True)):
            at += step["after"] * _HOUR
            found.append(((at, number, index), (at, name, row, step, False)))
            if "retry" in step and _change_event(row) in wanted:
                again = at + _delay(step) + step["retry"] * _HOUR + _HOUR // 4
                found.append(((again, number, index), (again, name, row, step, True)))
    return [one for _, one in sorted(found, key=lambda each: each[0])]


def _rows(steps: Sequence[Mapping[str, Any]]) -> list[Transition]:
    rows, state = [], NEW
    for step in steps:
        rows.append(LIFECYCLE.transition(state, step["do"]))
        state = rows[-1].next_state
    return rows


def _delay(step: Mapping[str, Any]) -> int:
    """Return the minutes by which messages are delayed: never until the time of another step."""
    return step["delay"] * _HOUR + _HOUR // 2 if "delay" in step else 0


def _last(sequence: Mapping[str, Any]) -> int:
    ends = [at + _delay(step) for at, _, _, step, _ in _timeline(sequence)]
    return max(ends)


def _command(
    name: str, row: Transition, step: Mapping[str, Any], email: str, wanted: set[str]
) -> Iterator[dict[str, Any]]:
    """Yield a command, and before it the faults for its messages."""
    times = len(wanted.intersection(row.events))
    is_first = row.state == NEW
    # Before the invitation, the candidate has no name yet.
    on = {} if is_first else {"on": {"candidate": name}}
    if times and "delay" in step:
        yield {"fault": {"delay": {"by": f"{_delay(step)}m", "times": times}, **on}}
    if times and "duplicate" in step:
        yield {"fault": {"duplicate": {"copies": step["duplicate"], "times": times}, **on}}
    if is_first:
        yield {"invite": {"as": name, "to": "job", "email": email}}
    else:
        yield {row.command: name}


def _redelivery(name: str, row: Transition) -> dict[str, Any]:
    event = _change_event(row)
    found: dict[str, Any] = {"event": event, "candidate": name}
    if event == CHANGES[0]:
        found["fields"] = {"candidateStatus": row.next_state}
    return found


def _change_event(row: Transition) -> str:
    """Return the event type of `CHANGES` for a transition."""
    return next(event for event in row.events if event in CHANGES)


def _value(template: str, known: Mapping[str, Any]) -> Any:
    """Return a filled-in template; a placeholder alone keeps its type, other text may be JSON."""
    for key, value in known.items():
        if template == f"{{{key}}}":
            return value
        template = template.replace(f"{{{key}}}", str(value))
    try:
        return parsed(template)
    except NotJSONError:
        return template
