"""Faults that change the request itself: its body, its signature, its content type. Pure.

Body and content type are changed before the request is signed, so that a broken body is still
signed as it should be: no consumer is saved by its signature check.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import msgspec

from emulator import paths
from emulator.decoding import parsed
from emulator.delivery.faults.fault import Amount, Count, Fault, Seconds
from emulator.delivery.signing import made_secret, sign
from emulator.domain.webhook import checked_headers
from emulator.errors import InvalidInputError, NotJSONError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from emulator.delivery import signing
    from emulator.delivery.records import Headers, Request

_MIB = 1 << 20

JsonType = Literal["string", "number", "boolean", "null", "array", "object"]


class Corrupt(Fault, frozen=True, kw_only=True, tag="corrupt"):
    """The body is damaged.

    Attributes:
        how: ``invalid_json``: a brace too many at its start. ``cut``: its end is missing.
            ``flip``: a bit is another in some bytes. ``invalid_utf8``: a byte that UTF-8 does
            not know. ``oversize``: as it was, with a lot of padding.
        at: of ``cut``, how many bytes stay; half of them unless given, at most all but one.
        flips: of ``flip``, how many bytes.
        size: of ``oversize``, how many bytes the body has then.
    """

    example: ClassVar[str] = "fault: {corrupt: {how: cut, at: 40}, on: {attempt: 1}}"
    group: ClassVar[Literal["body"]] = "body"

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
                return f"{name!r} goes with how: {how}; this is how: {self.how}"
        return ""

    def edit(self, request: Request, draw: random.Random) -> Request:
        """Return *request* with the body damaged."""
        return msgspec.structs.replace(request, body=self._damaged(request.body, draw))

    def _damaged(self, body: bytes, draw: random.Random) -> bytes:
        match self.how:
            case "invalid_json":
                # At the start: many parsers stop at the end of the first whole value, and would
                # never see what comes behind it.
                return b"{" + body
            case "cut":
                keep = len(body) // 2 if self.at is None else self.at
                return body[: max(0, min(keep, len(body) - 1))]
            case "flip":
                return _flipped(body, self.flips, draw)
            case "invalid_utf8":
                # Into the last text, if there is one: elsewhere it would not be JSON either.
                place = body.rfind(b'"')
                return body[:place] + b"\xff" + body[place:] if place > 0 else body + b"\xff"
            case "oversize":
                return _padded(body, self.size)


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


class Mutate(Fault, frozen=True, kw_only=True, tag="mutate"):
    """Values of the payload are set, removed, turned into another type, or added.

    Done in this order. A change that the payload has no place for is an error: the request is
    not sent, and the delivery is dropped with that reason. Tie the fault to events with ``on``.

    Attributes:
        set: path -> value to put there; only the last key may be missing before.
        remove: paths of values to take out.
        retype: path -> type to turn the value into.
        add: path -> value to put under a key that is missing before.
    """

    example: ClassVar[str] = (
        "fault: {mutate: {set: {data.score: -1}, remove: [data.email], retype: {event: number}}}"
    )
    group: ClassVar[Literal["body"]] = "body"

    set: dict[str, Any] = msgspec.field(default_factory=dict)
    remove: Sequence[str] = msgspec.field(default_factory=list)
    retype: dict[str, JsonType] = msgspec.field(default_factory=dict)
    add: dict[str, Any] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("set", "remove", "retype", "add"):
            try:
                for path in getattr(self, name):
                    _check_path(name, path)
                # Values as JSON has them from the start: the journal gives back the same fault.
                msgspec.structs.force_setattr(self, name, _copy(getattr(self, name)))
            except InvalidInputError as error:
                error.path = f"$.{name}"
                raise
            except (TypeError, ValueError, RecursionError) as error:
                message = f"a value that JSON does not have: {error}"
                raise InvalidInputError(message, path=f"$.{name}") from None

    def _problem(self) -> str:
        is_empty = not (self.set or self.remove or self.retype or self.add)
        return "nothing to change; expected 'set', 'remove', 'retype' or 'add'" if is_empty else ""

    def edit(self, request: Request, _draw: random.Random) -> Request:
        """Return *request* with the payload changed.

        Raises:
            InvalidInputError: the payload has no place for a change, or is not JSON.
        """
        payload = parsed(request.body)
        for text, value in self.set.items():
            payload = paths.put(payload, paths.parse(text), _copy(value))
        for text in self.remove:
            paths.remove(payload, paths.parse(text))
        for text, kind in self.retype.items():
            payload = _retyped(payload, paths.parse(text), kind)
        for text, value in self.add.items():
            payload = _with_new(payload, paths.parse(text), _copy(value))
        return msgspec.structs.replace(request, body=msgspec.json.encode(payload))


def _check_path(name: str, path: str) -> None:
    place = paths.parse(path)
    if name == "remove" and not place:
        message = f"the whole payload can't be removed: {path!r}"
        raise InvalidInputError(message)
    if name == "add" and (not place or isinstance(place[-1], int)):
        message = f"not the path of a new key: {path!r}; expected one like 'data.note'"
        raise InvalidInputError(message)


def _retyped(payload: Any, path: paths.Path, kind: JsonType) -> Any:
    value, rest = paths.reached(payload, path)
    if rest:
        raise paths.nowhere(payload, path)
    return payload if type_of(value) == kind else paths.put(payload, path, _RETYPED[kind](value))


def _with_new(payload: Any, path: paths.Path, value: Any) -> Any:
    if not paths.reached(payload, path)[1]:
        message = f"{paths.short(path)!r} is already in the payload; expected a new key"
        raise InvalidInputError(message)
    return paths.put(payload, path, value)


def _copy(value: Any) -> Any:
    """Return *value* as JSON gives it back, and no part of it the same."""
    return parsed(msgspec.json.encode(value))


def type_of(value: Any) -> JsonType:
    """Return the JSON type of a decoded value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def _number(value: Any) -> int | float:
    """Return the number that a text holds, 1 for true, 0 for all that is none."""
    if isinstance(value, bool):
        return int(value)
    try:
        found = parsed(value) if isinstance(value, str) else 0
    except NotJSONError:
        return 0
    return found if isinstance(found, int | float) and not isinstance(found, bool) else 0


_RETYPED: Mapping[JsonType, Callable[[Any], Any]] = {
    "string": lambda value: msgspec.json.encode(value).decode(),
    "number": _number,
    "boolean": bool,
    "null": lambda _: None,
    "array": lambda value: [value],
    "object": lambda value: {"value": value},
}


class Signature(Fault, frozen=True, kw_only=True, tag="signature"):
    """The signature does not hold.

    Without effect on a webhook that is not signed: a profile without a signature, no secret.

    Attributes:
        how: ``missing``: no header of it. ``wrong_secret``: of somebody else. ``damaged``: one
            sign of it is another. ``skewed``: right, but of another time; without effect on a
            scheme that has no timestamp.
        by: of ``skewed``, how much, in seconds. Verifiers let five minutes pass.
        direction: of ``skewed``.
    """

    example: ClassVar[str] = "fault: {signature: {how: skewed, by: 10m, direction: past}}"
    group: ClassVar[Literal["body"]] = "body"

    how: Literal["missing", "wrong_secret", "damaged", "skewed"]
    by: Seconds = 600.0
    direction: Literal["past", "future"] = "past"

    def _problem(self) -> str:
        for name, unset in (("by", self.by == 600.0), ("direction", self.direction == "past")):
            if self.how != "skewed" and not unset:
                return f"{name!r} goes with how: skewed; this is how: {self.how}"
        return ""

    def sign(
        self,
        signature: signing.SigningScheme,
        secrets: Sequence[str],
        *,
        message_id: str,
        body: bytes,
        now: float,
    ) -> Headers:
        """Return the headers of a signature that does not hold; as `signing.sign`."""
        if self.how == "missing":
            return ()
        if self.how == "wrong_secret":
            secrets = [made_secret(signature, random.Random("somebody else"))]
        if self.how == "skewed":
            now += self.by if self.direction == "future" else -self.by
        made = sign(signature, secrets, message_id=message_id, body=body, now=now)
        if self.how == "damaged":
            *others, (name, value) = made  # the last one carries the signature
            damaged = " ".join(map(_with_another_digit, value.split(" ")))
            return (*others, (name, damaged))
        return made


def _with_another_digit(signature: str) -> str:
    """Return ``v1,BASE64`` or ``HEX`` with its first digit changed: still of the same form."""
    version, comma, digits = signature.rpartition(",")
    return f"{version}{comma}{'1' if digits[0] == '0' else '0'}{digits[1:]}"


class ContentType(Fault, frozen=True, kw_only=True, tag="content_type"):
    """The Content-Type is another, or there is none.

    Attributes:
        value: of the header; None leaves it out.
    """

    example: ClassVar[str] = "fault: {content_type: {value: text/plain}}"
    group: ClassVar[Literal["body"]] = "body"

    value: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        try:
            checked_headers((("X", self.value or ""),))
        except InvalidInputError:
            message = f"a character that no header can carry: {self.value!r}"
            raise InvalidInputError(message, path="$.value") from None

    def edit(self, request: Request, _draw: random.Random) -> Request:
        """Return *request* with the header changed, or without it."""
        ours = () if self.value is None else (("Content-Type", self.value),)
        others = tuple(pair for pair in request.headers if pair[0].lower() != "content-type")
        return msgspec.structs.replace(request, headers=ours + others)


BodyFault = Corrupt | Mutate | ContentType
"""Those that edit a request before it is signed."""
