"""Scenarios over the control API: the list, and a run in a workspace."""

from __future__ import annotations

import asyncio
import base64
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from starlette.requests import ClientDisconnect

from emulator import paths
from emulator.errors import InvalidInputError, UnknownNameError
from emulator.event_loops import beside
from emulator.reports.report import Case
from emulator.server.control.operation import Asked, ControlOperation, Nothing, Page, Rows, rows
from emulator.server.field_types import Duration
from emulator.server.http import duration, json
from emulator.server.json_views import View

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from datetime import datetime

    from starlette.requests import Request
    from starlette.responses import Response

    from emulator.scenario.result import ScenarioResult
    from emulator.scenario.scenario import Scenario
    from emulator.server.operations import Call

_T = TypeVar("_T")

_INLINE = "scenario.yaml"


class RunScenario(Asked, frozen=True):
    """A scenario to run.

    Attributes:
        scenario: the name of a bundled scenario, or YAML.
        set: values of its variables; the server's environment is not used.
        files: name -> contents in base64 of the files that it sends.
        file: name of the scenario in messages.
        timeout: limit of the run in real time.
    """

    scenario: str
    set: dict[str, str] = msgspec.field(default_factory=dict)
    files: dict[str, str] = msgspec.field(default_factory=dict)
    file: str = _INLINE
    timeout: Duration | None = None


class BundledScenario(View, frozen=True):
    """A scenario that is part of the emulator."""

    name: str
    title: str


class ScenarioRun(Case, frozen=True, kw_only=True, rename="camel"):
    """The result of a run; *exit_code* as `run` would exit with."""

    exit_code: int


async def list_all(call: Call[Page, None]) -> Rows[BundledScenario]:
    """List the bundled scenarios."""
    from emulator.scenario.discovery import bundled

    return rows(call.query, bundled(), lambda one: BundledScenario(one.name, one.title))


async def run(call: Call[Nothing, RunScenario]) -> Response:
    """Run a scenario in the workspace, and answer with its result."""
    from emulator.scenario.run import run_in

    workspace, emulator, asked = call.workspace, call.emulator, await call.body()
    limit = None if asked.timeout is None else duration(asked.timeout, "$.timeout")
    async with emulator.unless_stopping():
        # Reading and reporting a large scenario take seconds.
        scenario = await beside(partial(_read, asked))
        result = await _unless_left(call.request, run_in(scenario, emulator, workspace, limit))
        return await beside(partial(_shown, result, workspace.now()))


async def _unless_left(request: Request, work: Coroutine[Any, Any, _T]) -> _T:
    """Return the result of *work*, which is cancelled when the client hangs up.

    Raises:
        ClientDisconnect: the client hung up.
    """
    running, gone = asyncio.ensure_future(work), asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait({running, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not running.done():
            raise ClientDisconnect
        return running.result()
    finally:
        running.cancel()
        gone.cancel()
        await asyncio.wait({running, gone})


def _read(asked: RunScenario) -> Scenario:
    from emulator.scenario.loading import read

    source = _bundled(asked.scenario)
    file, body = (asked.file, asked.scenario.encode()) if source is None else source
    return read(file, body, asked.set, files=_decoded(asked.files))


def _shown(result: ScenarioResult, started: datetime) -> Response:
    from emulator.reports.from_scenarios import report_of

    (case,) = report_of([result], started=started, duration_ms=result.duration_ms).cases
    return json(ScenarioRun(**msgspec.structs.asdict(case), exit_code=result.exit_code))


def _bundled(text: str) -> tuple[str, bytes] | None:
    """Return the bundled scenario that *text* names; None when it is YAML."""
    from emulator.scenario.discovery import bundled, sources

    if ":" in text:
        return None
    names = [one.name for one in bundled()]
    if text not in names:
        raise UnknownNameError("bundled scenario", text, names, path="$.scenario")
    (source,) = sources(text)
    return source.file, source.body


def _decoded(files: dict[str, str]) -> dict[str, bytes]:
    found = {}
    for name, text in files.items():
        try:
            found[name] = base64.b64decode(text, validate=True)
        except ValueError:  # not ASCII, too
            message = "not base64"
            raise InvalidInputError(message, path=paths.shown(("files", name))) from None
    return found


OPERATIONS = (
    ControlOperation(
        "listScenarios", "GET", "/_emulator/scenarios", list_all,
        "List the bundled scenarios.",
        Rows[BundledScenario], query=Page, has_workspace=False,
    ),
    ControlOperation(
        "runScenario", "POST", "/_emulator/workspaces/{workspace}/scenarios/run", run,
        "Run a scenario in the workspace, and answer with its result.",
        ScenarioRun, body=RunScenario,
    ),
)  # fmt: skip
