"""Checks that the consumers of a run still answer, during and after the run."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click
import msgspec

from emulator import durations
from emulator.errors import error_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from emulator.conformance.grading import CheckResult
    from emulator.conformance.target import Target
    from emulator.scenario.result import ScenarioResult

option = click.option(
    "--linger", metavar="DURATION",
    help="Wait this long after the last request, as in 200s, and check that the consumer still"
    " answers then.",
)  # fmt: skip


def seconds(linger: str | None) -> float:
    """Return the value of the option in seconds; by default 0.

    Raises:
        InvalidInputError: not a duration.
    """
    with error_at("--linger"):
        return 0.0 if linger is None else durations.parse(linger)


def answered(results: Iterable[ScenarioResult]) -> dict[str, list[str]]:
    """Return the answered deliveries of each consumer, with any status: URL -> deliveries."""
    found: dict[str, list[str]] = {}
    for result in results:
        for delivery in (one for step in result.steps for one in step.deliveries):
            for attempt in delivery.attempts:
                if attempt.outcome is not None and attempt.outcome.status is not None:
                    found.setdefault(attempt.url, []).append(f"{delivery.event} by {result.title}")
    return found


def noticed(result: ScenarioResult, before: Mapping[str, Sequence[str]]) -> ScenarioResult:
    """Return *result*; it has failed if a consumer that answered *before* no longer answers.

    Args:
        result: the result of a scenario.
        before: deliveries that were answered earlier, by URL.
    """
    from emulator.conformance.grading import MOST_SENT

    attempts = [
        attempt
        for step in result.steps
        for delivery in step.deliveries
        for attempt in delivery.attempts
        if attempt.outcome is not None
    ]
    known = [one for attempt in attempts for one in before.get(attempt.url, ())]
    if result.verdict != "no_evidence" or not known:
        return result
    sent = "; ".join(list(dict.fromkeys(known))[-MOST_SENT:])
    ends = ", ".join(dict.fromkeys(one.outcome.reason for one in attempts if one.outcome))
    reason = f"the consumer no longer answers: {ends}; sent before: {sent}"
    return msgspec.structs.replace(result, verdict="failed", reason=reason)


async def lingered(
    results: Sequence[ScenarioResult], linger: float, target: Target
) -> list[CheckResult]:
    """Wait for *linger* seconds and check each consumer that answered in a run.

    Args:
        results: the results of the run.
        linger: real seconds.
        target: how to reach the consumers, apart from their URLs.
    """
    from emulator.conformance.catalogue import CHECKS
    from emulator.conformance.grading import grade

    check = CHECKS["withstands.linger"]
    grading = [
        grade(msgspec.structs.replace(target, url=url, linger=linger), [check], sent=sent)
        for url, sent in answered(results).items()
    ]
    return [one for found in await asyncio.gather(*grading) for one in found]
