"""Scenario files as tests, one per file; a failure shows the step and its line."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

import pytest

from emulator.errors import EmulatorError, InvalidInputError
from emulator.event_loops import loop_factory

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from os import PathLike

    from _pytest._code.code import TerminalRepr

    from emulator.scenario.result import ScenarioResult


class ScenarioFailure(Exception):  # noqa: N818 - not an error: a consumer failed
    """A scenario whose verdict is not ``passed``.

    Args:
        result: what it came to.
    """

    def __init__(self, result: ScenarioResult) -> None:
        super().__init__(result.reason)
        self.result = result


class ScenarioFile(pytest.File):
    """A scenario file: one test."""

    def collect(self) -> Iterable[pytest.Item]:
        """Yield the test; the file is read when it runs, its variables are known then."""

        def run(testlify_variables: Mapping[str, str]) -> None:
            item.run(testlify_variables)

        name = self.path.name.removesuffix(".scenario.yaml")
        item: ScenarioItem = ScenarioItem.from_parent(self, name=name, callobj=run)
        yield item


class ScenarioItem(pytest.Function):
    """A scenario as a test.

    A function as far as pytest is concerned, so that it has fixtures: those that everybody gets
    (autouse), and the variables.
    """

    def run(self, variables: Mapping[str, str]) -> None:
        """Run the scenario.

        Raises:
            ScenarioFailure: its verdict is not ``passed``.
            EmulatorError: the file is wrong, or a setting.
        """
        from emulator.scenario.files import body_of
        from emulator.scenario.loading import read
        from emulator.scenario.run import run

        known = {**os.environ, **_settings(self.config), **variables}
        scenario = read(self._file, body_of(self.path), known)
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            result = runner.run(run(scenario))
        if result.verdict != "passed":
            raise ScenarioFailure(result)

    @property
    def _file(self) -> str:
        """How messages call the file: as one would from where pytest was started."""
        path = self.path
        here = self.config.invocation_params.dir
        return str(path.relative_to(here) if path.is_relative_to(here) else path)

    def repr_failure(
        self,
        excinfo: pytest.ExceptionInfo[BaseException],
        style: Any = None,  # noqa: ARG002
    ) -> str | TerminalRepr:
        """Return the failed steps with their places, and the verdict."""
        error = excinfo.value
        if isinstance(error, ScenarioFailure):
            return _told(error.result)
        if isinstance(error, EmulatorError):
            return str(error)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[PathLike[str] | str, int | None, str]:
        """Return where the test stands."""
        return self.path, 0, f"scenario {self.name}"


def _told(result: ScenarioResult) -> str:
    lines: list[str] = []
    for step in result.steps:
        if step.status == "failed":
            # The place comes first: that is what terminals and editors make a link of.
            lines.append(f"{result.file}:{step.line}: {step.name} {step.detail}".rstrip())
            lines += [f"  {line}" for line in step.message.splitlines()]
    verdict = result.verdict.replace("_", " ")
    lines = lines or [f"{result.file}:1: {result.title}"]
    return "\n".join([*lines, f"{verdict}: {result.reason} (seed {result.seed})"])


def _settings(config: pytest.Config) -> dict[str, str]:
    found = {}
    for line in config.getini("testlify_set"):
        name, equals, value = line.partition("=")
        if not (name and equals):
            message = f"testlify_set {line!r}: expected KEY=VALUE"
            raise InvalidInputError(message)
        found[name.strip()] = value.strip()
    return found
