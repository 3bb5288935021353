r"""Paths into JSON, with one grammar for all inputs and outputs. Pure.

=====================================  ===========================================================
``$``                                  the whole value
``data.email``, ``$.data.email``       a key; the ``$.`` may be left out
``data.testLibrary[1]``, ``[1].email`` an item of a list, counted from 0
``data['a key']``, ``data["größe"]``   any key at all, with the escapes of JSON and ``\'``
``data.testLibrary.length``            the number of items of a list; only at the end, for reading
=====================================  ===========================================================
"""

from __future__ import annotations

import re
from collections import deque
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from emulator.errors import InvalidInputError, near

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Path = tuple[str | int, ...]
"""Keys and indexes from the outside in; empty for the whole value."""

ABSENT: Final = object()
"""The value at a path that does not exist."""

_LENGTH = "length"

_MOST_KNOWN = 2_000
"""Paths of a value that are compared for near paths."""

_MOST_SHOWN = 20
"""Keys that an error names."""

_STEP = re.compile(
    r"""\.(?P<key>[^.\[\]\s]+)
    |\[(?P<index>[0-9]{1,18})\]
    |\[(?:"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>(?:[^'\\]|\\.)*)')\]""",
    re.VERBOSE | re.DOTALL,
)
_HALF = re.compile("[\ud800-\udfff]")  # lone surrogates, which JSON does not allow
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_ESCAPES: Mapping[str, str] = MappingProxyType(
    {
        "b": "\b",
        "f": "\f",
        "n": "\n",
        "r": "\r",
        "t": "\t",
        "/": "/",
        "\\": "\\",
        "'": "'",
        '"': '"',
    }
)
_ESCAPED: Mapping[str, str] = MappingProxyType(
    {sign: f"\\{letter}" for letter, sign in _ESCAPES.items() if letter not in '/"'}
)


def parse(text: str) -> Path:
    """Return the keys and indexes of a path.

    Raises:
        InvalidInputError: not a path.
    """
    rest = text[1:] if text.startswith("$") else text if text.startswith("[") else f".{text}"
    path: list[str | int] = []
    at = 0
    while at < len(rest):
        step = _STEP.match(rest, at)
        if step is None:
            raise _no_path(text)
        at = step.end()
        if step["index"] is not None:
            path.append(int(step["index"]))
        elif step["key"] is not None:
            path.append(step["key"])
        else:
            path.append(_unquoted(step["single"] or step["double"] or "", text))
    if any(isinstance(part, str) and _HALF.search(part) for part in path):
        raise _no_path(text)
    return tuple(path)


def shown(path: Path) -> str:
    """Return a path as text that `parse` reads: ``$.data.testLibrary[1]['a key']``."""
    return "$" + "".join(map(_shown, path))


def short(path: Path) -> str:
    """Return a path without ``$.``, also for `parse`: ``data.testLibrary[1]``."""
    return shown(path).removeprefix("$.")


def reached(value: Any, path: Path) -> tuple[Any, Path]:
    """Return the innermost value that *path* leads to, and the rest of the path from there."""
    for place, part in enumerate(path):
        if not _holds(value, part):
            return value, path[place:]
        value = value[part]
    return value, ()


def find(value: Any, path: Path) -> Any:
    """Return the value at *path*, or the length of a list; `ABSENT` if there is none."""
    at, rest = reached(value, path)
    if rest == (_LENGTH,) and isinstance(at, list):
        return len(at)
    return ABSENT if rest else at


def put(value: Any, path: Path, new: Any) -> Any:
    """Return *value* with *new* at *path*; only the last key may be missing.

    Changes the value in place, unless the path is that of the whole value.

    Raises:
        InvalidInputError: no such path; has near paths.
    """
    if not path:
        return new
    holder, last = _holder(value, path), path[-1]
    if not (_holds(holder, last) or (isinstance(holder, dict) and isinstance(last, str))):
        raise nowhere(value, path)
    holder[last] = new
    return value


def remove(value: Any, path: Path) -> None:
    """Remove the value at *path*.

    Raises:
        InvalidInputError: no such path, with near paths; or the path of the whole value.
    """
    if not path:
        message = f"the whole payload can't be removed: {shown(path)!r}"
        raise InvalidInputError(message)
    holder = _holder(value, path)
    if not _holds(holder, path[-1]):
        raise nowhere(value, path)
    del holder[path[-1]]


def nowhere(value: Any, path: Path) -> InvalidInputError:
    """Return the error for a path that does not exist in a payload."""
    message = f"no {short(path)!r} in the payload"
    if close := near(short(path), islice(_known(value), _MOST_KNOWN)):
        message += f"; near: {', '.join(map(repr, close))}"
    elif isinstance(value, dict):
        keys = [*islice(value, _MOST_SHOWN), *(["..."] if len(value) > _MOST_SHOWN else [])]
        message += f"; it has: {', '.join(keys) or 'nothing'}"
    return InvalidInputError(message)


def _holds(value: Any, part: str | int) -> bool:
    if isinstance(part, str):
        return isinstance(value, dict) and part in value
    return isinstance(value, list) and part < len(value)


def _holder(value: Any, path: Path) -> Any:
    """Return the value that contains, or can contain, the last part of *path*; or `ABSENT`."""
    holder, rest = reached(value, path[:-1])
    return ABSENT if rest else holder


def _known(value: Any) -> Iterator[str]:
    """Yield the path of each value inside *value*, outer values first."""
    waiting: deque[tuple[Path, Any]] = deque([((), value)])
    while waiting:
        path, one = waiting.popleft()
        if path:
            yield short(path)
        if len(waiting) < _MOST_KNOWN and isinstance(one, dict | list):
            inner = one.items() if isinstance(one, dict) else enumerate(one)
            waiting += [((*path, part), below) for part, below in islice(inner, _MOST_KNOWN)]


def _shown(part: str | int) -> str:
    if isinstance(part, int):
        return f"[{part}]"
    if part.isascii() and part.replace("-", "_").isidentifier():
        return f".{part}"
    return f"['{''.join(map(_escaped, part))}']"


def _escaped(sign: str) -> str:
    if sign in _ESCAPED:
        return _ESCAPED[sign]
    return sign if sign.isprintable() or ord(sign) > 0xFFFF else f"\\u{ord(sign):04x}"


def _unquoted(quoted: str, text: str) -> str:
    def sign(found: re.Match[str]) -> str:
        if found[1] is not None:
            return chr(int(found[1], 16))
        if found[2] not in _ESCAPES:
            raise _no_path(text)
        return _ESCAPES[found[2]]

    key = _ESCAPE.sub(sign, quoted)
    # Two escapes may be a surrogate pair.
    return key.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def _no_path(text: str) -> InvalidInputError:
    message = f"not a payload path: {text!r}; expected one like 'data.testLibrary[1].name'"
    return InvalidInputError(message)
