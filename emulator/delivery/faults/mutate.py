"""The fault ``mutate``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import msgspec

from emulator import paths
from emulator.decoding import parsed
from emulator.delivery.faults.fault import BodyFault
from emulator.errors import InvalidInputError, NotJSONError

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping

    from emulator.delivery.records import Request

JsonType = Literal["string", "number", "boolean", "null", "array", "object"]


class Mutate(BodyFault, frozen=True, kw_only=True, tag="mutate"):
    """Values of the payload are set, removed, changed to another type, or added.

    The consumer receives valid JSON that violates the contract: an unexpected value, or none. At
    least one setting is required. They are applied in this order, and path by path:
    ``remove: ["a[0]", "a[0]"]`` removes the first two items. The changed payload is serialised
    again, without white space.

    A [path](scenarios.md#paths) looks like ``data.testLibrary[1].elapsedTime``; ``$`` is the whole
    payload. If the payload has no place for a change, or the body is not JSON, the request is not
    sent: the delivery is ``dropped`` with that reason, and in a scenario the step fails. Payloads
    differ by event type, so use ``on`` to apply the fault to some event types only.

    Attributes:
        set: the value to put at each path; a missing last key is created.
        remove: the paths of values to remove.
        retype: the new type of the value at each path: ``string`` (its JSON text), ``number``
            (the number in the text, or 0), ``boolean``, ``null``, ``array`` (which contains the
            value) or ``object`` (which has it under ``value``).
        add: the value of a new key at each path.
    """

    example: ClassVar[str] = (
        "fault: {mutate: {set: {data.score: -1}, remove: [data.email], retype: {event: number}}}"
    )

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
    """Return the number in a text, 1 for true, and 0 for everything else."""
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
