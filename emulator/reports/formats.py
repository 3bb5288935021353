"""The formats of a report: name -> the file it goes to and the module that writes it.

A new format is a module with a function ``document(report) -> bytes`` and a row here.
"""

from __future__ import annotations

from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.reports.report import Report


class Format(msgspec.Struct, frozen=True):
    """One format.

    Attributes:
        file: its name in a report's folder.
        module: in this package; has ``document``.
    """

    file: str
    module: str

    def document(self, report: Report) -> bytes:
        """Return *report* in this format."""
        made: bytes = import_module(f"{__package__}.{self.module}").document(report)
        return made


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "html": Format("report.html", "html"),
        "json": Format("report.json", "ctrf"),
        "junit": Format("junit.xml", "junit"),
        "journal": Format("journal.jsonl", "journal"),
    }
)
