"""Both tables through a workspace: commands without a row are refused and change nothing."""

from __future__ import annotations

import asyncio
from collections import deque
from copy import deepcopy
from datetime import timedelta
from itertools import product
from typing import TYPE_CHECKING

import pytest

from emulator.domain import assessment, candidate
from emulator.domain.lifecycle import NEW, Lifecycle
from emulator.errors import IllegalCommandError

if TYPE_CHECKING:
    from emulator.workspace.workspace import Workspace
    from tests.conftest import MakeWorkspace

EVENTS = ["candidate.status_changed", "candidate.score_updated", "created", "updated", "archived"]


def missing(lifecycle: Lifecycle) -> list[tuple[str, str]]:
    rows = {(row.state, row.command) for row in lifecycle.rows}
    pairs = product(lifecycle.states, lifecycle.commands)
    return [pair for pair in pairs if pair not in rows]


def way_to(lifecycle: Lifecycle, state: str) -> list[str]:
    """Return the commands that lead from nothing to *state*, the fewest."""
    ways: deque[tuple[str, list[str]]] = deque([(NEW, [])])
    while True:
        at, way = ways.popleft()
        if at == state:
            return way
        ways.extend((row.next_state, [*way, row.command]) for row in lifecycle.rows
                    if row.state == at)  # fmt: skip


def do(workspace: Workspace, lifecycle: Lifecycle, id_: str, command: str) -> None:
    if lifecycle.subject == "candidate":
        workspace.move_candidate(id_, command)
    elif command == "invite":
        workspace.invite(id_)
    else:
        workspace.move_assessment(id_, command)


@pytest.mark.parametrize(
    ("lifecycle", "state", "command"),
    [
        (lifecycle, state, command)
        for lifecycle in (candidate.LIFECYCLE, assessment.LIFECYCLE)
        for state, command in missing(lifecycle)
    ],
    ids=lambda value: value.subject if isinstance(value, Lifecycle) else value,
)
def test_a_pair_without_a_row_is_refused_and_changes_nothing(
    lifecycle: Lifecycle, state: str, command: str, make_workspace: MakeWorkspace
) -> None:
    async def main() -> None:
        workspace = make_workspace()
        workspace.add_webhook(name="mine", payload_url="http://example.com/", events=EVENTS)
        id_ = workspace.create_assessment().id
        make, *way = way_to(lifecycle, state)
        if lifecycle.subject == "candidate":
            date = workspace.now() + timedelta(days=1) if make == "schedule" else None
            id_ = workspace.invite(id_, scheduled_date=date).id
        for step in way:
            do(workspace, lifecycle, id_, step)
        await workspace.settle()
        last, before = workspace.last_entry, deepcopy(vars(workspace.state))
        due = workspace.next_due

        with pytest.raises(IllegalCommandError) as caught:
            do(workspace, lifecycle, id_, command)

        legal = ", ".join(sorted(lifecycle.legal(state))) or "none"
        assert str(caught.value) == (
            f"{lifecycle.subject} {id_} is {state}: {command!r} is not legal; legal: {legal}"
        )
        assert workspace.is_idle
        assert workspace.last_entry == last
        assert vars(workspace.state) == before
        assert workspace.next_due == due

    asyncio.run(main())
