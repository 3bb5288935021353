"""Edits payloads for ``--set`` and ``--remove``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator import paths
from emulator.cli.common_options import pair
from emulator.decoding import parsed
from emulator.errors import InvalidInputError, NotJSONError, error_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Setting = tuple[paths.Path, Any]
"""A path and its new value."""


def settings(texts: Iterable[str]) -> list[Setting]:
    """Parse each ``PATH=VALUE``; a value that is not JSON is text.

    Raises:
        InvalidInputError: no ``=``, or not a path.
    """
    return [_setting(text) for text in texts]


def _setting(text: str) -> Setting:
    name, value = pair("--set", text, "PATH=VALUE, as in data.email=ada@example.com")
    if not text.isprintable() and any("\ud800" <= sign <= "\udfff" for sign in text):
        message = f"--set {text!r}: not UTF-8"
        raise InvalidInputError(message)
    with error_at("--set"):
        path = paths.parse(name)
    try:
        return path, parsed(value)
    except NotJSONError:
        return path, value


def edited(payload: Any, set_: Sequence[Setting], remove: Sequence[str]) -> Any:
    """Set and then remove values in *payload*, and return it.

    It means the same as in `faults.Mutate`.

    Raises:
        InvalidInputError: not a path, or not in this payload; the message has similar paths.
    """
    with error_at("--set"):
        for path, value in set_:
            payload = paths.put(payload, path, value)
    with error_at("--remove"):
        for text in remove:
            paths.remove(payload, paths.parse(text))
    return payload
