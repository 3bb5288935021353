"""Selects captures by event type or by a value in their payload. Pure."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from emulator import paths
from emulator.captures.event_recognition import event_of, payload_of
from emulator.decoding import parsed
from emulator.errors import InvalidInputError, NotJSONError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from emulator.captures.capture import Capture


def selected(captures: Iterable[Capture], filters: Sequence[str]) -> list[Capture]:
    """Return the captures that fit all filters, in order.

    Args:
        captures: to select from.
        filters: each an event type, ``candidate.completed`` or ``candidate.*``, or
            ``PATH=VALUE``, ``data.candidateStatus=COMPLETED``.

    Raises:
        InvalidInputError: an invalid path, or no capture is left.
    """
    captures = list(captures)
    found = captures
    for text in filters:
        path, equals, value = text.partition("=")
        if equals:
            place, wanted = paths.parse(path), _value(value)
            found = [one for one in found if paths.find(payload_of(one), place) == wanted]
        else:
            found = [one for one in found if fnmatchcase(event_of(one), text)]
    if not found:
        known = ", ".join(sorted({event_of(capture) for capture in captures}))
        message = f"no capture matches --filter {' '.join(filters)}; the event types are: {known}"
        raise InvalidInputError(message)
    return found


def _value(text: str) -> Any:
    try:
        return parsed(text)
    except NotJSONError:
        return text
