"""Reads captures from files and folders, in the formats of several tools."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from emulator.captures import har, journals
from emulator.captures.capture import Capture
from emulator.decoding import convert, parsed
from emulator.errors import InvalidInputError, NotJSONError, file_error

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from emulator.domain.events import Generation

ENDINGS = (".har", ".json", ".jsonl", ".ndjson", ".db", ".sqlite")
"""Of the files that are read from a folder."""

_SQLITE = b"SQLite format 3\0"
_JSON = (("Content-Type", "application/json"),)


class _SvixMessage(msgspec.Struct, rename="camel"):
    """A message as Svix's API and its dashboard export it."""

    event_type: str
    payload: dict[str, Any]
    id: str = ""
    timestamp: datetime | None = None


def read(paths: Iterable[Path], generation: Generation | None = None) -> list[Capture]:
    """Return the captures in files and folders, the oldest first.

    They stay in the order of the files if one of them does not say when it arrived.

    Args:
        paths: files and folders.
        generation: of all captures; by default it follows from each.

    Raises:
        InvalidInputError: a file cannot be read or has an unknown format, or there is no capture.
    """
    paths = list(paths)
    found = [capture for path in paths for file in _files(path) for capture in _read(file)]
    if not found:
        message = (
            f"no captures in {', '.join(repr(str(path)) for path in paths)}; expected files that "
            f"'listen --save' wrote, or other {', '.join(ENDINGS)}"
        )
        raise InvalidInputError(message)
    if all(capture.at for capture in found):
        found.sort(key=lambda capture: capture.at)  # type: ignore[arg-type,return-value]
    if generation is None:
        return found
    return [msgspec.structs.replace(capture, generation=generation) for capture in found]


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.iterdir() if file.suffix in ENDINGS and file.is_file())


def _read(file: Path) -> list[Capture]:
    with file_error(str(file)):
        content = file.read_bytes()
    try:
        if content.startswith(_SQLITE):
            found = list(journals.captures(journals.stored(file)))
        else:
            found = list(_of_text(content))
    except InvalidInputError as error:
        message = f"{file}: {error}"
        raise InvalidInputError(message) from None
    if len(found) == 1:
        return [msgspec.structs.replace(found[0], source=str(file))]
    return [
        msgspec.structs.replace(capture, source=f"{file}[{number}]")
        for number, capture in enumerate(found)
    ]


def _of_text(content: bytes) -> Iterator[Capture]:
    """Yield the captures in JSON, or in JSON lines.

    Raises:
        InvalidInputError: it is neither, or has an unknown format.
    """
    try:
        value = parsed(content)
    except NotJSONError:
        lines = content.splitlines()
        if len(lines) < 2:
            raise
        value = [_line(line, number) for number, line in enumerate(lines, 1) if line.strip()]
    if journals.is_journal(value):
        yield from journals.captures(value)
    elif har.is_har(value) or _messages(value) is not None or not isinstance(value, dict):
        yield from _of_value(value)
    else:
        yield Capture(content, headers=_JSON)


def _line(line: bytes, number: int) -> Any:
    try:
        return parsed(line)
    except NotJSONError as error:
        message = f"line {number}: {error}"
        raise InvalidInputError(message) from None


def _of_value(value: Any) -> Iterator[Capture]:
    if har.is_har(value):
        yield from har.captures(value)
    elif (messages := _messages(value)) is not None:
        for message in messages:
            yield _of_message(convert(message, _SvixMessage))
    elif isinstance(value, list):
        for one in value:
            yield from _of_value(one)
    elif isinstance(value, dict):
        yield Capture(msgspec.json.encode(value), headers=_JSON)
    else:
        message = "expected a payload, a HAR document, a journal, or messages of Svix"
        raise InvalidInputError(message)


def _messages(value: Any) -> list[Any] | None:
    """Return the messages of a Svix export: one, a list, or an answer of its API; None if none."""
    found = value["data"] if isinstance(value, dict) and "iterator" in value else value
    found = found if isinstance(found, list) else [found]
    is_export = all(
        isinstance(one, dict) and {"eventType", "payload"} <= one.keys() for one in found
    )
    return found if found and is_export else None


def _of_message(message: _SvixMessage) -> Capture:
    return Capture(
        msgspec.json.encode(message.payload),
        at=message.timestamp,
        headers=(*_JSON, *((("svix-id", message.id),) if message.id else ())),
        generation="v2",  # which Svix delivers (documented)
        event=message.event_type,
    )
