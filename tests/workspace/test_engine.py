"""Attempts are started and ended, idleness is noticed, and a bug is never lost."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from emulator.journal.journal import Journal
from emulator.journal.store import MemoryStore
from emulator.workspace.fold import TYPES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emulator.journal.entry import Entry
    from emulator.workspace.workspace import Workspace
    from tests.conftest import MakeWorkspace, Scripted

ONE = "http://one.example.com/"
OTHER = "http://other.example.com/"
DEADLINE = 10.0


class Failing(MemoryStore):
    """A store that can't take some kind of entry: a bug in the middle of a delivery."""

    def __init__(self, kind: str) -> None:
        super().__init__(TYPES)
        self.kind = kind

    def write(self, entries: Sequence[Entry]) -> None:
        if any(entry.kind == self.kind and entry.data.message == 1 for entry in entries):  # type: ignore[attr-defined]
            raise RuntimeError(self.kind)
        super().write(entries)


def add(workspace: Workspace, url: str = ONE) -> None:
    workspace.add_webhook(name="mine", payload_url=url, events=["created"])


def test_attempts_of_one_turn_start_in_the_order_of_their_keys(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport)
        add(workspace, OTHER)
        add(workspace, ONE)
        workspace.create_assessment()
        workspace.create_assessment()
        assert transport.requests == []
        await workspace.settle()
        assert transport.urls() == [OTHER, ONE, OTHER, ONE]
        assert workspace.is_idle

    asyncio.run(main())


@pytest.mark.parametrize("kind", ["attempt.started", "attempt.finished"])
def test_a_bug_is_raised_to_all_waiters_and_other_work_continues(
    kind: str, make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport, journal=Journal(Failing(kind)))
        add(workspace)
        workspace.create_assessment()
        waiting = [asyncio.ensure_future(workspace.settle()) for _ in range(2)]
        for waiter in waiting:
            with pytest.raises(RuntimeError, match=f"^{kind}$"):
                await waiter
        workspace.create_assessment()
        assert await workspace.wait(status="succeeded", within=DEADLINE)
        with pytest.raises(RuntimeError, match=f"^{kind}$"):
            await workspace.settle()
        with pytest.raises(RuntimeError, match=f"^{kind}$"):
            await workspace.engine.close(0.0, "shutdown")

    asyncio.run(main())


def test_closing_ends_every_wait_for_idleness(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport, in_flight=1)
        transport.gates[ONE] = asyncio.Event()
        add(workspace)
        workspace.create_assessment()
        workspace.create_assessment()
        waiting = [asyncio.ensure_future(workspace.settle()) for _ in range(2)]
        await transport.arrived(1)
        waiting[0].cancel()
        assert not workspace.is_idle
        await workspace.engine.close(0.0, "shutdown")
        assert await waiting[1]

    asyncio.run(main())


def test_pending_attempts_of_a_removed_webhook_do_not_keep_the_others_from_settling(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport)
        transport.gates[ONE] = asyncio.Event()
        add(workspace)
        for _ in range(50):
            workspace.create_assessment()
        await transport.arrived(4)
        (webhook,) = workspace.state.webhooks
        workspace.remove_webhook(webhook)
        transport.gates[ONE].set()
        assert await workspace.settle(DEADLINE)
        assert len(transport.requests) == 4
        assert {delivery.status for delivery in workspace.deliveries()} == {"dropped"}

    asyncio.run(main())
