"""The canonical journal, which is equal for two runs of a scenario with the same seed. Pure.

It does not contain measured values: durations, ports of loopback URLs, reuse and re-dials of
connections, dialled addresses, headers and bodies of answers, error texts of the system, the
version of the product, timestamps of signatures. Secrets are redacted. ``clock.moved`` is left out
because each entry has its own time, so that one advance of 2 h equals two of 1 h. The order of
concurrent attempts is measured, too: they are sorted by their keys. Attempts in lockstep keep their
order. Only runs with a virtual clock can be compared, since payloads contain times.
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
"""Measured fields of an attempt; of a response, everything but the status is measured."""

_OfAttempt = Planned | Started | Finished
"""Records of an attempt in their chronological order."""

_LOOPBACK = re.compile(r"^(https?://(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])):[0-9]+")
_VERSION = re.compile(r"^(Testlify-Emulator)/\S+")
_MEASURED_HEADERS = frozenset({"svix-timestamp", "webhook-timestamp"})


def canonical(entries: Iterable[Entry]) -> bytes:
    """Return *entries* as JSON lines, which are identical for equal runs.

    The remaining entries are numbered from 1, and keys are sorted.
    """
    lines: list[bytes] = []
    for entry in _in_order(entries):
        if entry.kind in _LEFT_OUT:
            continue
        plain = shown(entry) | {"number": len(lines) + 1}
        lines.append(msgspec.json.encode(_compared(plain, ""), order="sorted") + b"\n")
    return b"".join(lines)


def _in_order(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Yield *entries*, with concurrent attempts at the same instant sorted by their keys."""
    for (_, is_attempt), group in groupby(entries, key=_when):
        found = list(group)
        yield from sorted(found, key=_key) if is_attempt and _overlap(found) else found


def _when(entry: Entry) -> tuple[datetime, bool]:
    return entry.at, isinstance(entry.data, _OfAttempt)


def _key(entry: Entry) -> tuple[int, int, int, int]:
    data = entry.data
    assert isinstance(data, _OfAttempt)  # noqa: S101 - the group has no others
    number = data.attempt.number if isinstance(data, Started) else data.attempt
    return data.message, data.webhook, number, _OfAttempt.__args__.index(type(data))


def _overlap(entries: list[Entry]) -> bool:
    """Return whether an attempt started while another attempt was under way."""
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
    """Return plain data without measured values; *key* is the key of the value."""
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
