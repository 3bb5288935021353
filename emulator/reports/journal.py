"""The journal of a report as JSON lines, with secrets masked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from emulator.printing import printable_json

if TYPE_CHECKING:
    from emulator.reports.report import Report

NAME = "journal"
FILE = "journal.jsonl"
SUMMARY = "every journal entry, one per line, in the order of the run"


def document(report: Report) -> bytes:
    """Return the entries of all cases, one line each."""
    return b"".join(
        printable_json(msgspec.json.encode(entry)) + b"\n"
        for case in report.cases
        for entry in case.journal
    )
