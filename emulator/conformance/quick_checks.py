"""Plain calls for Python and pytest that run checks against an application or a URL."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec

from emulator.conformance.catalogue import CHECKS, chosen
from emulator.conformance.claims import claimed
from emulator.conformance.grading import JOBS, CheckResult, grade
from emulator.conformance.target import Target
from emulator.event_loops import loop_factory

if TYPE_CHECKING:
    from collections.abc import Iterable


def run(
    consumer: Any,
    *,
    only: Iterable[str] = (),
    skip: Iterable[str] = (),
    tags: Iterable[str] = (),
    jobs: int = JOBS,
    **options: Any,
) -> list[CheckResult]:
    """Run the selected checks against a consumer; not from within an event loop.

    Args:
        consumer: its URL, an ASGI application, or a `Target`.
        only, skip, tags: as `catalogue.chosen` takes them.
        jobs: how many checks run at once.
        options: attributes of `Target`: claims, probe, headers, ...

    Returns:
        The result of each check, in the order of the catalogue; a failure is not raised.

    Raises:
        EmulatorError: an argument is wrong.
    """
    target = target_of(consumer, **options)
    checks = chosen(only, skip, tags)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(grade(target, checks, jobs=jobs))


def demand(check: str, consumer: Any, **options: Any) -> None:
    """Run one check as a pytest test, which passes, fails with the finding, or is skipped.

    Args:
        check: the id of the check.
        consumer, options: as for `run`.

    Raises:
        AssertionError: the check failed, or there is no evidence.
    """
    (result,) = run(consumer, only=[check], **options)
    if result.outcome == "skipped":
        import pytest

        pytest.skip(result.message)
    if result.outcome != "passed":
        message = f"{result.check.id} {result.outcome}: {result.message} (why: {result.check.why})"
        raise AssertionError(message)


def checks() -> list[str]:
    """Return the ids of all checks, as parameters for a test."""
    return list(CHECKS)


def target_of(consumer: Any, **options: Any) -> Target:
    """Return the target that *consumer* is: a URL, an ASGI application, or a `Target`.

    Raises:
        UnknownNameError: an unknown claim.
    """
    if "claims" in options:
        options["claims"] = claimed(options["claims"])
    if isinstance(consumer, Target):
        changed: Target = msgspec.structs.replace(consumer, **options)
        return changed
    if isinstance(consumer, str):
        return Target(url=consumer, **options)
    return Target(app=consumer, **options)
