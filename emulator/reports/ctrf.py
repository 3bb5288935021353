"""A report as CTRF, the Common Test Report Format: https://ctrf.io."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from emulator.durations import instant
from emulator.reports import text
from emulator.workspace.delivery_view import plain

if TYPE_CHECKING:
    from emulator.reports.report import Case, Report, ReportStep, Status

NAME = "json"
FILE = "report.json"
SUMMARY = "[CTRF](https://ctrf.io), the Common Test Report Format"

SPEC_VERSION = "0.0.0"
"""The version of the specification, whose schema has the version 0.0."""

_STATUSES: dict[Status, str] = {
    "passed": "passed", "failed": "failed", "skipped": "skipped", "incomplete": "other",
}  # fmt: skip


def document(report: Report) -> bytes:
    """Return *report* as indented JSON."""
    start = round(report.started.timestamp() * 1000)
    duration = round(report.duration_ms)
    statuses = [_STATUSES[case.status] for case in report.cases]
    summary = {
        "tests": len(statuses),
        **{one: statuses.count(one) for one in ("passed", "failed", "skipped", "pending", "other")},
        "start": start,
        "stop": start + duration,
        "duration": duration,
        "extra": {"verdict": report.word, "interrupted": report.is_interrupted},
    }
    made = {
        "reportFormat": "CTRF",
        "specVersion": SPEC_VERSION,
        "timestamp": instant(report.started),
        "generatedBy": f"testlify-emulator {report.version}",
        "results": {
            "tool": {"name": "testlify-emulator", "version": report.version},
            "summary": summary,
            "tests": [_test(case, report) for case in report.cases],
        },
    }
    return msgspec.json.format(msgspec.json.encode(made), indent=2) + b"\n"


def _test(case: Case, report: Report) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": case.heading,
        "status": _STATUSES[case.status],
        "rawStatus": case.word,
        "duration": round(case.duration_ms),
        "suite": [case.file or report.title],
    }
    if case.id:
        found["testId"] = case.id
    if case.message:
        found["message"] = case.message
    if case.status in ("failed", "incomplete"):
        found["trace"] = "\n".join(text.lines(case))
    if case.file:
        found["filePath"] = case.file
    line = next((step.line for step in case.steps if step.status == "failed"), case.line)
    if line is not None:
        found["line"] = line
    if case.tags:
        found["tags"] = list(case.tags)
    if case.labels:
        found["labels"] = case.labels
    if case.steps:
        found["steps"] = [_step(step) for step in case.steps]
    extra = {"deliveries": [plain(delivery) for delivery in case.deliveries], "charts": case.charts}
    if any(extra.values()):
        found["extra"] = {name: value for name, value in extra.items() if value}
    return found


def _step(step: ReportStep) -> dict[str, Any]:
    extra = {
        "number": step.number,
        "line": step.line,
        "message": step.message,
        "duration": round(step.duration_ms, 3),
        "deliveries": [plain(delivery) for delivery in step.deliveries],
    }
    return {
        "name": step.heading,
        "status": _STATUSES[step.status],
        "extra": extra,
    }
