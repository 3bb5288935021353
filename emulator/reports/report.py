"""The record that all formats show: cases, steps, deliveries; never a format.

`report` masks the secrets, so that all text in a `Report` can be shown.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import msgspec

from emulator import __version__
from emulator.delivery.redaction import masked
from emulator.workspace.delivery_view import DeliveryView

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_Record = TypeVar("_Record")

Status = Literal["passed", "failed", "skipped", "incomplete"]
"""``incomplete``: there is no evidence, because nobody answered or the run was interrupted."""

STATUSES: tuple[Status, ...] = ("passed", "failed", "incomplete", "skipped")

MARKS: dict[Status, str] = {"passed": "✓", "failed": "✗", "skipped": "-", "incomplete": "?"}


class ReportStep(msgspec.Struct, frozen=True, rename="camel"):
    """One step of a case.

    Attributes:
        number: from 1.
        detail: the arguments of the step, on one line.
        line: in the case's file.
        message: why it failed, in one or more lines.
        deliveries: the deliveries that the step caused.
    """

    number: int
    name: str
    detail: str
    line: int
    status: Status
    message: str = ""
    deliveries: tuple[DeliveryView, ...] = ()
    duration_ms: float = 0.0

    @property
    def heading(self) -> str:
        """The name and the arguments."""
        return f"{self.name} {self.detail}".rstrip()


class Series(msgspec.Struct, frozen=True, rename="camel"):
    """One line of a chart.

    Attributes:
        points: pairs of x and y, from left to right.
    """

    name: str
    points: tuple[tuple[float, float], ...]


class Chart(msgspec.Struct, frozen=True, rename="camel"):
    """A measured quantity over time.

    Attributes:
        unit: of y; x is in seconds.
    """

    title: str
    unit: str
    series: tuple[Series, ...]


class Case(msgspec.Struct, frozen=True, rename="camel"):
    """A scenario or a check of a consumer, with its verdict.

    Attributes:
        name: the title of the scenario or of the check.
        id: the id of the check; empty for a scenario.
        file, line: where the scenario is defined; empty and None for a check.
        message: why it did not pass, in one or more lines.
        cause: of a failure, the same for all cases that failed for the same reason.
        steps: the steps of a scenario; empty for a check.
        deliveries: the deliveries that belong to no step.
        labels: further facts, such as the seed.
        journal: the entries of its run, as plain data.
        charts: the measurements of a load test.
        is_interrupted: it was stopped before its end.
    """

    name: str
    status: Status
    file: str = ""
    line: int | None = None
    message: str = ""
    duration_ms: float = 0.0
    steps: tuple[ReportStep, ...] = ()
    deliveries: tuple[DeliveryView, ...] = ()
    tags: tuple[str, ...] = ()
    labels: dict[str, str] = {}
    journal: tuple[dict[str, Any], ...] = ()
    is_interrupted: bool = False
    id: str = ""
    cause: str = ""
    charts: tuple[Chart, ...] = ()

    @property
    def heading(self) -> str:
        """The name; for a check with its id, which `--only` takes."""
        return f"{self.id}: {self.name}" if self.id else self.name

    @property
    def sent(self) -> list[DeliveryView]:
        """All deliveries of the case."""
        return [delivery for step in self.steps for delivery in step.deliveries] + list(
            self.deliveries
        )

    @property
    def word(self) -> str:
        """The verdict in words."""
        if self.is_interrupted:
            return "interrupted"
        return "no evidence" if self.status == "incomplete" else self.status

    @property
    def place(self) -> str:
        """``FILE:LINE``; empty for a check."""
        return _place(self.file, self.line)


class Finding(msgspec.Struct, frozen=True):
    """A failure or a delivery that was not accepted.

    Attributes:
        case: the number of the case in the report, from 1.
        is_failure: the case did not pass because of it. A failed delivery may be intended by a
            scenario, so it is a finding but no failure.
        anchor: the element of the HTML page with the details.
    """

    case: int
    title: str
    file: str
    line: int | None
    message: str
    anchor: str
    is_failure: bool

    @property
    def place(self) -> str:
        """``FILE:LINE``; empty for a check."""
        return _place(self.file, self.line)


class Cause(msgspec.Struct, frozen=True):
    """The common reason of several failures.

    Attributes:
        text: the reason in words: ``answered 500; expected 2xx``.
        cases: the numbers of the cases in the report, from 1.
    """

    text: str
    cases: tuple[int, ...]

    def summary(self, report: Report) -> str:
        """Return the cause on one line, with its first case as an example."""
        example = report.cases[self.cases[0] - 1]
        count = f"{len(self.cases)} of {len(report.cases)}"
        return f"{self.text} ({count}; see {example.id or example.name})"


class Report(msgspec.Struct, frozen=True):
    """The results of one run of the program.

    Attributes:
        started: wall time.
        is_interrupted: the run was stopped before its end.
    """

    title: str
    cases: tuple[Case, ...]
    started: datetime
    duration_ms: float
    version: str = __version__
    is_interrupted: bool = False

    def count(self, status: Status) -> int:
        """Return how many cases have the status *status*."""
        return sum(case.status == status for case in self.cases)

    @property
    def word(self) -> str:
        """The verdict of the whole run in words."""
        if self.is_interrupted:
            return "interrupted"
        if self.count("failed"):
            return "failed"
        return "no evidence" if self.count("incomplete") or not self.cases else "passed"

    @property
    def causes(self) -> list[Cause]:
        """The causes that several failures share, the most frequent first."""
        found: dict[str, list[int]] = {}
        for number, case in enumerate(self.cases, start=1):
            if case.status == "failed":
                text = case.cause or case.message.partition("\n")[0]
                found.setdefault(text, []).append(number)
        shared = [Cause(text, tuple(cases)) for text, cases in found.items() if len(cases) > 1]
        return sorted(shared, key=lambda one: -len(one.cases))

    @property
    def findings(self) -> list[Finding]:
        """Failures first, then deliveries that were not accepted."""
        found = [
            one
            for number, case in enumerate(self.cases, start=1)
            for one in (*_failures(number, case), *_undelivered(number, case))
        ]
        return sorted(found, key=lambda one: not one.is_failure)


def report(
    title: str,
    cases: Iterable[Case],
    *,
    started: datetime,
    duration_ms: float,
    secrets: Iterable[str] = (),
    is_interrupted: bool = False,
) -> Report:
    """Return the report of a run, with secrets masked in all its text.

    Args:
        title: the title of the report.
        cases: in the order of the report.
        started: wall time.
        duration_ms: real milliseconds.
        secrets: as `configured_secrets` finds them.
        is_interrupted: the run was stopped before its end.
    """
    known = frozenset(secrets)
    bare = Report(title, (), started, duration_ms, is_interrupted=is_interrupted)
    shown = masked_record(known, bare)
    return msgspec.structs.replace(shown, cases=tuple(_masked_case(known, case) for case in cases))


def _masked_case(secrets: frozenset[str], case: Case) -> Case:
    """Mask a case piece by piece, because masking a large case at once blocks other threads."""
    bare = msgspec.structs.replace(case, steps=(), deliveries=(), journal=())
    return msgspec.structs.replace(
        masked_record(secrets, bare),
        steps=tuple(masked_record(secrets, step) for step in case.steps),
        deliveries=tuple(masked_record(secrets, delivery) for delivery in case.deliveries),
        journal=tuple(masked_record(secrets, one) for one in case.journal),
    )


def masked_record(secrets: Iterable[str], record: _Record) -> _Record:
    """Return *record*, a record of this module or plain data, with *secrets* masked in its text."""
    plain = msgspec.to_builtins(record, builtin_types=(datetime,))
    return msgspec.convert(_encodable(masked(plain, secrets)), type(record))


def _place(file: str, line: int | None) -> str:
    return file if line is None else f"{file}:{line}"


def _encodable(value: Any) -> Any:
    """Return plain data without lone surrogates, which file names and YAML can contain."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_encodable(key): _encodable(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_encodable(one) for one in value]
    return value


def _failures(number: int, case: Case) -> Iterator[Finding]:
    if case.status not in ("failed", "incomplete"):
        return
    failed = [step for step in case.steps if step.status == "failed"]
    if case.status == "incomplete" or not failed:
        message = f"{case.word}: {case.message}" if case.message else case.word
        yield Finding(number, case.heading, case.file, case.line, message, f"case-{number}", True)
    for step in failed:
        anchor = f"case-{number}-step-{step.number}"
        yield Finding(number, step.heading, case.file, step.line, step.message, anchor, True)


def _undelivered(number: int, case: Case) -> Iterator[Finding]:
    for one in case.sent:
        if one.status in ("failed", "dropped"):
            title = f"{one.event} to {one.webhook}"
            answers = ", ".join(attempt.answer for attempt in one.attempts)
            reason = one.reason or one.status
            is_repeated = len(one.attempts) == 1 and reason.endswith(answers)
            message = "; ".join(filter(None, (reason, "" if is_repeated else answers)))
            anchor = f"case-{number}-delivery-{one.id}"
            yield Finding(number, title, case.file, case.line, message, anchor, False)
