"""Groups failures of sequences by their cause. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

_TRAITS = {"duplicate": "again", "retry": "again", "delay": "late"}
"""Disturbance of a step -> its effect: a message arrives again, or late."""


class Failure(msgspec.Struct, frozen=True):
    """A failed expectation after a sequence.

    Attributes:
        kind: a field of the probe or an answer, without the candidate and the value.
        text: a description on one line.
    """

    kind: str
    text: str


class PresumedCause(msgspec.Struct, frozen=True):
    """The presumed cause of failures.

    Attributes:
        kind: the kind of the failures.
        traits: the traits that a sequence needs to fail: its disturbances, or without any, its
            commands.
    """

    kind: str
    traits: frozenset[str]


def causes(sequence: Mapping[str, Any], failures: Iterable[Failure]) -> set[PresumedCause]:
    """Return the causes that the smallest failing sequence shows."""
    disturbances = _disturbances(sequence)
    return {PresumedCause(one.kind, disturbances or _commands(sequence)) for one in failures}


def unexplained(
    sequence: Mapping[str, Any], failures: Iterable[Failure], known: Collection[PresumedCause]
) -> list[Failure]:
    """Return the failures of a sequence that no known cause explains."""
    traits = _disturbances(sequence) | _commands(sequence)
    explained = {one.kind for one in known if one.traits <= traits}
    return [one for one in failures if one.kind not in explained]


def _disturbances(sequence: Mapping[str, Any]) -> frozenset[str]:
    keys = {key for steps in sequence["candidates"] for step in steps for key in step}
    found = {_TRAITS[key] for key in keys if key in _TRAITS}
    return frozenset(found | ({"everything"} if sequence.get("everything") else set()))


def _commands(sequence: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(step["do"] for steps in sequence["candidates"] for step in steps)
