"""Saves each request as a capture, before it is answered."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from emulator.captures import har
from emulator.captures.capture import Capture
from emulator.delivery.redaction import MASK, masked_headers

if TYPE_CHECKING:
    from datetime import datetime

    from emulator.receiver import Received

_QUERY_VALUE = re.compile(r"=[^&]*")


class Recorder(msgspec.Struct, frozen=True):
    """Saves requests in a folder.

    Attributes:
        keeps_secrets: keep the values of headers and of the query that may be secrets.
    """

    folder: Path
    keeps_secrets: bool = False

    def save(self, received: Received, at: datetime) -> Path:
        """Write a request to a new file, and return when it is on the disk.

        The name starts with the time, so that files sort in order, and ends with a random number,
        so that no two are equal. A file gets its name when it is complete.

        Args:
            received: the request; its body is saved as it is.
            at: when it arrived.

        Raises:
            OSError: it could not be saved; no file is left.
        """
        capture = captured(received)
        content = har.written(capture if self.keeps_secrets else _masked(capture), at)
        name = f"{at:%Y%m%dT%H%M%S.%fZ}-{secrets.token_hex(8)}.har"
        unfinished = self.folder / f".{name}.part"
        try:
            with unfinished.open("xb") as out:
                out.write(content)
                out.flush()
                os.fsync(out.fileno())
            file = unfinished.rename(self.folder / name)
            _sync(self.folder)
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise
        return file


def captured(received: Received) -> Capture:
    """Return a request as a capture."""
    url = f"http://{received.header('host') or 'unknown'}{received.path}"
    return Capture(received.body, None, received.method, url, received.headers)


def _masked(capture: Capture) -> Capture:
    parts = urlsplit(capture.url)
    url = parts._replace(query=_QUERY_VALUE.sub(f"={MASK}", parts.query)).geturl()
    return msgspec.structs.replace(capture, url=url, headers=masked_headers(capture.headers))


def _sync(folder: Path) -> None:
    """Write the names in a folder to the disk."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
