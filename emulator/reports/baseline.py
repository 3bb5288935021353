"""Compares a report with an earlier report: fixed checks, regressions and remaining failures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from emulator.decoding import decode
from emulator.errors import InvalidInputError, file_error

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from emulator.reports.report import Report


class _Test(msgspec.Struct, rename="camel"):
    test_id: str
    status: str


class _Results(msgspec.Struct):
    tests: list[_Test]


class _Document(msgspec.Struct):
    results: _Results


class BaselineComparison(msgspec.Struct, frozen=True):
    """Ids of checks, each in at most one list.

    Attributes:
        fixed: failed before, passes now.
        regressed: passed before, fails now.
        failing: failed before, fails now.
        new: had no result before, fails now.
        gone: failed before, has no result now.
    """

    fixed: tuple[str, ...] = ()
    regressed: tuple[str, ...] = ()
    failing: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()

    @property
    def is_worse(self) -> bool:
        """Whether a check fails that did not fail before."""
        return bool(self.regressed or self.new)

    def lines(self) -> Iterator[str]:
        """Yield a line for each list that is not empty, or one line if all are."""
        lists = {
            "fixed": self.fixed,
            "regressed": self.regressed,
            "still failing": self.failing,
            "new failures": self.new,
            "failed before, no result now": self.gone,
        }
        for name, ids in lists.items():
            if ids:
                yield f"{name}: {', '.join(ids)}"
        if not any(lists.values()):
            yield "no failures, neither before nor now"


def read(file: Path) -> dict[str, str]:
    """Return the results in an earlier ``report.json``: id of the check -> status in CTRF.

    Raises:
        InvalidInputError: the file can't be read, or is not a report of ``test``.
    """
    with file_error(f"can't read the baseline {str(file)!r}"):
        content = file.read_bytes()
    try:
        document: Any = decode(content, _Document)
    except InvalidInputError as error:
        message = f"the baseline {str(file)!r} is not a report.json of 'test': {error.message}"
        raise InvalidInputError(message, path=error.path) from None
    return {test.test_id: test.status for test in document.results.tests}


def compared(report: Report, earlier: dict[str, str]) -> BaselineComparison:
    """Return how *report* differs from an earlier one, as `read` returns it."""
    found: dict[str, list[str]] = {}
    for case in report.cases:
        before = earlier.get(case.id)
        if case.status == "failed":
            kind = {"passed": "regressed", "failed": "failing"}.get(before or "", "new")
        elif before == "failed":
            kind = "fixed" if case.status == "passed" else "gone"
        else:
            continue
        found.setdefault(kind, []).append(case.id)
    ids = {case.id for case in report.cases}
    found.setdefault("gone", []).extend(
        id_ for id_, status in earlier.items() if status == "failed" and id_ not in ids
    )
    return BaselineComparison(**{kind: tuple(ids) for kind, ids in found.items()})
