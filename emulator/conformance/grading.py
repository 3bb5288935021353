"""Runs checks against a consumer, some at once, and returns the result of each."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING

import msgspec

from emulator.conformance.check import Check, Outcome
from emulator.conformance.outcomes import FailedError, IncompleteError, SkippedError
from emulator.conformance.session import Session
from emulator.conformance.target import check as checked
from emulator.delivery.records import Attempt, Delivery
from emulator.durations import show
from emulator.journal.entry import Entry
from emulator.scenario.callbacks import evidence, serving_api

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from emulator.conformance.target import Target
    from emulator.emulator import Emulator
    from emulator.scenario.callbacks import ApiServer, Callback

MOST_SENT = 5
"""Deliveries that a finding names, if the consumer no longer answers after them."""

JOBS = 2
"""Checks that run at once by default."""

_UNREACHED = frozenset({
    "refused", "unreachable", "name_not_found", "address_forbidden", "connect_timeout",
    "tls_failed",
})  # fmt: skip
"""Reasons of attempts that reached no consumer."""

_STARTED = "reached"


class CheckResult(msgspec.Struct, frozen=True):
    """The result of a check.

    Attributes:
        message: the finding, or why there is none; empty when the check passed.
        cause: of a failure, as in `FailedError`; empty otherwise.
        duration_ms: real milliseconds.
        deliveries: all deliveries that the check caused.
        entries: the journal of the check's workspace.
    """

    check: Check
    outcome: Outcome
    message: str = ""
    cause: str = ""
    duration_ms: float = 0.0
    deliveries: tuple[Delivery, ...] = ()
    entries: tuple[Entry, ...] = ()

    @property
    def bare(self) -> CheckResult:
        """The result without its deliveries and its journal, which take long to show."""
        return msgspec.structs.replace(self, deliveries=(), entries=())


def exit_code(results: Sequence[CheckResult]) -> int:
    """Return 1 if a check failed, 0 if all checks that ran passed, 2 if there is no evidence."""
    outcomes = {one.outcome for one in results}
    if "failed" in outcomes:
        return 1
    return 0 if "passed" in outcomes and "incomplete" not in outcomes else 2


async def grade(
    target: Target,
    checks: Sequence[Check],
    *,
    jobs: int = JOBS,
    on_result: Callable[[CheckResult], None] | None = None,
    serve: ApiServer | None = None,
    sent: Sequence[str] = (),
) -> list[CheckResult]:
    """Run *checks* against *target*; those that run alone come last, one by one.

    Args:
        target: the consumer.
        checks: the checks to run.
        jobs: how many of them run at once.
        on_result: called with each result as soon as it is known.
        serve: serves the provider API to the consumer; checks then run one by one.
        sent: what the consumer received and answered before; empty if it is not known yet whether
            there is a consumer.

    Returns:
        The results, in the order of *checks*.

    Raises:
        EmulatorError: the target is invalid, or one of its hooks failed.
    """
    checked(target)
    found: dict[str, CheckResult] = {}

    def report(result: CheckResult) -> None:
        found[result.check.id] = result
        if on_result is not None:
            on_result(result)

    able = []
    for check in checks:
        reason = check.missing(target)
        if reason:
            report(CheckResult(check, "skipped", reason))
        else:
            able.append(check)
    jobs = jobs if serve is None else 1  # so that each call belongs to one check
    async with target.emulator() as emulator, serving_api(serve, emulator) as calls:
        trouble = await _unreached(target, emulator) if able and not sent else ""
        if trouble:
            for check in able:
                report(CheckResult(check, "incomplete", trouble))
        else:
            await _all(_Run(target, emulator, calls, sent).result, able, jobs, report)
    return [found[check.id] for check in checks]


async def _all(
    run: Callable[[Check], Awaitable[CheckResult]],
    checks: Sequence[Check],
    jobs: int,
    report: Callable[[CheckResult], None],
) -> None:
    places = asyncio.Semaphore(jobs)

    async def one(check: Check) -> None:
        async with places:
            report(await run(check))

    try:
        async with asyncio.TaskGroup() as group:
            for check in checks:
                if not check.is_alone:
                    group.create_task(one(check))
    except BaseExceptionGroup as several:
        # The first is enough: the others were cancelled because of it, or have the same reason.
        raise several.exceptions[0] from None
    for check in checks:
        if check.is_alone:
            await one(check)


class _Run:
    """The shared state of the checks of a run: a target, an emulator, and the messages so far.

    Args:
        target: the consumer; it has answered.
        emulator: running.
        calls: all calls of the consumer to the provider API; grows during the run.
        sent: the messages that the consumer received before the run, in order.
    """

    def __init__(
        self, target: Target, emulator: Emulator, calls: Sequence[Callback], sent: Sequence[str]
    ) -> None:
        self._target, self._emulator, self._calls = target, emulator, calls
        self._sent: deque[str] = deque(sent, maxlen=MOST_SENT)
        self._gone_since = ""

    async def result(self, check: Check) -> CheckResult:
        """Run one check and return its result."""
        begun, called = time.perf_counter(), len(self._calls)
        async with Session(self._target, check.id, self._emulator) as session:
            outcome, message, cause = await _outcome(check, session)
            entries = tuple(session.workspace.entries())
            deliveries = tuple(session.workspace.deliveries())
        attempts = [one for each in deliveries for one in each.attempts]
        if outcome in ("passed", "failed"):
            if limit := _own_limit(attempts):
                outcome, message, cause = "incomplete", limit, ""
            elif attempts and all(map(_is_unreached, attempts)):
                outcome, message, cause = self._gone(check, attempts[-1])
            elif outcome == "failed" and check.lingers:
                message = f"{message}\n{self._sent_before()}"
        self._remember(check, deliveries)
        if outcome in ("failed", "incomplete"):
            message = "\n".join([message, *evidence(self._calls[called:])])
        return CheckResult(
            check=check,
            outcome=outcome,
            message=message,
            cause=cause,
            duration_ms=round((time.perf_counter() - begun) * 1000, 3),
            deliveries=deliveries,
            entries=entries,
        )

    def _gone(self, check: Check, attempt: Attempt) -> tuple[Outcome, str, str]:
        """Return the result of a check whose attempts did not reach the consumer any more."""
        if self._gone_since:
            return (
                "incomplete",
                f"{_why(attempt)}; it no longer answers since {self._gone_since}",
                "",
            )
        self._gone_since = check.id
        cause = "the consumer no longer answers"
        return "failed", f"{cause}: {_detail(attempt)}\n{self._sent_before()}", cause

    def _sent_before(self) -> str:
        return f"sent before: {'; '.join(self._sent) or 'nothing that it accepted'}"

    def _remember(self, check: Check, deliveries: Sequence[Delivery]) -> None:
        reached = [
            one for one in deliveries if one.attempts and not all(map(_is_unreached, one.attempts))
        ]
        self._sent += [f"{one.event} by {check.id}" for one in reached]
        if reached:
            self._gone_since = ""


def _own_limit(attempts: Sequence[Attempt]) -> str:
    """Return which limit of this machine an attempt met; empty without one."""
    for attempt in attempts:
        if attempt.outcome is not None and attempt.outcome.reason == "own_limit":
            return f"a limit of this machine, not of the consumer: {attempt.outcome.detail}"
    return ""


async def _outcome(check: Check, session: Session) -> tuple[Outcome, str, str]:
    """Return the outcome of the check, its message, and the cause of a failure."""
    try:
        async with asyncio.timeout(check.bound(session.target)):
            await check.run(session)
    except FailedError as error:
        return "failed", str(error), error.cause
    except IncompleteError as error:
        return "incomplete", str(error), ""
    except SkippedError as error:
        return "skipped", str(error), ""
    except TimeoutError:
        message = f"the check did not end within {show(check.seconds)}"
        return "failed", message, message
    return "passed", "", ""


async def _unreached(target: Target, emulator: Emulator) -> str:
    """Return why the consumer is unreachable; empty if it answers, with any status."""
    async with Session(target, _STARTED, emulator) as session:
        delivery = await session.send({})
    attempt = delivery.attempts[-1] if delivery.attempts else None
    return _why(attempt) if attempt is not None and _is_unreached(attempt) else ""


def _is_unreached(attempt: Attempt) -> bool:
    return attempt.outcome is None or attempt.outcome.reason in _UNREACHED


def _why(attempt: Attempt) -> str:
    return f"the consumer can't be reached: {_detail(attempt)}"


def _detail(attempt: Attempt) -> str:
    outcome = attempt.outcome
    return "no attempt was made" if outcome is None else outcome.detail or outcome.reason
