"""Sends single changes of all payloads, those of different candidates at the same time."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import suppress
from typing import TYPE_CHECKING

from emulator.conformance.fuzzing.mutations import Mutation, mutations
from emulator.conformance.fuzzing.payloads import AT_ONCE, Change, RejectedPayload, general
from emulator.domain.payloads import fields

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from emulator.conformance.fuzzing.payloads import Base, PayloadSender
    from emulator.paths import Path

_Lane = Generator[Change, RejectedPayload | None, None]

_OF_EACH_BASE = frozenset({"remove", "null"})
"""Kinds of changes that are sent for each status; all others once for an event type."""


def distinct(bases: list[Base]) -> dict[str, list[Mutation]]:
    """Return the mutations to send: name of a base -> mutations.

    The payloads of one event type, one for each status, have many places in common. There, a kind
    of change is sent once, with the payload that has the most of them; only null and the removal
    are sent with each of these payloads.
    """
    every = [(base, [*mutations(base.payload)]) for base in bases]
    found: dict[str, list[Mutation]] = {}
    known: set[tuple[str, Path, str]] = set()
    for base, changes in sorted(every, key=lambda one: len(one[1]), reverse=True):
        found[base.name] = []
        for change in changes:
            kind = (base.event, change.path, change.operator)
            if kind not in known or change.operator in _OF_EACH_BASE:
                found[base.name].append(change)
            known.add(kind)
    return found


async def all_single(
    sender: PayloadSender, bases: list[Base], on_progress: Callable[[str], None]
) -> list[tuple[RejectedPayload, int]]:
    """Send the single mutations of all bases; return the failures, each with its count.

    Failures with the same place and answer are returned as one, for all event types. Bases of
    different candidates are sent at the same time, bases of one candidate never are.

    Args:
        sender: the sender.
        bases: each is sent unchanged first; if it fails, its mutations are left out.
        on_progress: called with a description of the current activity.
    """
    found: dict[tuple[str, str], tuple[RejectedPayload, int]] = {}
    changes_of = distinct(bases)
    waiting = [_single(some, changes_of, found, on_progress) for some in _by_candidate(bases)]
    lanes: list[_Lane] = []
    changes: list[Change] = []
    while not sender.is_gone:
        while waiting and len(lanes) < AT_ONCE:
            lanes.append(waiting.pop(0))
            changes.append(next(lanes[-1]))
        if not lanes:
            break
        cases = await sender.sent_at_once(changes)
        for case in cases:
            if case is not None:
                _count(case, found)
                sender.note(case)
        asked = list(zip(lanes, cases, strict=True))
        lanes, changes = [], []
        for lane, case in asked:
            with suppress(StopIteration):
                changes.append(lane.send(case))
                lanes.append(lane)
    return list(found.values())


def _count(
    case: RejectedPayload, found: dict[tuple[str, str], tuple[RejectedPayload, int]]
) -> None:
    if not case.changes:
        found.setdefault((case.base.event, case.answer), (case, 1))
        return
    key = (case.place, case.answer)
    first, count = found.get(key, (case, 0))
    found[key] = (first, count + 1)


def _by_candidate(bases: list[Base]) -> list[list[Base]]:
    """Return the bases of each candidate, and each other base alone."""
    groups: dict[str, list[Base]] = {}
    for base in bases:
        groups.setdefault(fields.text(base.payload, "email") or base.name, []).append(base)
    return list(groups.values())


def _single(
    bases: list[Base],
    changes_of: Mapping[str, list[Mutation]],
    found: Collection[tuple[str, str]],
    on_progress: Callable[[str], None],
) -> _Lane:
    """Yield each base unchanged and with each of its changes; is sent the case of the answer."""
    for base in bases:
        on_progress(f"every single change of {base.name}")
        if (yield base, ()) is not None:
            continue
        for change in changes_of[base.name]:
            if (general(change), "answer_timeout") not in found:  # would take as long again
                yield base, (change,)
