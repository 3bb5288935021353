"""``demo``: show an emulator, a receiver and six lifecycles at work."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import click

from emulator.cli import common_options, loop
from emulator.cli.output import say

if TYPE_CHECKING:
    from emulator.delivery.records import Delivery
    from emulator.emulator import Emulator
    from emulator.workspace.workspace import Workspace

_LIFECYCLES = (
    "candidate-completes",
    "candidate-is-disqualified-by-a-qualifying-question",
    "candidate-is-disqualified-while-in-progress",
    "invitation-expires",
    "candidate-is-rejected-after-completion-and-rescored",
    "assessment-lifecycle",
)


@click.command(name="demo", epilog="Example: testlify-emulator demo --keep")
@click.option("--keep", is_flag=True, help="Keep the server running at the end, until Ctrl-C.")
@click.option(
    "--seed",
    type=common_options.SEEDS,
    default=7,
    show_default=True,
    help="Seed of all random values.",
)
def command(*, keep: bool, seed: int) -> int:
    """Show an emulator, a receiver, a webhook and six bundled lifecycles.

    Each delivery is shown as it arrives: the event, the candidate's status, the candidate, the
    receiver's answer and the milliseconds it took. Time is virtual, so the invitation that
    expires after thirty days does so at once.
    """
    return loop.run(_demo(seed, keeps=keep))


async def _demo(seed: int, *, keeps: bool) -> int:
    from emulator.emulator import Emulator
    from emulator.receiver import Receiver
    from emulator.server.app import application
    from emulator.serving import listen, serving

    emulator = Emulator(seed=seed, clock="virtual", in_flight=1)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(emulator)
        receiver = await stack.enter_async_context(Receiver())
        app = application(emulator)
        url = await stack.enter_async_context(serving(app, listen("127.0.0.1", 0)))
        say(f"emulator   {url}")
        say(f"receiver   {receiver.url}/hook")
        await _register(url, f"{receiver.url}/hook")
        workspace = emulator.workspace()
        verdicts = [
            await _play(name, f"{receiver.url}/hook", emulator, workspace) for name in _LIFECYCLES
        ]
        code = _summary(workspace, verdicts)
        if keeps:
            with loop.stop_signal() as stopped:
                say(f"\nstill running: {url}/  (Ctrl-C ends it)")
                await stopped
            await emulator.drain()  # while the server still answers
    return code


async def _register(url: str, payload_url: str) -> None:
    """Register a webhook as a customer does: through the provider's API."""
    import httpx2

    from emulator.domain.events import EVENT_TYPES

    registration = {"name": "demo", "payloadUrl": payload_url, "events": list(EVENT_TYPES)}
    # It is ours, on loopback and without TLS; loading certificates is slow.
    async with httpx2.AsyncClient(base_url=url, trust_env=False, verify=False) as client:
        answer = await client.post(
            "/v1/webhook", json=registration, headers={"Authorization": "Bearer default"}
        )
        answer.raise_for_status()
        webhook = answer.json()["data"]
    say(f"webhook    {webhook['id']}, registered by POST /v1/webhook: {answer.status_code}")


async def _play(name: str, url: str, emulator: Emulator, workspace: Workspace) -> str:
    """Play one bundled lifecycle, showing deliveries as they arrive; return its verdict."""
    from emulator.scenario.discovery import read_all
    from emulator.scenario.run import play

    (scenario,) = read_all([name], {"CONSUMER_URL": url})
    say(f"\n{scenario.title}", bold=True)
    watching = asyncio.create_task(_show_deliveries(emulator, workspace, workspace.last_entry))
    try:
        result = await play(scenario, emulator, workspace)
        await asyncio.sleep(0)  # until the last delivery is shown
    finally:
        watching.cancel()
    if result.verdict != "passed":
        say((f"  {result.reason}", "red"))
    return result.verdict


async def _show_deliveries(emulator: Emulator, workspace: Workspace, after: int) -> None:
    from emulator.delivery.records import Finished

    async for entry in emulator.journal.watch(workspace.name, after):
        if isinstance(entry.data, Finished):
            delivery = workspace.state.deliveries[entry.data.message, entry.data.webhook]
            say(*_line(delivery))


def _line(delivery: Delivery) -> tuple[str | tuple[str, str], ...]:
    from emulator.domain.payloads.fields import text

    attempt = delivery.attempts[-1]
    took = attempt.outcome.duration_ms if attempt.outcome else 0.0
    status = text(delivery.payload, "candidateStatus", "assessmentStatus")
    subject = text(delivery.payload, "email", "assessmentTitle")
    answer = (f"  {attempt.answer:>3}", "green" if delivery.succeeded else "red")
    return answer, f"  {delivery.event:<30}{status:<20}{subject:<32}{took:6.1f} ms"


def _summary(workspace: Workspace, verdicts: list[str]) -> int:
    statuses = workspace.state.by_status
    passed = verdicts.count("passed")
    delivered = len(statuses.get("succeeded", ()))
    say(
        f"\n{passed} of {len(verdicts)} lifecycles as expected; {delivered} of "
        f"{len(workspace.state.deliveries)} deliveries accepted, each payload checked against its "
        f"schema before it was sent; it is {workspace.now():%d %B %Y} on the virtual clock"
    )
    return 0 if passed == len(verdicts) else 1
