"""Decodes untrusted JSON into data and records; no other module does."""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

import msgspec

from emulator.errors import InvalidInputError, NotJSONError, near
from emulator.paths import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from emulator.paths import Path

_T = TypeVar("_T")

_LONGEST = 60  # characters of untrusted keys and words in error messages

MOST_LEVELS = 200
"""Levels of nesting: many more than any payload has, and few enough for recursion."""


def decode(body: bytes, kind: type[_T]) -> _T:
    """Return the JSON text *body* as the type *kind*.

    Raises:
        NotJSONError: not JSON, or nested too deeply.
        InvalidInputError: the value does not have this type; has the JSON path.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise _complaint(error, parsed(body), kind) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotJSONError(_why(error)) from None


def parsed(body: bytes | str) -> Any:
    """Return the JSON text *body* as plain data.

    The program reads all JSON that it did not write with this function or `decode`.

    Raises:
        NotJSONError: not JSON, nested too deeply, or with a number beyond the range of floats.
    """
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise NotJSONError(_why(error)) from None
    if _levels(value) > MOST_LEVELS:
        raise NotJSONError(_TOO_DEEP)
    return value


def indented(body: bytes) -> str:
    """Return a body as text; JSON is indented by two."""
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
    """Return the levels of nesting without recursion, at most one more than `MOST_LEVELS`."""
    levels, inner = 0, [value]
    while inner and levels <= MOST_LEVELS:
        inner = [one for one in inner if isinstance(one, dict | list) and one]
        levels += bool(inner)
        inner = [
            one for outer in inner for one in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return levels


def convert(value: Any, kind: type[_T], *, strict: bool = True) -> _T:
    """Return decoded JSON or YAML as the type *kind*.

    Args:
        value: plain data.
        kind: the type.
        strict: False also accepts numbers and booleans as strings.

    Raises:
        InvalidInputError: the value does not have this type; has the JSON path.
    """
    try:
        return msgspec.convert(value, kind, strict=strict)
    except msgspec.ValidationError as error:
        raise _complaint(error, value, kind, strict=strict) from None


def unknown_key(name: str, known: Sequence[str], *, path: str) -> InvalidInputError:
    """Return the error for a key that is not in *known*."""
    close = near(name, known)
    hint = f"; near: {', '.join(map(repr, close))}" if close else ""
    hint = hint or (f"; known: {', '.join(sorted(known))}" if known else "; it takes none")
    return InvalidInputError(f"unknown key {name!r}{hint}", path=path)


def _complaint(
    error: msgspec.ValidationError, value: Any, kind: Any, *, strict: bool = True, path: Path = ()
) -> InvalidInputError:
    """Return the error for the first part of *value* that does not have its type.

    msgspec has the place of an error in its text only, so each part is converted separately.
    """
    wrong = _wrong_key(value, kind, path)
    if wrong is not None:
        return wrong
    for step, part, part_kind in _parts(value, kind):
        try:
            msgspec.convert(part, part_kind, strict=strict)
        except msgspec.ValidationError as inner:
            return _complaint(inner, part, part_kind, strict=strict, path=(*path, step))
    place = shown(path)
    words = [
        argument for arm in arms(kind) if get_origin(arm) is Literal for argument in get_args(arm)
    ]
    if words and isinstance(value, str):
        known = ", ".join(map(repr, sorted(words)))
        return InvalidInputError(f"expected one of {known}, got {value[:_LONGEST]!r}", path=place)
    return InvalidInputError(_lower(str(error).replace("`", "'")), path=place)


def _wrong_key(value: Any, kind: Any, path: Path) -> InvalidInputError | None:
    """Return the error for an unknown or missing key; None if there is none."""
    record = _record(kind)
    if record is None or not isinstance(value, dict):
        return None
    fields = {field.encode_name: field.required for field in msgspec.structs.fields(record)}
    unknown = [key for key in value if key not in fields]
    if unknown and record.__struct_config__.forbid_unknown_fields:
        return unknown_key(unknown[0], list(fields), path=shown(path))
    missing = [key for key, is_required in fields.items() if is_required and key not in value]
    if missing:
        return InvalidInputError(f"the key {missing[0]!r} is missing", path=shown(path))
    return None


def _parts(value: Any, kind: Any) -> Iterator[tuple[str | int, Any, Any]]:
    """Yield key or index, value and type of each part of *value*."""
    record = _record(kind)
    if record is not None and isinstance(value, dict):
        for field in msgspec.structs.fields(record):
            if field.encode_name in value:
                yield field.encode_name, value[field.encode_name], field.type
        return
    for arm in arms(kind):
        inner = get_args(arm)
        if isinstance(value, dict) and get_origin(arm) in (dict, Mapping):
            yield from ((str(key)[:_LONGEST], part, inner[1]) for key, part in value.items())
        elif isinstance(value, list | tuple) and get_origin(arm) in (list, tuple):
            yield from ((at, part, inner[0]) for at, part in enumerate(value))


def _record(kind: Any) -> type[msgspec.Struct] | None:
    """Return the record type in *kind*, which may be a union."""
    records = (arm for arm in arms(kind) if isinstance(arm, type))
    return next((arm for arm in records if issubclass(arm, msgspec.Struct)), None)


def arms(kind: Any) -> list[Any]:
    """Return the alternatives of a type without annotations."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return arms(inner[0])
    if origin in (Union, types.UnionType):
        return [arm for one in inner for arm in arms(one)]
    return [kind]


def _lower(text: str) -> str:
    return text if text.startswith("JSON") else text[:1].lower() + text[1:]
