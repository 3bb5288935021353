"""Runs checks against a consumer, some at once, and returns the result of each."""

from __future__ import annotations

import asyncio
import time
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
) -> list[CheckResult]:
    """Run *checks* against *target*; those that run alone come last, one by one.

    Args:
        target: the consumer.
        checks: the checks to run.
        jobs: how many of them run at once.
        on_result: called with each result as soon as it is known.
        serve: serves the provider API to the consumer; checks then run one by one.

    Returns:
        The results, in the order of *checks*.

    Raises:
        EmulatorError: the target is invalid, or one of its hooks failed.
    """
    checked(target)
    found: dict[str, CheckResult] = {}

    def tell(result: CheckResult) -> None:
        found[result.check.id] = result
        if on_result is not None:
            on_result(result)

    able = []
    for check in checks:
        reason = check.missing(target)
        if reason:
            tell(CheckResult(check, "skipped", reason))
        else:
            able.append(check)
    jobs = jobs if serve is None else 1  # so that each call belongs to one check
    async with target.emulator() as emulator, serving_api(serve, emulator) as calls:
        trouble = await _unreached(target, emulator) if able else ""
        if trouble:
            for check in able:
                tell(CheckResult(check, "incomplete", trouble))
        else:
            await _all(lambda check: _result(target, check, emulator, calls), able, jobs, tell)
    return [found[check.id] for check in checks]


async def _all(
    ask: Callable[[Check], Awaitable[CheckResult]],
    checks: Sequence[Check],
    jobs: int,
    tell: Callable[[CheckResult], None],
) -> None:
    places = asyncio.Semaphore(jobs)

    async def one(check: Check) -> None:
        async with places:
            tell(await ask(check))

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


async def _result(
    target: Target, check: Check, emulator: Emulator, calls: Sequence[Callback]
) -> CheckResult:
    """Run one check against *target*; *calls* grows while it runs."""
    begun, called = time.perf_counter(), len(calls)
    async with Session(target, check.id, emulator) as session:
        outcome, message, cause = await _outcome(check, session)
        entries = tuple(session.workspace.entries())
        deliveries = tuple(session.workspace.deliveries())
    attempts = [one for each in deliveries for one in each.attempts]
    if outcome in ("passed", "failed") and (trouble := _no_evidence(attempts)):
        outcome, message, cause = "incomplete", trouble, ""
    if outcome in ("failed", "incomplete"):
        message = "\n".join([message, *evidence(calls[called:])])
    return CheckResult(
        check=check,
        outcome=outcome,
        message=message,
        cause=cause,
        duration_ms=round((time.perf_counter() - begun) * 1000, 3),
        deliveries=deliveries,
        entries=entries,
    )


def _no_evidence(attempts: Sequence[Attempt]) -> str:
    """Return why *attempts* say nothing about the consumer; empty when they do."""
    for attempt in attempts:
        if _is_our_limit(attempt) and attempt.outcome is not None:
            return f"a limit of this machine, not of the consumer: {attempt.outcome.detail}"
    return _why(attempts[-1]) if attempts and all(map(_is_unreached, attempts)) else ""


async def _outcome(check: Check, session: Session) -> tuple[Outcome, str, str]:
    """Return what the check came to, its message, and the cause of a failure."""
    try:
        async with asyncio.timeout(check.seconds):
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
    """Return why the consumer is unreachable; empty when it answers, whatever its answer is."""
    async with Session(target, _STARTED, emulator) as session:
        delivery = await session.send({})
    attempt = delivery.attempts[-1] if delivery.attempts else None
    return _why(attempt) if attempt is not None and _is_unreached(attempt) else ""


def _is_our_limit(attempt: Attempt) -> bool:
    return attempt.outcome is not None and attempt.outcome.reason == "own_limit"


def _is_unreached(attempt: Attempt) -> bool:
    return attempt.outcome is None or attempt.outcome.reason in _UNREACHED


def _why(attempt: Attempt) -> str:
    outcome = attempt.outcome
    reason = "no attempt was made" if outcome is None else outcome.detail or outcome.reason
    return f"the consumer can't be reached: {reason}"
