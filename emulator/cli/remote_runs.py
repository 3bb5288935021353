"""Runs scenarios in a running emulator; files and variables are read on this side."""

from __future__ import annotations

import asyncio
import base64
import os
import secrets
from typing import TYPE_CHECKING, Any

import msgspec

from emulator.decoding import decode
from emulator.errors import ConflictError, InvalidInputError
from emulator.reports import text
from emulator.reports.report import Case
from emulator.scenario.scenario import secrets_of
from emulator.scenario.variables import names, with_origin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import httpx2

    from emulator.reports.progress import Screen
    from emulator.scenario.scenario import Scenario

_TOKEN = "TESTLIFY_EMULATOR_CONTROL_TOKEN"  # noqa: S105 - the variable's name
_UNAUTHORIZED = 401
_LONGEST = 3_600.0  # real seconds that a scenario may take


class RemoteRuns:
    """Runs scenarios in the emulator at a URL, each in a new workspace, which is kept.

    Args:
        url: the URL of the emulator.
        variables: name -> value of ``${NAME}``.
        seed: takes precedence over the seeds of the scenarios.
        screen: where results are shown.
    """

    def __init__(
        self, url: str, variables: Mapping[str, str], screen: Screen, *, seed: int | None
    ) -> None:
        self.secrets: set[str] = set()
        self.cases: list[Case] = []
        self.exit_code = 0
        self._url = url.rstrip("/")
        self._variables = with_origin(variables)
        self._screen = screen
        self._seed = seed

    async def all(self, scenarios: Sequence[Scenario], jobs: int) -> None:
        """Run all scenarios, *jobs* at once, and show each after those before it.

        Raises:
            ConflictError: the emulator refused a call, or can't be reached.
            InvalidInputError: the URL is not valid.
        """
        import httpx2

        self.secrets = {one for each in scenarios for one in secrets_of(each)}
        token = os.environ.get(_TOKEN)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        places = asyncio.Semaphore(jobs)
        try:
            async with httpx2.AsyncClient(
                base_url=f"{self._url}/_emulator",
                headers=headers,
                timeout=_LONGEST,
                trust_env=False,
            ) as client:
                runs = [
                    asyncio.create_task(self._run(client, scenario, places))
                    for scenario in scenarios
                ]
                try:
                    for run in runs:
                        self._show(*await run)
                finally:
                    for run in runs:
                        run.cancel()
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol):
            message = f"not a URL: {self._url!r}; expected one like 'http://127.0.0.1:4800'"
            raise InvalidInputError(message, path="--emulator") from None
        except httpx2.HTTPError as error:
            message = f"no emulator at {self._url}: {type(error).__name__}; is 'serve' running?"
            raise ConflictError(message) from None

    async def _run(
        self, client: httpx2.AsyncClient, scenario: Scenario, places: asyncio.Semaphore
    ) -> tuple[Case, int]:
        document, name = scenario.document, f"scenario-{secrets.token_hex(6)}"
        settings: dict[str, Any] = {"clock": document.clock, "generation": document.webhooks}
        seed = document.seed if self._seed is None else self._seed
        if seed is not None:
            settings["seed"] = seed
        wanted = names(scenario.text)
        asked = {
            "scenario": scenario.text,
            "file": scenario.file,
            "set": {key: value for key, value in self._variables.items() if key in wanted},
            "files": {key: base64.b64encode(one).decode() for key, one in scenario.files.items()},
        }
        async with places:
            await _answer(client, "PUT", f"/workspaces/{name}", settings)
            found = await _answer(client, "POST", f"/workspaces/{name}/scenarios/run", asked)
        code: int = found.pop("exitCode")
        return msgspec.convert(found, Case), code

    def _show(self, case: Case, code: int) -> None:
        self.cases.append(case)
        self.exit_code = max(self.exit_code, code)
        self._screen.line(text.heading(case.name, case.file))
        for step in case.steps:
            self._screen.line("\n".join(text.step_lines(step, case.file)), step.status)
        self._screen.line(text.summary(case), case.status)


async def _answer(
    client: httpx2.AsyncClient, method: str, path: str, body: dict[str, Any]
) -> dict[str, Any]:
    answer = await client.request(method, path, json=body)
    try:
        found: dict[str, Any] = decode(answer.content, dict[str, Any])
        if answer.is_success:
            return found
        detail = found["detail"]
    except (InvalidInputError, KeyError):
        detail = "not an emulator's answer"
    if answer.status_code == _UNAUTHORIZED:
        detail = f"{detail}; set {_TOKEN} to the server's control token"
    message = f"{method} {answer.request.url}: {answer.status_code}, {detail}"
    raise ConflictError(message)
