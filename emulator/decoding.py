"""Untrusted input into records: one place that turns a decoder's complaint into ours."""

from __future__ import annotations

import re
from typing import Any, TypeVar, get_args

import msgspec

from emulator.errors import InvalidInputError, near

_T = TypeVar("_T")

_PATH = re.compile(r" - at `(?P<path>[^`]+)`$")
_KEY = re.compile(r"\.(?P<name>[^.\[\]]+)")
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<name>.*)`", re.DOTALL)


def decode(body: bytes, kind: type[_T]) -> _T:
    """Return the JSON text *body* as a *kind*.

    Raises:
        InvalidInputError: not JSON, or not of that form; with the JSON path.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise _complaint(error, kind) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        message = f"not JSON: {_lower(str(error))}"
        raise InvalidInputError(message) from None


def convert(value: Any, kind: type[_T]) -> _T:
    """Return decoded JSON (or YAML) as a *kind*.

    Raises:
        InvalidInputError: not of that form; with the JSON path.
    """
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise _complaint(error, kind) from None


def _complaint(error: msgspec.ValidationError, kind: type) -> InvalidInputError:
    text = str(error)
    found = _PATH.search(text)
    path = found["path"] if found else "$"
    text = _PATH.sub("", text)
    if unknown := _UNKNOWN.fullmatch(text):
        name = unknown["name"]
        known = [field.encode_name for field in _fields(_at(kind, path))]
        close = near(name, known)
        hint = f"; near: {', '.join(map(repr, close))}" if close else ""
        hint = hint or (f"; known: {', '.join(sorted(known))}" if known else "; it takes none")
        return InvalidInputError(f"unknown key {name!r}{hint}", path=path)
    return InvalidInputError(_lower(text.replace("`", "'")), path=path)


def _at(kind: Any, path: str) -> Any:
    """Return the type of what stands at *path* in a *kind*: the record to which a key is new."""
    for step in _KEY.finditer(path):
        fields = {field.encode_name: field.type for field in _fields(kind)}
        kind = fields.get(step["name"])
    return kind


def _fields(kind: Any) -> tuple[msgspec.structs.FieldInfo, ...]:
    """Return the fields of the record in *kind*, which may be a list of it or an option."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return msgspec.structs.fields(kind)
    return next(filter(None, map(_fields, get_args(kind))), ())


def _lower(text: str) -> str:
    return text if text.startswith("JSON") else text[:1].lower() + text[1:]
