"""The Python API without pytest's fixtures: async, and its sync twin."""

import asyncio
from typing import Any

from emulator import Candidate, Delivery, Emulator, RunningWorkspace, Settings, running


async def consumer(_: Any, receive: Any, send: Any) -> None:
    """Accept every request, as an ASGI application."""
    await receive()
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body"})


def test_async() -> None:
    async def main() -> list[Delivery]:
        async with Emulator(seed=7, clock="virtual") as emulator:
            workspace = emulator.workspace("acme")
            workspace.add_webhook(name="ats", payload_url=consumer, events=["candidate.completed"])
            job = workspace.create_assessment(title="Job Analysis Specialist")
            ada = workspace.invite(job.id, email="ada@example.com")
            workspace.enroll(ada.id)
            workspace.start(ada.id)
            workspace.complete(ada.id, score=14, of=32)
            await workspace.settle()
            return workspace.deliveries(event="candidate.completed")

    [delivery] = asyncio.run(main())
    assert delivery.succeeded
    assert delivery.payload["data"]["totalScoreAchieved"] == 14


def invited(workspace: RunningWorkspace) -> Candidate:
    job = workspace.create_assessment(validity_days=7)
    return workspace.invite(job.id)


def test_sync() -> None:
    with running(seed=7, clock="virtual") as emulator:
        workspace = emulator.workspace("acme", Settings(seed=99, clock="virtual"))
        workspace.add_webhook(
            name="ats", payload_url=consumer, events=["candidate.invitation_expired"]
        )
        ada = invited(workspace)
        workspace.advance(7 * 86_400)
        [delivery] = workspace.deliveries(candidate=ada.id)
        assert delivery.attempts[0].answer == "200"
        state = workspace.read(lambda acme: acme.state.candidate(ada.id).state)
        assert state == "INVITATION_EXPIRED"
