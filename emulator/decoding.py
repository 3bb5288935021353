"""Untrusted input into records: one place that turns a decoder's complaint into ours."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args, get_origin

import msgspec

from emulator.errors import InvalidInputError, near

if TYPE_CHECKING:
    from collections.abc import Sequence

_T = TypeVar("_T")

_PATH = re.compile(r" - at `(?P<path>[^`]+)`$")
_KEY = re.compile(r"\.(?P<name>[^.\[\]]+)")
_NO_SUCH_WORD = "Invalid enum value"
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
