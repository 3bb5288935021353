"""The record that all reports show: cases, steps, deliveries. No format, no verdict.

All text in a `Report` may be shown as it is: `report` has masked the secrets in it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from emulator import __version__
from emulator.delivery.redaction import masked
from emulator.workspace.delivery_view import DeliveryView

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Status = Literal["passed", "failed", "skipped", "incomplete"]
"""``incomplete``: it proved nothing, because nobody answered, say, or it was interrupted."""

STATUSES: tuple[Status, ...] = ("passed", "failed", "incomplete", "skipped")


class Step(msgspec.Struct, frozen=True, rename="camel"):
    """One step of a case.

    Attributes:
        number: from 1.
        detail: what stood behind the name, on one line.
        line: in the case's file.
        message: what was wrong, in one or more lines.
        deliveries: what the step caused.
    """

    number: int
    name: str
    detail: str
    line: int
    status: Status
    message: str = ""
    deliveries: tuple[DeliveryView, ...] = ()
    duration_ms: float = 0.0


class Case(msgspec.Struct, frozen=True, rename="camel"):
    """One thing that was tried, with its verdict: a scenario, or a check of a consumer.

    Attributes:
        name: the title of the scenario or of the check.
        id: of the check; empty for a scenario.
        file, line: where it is written down; empty and None when it is nowhere.
        message: why it did not pass, in one or more lines.
        cause: of a failure, the same for all cases that failed for the same reason.
        steps: empty for a case that has none.
        deliveries: those that no step has.
        labels: what else to know of it, as the seed.
        journal: the entries of its run, as plain data.
        is_interrupted: somebody stopped it.
    """

    name: str
    status: Status
    file: str = ""
    line: int | None = None
    message: str = ""
    duration_ms: float = 0.0
    steps: tuple[Step, ...] = ()
    deliveries: tuple[DeliveryView, ...] = ()
    tags: tuple[str, ...] = ()
    labels: dict[str, str] = {}
    journal: tuple[dict[str, Any], ...] = ()
    is_interrupted: bool = False
    id: str = ""
    cause: str = ""

    @property
    def heading(self) -> str:
        """The name as people read it; for a check with its id, which `--only` takes."""
        return f"{self.id}: {self.name}" if self.id else self.name

    @property
    def sent(self) -> list[DeliveryView]:
        """All its deliveries."""
        return [one for step in self.steps for one in step.deliveries] + list(self.deliveries)

    @property
    def word(self) -> str:
        """The verdict as people read it."""
        if self.is_interrupted:
            return "interrupted"
        return "no evidence" if self.status == "incomplete" else self.status

    @property
    def place(self) -> str:
        """``FILE:LINE``, as far as there is one."""
        return self.file if self.line is None else f"{self.file}:{self.line}"


class Finding(msgspec.Struct, frozen=True):
    """One thing that somebody has to look at.

    Attributes:
        case: its number in the report, from 1.
        is_failure: the case did not pass because of it. A delivery that failed is a finding, too,
            yet it may be just what a scenario is about.
        anchor: of the place in the page that tells more.
    """

    case: int
    title: str
    file: str
    line: int | None
    message: str
    anchor: str
    is_failure: bool


class Cause(msgspec.Struct, frozen=True):
    """What several cases failed for alike.

    Attributes:
        what: the consumer did, in words: ``answered 500; expected 2xx``.
        cases: their numbers in the report, from 1; the first is the example.
    """

    what: str
    cases: tuple[int, ...]

    def told(self, report: Report) -> str:
        """Return it on one line, with the case that shows it in full."""
        example = report.cases[self.cases[0] - 1]
        count = f"{len(self.cases)} of {len(report.cases)}"
        return f"{self.what} ({count}; see {example.id or example.name})"


class Report(msgspec.Struct, frozen=True):
    """One run of the program.

    Attributes:
        started: wall time.
        is_interrupted: it was stopped before its end.
    """

    title: str
    cases: tuple[Case, ...]
    started: datetime
    duration_ms: float
    version: str = __version__
    is_interrupted: bool = False

    def count(self, status: Status) -> int:
        """Return how many cases came to *status*."""
        return sum(case.status == status for case in self.cases)

    @property
    def word(self) -> str:
        """The verdict of the whole run, as people read it."""
        if self.is_interrupted:
            return "interrupted"
        if self.count("failed"):
            return "failed"
        return "no evidence" if self.count("incomplete") or not self.cases else "passed"

    @property
    def causes(self) -> list[Cause]:
        """What several cases failed for alike, the most frequent first."""
        found: dict[str, list[int]] = {}
        for number, case in enumerate(self.cases, start=1):
            if case.status == "failed":
                what = case.cause or case.message.partition("\n")[0]
                found.setdefault(what, []).append(number)
        shared = [Cause(what, tuple(cases)) for what, cases in found.items() if len(cases) > 1]
        return sorted(shared, key=lambda one: -len(one.cases))

    @property
    def findings(self) -> list[Finding]:
        """Failures first, then deliveries that did not arrive."""
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
    """Return the report of a run, its secrets masked wherever they stand.

    Args:
        title: of the run.
        cases: in their order.
        started: wall time.
        duration_ms: real time.
        secrets: as `configured_secrets` finds them.
        is_interrupted: it was stopped before its end.
    """
    known = frozenset(secrets)
    made = Report(title, (), started, duration_ms, is_interrupted=is_interrupted)
    shown: Report = without(known, made, Report)
    return msgspec.structs.replace(shown, cases=tuple(_shown_case(known, one) for one in cases))


def _shown_case(secrets: frozenset[str], case: Case) -> Case:
    """Return *case* with *secrets* masked, piece by piece: a large case blocks other threads."""
    bare = msgspec.structs.replace(case, steps=(), deliveries=(), journal=())
    shown: Case = without(secrets, bare, Case)
    return msgspec.structs.replace(
        shown,
        steps=tuple(without(secrets, one, Step) for one in case.steps),
        deliveries=tuple(without(secrets, one, DeliveryView) for one in case.deliveries),
        journal=tuple(without(secrets, one, dict[str, Any]) for one in case.journal),
    )


def without(secrets: Iterable[str], record: Any, type_: Any) -> Any:
    """Return *record*, one of the records here, with *secrets* masked in all its text."""
    plain = msgspec.to_builtins(record, builtin_types=(datetime,))
    return msgspec.convert(_encodable(masked(plain, secrets)), type_)


def now() -> datetime:
    """Return the wall time that a report starts with."""
    return datetime.now(UTC)


def _encodable(value: Any) -> Any:
    """Return plain data without half surrogate pairs: names of files and YAML can have them."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
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
        title = f"{step.name} {step.detail}".rstrip()
        anchor = f"case-{number}-step-{step.number}"
        yield Finding(number, title, case.file, step.line, step.message, anchor, True)


def _undelivered(number: int, case: Case) -> Iterator[Finding]:
    for one in case.sent:
        if one.status in ("failed", "dropped"):
            title = f"{one.event} to {one.webhook}"
            answers = ", ".join(attempt.answer for attempt in one.attempts)
            reason = one.reason or one.status
            is_told = len(one.attempts) == 1 and reason.endswith(answers)
            message = "; ".join(filter(None, (reason, "" if is_told else answers)))
            anchor = f"case-{number}-delivery-{one.id}"
            yield Finding(number, title, case.file, case.line, message, anchor, False)
