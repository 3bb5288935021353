"""Bundled scenarios, run against a webhook, with their steps as they end."""

from __future__ import annotations

import asyncio
import base64
import re
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import Response

from emulator.errors import EmulatorError, NotFoundError, UnknownNameError
from emulator.event_loops import beside
from emulator.server import html
from emulator.server.http import emulator_of
from emulator.server.ui.frame import form, show, workspace_of
from emulator.server.ui.live import PAUSE, Row, follow, row_html

if TYPE_CHECKING:
    from starlette.requests import Request

    from emulator.domain.webhook import Webhook
    from emulator.emulator import Emulator
    from emulator.scenario.result import ScenarioResult, StepResult
    from emulator.scenario.scenario import Scenario
    from emulator.server.html import Form
    from emulator.workspace.workspace import Workspace

_SECTION = "scenarios"
_MOST_RUNS = 50
_STYLE = re.compile(rb"<style>(.*?)</style>", re.DOTALL)


class PageRun:
    """A run, which continues in the background.

    Attributes:
        number: its number among the runs of the server, from 1.
        owner: name of the workspace whose page started it.
        workspace: name of the new workspace in which it runs.
        results: the results of the steps that have ended.
        result: the result of the run, once it has ended.
        problem: why there is no result; empty without a problem.
    """

    def __init__(
        self, number: int, owner: str, workspace: Workspace, scenario: Scenario, webhook: Webhook
    ) -> None:
        self.number = number
        self.owner = owner
        self.workspace = workspace.name
        self.scenario = scenario
        self.webhook = webhook
        self.started = workspace.now()
        self.results: list[StepResult] = []
        self.result: ScenarioResult | None = None
        self.problem = ""
        self.task: asyncio.Task[None] | None = None

    @property
    def verdict(self) -> str:
        """How it ended, in a word."""
        if self.problem:
            return "failed"
        return "running" if self.result is None else self.result.verdict.replace("_", " ")

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return bool(self.problem) or self.result is not None

    async def play(self, emulator: Emulator) -> None:
        """Play it to its end."""
        from emulator.scenario.run import run_in

        try:
            async with emulator.unless_stopping():
                self.result = await run_in(
                    self.scenario,
                    emulator,
                    emulator.existing(self.workspace),
                    on_step=self.results.append,
                )
        except EmulatorError as error:
            self.problem = str(error)


async def index(request: Request) -> Response:
    """Show the bundled scenarios, and the runs that this page started."""
    from emulator.scenario.discovery import bundled

    workspace = workspace_of(request)
    runs = [run for run in _runs(request).values() if run.owner == workspace.name]
    return show(
        request,
        "scenarios",
        _SECTION,
        scenarios=bundled(),
        webhooks=list(workspace.state.webhooks.values()),
        runs=runs[::-1],
    )


async def read(request: Request) -> Response:
    """Show a run with its steps."""
    run = _run(request)
    live = "" if run.is_over else f"/ui/{run.owner}/scenarios/{run.number}/live"
    return show(request, "run", _SECTION, run=run, rows=_rows(run), live=live)


async def live(request: Request) -> Response:
    """Stream the steps of a run as they end."""
    run = _run(request)

    def render(row: Row) -> str:
        if row.place == "verdict":
            return row_html("verdict", f"/ui/{run.owner}", run)
        return row_html("step", row.id, row.record)

    async def changed() -> None:
        # Steps that only look at the consumer leave no entry in the journal.
        await asyncio.sleep(60 if run.is_over else PAUSE)

    return follow(request, ["steps", "verdict"], partial(_rows, run), render, changed=changed)


async def report(request: Request) -> Response:
    """Give the report of a run; its one style sheet is allowed by its digest."""
    from emulator.reports.from_scenarios import report_of
    from emulator.reports.html import document

    run = _run(request)
    if run.result is None:
        message = f"run {run.number} has no report yet"
        raise NotFoundError(message)
    made = report_of([run.result], started=run.started, duration_ms=run.result.duration_ms)
    page = await beside(partial(document, made))
    style = _STYLE.search(page)
    digest = base64.b64encode(sha256(style[1] if style else b"").digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'"
    headers = {**html.HEADERS, "Content-Security-Policy": policy}
    return Response(page, headers=headers, media_type="text/html")


@form(index)
async def start(request: Request, workspace: Workspace, given: Form) -> str:
    """Start a bundled scenario against a webhook, in a fresh workspace."""
    from emulator.scenario.run import aimed

    emulator, runs = emulator_of(request), _runs(request)
    webhook = workspace.state.webhook(given.get("webhook", ""))
    scenario = aimed(await beside(partial(_read, given.get("scenario", ""), webhook)), webhook)
    number = max(runs, default=0) + 1
    name = f"{workspace.name[:50]}-run-{number}"
    while name in emulator.workspaces:  # of the server's run before
        number += 1
        name = f"{workspace.name[:50]}-run-{number}"
    settings = msgspec.structs.replace(workspace.state.settings, clock=scenario.document.clock)
    fresh = emulator.workspace(name, settings, in_flight=1)
    run = runs[number] = PageRun(number, workspace.name, fresh, scenario, webhook)
    run.task = asyncio.create_task(run.play(emulator))
    for old in [one for one, other in runs.items() if other.is_over][:-_MOST_RUNS]:
        del runs[old]
    return f"scenarios/{number}"


def _read(name: str, webhook: Webhook) -> Scenario:
    from emulator.scenario.discovery import bundled, read_all

    names = [one.name for one in bundled()]
    if name not in names:
        raise UnknownNameError("bundled scenario", name, names)
    variables = {"CONSUMER_URL": webhook.payload_url, "WEBHOOKS": webhook.generation}
    (scenario,) = read_all([name], variables)
    return scenario


def _rows(run: PageRun) -> list[Row]:
    """Return the steps, those that ended with their results, and the verdict."""
    steps: list[Any] = [*run.results, *run.scenario.steps[len(run.results) :]]
    rows = [Row(f"s{number}", "steps", one) for number, one in enumerate(steps, start=1)]
    return [*rows, Row("v", "verdict", run.result)]


def _run(request: Request) -> PageRun:
    number, owner = request.path_params["number"], workspace_of(request).name
    run = _runs(request).get(number)
    if run is None or run.owner != owner:
        message = f"no run {number}; runs end with the server"
        raise NotFoundError(message)
    return run


def _runs(request: Request) -> dict[int, PageRun]:
    state = request.app.state
    if not hasattr(state, "runs"):
        state.runs = {}
    found: dict[int, PageRun] = state.runs
    return found
