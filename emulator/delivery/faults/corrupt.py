"""The fault ``corrupt``."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import msgspec

from emulator.decoding import parsed
from emulator.delivery.faults.fault import Amount, BodyFault, Count
from emulator.errors import NotJSONError

if TYPE_CHECKING:
    import random

    from emulator.delivery.records import Request

_MIB = 1 << 20


class Corrupt(BodyFault, frozen=True, kw_only=True, tag="corrupt"):
    """The body is damaged.

    The consumer receives a request that is complete as HTTP, with a body that it can't read or
    does not expect.

    Attributes:
        how: ``invalid_json``: an additional brace at the start. ``cut``: the end is missing.
            ``flip``: a bit is changed in some random bytes; the body may still be JSON.
            ``invalid_utf8``: a byte that is not UTF-8, within a string. ``oversize``: valid JSON
            as before, with a long string under a new key.
        at: with ``cut``, how many bytes are kept: half of them by default, at most all but one.
        flips: with ``flip``, how many bytes are changed.
        size: with ``oversize``, the size of the body in bytes.
    """

    example: ClassVar[str] = "fault: {corrupt: {how: cut, at: 40}, on: {attempt: 1}}"

    how: Literal["invalid_json", "cut", "flip", "invalid_utf8", "oversize"] = "invalid_json"
    at: Amount | None = None
    flips: Count = 1
    size: Annotated[int, msgspec.Meta(ge=1, le=64 * _MIB)] = 25 * _MIB

    def _problem(self) -> str:
        for name, how, unset in (
            ("at", "cut", self.at is None),
            ("flips", "flip", self.flips == 1),
            ("size", "oversize", self.size == 25 * _MIB),
        ):
            if self.how != how and not unset:
                return f"{name!r} only applies with how: {how}, not with how: {self.how}"
        return ""

    def edit(self, request: Request, draw: random.Random) -> Request:
        """Return *request* with the body damaged."""
        return msgspec.structs.replace(request, body=self._damaged(request.body, draw))

    def _damaged(self, body: bytes, draw: random.Random) -> bytes:
        match self.how:
            case "invalid_json":
                return invalid_json(body)
            case "cut":
                return cut(body, self.at)
            case "flip":
                return _flipped(body, self.flips, draw)
            case "invalid_utf8":
                # Into the last text, if there is one: elsewhere it would not be JSON either.
                place = body.rfind(b'"')
                return body[:place] + b"\xff" + body[place:] if place > 0 else body + b"\xff"
            case "oversize":
                return _padded(body, self.size)


def invalid_json(body: bytes) -> bytes:
    """Return *body* with an additional brace."""
    # At the start: many parsers stop at the end of the first whole value, and would never see what
    # comes behind it.
    return b"{" + body


def cut(body: bytes, at: int | None) -> bytes:
    """Return the first *at* bytes of *body*: half of them if None, at most all but one."""
    keep = len(body) // 2 if at is None else at
    return body[: max(0, min(keep, len(body) - 1))]


def _flipped(body: bytes, count: int, draw: random.Random) -> bytes:
    flipped = bytearray(body)
    for place in draw.sample(range(len(body)), min(count, len(body))):
        flipped[place] ^= 1 << draw.randrange(8)
    return bytes(flipped)


@lru_cache(maxsize=4)  # copies of one message share one body
def _padded(body: bytes, size: int) -> bytes:
    """Return *body* with a long text under a new key; white space where that does not fit."""
    try:
        payload = parsed(body)
    except NotJSONError:
        payload = None
    if isinstance(payload, dict):
        key = "padding"
        while key in payload:
            key += "_"
        opening = body.rstrip()[:-1] + (b"," if payload else b"") + f'"{key}":"'.encode()
        room = size - len(opening) - len(b'"}')
        if room >= 0:
            return opening + b"x" * room + b'"}'
    return body.ljust(size)
