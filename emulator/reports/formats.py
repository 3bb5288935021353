"""The formats of a report: each is a module of this package, imported here.

``--format``, the files of ``--report`` and the table in ``docs/reports.md`` come from this table.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from emulator.reports import ctrf, html, journal, junit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.reports.report import Report


class Format(Protocol):
    """A module that writes a report in one format.

    Attributes:
        NAME: the value of ``--format``.
        FILE: the file name in the folder of ``--report``.
        SUMMARY: a description of the file in Markdown.
    """

    NAME: str
    FILE: str
    SUMMARY: str

    def document(self, report: Report) -> bytes:
        """Return *report* in this format."""
        ...


_ALL: tuple[Format, ...] = (html, ctrf, junit, journal)

FORMATS: Mapping[str, Format] = MappingProxyType({one.NAME: one for one in _ALL})
"""Name -> format, in the order of the documentation."""
