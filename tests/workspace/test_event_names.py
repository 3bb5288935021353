"""Names of v2 event types that a workspace changes: subscribed to, and sent."""

from __future__ import annotations

import asyncio

import pytest

from emulator import Emulator
from emulator.errors import UnknownNameError
from emulator.receiver import Receiver
from emulator.scenario.loading import read
from emulator.scenario.run import run_in

NAMES = {"candidate.status_changed": "candidate.moved"}


def test_a_webhook_subscribes_to_the_name_and_receives_its_word() -> None:
    async def main() -> None:
        async with Receiver() as receiver, Emulator(clock="virtual", event_names=NAMES) as emulator:
            workspace = emulator.workspace()
            for generation in ("v1", "v2"):
                events = ["candidate.moved" if generation == "v2" else "candidate.status_changed"]
                hook = workspace.add_webhook(
                    name="a", payload_url=receiver.url, events=events, generation=generation
                )
            workspace.invite(workspace.create_assessment().id)
            await workspace.settle()
            v1, v2 = workspace.deliveries()
            assert (v1.payload["event"], v2.payload["event"]) == ("candidateStatusChanged", "moved")
            assert {v1.event, v2.event} == {"candidate.status_changed"}
            sample = await workspace.send_test(hook.id, "candidate.status_changed")
            assert sample.payload["event"] == "moved"
            assert not workspace.state.refused

    asyncio.run(main())


def test_without_the_setting_the_name_is_unknown() -> None:
    async def main() -> None:
        async with Emulator(clock="virtual", generation="v2") as emulator:
            with pytest.raises(UnknownNameError, match=r"no event type 'candidate\.moved'"):
                emulator.workspace().add_webhook(
                    name="a", payload_url="http://127.0.0.1:9", events=["candidate.moved"]
                )

    asyncio.run(main())


def test_a_scenario_has_names_while_it_runs() -> None:
    text = (
        "scenario: Names\nwebhooks: v2\nevent_names: {status_changed: candidate.moved}\n"
        "consumer:\n  - {payload_url: '${CONSUMER_URL}', events: [status_changed]}\n"
        "steps:\n  - create_assessment: {as: job}\n  - invite: {to: job}\n"
        "  - expect: {event: candidate.status_changed, where: {event: moved}}\n"
    )

    async def main() -> None:
        async with Receiver() as receiver, Emulator(clock="virtual") as emulator:
            workspace = emulator.workspace()
            scenario = read("a.yaml", text.encode(), {"CONSUMER_URL": receiver.url})
            result = await run_in(scenario, emulator, workspace)
            assert (result.verdict, result.reason) == ("passed", "")
            assert workspace.state.settings.event_names == {}

    asyncio.run(main())
