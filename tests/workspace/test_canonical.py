from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
import pytest

from emulator.delivery.records import Attempt, Finished, Outcome, Started
from emulator.emulator import Emulator
from emulator.journal.entry import Entry
from emulator.receiver import Receiver
from emulator.workspace.canonical import canonical

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from emulator.workspace.workspace import Workspace


async def _invite(workspace: Workspace) -> None:
    job = workspace.create_assessment(title="A job")
    workspace.invite(job.id, email="ada@example.com")
    await workspace.settle()


def _run(
    steps: Callable[[Workspace], Awaitable[None]] = _invite,
    *,
    delay: float = 0.0,
    seed: int = 1,
    status: int = 200,
) -> list[Entry]:
    async def main() -> list[Entry]:
        async with (
            Receiver(delay=delay, statuses=(status,)) as receiver,
            Emulator(seed=seed, clock="virtual", in_flight=1) as emulator,
        ):
            workspace = emulator.workspace()
            workspace.add_webhook(
                name="ats",
                payload_url=f"{receiver.url}/hook?port=:80",
                events=["candidate.status_changed", "candidate.invited", "candidate.rejected"],
                headers={"X-Webhook-Token": "s3cret", "webhook-timestamp": "17"},
                secret="whsec_abc",
            )
            await steps(workspace)
            return list(workspace.entries())

    return asyncio.run(main())


def test_measured_values_make_no_difference() -> None:
    assert canonical(_run()) == canonical(_run(delay=0.02))


def test_another_seed_or_answer_gives_another_canonical_journal() -> None:
    expected = canonical(_run())
    assert canonical(_run(seed=2)) != expected
    assert canonical(_run(status=204)) != expected


def test_secrets_do_not_get_out() -> None:
    text = canonical(_run()).decode()
    assert "s3cret" not in text
    assert "whsec_abc" not in text
    assert "X-Webhook-Token" in text


def test_an_outcome_keeps_its_status_and_its_reason_only() -> None:
    entries = [msgspec.json.decode(line) for line in canonical(_run()).splitlines()]
    finished = next(entry for entry in entries if entry["kind"] == "attempt.finished")
    assert finished["data"]["attempt"] == {
        "number": 1, "success": True, "reason": "answered", "response": {"status": 200},
    }  # fmt: skip
    started = next(entry for entry in entries if entry["kind"] == "attempt.started")
    assert started["data"]["attempt"]["request"] == {
        "url": "http://127.0.0.1/hook?port=:80",
        "headers": {
            "Content-Type": "application/json",
            "User-Agent": "Testlify-Emulator",
            "X-Webhook-Token": "[redacted]",
            "webhook-timestamp": "",
        },
        "body": None,
    }


def test_a_body_is_journalled_as_it_was_sent() -> None:
    entries = _run()
    body = next(entry.data.body for entry in entries if entry.kind == "message.created")  # type: ignore[attr-defined]
    lines = [msgspec.json.decode(line) for line in canonical(entries).splitlines()]
    message = next(one for one in lines if one["kind"] == "message.created")
    assert message["data"]["body"] == body.decode()


def test_an_advance_in_one_go_or_in_two_compares_equal_and_numbers_have_no_gaps() -> None:
    async def in_one(workspace: Workspace) -> None:
        await _invite(workspace)
        await workspace.advance(31 * 86_400)

    async def in_two(workspace: Workspace) -> None:
        await _invite(workspace)
        await workspace.advance(86_400)
        await workspace.advance(30 * 86_400)

    one, two = _run(in_one), _run(in_two)
    assert len(one) + 1 == len(two)
    assert canonical(one) == canonical(two)
    numbers = [msgspec.json.decode(line)["number"] for line in canonical(two).splitlines()]
    assert numbers == list(range(1, len(numbers) + 1))


def test_only_loopback_ports_are_left_out() -> None:
    async def elsewhere(workspace: Workspace) -> None:
        for url in ("https://example.com:8443/a", "http://localhost:81", "http://[::1]:82/b"):
            workspace.add_webhook(name="x", payload_url=url, events=["candidate.rejected"])

    text = canonical(_run(elsewhere)).decode()
    assert '"https://example.com:8443/a"' in text
    assert '"http://localhost"' in text
    assert '"http://[::1]/b"' in text


def _flood(in_flight: int) -> list[Entry]:
    async def main() -> list[Entry]:
        async with Receiver() as receiver, Emulator(seed=1, clock="virtual", in_flight=1) as one:
            workspace = one.workspace()
            for _ in range(3):
                workspace.add_webhook(name="x", payload_url=receiver.url, events=["invited"])
            job = workspace.create_assessment()
            with workspace.out_of_lockstep(in_flight=in_flight, per_webhook=in_flight):
                for _ in range(20):
                    workspace.invite(job.id)
                await workspace.settle()
            return list(workspace.entries())

    return asyncio.run(main())


def test_concurrent_attempts_are_in_the_order_of_their_keys() -> None:
    lockstep, flood = _flood(1), _flood(16)
    kinds = [[entry.kind for entry in entries] for entries in (lockstep, flood)]
    assert kinds[0] != kinds[1]
    assert canonical(flood) == canonical(lockstep)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ([(2, True), (2, False), (1, True), (1, False)], [2, 2, 1, 1]),  # one after the other
        ([(2, True), (1, True), (2, False), (1, False)], [1, 1, 2, 2]),  # side by side
    ],
)
def test_attempts_one_after_the_other_keep_their_order(
    order: list[tuple[int, bool]], expected: list[int]
) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    data = [
        Started(message, 1, Attempt(1, "scheduled", at, "http://a", ()))
        if is_start
        else Finished(message, 1, 1, Outcome("answered", 200), True, "succeeded", "")
        for message, is_start in order
    ]
    entries = [Entry(number, at, "w", "attempt", one) for number, one in enumerate(data, 1)]
    lines = [msgspec.json.decode(line) for line in canonical(entries).splitlines()]
    assert [one["data"]["delivery"] for one in lines] == [f"{number}-1" for number in expected]
