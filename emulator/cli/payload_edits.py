"""Edits payloads for ``--set`` and ``--remove``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator import paths
from emulator.decoding import parsed
from emulator.errors import InvalidInputError, NotJSONError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Setting = tuple[paths.Path, Any]
"""A path and its new value."""


def settings(texts: Iterable[str]) -> list[Setting]:
    """Parse each ``PATH=VALUE``; a value that is not JSON is text.

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
    try:
        return _path(path, "--set"), parsed(value)
    except NotJSONError:
        return _path(path, "--set"), value


def edited(payload: Any, set_: Sequence[Setting], remove: Sequence[str]) -> Any:
    """Set and then remove values in *payload*, and return it.

    It means the same as in `faults.Mutate`.

    Raises:
        InvalidInputError: not a path, or not one of this payload; names what is near.
    """
    option = "--set"
    try:
        for path, value in set_:
            payload = paths.put(payload, path, value)
        option = "--remove"
        for text in remove:
            paths.remove(payload, paths.parse(text))
    except InvalidInputError as error:
        error.path = option
        raise
    return payload


def _path(text: str, option: str) -> paths.Path:
    try:
        return paths.parse(text)
    except InvalidInputError as error:
        error.path = option
        raise
