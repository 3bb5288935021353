"""Runs a scenario step by step, settles after each step, and returns the result."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from emulator.durations import show
from emulator.emulator import Emulator
from emulator.errors import ConflictError, EmulatorError
from emulator.scenario.callbacks import evidence, serving_api
from emulator.scenario.result import ScenarioResult, StepResult, verdict
from emulator.scenario.scenario import every
from emulator.scenario.steps.step import RunContext
from emulator.scenario.steps.table import STEPS
from emulator.scenario.steps.webhooks import registration

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from emulator.delivery.transports.address_guard import Guard
    from emulator.domain.candidate import Candidate
    from emulator.domain.webhook import Webhook
    from emulator.scenario.callbacks import ApiServer, Callback
    from emulator.scenario.scenario import PlacedStep, Scenario
    from emulator.workspace.workspace import Workspace

WORKSPACE = "scenario"
"""Name of a run's workspace; always the same, so that journals can be compared."""


async def run(
    scenario: Scenario,
    *,
    seed: int | None = None,
    allow_hosts: tuple[str, ...] = (),
    overlay: Path | None = None,
    ca: Path | None = None,
    is_insecure: bool = False,
    on_step: Callable[[StepResult], None] | None = None,
    on_open: Callable[[Workspace], None] | None = None,
    set_up: Callable[[Guard, Candidate], Awaitable[None]] | None = None,
    serve: ApiServer | None = None,
) -> ScenarioResult:
    """Run a scenario in its own emulator, with one attempt at a time.

    Args:
        scenario: read and checked.
        seed: takes precedence over the seed of the file; without either, a random seed is used.
        allow_hosts: as `Emulator` takes them.
        overlay: as `Emulator` takes it.
        ca: as `Emulator` takes it.
        is_insecure: as `Emulator` takes it.
        on_step: called with the result of each step when it ends.
        on_open: called with the workspace before the first step.
        set_up: makes a candidate known to the consumer before the invitation; the guard says where
            it may call.
        serve: serves the provider API to the consumer.

    Raises:
        EmulatorError: an argument is wrong. A failing consumer or step is in the result.
    """
    document = scenario.document
    emulator = Emulator(
        seed=document.seed if seed is None else seed,
        clock=document.clock,
        generation=document.webhooks,  # type: ignore[arg-type]
        overlay=overlay,
        allow_hosts=allow_hosts,
        in_flight=1,
        ca=ca,
        is_insecure=is_insecure,
        observed=document.observed,
        event_names=document.event_names,
        report_delay=document.report_delay or 0.0,
    )
    async with emulator, serving_api(serve, emulator) as calls:
        workspace = emulator.workspace(WORKSPACE, emulator.settings)
        register(scenario, workspace)
        if on_open is not None:
            on_open(workspace)
        hook = None if set_up is None else partial(set_up, emulator.guard)
        result = await play(
            scenario, emulator, workspace, on_step=on_step, set_up=hook, calls=calls
        )
        return msgspec.structs.replace(result, entries=tuple(workspace.entries()))


async def run_in(
    scenario: Scenario,
    emulator: Emulator,
    workspace: Workspace,
    timeout: float | None = None,
    *,
    on_step: Callable[[StepResult], None] | None = None,
) -> ScenarioResult:
    """Run a scenario in an existing workspace, with one attempt at a time.

    In an unused workspace, the scenario's clock and seed apply. During the run, its variants of
    payloads and names of event types are added to those of the workspace, and its delay of reports
    applies. At the end, its webhooks are removed.

    Raises:
        ConflictError: the workspace is in use, and its clock is of the other kind.
        EmulatorError: an argument is wrong. A failing consumer or step is in the result.
    """
    document, state = scenario.document, workspace.state
    is_blank = not (state.assessments or state.webhook_numbers or state.message_count)
    if document.clock != state.settings.clock:
        if not is_blank:
            message = (
                f"the scenario needs a {document.clock} clock, and the workspace's is "
                f"{state.settings.clock}; reset the workspace, or use a new one"
            )
            raise ConflictError(message)
        workspace.set_clock(document.clock)
    if is_blank and document.seed is not None:
        workspace.configure(msgspec.structs.replace(state.settings, seed=document.seed))
    known = set(state.webhooks)
    first = workspace.last_entry
    before = state.settings
    _set(
        workspace,
        (*before.observed, *document.observed),
        before.event_names | document.event_names,
        before.report_delay if document.report_delay is None else document.report_delay,
    )
    with workspace.out_of_lockstep(in_flight=1, per_webhook=1):
        try:
            register(scenario, workspace)
            result = await play(scenario, emulator, workspace, on_step=on_step, timeout=timeout)
        finally:
            for id_ in [id_ for id_ in state.webhooks if id_ not in known]:
                workspace.remove_webhook(id_)
            _set(workspace, before.observed, before.event_names, before.report_delay)
    return msgspec.structs.replace(result, entries=tuple(workspace.entries(first)))


def _set(
    workspace: Workspace,
    variants: tuple[str, ...],
    event_names: dict[str, str],
    report_delay: float,
) -> None:
    changed = msgspec.structs.replace(
        workspace.state.settings,
        observed=variants,
        event_names=event_names,
        report_delay=report_delay,
    )
    if changed != workspace.state.settings:
        workspace.configure(changed)


def aimed(scenario: Scenario, webhook: Webhook) -> Scenario:
    """Return *scenario* with the URL, headers and secret of *webhook* for each of its consumers."""
    consumers = [
        msgspec.structs.replace(
            one,
            payload_url=webhook.payload_url,
            headers=dict(webhook.headers),
            secret=webhook.secret,
        )
        for one in scenario.document.consumer
    ]
    document = msgspec.structs.replace(scenario.document, consumer=consumers)
    return msgspec.structs.replace(scenario, document=document)


def register(scenario: Scenario, workspace: Workspace) -> None:
    """Register the scenario's consumers as webhooks of *workspace*."""
    document, settings = scenario.document, workspace.state.settings
    for consumer in document.consumer:
        asked = registration(consumer, str(consumer.name), document.webhooks, settings)
        workspace.add_webhook(**asked)


async def play(
    scenario: Scenario,
    emulator: Emulator,
    workspace: Workspace,
    *,
    on_step: Callable[[StepResult], None] | None = None,
    set_up: Callable[[Candidate], Awaitable[None]] | None = None,
    calls: Sequence[Callback] = (),
    timeout: float | None = None,
) -> ScenarioResult:
    """Run the steps of a scenario in an open workspace with registered webhooks.

    The result has the entries from here on only.

    Args:
        scenario: read and checked.
        emulator: the emulator of the workspace.
        workspace: the workspace; expectations consider deliveries from now on.
        on_step: called with the result of each step when it ends.
        set_up: makes a candidate known to the consumer before the invitation.
        calls: all calls of the consumer to the provider API; grows during the run.
        timeout: real seconds after which the current step fails and later steps are skipped.
    """
    begun = time.perf_counter()
    first = workspace.last_entry
    folder = Path(scenario.file).parent
    context = RunContext(workspace, emulator.journal, guard=emulator.guard, folder=folder)
    context.set_up = set_up
    results: list[StepResult] = []
    try:
        async with asyncio.timeout(timeout) as scope:
            async for result in _steps(scenario, context, calls):
                results.append(result)
                if on_step is not None:
                    on_step(result)
    except TimeoutError:
        if not scope.expired():
            raise
        results += _cut(scenario, len(results), f"not over within {show(timeout or 0)}")
    steps = tuple(results)
    is_expecting = any(STEPS[placed.name].is_expectation for placed in every(scenario.steps))
    word, reason = verdict(steps, context.deliveries(), is_expecting=is_expecting)
    return ScenarioResult(
        title=scenario.title,
        file=scenario.file,
        seed=workspace.state.settings.seed,
        steps=steps,
        verdict=word,
        reason=reason,
        entries=tuple(workspace.entries(first)),
        duration_ms=_since(begun),
    )


async def _steps(
    scenario: Scenario, context: RunContext, calls: Sequence[Callback]
) -> AsyncIterator[StepResult]:
    is_stopped = False
    for number, placed in enumerate(scenario.steps, start=1):
        if is_stopped:
            yield StepResult(number, placed.name, placed.detail, placed.line, "skipped")
        else:
            result, is_stopped = await _step(number, placed, context, calls)
            yield result


def _cut(scenario: Scenario, ended: int, message: str) -> list[StepResult]:
    """Return the results after a time-out: the current step failed, later steps are skipped."""
    left = list(enumerate(scenario.steps, start=1))[ended:]
    return [
        StepResult(number, one.name, one.detail, one.line, "skipped")
        if number > ended + 1
        else StepResult(number, one.name, one.detail, one.line, "failed", message)
        for number, one in left
    ]


async def _step(
    number: int, placed: PlacedStep, context: RunContext, calls: Sequence[Callback]
) -> tuple[StepResult, bool]:
    """Execute a step, and return its result and whether the run has to stop."""
    workspace = context.workspace
    begun = time.perf_counter()
    messages = workspace.state.message_count
    is_stopped = False
    try:
        wrong = await context.play(placed)
    except EmulatorError as error:
        wrong, is_stopped = [str(error)], True
    message = "\n".join([*wrong, *evidence(calls)] if wrong else [])
    result = StepResult(
        number=number,
        name=placed.name,
        detail=placed.detail,
        line=placed.line,
        status="failed" if message else "passed",
        message=message,
        deliveries=tuple(context.deliveries(after=messages)),
        duration_ms=_since(begun),
    )
    return result, is_stopped


def _since(begun: float) -> float:
    return round((time.perf_counter() - begun) * 1000, 3)
