"""A report beside an earlier one."""

from __future__ import annotations

from datetime import UTC, datetime

from emulator.reports.baseline import compared
from emulator.reports.report import Case, Status, report


def test_improvements_and_regressions_are_reported() -> None:
    statuses: tuple[tuple[str, Status], ...] = (
        ("a", "passed"), ("b", "failed"), ("c", "failed"), ("d", "failed"), ("e", "passed"),
    )  # fmt: skip
    cases = [Case("x: y", status, id=id_) for id_, status in statuses]
    made = report("t", cases, started=datetime.now(UTC), duration_ms=1)
    earlier = {"a": "failed", "b": "passed", "c": "failed", "d": "skipped", "f": "failed"}
    found = compared(made, earlier)
    assert list(found.lines()) == [
        "fixed: a", "regressed: b", "still failing: c", "new failures: d",
        "failed before, no result now: f",
    ]  # fmt: skip
    assert found.is_worse
