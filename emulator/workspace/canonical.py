"""The canonical journal: the part that two runs of a scenario with one seed share. Pure.

It leaves out what is measured: durations, ports of loopback URLs, reuse and re-dials of
connections, the dialled address, answer headers and bodies, error texts of the system, the
product's version, timestamps of signatures. Secrets are redacted. ``clock.moved`` is left out
because each entry carries its own time: one advance of 2 h and two of 1 h compare equal. The order
of attempts that were under way side by side is measured, too, so they stand in the order of their
keys; one after the other, as in lockstep, they keep theirs. It means something on a virtual clock
only; a real one's times stand in the payloads themselves.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, Any

import msgspec

from emulator.delivery.records import Finished, Planned, Started
from emulator.workspace.journal_lines import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from emulator.journal.entry import Entry

_LEFT_OUT = frozenset({"clock.moved"})
_MEASURED = frozenset({"durationMs", "address", "detail"})
"""Fields of an attempt that depend on the machine; so does all of a response but its status."""

_OfAttempt = Planned | Started | Finished
"""What the entries of an attempt hold, in the order in which they come."""

_LOOPBACK = re.compile(r"^(https?://(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])):[0-9]+")
_VERSION = re.compile(r"^(Testlify-Emulator)/\S+")
_MEASURED_HEADERS = frozenset({"svix-timestamp", "webhook-timestamp"})


def canonical(entries: Iterable[Entry]) -> bytes:
    """Return *entries* as JSON lines that are equal, byte for byte, when the runs were.

    The entries are numbered anew, from 1; keys are sorted.
    """
    lines: list[bytes] = []
    for entry in _in_order(entries):
        if entry.kind in _LEFT_OUT:
            continue
        plain = shown(entry) | {"number": len(lines) + 1}
        lines.append(msgspec.json.encode(_compared(plain, ""), order="sorted") + b"\n")
    return b"".join(lines)


def _in_order(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Yield *entries*, those of attempts that overlapped at one instant ordered by their keys."""
    for (_, is_attempt), group in groupby(entries, key=_when):
        found = list(group)
        yield from sorted(found, key=_key) if is_attempt and _overlap(found) else found


def _when(entry: Entry) -> tuple[datetime, bool]:
    return entry.at, isinstance(entry.data, _OfAttempt)


def _key(entry: Entry) -> tuple[int, int, int, int]:
    data = entry.data
    assert isinstance(data, _OfAttempt)  # noqa: S101 - grouped by that
    number = data.attempt.number if isinstance(data, Started) else data.attempt
    return data.message, data.webhook, number, _OfAttempt.__args__.index(type(data))


def _overlap(entries: list[Entry]) -> bool:
    """Whether an attempt started while another one was under way."""
    under_way = False
    for entry in entries:
        if isinstance(entry.data, Started):
            if under_way:
                return True
            under_way = True
        elif isinstance(entry.data, Finished):
            under_way = False
    return False


def _compared(value: Any, key: str) -> Any:
    """Return plain data without what is measured; *key* is where it stood."""
    if key == "response" and value is not None:
        return {"status": value["status"]}
    if key == "headers" and isinstance(value, dict):
        return {name: _header(name, one) for name, one in value.items()}
    if isinstance(value, dict):
        left_out = _MEASURED if key == "attempt" else ()
        return {name: _compared(one, name) for name, one in value.items() if name not in left_out}
    if isinstance(value, list):
        return [_compared(one, "") for one in value]
    if isinstance(value, str) and key in ("url", "payloadUrl"):
        return _LOOPBACK.sub(r"\1", value)
    return value


def _header(name: str, value: str) -> str:
    return "" if name.lower() in _MEASURED_HEADERS else _VERSION.sub(r"\1", value)
