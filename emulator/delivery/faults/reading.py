"""Faults from plain data and back: ``{"duplicate": {"times": 1}, "on": {"attempt": 1}}``."""

from __future__ import annotations

from typing import Any, TypeVar, get_args

import msgspec

from emulator import durations
from emulator.decoding import convert, unknown_key
from emulator.delivery.faults.fault import Chance, Fault, Seconds, types_of
from emulator.delivery.faults.registry import FAULTS
from emulator.errors import InvalidInputError, UnknownNameError

_Record = TypeVar("_Record", bound=msgspec.Struct)


def fault_from(value: Any) -> Fault:
    """Return the fault that *value* describes: its kind with its settings, and ``on``.

    Durations are text with a unit.

    Raises:
        InvalidInputError: it describes none; with the JSON path.
    """
    name = _kind(value)
    path = f"$.{name}"
    settings = _mapping(value[name], path)
    if "on" in settings:
        message = f"'on' belongs next to {name!r}, not inside it"
        raise InvalidInputError(message, path=path)
    fault = _read(settings, FAULTS[name], path)
    if "on" in value:
        match = _read(_mapping(value["on"], "$.on"), type(fault.on), "$.on")
        fault = msgspec.structs.replace(fault, on=match)
    return fault


def plain(fault: Fault) -> dict[str, Any]:
    """Return *fault* as plain data, without default values."""
    settings = _plain(fault)
    on = _plain(fault.on)
    settings.pop("on", None)
    return {fault.kind: settings, **({"on": on} if on else {})}


def _kind(value: Any) -> str:
    """Return the key of *value* that says which fault it is."""
    if not isinstance(value, dict):
        message = f"expected a fault, a mapping like {{'drop': {{}}}}; got {value!r}"
        raise InvalidInputError(message, path="$")
    names = [name for name in value if name != "on"]
    known = [name for name in names if name in FAULTS]
    unknown = [str(name) for name in names if name not in known]
    if unknown:
        names_here = [*FAULTS, "on"] if known else FAULTS
        raise UnknownNameError("fault", unknown[0], names_here, path="$")
    if len(known) != 1:
        found = " and ".join(map(repr, known)) or "none"
        message = f"expected one fault, as in {{'drop': {{}}}}; got {found}"
        raise InvalidInputError(message, path="$")
    return str(known[0])


def _mapping(value: Any, path: str) -> dict[Any, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        message = f"expected a mapping; got {value!r}"
        raise InvalidInputError(message, path=path)
    return value


def _read(settings: dict[Any, Any], kind: type[_Record], path: str) -> _Record:
    fields = dict(types_of(kind))
    known = [name for name in fields if name != "on"]
    values: dict[str, Any] = {}
    for name, value in settings.items():
        if name not in known:
            raise unknown_key(str(name), known, path=path)
        values[name] = _seconds(value, f"{path}.{name}") if is_duration(fields[name]) else value
    try:
        return convert(values, kind)
    except InvalidInputError as error:
        error.path = path + (error.path or "$")[1:]
        raise


def is_duration(kind: Any) -> bool:
    """Return whether a setting of that type is a duration, text in plain data."""
    return Seconds in (kind, *get_args(kind))


def _seconds(value: Any, path: str) -> float:
    if not isinstance(value, str):
        message = f"not a duration: {value!r}; expected text with a unit, as in 150ms 10s 5m 2h 30d"
        raise InvalidInputError(message, path=path)
    try:
        return round(durations.parse(value), 3)
    except InvalidInputError as error:
        error.path = path
        raise


def _plain(record: Fault | Chance) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in msgspec.structs.fields(record):
        value = getattr(record, field.name)
        has_factory = field.default_factory is not msgspec.NODEFAULT
        if value == (field.default_factory() if has_factory else field.default):
            continue
        found[field.name] = (
            durations.show(value) if is_duration(field.type) else msgspec.to_builtins(value)
        )
    return found
