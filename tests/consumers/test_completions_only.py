"""The stand-in for a public consumer accepts every completion, and reads its three values."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx2
import pytest

from emulator import Emulator
from tests.consumers.completions_only import TOKEN, application

if TYPE_CHECKING:
    from emulator.domain.events import Generation

CANDIDATES = 5


@pytest.mark.parametrize("generation", ["v1", "v2"])
def test_it_accepts_every_completion_of_its_generation(generation: Generation) -> None:
    async def main() -> None:
        app = application(generation=generation)
        async with Emulator(seed=7, clock="virtual", generation=generation) as emulator:
            workspace = emulator.workspace()
            webhook = workspace.add_webhook(
                name="stand-in",
                payload_url=workspace.mount(app, "app") + "webhooks/testlify",
                events=["candidate.completed"],
                headers={"X-Webhook-Token": TOKEN},
            )
            assert (await workspace.send_test(webhook.id)).succeeded
            job = workspace.create_assessment()
            for _ in range(CANDIDATES):
                candidate = workspace.invite(job.id)
                for command in ("enroll", "start", "complete"):
                    workspace.move_candidate(candidate.id, command)
            await workspace.settle()
            completions = workspace.deliveries(event="candidate.completed")
            assert len(completions) == CANDIDATES
            assert all(one.succeeded for one in completions)
            transport = httpx2.ASGITransport(app=app)
            async with httpx2.AsyncClient(transport=transport, base_url="http://app") as client:
                for one in workspace.state.candidates.values():
                    found = await client.get(f"/applicants/{job.id}/{one.email}")
                    assert one.score is not None
                    assert found.json()["history"] == [one.score.percentage]

    asyncio.run(main())


def test_it_accepts_no_completion_of_the_other_generation() -> None:
    async def main() -> None:
        app = application(generation="v1")
        async with Emulator(seed=7, clock="virtual", generation="v2") as emulator:
            workspace = emulator.workspace()
            webhook = workspace.add_webhook(
                name="stand-in",
                payload_url=workspace.mount(app, "app") + "webhooks/testlify",
                events=["candidate.completed"],
                headers={"X-Webhook-Token": TOKEN},
            )
            delivery = await workspace.send_test(webhook.id, "candidate.completed")
            assert not delivery.succeeded

    asyncio.run(main())
