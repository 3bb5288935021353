"""Scenario files as tests; a failure shows the step and its line."""

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


class ScenarioFailure(Exception):  # noqa: N818 - not an error, but a failure of the consumer
    """A scenario whose verdict is not ``passed``.

    Args:
        result: the result of the scenario.
    """

    def __init__(self, result: ScenarioResult) -> None:
        super().__init__(result.reason)
        self.result = result


class ScenarioFile(pytest.File):
    """A scenario file with one test."""

    def collect(self) -> Iterable[pytest.Item]:
        """Yield the test; the file is read when the test runs, as variables are fixtures."""

        def run(testlify_variables: Mapping[str, str]) -> None:
            item.run(testlify_variables)

        name = self.path.name.removesuffix(".scenario.yaml")
        item: ScenarioItem = ScenarioItem.from_parent(self, name=name, callobj=run)
        yield item


class ScenarioItem(pytest.Function):
    """A scenario as a test; a function for pytest, so that it can use fixtures."""

    def run(self, variables: Mapping[str, str]) -> None:
        """Run the scenario.

        Raises:
            ScenarioFailure: the verdict is not ``passed``.
            EmulatorError: the file or an ini option is invalid.
        """
        from emulator.pytest_plugin.options import overlay
        from emulator.scenario.files import body_of
        from emulator.scenario.loading import read
        from emulator.scenario.run import run

        known = {**os.environ, **_settings(self.config), **variables}
        scenario = read(self._file, body_of(self.path), known)
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            result = runner.run(run(scenario, overlay=overlay(self.config)))
        if result.verdict != "passed":
            raise ScenarioFailure(result)

    @property
    def _file(self) -> str:
        """The path of the file in messages, relative to the folder in which pytest was started."""
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
            return _summary(error.result)
        if isinstance(error, EmulatorError):
            return str(error)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[PathLike[str] | str, int | None, str]:
        """Return the location of the test."""
        return self.path, 0, f"scenario {self.name}"


def _summary(result: ScenarioResult) -> str:
    lines: list[str] = []
    for step in result.steps:
        if step.status == "failed":
            # The place is first, so that terminals and editors turn it into a link.
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
