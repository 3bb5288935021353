from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from emulator.receiver import Receiver
from emulator.scenario.loading import read
from emulator.scenario.run import run

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.scenario.result import ScenarioResult


@pytest.fixture
def play() -> Callable[..., tuple[ScenarioResult, Receiver]]:
    """Run a scenario's text against a real receiver; gives the result and the receiver."""

    def played(
        body: str | bytes,
        *,
        file: str = "given.yaml",
        statuses: tuple[int, ...] = (200,),
        delay: float = 0.0,
        variables: dict[str, str] | None = None,
        **options: Any,
    ) -> tuple[ScenarioResult, Receiver]:
        async def main() -> tuple[ScenarioResult, Receiver]:
            async with Receiver(statuses=statuses, delay=delay) as receiver:
                known = {"CONSUMER_URL": f"{receiver.url}/hook", **(variables or {})}
                encoded = body.encode() if isinstance(body, str) else body
                return await run(read(file, encoded, known), **options), receiver

        return asyncio.run(main())

    return played


@pytest.fixture
def scenario() -> Callable[..., str]:
    """Make a scenario's text around its steps."""

    def made(steps: str, *, head: str = "", events: str = "[candidate.status_changed]") -> str:
        consumer = f"consumer:\n  - payload_url: ${{CONSUMER_URL}}\n    events: {events}\n"
        return f"scenario: Something happens\nseed: 7\n{head}{consumer}steps:\n{steps}"

    return made
