"""Checks of an application in this process, or at a URL, for Python and pytest: plain calls."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec

from emulator.conformance.catalogue import CHECKS, chosen
from emulator.conformance.claims import claimed
from emulator.conformance.grading import JOBS, Result, grade
from emulator.conformance.target import Target
from emulator.loops import loop_factory

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
) -> list[Result]:
    """Ask a consumer all checks that are chosen; not from within an event loop.

    Args:
        consumer: its URL, an ASGI application, or a `Target`.
        only, skip, tags: as `catalogue.chosen` takes them.
        jobs: how many checks at once.
        options: attributes of `Target`: claims, probe, headers, ...

    Returns:
        What each check came to, in the order of the catalogue; who fails is told, not raised.

    Raises:
        EmulatorError: an argument is wrong.
    """
    target = target_of(consumer, **options)
    checks = chosen(only, skip, tags)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(grade(target, checks, jobs=jobs))


def demand(check: str, consumer: Any, **options: Any) -> None:
    """Ask one check, as a test of pytest: it passes, fails with the finding, or is skipped.

    Args:
        check: its id.
        consumer, options: as `run` takes them.

    Raises:
        AssertionError: the check failed, or there is no evidence.
    """
    (result,) = run(consumer, only=[check], **options)
    if result.outcome == "skipped":
        import pytest

        pytest.skip(result.message)
    if result.outcome != "passed":
        message = f"{result.check.id}: {result.message} (it {result.outcome}; {result.check.why})"
        raise AssertionError(message)


def checks() -> list[str]:
    """Return the ids of all checks, to parametrize a test with."""
    return list(CHECKS)


def target_of(consumer: Any, **options: Any) -> Target:
    """Return what *consumer* means: a URL, an ASGI application, or a target.

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
