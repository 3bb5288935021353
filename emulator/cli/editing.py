"""What ``--set`` and ``--remove`` make of a payload. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.decoding import parsed
from emulator.delivery.faults.paths import holder, holds, parts
from emulator.errors import InvalidInputError, NotJSONError, near

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from emulator.delivery.faults.paths import Parts

_MOST_PATHS = 2_000
"""Paths of a payload that are looked at for a near one."""

Setting = tuple[str, Any]
"""A path and the value to put there."""


def settings(texts: Iterable[str]) -> list[Setting]:
    """Return what each ``PATH=VALUE`` says; a value is JSON if it can be read so, else text.

    Raises:
        InvalidInputError: one that does not say it, or is not a path.
    """
    return [_setting(text) for text in texts]


def _setting(text: str) -> Setting:
    path, equals, value = text.partition("=")
    if not (path and equals):
        message = f"--set {text!r}: expected PATH=VALUE, as in data.email=ada@example.com"
        raise InvalidInputError(message)
    if not text.isprintable() and any("\ud800" <= sign <= "\udfff" for sign in text):
        message = f"--set {text!r}: not UTF-8"
        raise InvalidInputError(message)
    _parts(path, "--set")
    try:
        return path, parsed(value)
    except NotJSONError:
        return path, value


def edited(payload: Any, set_: Sequence[Setting], remove: Sequence[str]) -> Any:
    """Return *payload* with values set, and then values taken out; it is changed itself.

    Other than `faults.Mutate`, which has to do for any payload, this is about one: a path that
    leads nowhere is a mistake. Only the last key of one to set may be new.

    Raises:
        InvalidInputError: not a path, or not one of this payload; names what is near.
    """
    root = [payload]
    for path, value in set_:
        place = _parts(path, "--set")
        at = holder(root, place)
        if not (holds(at, place[-1]) or (isinstance(at, dict) and isinstance(place[-1], str))):
            raise _nowhere(root[0], path, "--set")
        at[place[-1]] = value
    for path in remove:
        place = _parts(path, "--remove")
        if len(place) == 1:
            message = f"all of the payload can't be taken out: {path!r}"
            raise InvalidInputError(message, path="--remove")
        at = holder(root, place)
        if not holds(at, place[-1]):
            raise _nowhere(root[0], path, "--remove")
        del at[place[-1]]
    return root[0]


def _parts(path: str, option: str) -> Parts:
    """Return the parts of *path* from a list around the payload, so that all of it has a place."""
    try:
        return (0, *parts(path))
    except InvalidInputError as error:
        error.path = option
        raise


def _nowhere(payload: Any, path: str, option: str) -> InvalidInputError:
    known = [one for one, _ in zip(_paths(payload, ""), range(_MOST_PATHS), strict=False)]
    message = f"no {path!r} in the payload"
    if close := near(path.removeprefix("$."), known):
        message += f"; near: {', '.join(map(repr, close))}"
    elif isinstance(payload, dict):
        message += f"; it has: {', '.join(payload) or 'nothing'}"
    return InvalidInputError(message, path=option)


def _paths(value: Any, path: str) -> Iterator[str]:
    if path:
        yield path
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _paths(one, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from _paths(one, f"{path or '$'}[{index}]")
