"""Groups failures of sequences by their cause. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

_TRAITS = {"duplicate": "again", "retry": "again", "delay": "late"}
"""Mischief of a step -> what a consumer sees: a message that it knows, one that comes too late."""


class Wrong(msgspec.Struct, frozen=True):
    """One thing that was wrong after a sequence.

    Attributes:
        kind: the same for every candidate and value: a field of the probe, an answer.
        text: one line.
    """

    kind: str
    text: str


class Cause(msgspec.Struct, frozen=True):
    """Why sequences fail, as far as it can be told from outside.

    Attributes:
        kind: of what is wrong.
        traits: that a sequence needs to fail so: its mischief, or, without any, its commands.
    """

    kind: str
    traits: frozenset[str]


def causes(sequence: Mapping[str, Any], wrong: Iterable[Wrong]) -> set[Cause]:
    """Return the causes that the smallest sequence that fails shows."""
    mischief = _mischief(sequence)
    return {Cause(one.kind, mischief or _commands(sequence)) for one in wrong}


def news(
    sequence: Mapping[str, Any], wrong: Iterable[Wrong], known: Collection[Cause]
) -> list[Wrong]:
    """Return those of the failures of a sequence that no known cause explains."""
    traits = _mischief(sequence) | _commands(sequence)
    explained = {one.kind for one in known if one.traits <= traits}
    return [one for one in wrong if one.kind not in explained]


def _mischief(sequence: Mapping[str, Any]) -> frozenset[str]:
    keys = {key for steps in sequence["candidates"] for step in steps for key in step}
    found = {_TRAITS[key] for key in keys if key in _TRAITS}
    return frozenset(found | ({"everything"} if sequence.get("everything") else set()))


def _commands(sequence: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(step["do"] for steps in sequence["candidates"] for step in steps)
