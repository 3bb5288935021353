"""Learns an overlay from captures: a folder of schemas that contain the shapes of payloads."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

import msgspec

from emulator import paths
from emulator.captures.event_recognition import (
    STATES,
    UNREADABLE,
    event_of,
    generation_of,
    payload_of,
    status_of,
)
from emulator.captures.learned_schemas import document
from emulator.captures.learning import learned
from emulator.captures.sample_payloads import sent
from emulator.contracts.learned import KEY, Learned, names
from emulator.decoding import indented
from emulator.domain.events import TEST_EVENT, Generation
from emulator.domain.payloads.shapes import leaves, merged
from emulator.domain.payloads.value_kinds import kind_of
from emulator.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from emulator.captures.capture import Capture
    from emulator.contracts.validation import Contracts


class Lesson(msgspec.Struct, frozen=True):
    """The result of learning one event type.

    Attributes:
        new: captures that were not known before.
        captures: all captures of it, of this call and of earlier calls.
        name: of the event type in the captures, if the emulator has another name for it.
        made_up: paths whose values the emulator does not have.
    """

    generation: Generation
    event: str
    new: int
    captures: int
    name: str = ""
    made_up: tuple[str, ...] = ()


class OverlayReport(msgspec.Struct, frozen=True):
    """The result of learning.

    Attributes:
        known: captures that had been learned before.
        skipped: event type -> captures that nothing was learned from.
        guessed: generation and event types without captures.
    """

    lessons: tuple[Lesson, ...]
    known: int
    skipped: dict[str, int]
    guessed: dict[Generation, tuple[str, ...]]


def learn(captures: Iterable[Capture], folder: Path, contracts: Contracts) -> OverlayReport:
    """Learn from captures, and add the result to a folder.

    Args:
        captures: captures from which something was learned before change nothing.
        folder: the overlay; it is created if it does not exist.
        contracts: the bundled schemas and, if the folder exists, its own.

    Raises:
        InvalidInputError: schemas in the folder cannot be read, or were written by hand.
        OSError: a file cannot be written.
    """
    groups, words, skipped = _grouped(captures, contracts)
    documents: dict[Path, dict[str, Any]] = {}
    lessons: list[Lesson] = []
    known_before = 0
    for (generation, event), found in sorted(groups.items()):
        file = folder / generation / f"{event}.json"
        before = contracts.learned(generation, event)
        if before is None and file.exists():
            message = (
                f"{file} was not written by learn; expected a folder that only learn writes to"
            )
            raise InvalidInputError(message)
        before = before or Learned()
        new = {d: payload for d, payload in found.items() if d not in before.digests}
        known_before += len(found) - len(new)
        after = _taught(before, generation, event, list(new.values()), tuple(new))
        after = msgspec.structs.replace(after, name=words.get(event, after.name))
        documents[file] = {
            **document(after.shapes, contracts.bundled(generation, event)),
            KEY: msgspec.to_builtins(after),
        }
        lessons.append(_lesson(generation, event, after, len(new)))
    for file, content in documents.items():
        _write(file, content)
    guessed = {
        generation: tuple(
            event
            for event in contracts.events(generation)
            if contracts.learned(generation, event) is None and (generation, event) not in groups
        )
        for generation in sorted({generation for generation, _ in groups})
    }
    return OverlayReport(tuple(lessons), known_before, skipped, guessed)


def _taught(
    before: Learned,
    generation: Generation,
    event: str,
    payloads: Sequence[Any],
    digests: tuple[str, ...],
) -> Learned:
    """Return the knowledge of an event type after more payloads."""
    by_status: dict[str, list[Any]] = defaultdict(list)
    for payload in payloads:
        status = _status(generation, payload) if event == _STATUS_CHANGED else ""
        by_status[status].append(payload)
    shapes = dict(before.shapes)
    for status, found in by_status.items():
        shape = learned(found, sent(generation, event, status))
        shapes[status] = merged(shapes[status], shape) if status in shapes else shape
    return Learned(before.name, (*before.digests, *digests), shapes)


def _lesson(generation: Generation, event: str, after: Learned, new: int) -> Lesson:
    made_up = {
        paths.shown(path): None
        for shape in after.shapes.values()
        for path, leaf in leaves(shape)
        if leaf.source is None
        and not leaf.joined
        and not leaf.is_closed
        and leaf.kinds.keys() - {"null", "boolean"}
    }
    return Lesson(generation, event, new, len(after.digests), after.name, tuple(made_up))


def _write(file: Path, content: dict[str, Any]) -> None:
    """Write a document; the file is complete at any time."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_suffix(".part")
    unfinished.write_text(f"{indented(msgspec.json.encode(content))}\n", "utf-8")
    unfinished.replace(file)


# --- which event type a payload is of -------------------------------------------------------

_STATUS_CHANGED = "candidate.status_changed"
_SIMILAR = 0.5  # of the paths of two payloads, from 0 to 1


def _grouped(
    captures: Iterable[Capture], contracts: Contracts
) -> tuple[dict[tuple[Generation, str], dict[str, Any]], dict[str, str], dict[str, int]]:
    """Return captures by event type.

    Returns:
        Generation and event type -> digest -> payload; event type -> its name in the captures,
        where that is another; event type -> number of captures that resemble no event type.
    """
    found: dict[tuple[Generation, str], dict[str, Any]] = defaultdict(dict)
    skipped: dict[str, int] = defaultdict(int)
    for capture in captures:
        event, payload = event_of(capture), payload_of(capture)
        if payload is None or event in (TEST_EVENT, UNREADABLE):
            skipped[event] += 1
            continue
        digest = hashlib.sha256(capture.body).hexdigest()[:16]
        generation = generation_of(capture)
        event = names(contracts, generation).get(event, event)
        found[generation, event][digest] = payload
    words: dict[str, str] = {}
    for generation, word in list(found):
        if word in contracts.events(generation):
            continue
        payloads = found.pop((generation, word))
        free = [
            one
            for one in contracts.events(generation)
            if (generation, one) not in found and one not in words
        ]
        event = _nearest(generation, word, list(payloads.values()), free)
        if event:
            words[event] = word
            found[generation, event] = payloads
        else:
            skipped[word] += len(payloads)
    return found, words, dict(skipped)


def _nearest(
    generation: Generation, word: str, payloads: Sequence[Any], free: Sequence[str]
) -> str:
    """Return the event type that is called *word* in captures; empty if none resembles it."""
    statuses = {status_of(payload) for payload in payloads}
    if len(statuses) > 1 and _STATUS_CHANGED in free:
        return _STATUS_CHANGED
    event = f"candidate.{statuses.pop().lower()}" if len(statuses) == 1 else ""
    if event in free:
        return event

    def score(event: str) -> tuple[float, float]:
        name = SequenceMatcher(None, word, event).ratio()
        return round(_likeness(payloads[0], sent(generation, event)[0]), 1), name

    best = max(free, key=score, default="")
    return best if best and score(best)[0] >= _SIMILAR else ""


def _status(generation: Generation, payload: Any) -> str:
    """Return the status in a status change, or the status whose payloads are most similar."""
    ours = {one: sent(generation, _STATUS_CHANGED, one) for one in STATES}
    known = {status: payloads[0] for status, payloads in ours.items() if payloads}
    status = status_of(payload)
    return status if status in known else max(known, key=lambda s: _likeness(payload, known[s]))


def _likeness(payload: Any, ours: Any) -> float:
    """Return the share of places that two payloads have in common, with the same kind of value."""
    one, other = set(_places(payload)), set(_places(ours))
    return len(one & other) / len(one | other)


def _places(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield path and kind of each value outside of lists."""
    yield path, kind_of(value)
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _places(one, (*path, key))
