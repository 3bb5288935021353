"""Untrusted input into records: one place that turns a decoder's complaint into ours."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args, get_origin

import msgspec

from emulator.errors import InvalidInputError, NotJSONError, near

if TYPE_CHECKING:
    from collections.abc import Sequence

_T = TypeVar("_T")

_PATH = re.compile(r" - at `(?P<path>[^`]+)`$")
_KEY = re.compile(r"\.(?P<name>[^.\[\]]+)")
_NO_SUCH_WORD = "Invalid enum value"
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<name>.*)`", re.DOTALL)


MOST_LEVELS = 200
"""Levels that JSON may nest: far beyond any payload, far below what recursion can follow."""


def decode(body: bytes, kind: type[_T]) -> _T:
    """Return the JSON text *body* as a *kind*.

    Raises:
        NotJSONError: not JSON, or nested too deeply.
        InvalidInputError: not of that form; with the JSON path.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        parsed(body)  # a body that is no JSON later on is that first of all
        raise _complaint(error, kind) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotJSONError(_why(error)) from None


def parsed(body: bytes | str) -> Any:
    """Return the JSON text *body* as plain data.

    This is the only way in which the program reads JSON that it did not write: whatever a
    consumer, a user or a fault makes of a body is either plain data or one error.

    Raises:
        NotJSONError: not JSON, or JSON that can't be worked with: nested too deeply, or with a
            number that no float can hold.
    """
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise NotJSONError(_why(error)) from None
    if _levels(value) > MOST_LEVELS:
        raise NotJSONError(_TOO_DEEP)
    return value


def indented(body: bytes) -> str:
    """Return a body for people: JSON indented by two, and any other text as it is."""
    try:
        return msgspec.json.format(msgspec.json.encode(parsed(body)), indent=2).decode()
    except NotJSONError:
        return body.decode("utf-8", "backslashreplace")


_TOO_DEEP = f"not JSON: nested more than {MOST_LEVELS} levels deep"


def _why(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return _TOO_DEEP
    if isinstance(error, UnicodeError):
        return "not JSON: not UTF-8"
    return f"not JSON: {_lower(str(error))}"


def _levels(value: Any) -> int:
    """Return how deep *value* nests, without recursion; at most one more than `MOST_LEVELS`."""
    levels, inner = 0, [value]
    while inner and levels <= MOST_LEVELS:
        inner = [one for one in inner if isinstance(one, dict | list) and one]
        levels += bool(inner)
        inner = [
            one for outer in inner for one in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return levels


def convert(value: Any, kind: type[_T], *, strict: bool = True) -> _T:
    """Return decoded JSON (or YAML) as a *kind*.

    Args:
        value: plain data.
        kind: what to make of it.
        strict: whether a number or a boolean has to be one; otherwise its text will do.

    Raises:
        InvalidInputError: not of that form; with the JSON path.
    """
    try:
        return msgspec.convert(value, kind, strict=strict)
    except msgspec.ValidationError as error:
        raise _complaint(error, kind) from None


def unknown_key(name: str, known: Sequence[str], *, path: str) -> InvalidInputError:
    """Return the complaint about a key that is not one of the *known*."""
    close = near(name, known)
    hint = f"; near: {', '.join(map(repr, close))}" if close else ""
    hint = hint or (f"; known: {', '.join(sorted(known))}" if known else "; it takes none")
    return InvalidInputError(f"unknown key {name!r}{hint}", path=path)


def _complaint(error: msgspec.ValidationError, kind: type) -> InvalidInputError:
    text = str(error)
    found = _PATH.search(text)
    path = found["path"] if found else "$"
    text = _PATH.sub("", text)
    if unknown := _UNKNOWN.fullmatch(text):
        known = [field.encode_name for field in _fields(_at(kind, path))]
        return unknown_key(unknown["name"], known, path=path)
    if text.startswith(_NO_SUCH_WORD):
        known = sorted(_words(_at(kind, path)))
        text += f"; known: {', '.join(map(repr, known))}" if known else ""
    return InvalidInputError(_lower(text.replace("`", "'")), path=path)


def _at(kind: Any, path: str) -> Any:
    """Return the type of what stands at *path* in a *kind*: the record to which a key is new."""
    for step in _KEY.finditer(path):
        fields = {field.encode_name: field.type for field in _fields(kind)}
        kind = fields.get(step["name"])
    return kind


def _words(kind: Any) -> set[str]:
    """Return the words that a *kind* allows, itself or in what it holds."""
    inner: tuple[Any, ...] = get_args(kind)
    if get_origin(kind) is Literal:
        return {word for word in inner if isinstance(word, str)}
    return {word for one in inner for word in _words(one)}


def _fields(kind: Any) -> tuple[msgspec.structs.FieldInfo, ...]:
    """Return the fields of the record in *kind*, which may be a list of it or an option."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return msgspec.structs.fields(kind)
    return next(filter(None, map(_fields, get_args(kind))), ())


def _lower(text: str) -> str:
    return text if text.startswith("JSON") else text[:1].lower() + text[1:]
