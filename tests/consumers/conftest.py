"""Deliveries about candidates, made by the emulator, for the probes of sample consumers."""

from __future__ import annotations

import asyncio

import pytest

from emulator.domain.events import EVENT_TYPES
from emulator.emulator import Emulator
from emulator.receiver import Receiver
from tests.consumers.asking import Life
from tests.consumers.probes import PROBES


@pytest.fixture(scope="session")
def lives() -> dict[str, Life]:
    """One candidate for each probe, with deliveries of every event type: name of probe -> life."""

    async def live() -> dict[str, Life]:
        async with Receiver() as receiver, Emulator(seed=11, clock="virtual") as emulator:
            workspace = emulator.workspace()
            workspace.add_webhook(name="all", payload_url=receiver.url, events=list(EVENT_TYPES))
            job = workspace.create_assessment(title="Harbour Planner")
            lives = {}
            for probe in PROBES:
                email = f"{probe.__name__}@example.com"
                one = workspace.invite(job.id, email=email)
                for command in ("enroll", "start", "complete", "rescore", "reject", "rescore"):
                    workspace.move_candidate(one.id, command)
                await workspace.settle()
                bodies = {
                    (delivery.event, delivery.payload["data"]["candidateStatus"]): (
                        delivery.message.body
                    )
                    for delivery in workspace.deliveries(candidate=one.id)
                }
                lives[probe.__name__] = Life(email, bodies)
            return lives

    return asyncio.run(live())
