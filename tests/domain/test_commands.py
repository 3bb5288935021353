"""The table of commands, and everything that is made from it."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from emulator.domain import assessment, candidate
from emulator.domain.commands import COMMANDS, Command, command, moving
from emulator.domain.lifecycle import NEW
from emulator.errors import UnknownNameError
from emulator.scenario.steps.table import STEPS
from emulator.twin import RunningWorkspace
from emulator.workspace.workspace import Workspace

LIFECYCLES = {"assessment": assessment.LIFECYCLE, "candidate": candidate.LIFECYCLE}
PAGE = (Path(__file__).parents[2] / "docs" / "lifecycles.md").read_text(encoding="utf-8")
EVERY = pytest.mark.parametrize("one", COMMANDS.values(), ids=COMMANDS)


@EVERY
def test_a_command_is_a_call_a_step_and_a_row_of_the_docs(one: Command) -> None:
    assert getattr(Workspace, one.name)
    assert getattr(RunningWorkspace, one.name).__doc__ == getattr(Workspace, one.name).__doc__
    assert STEPS[one.name].example == one.example
    assert f"| {one.subject} `{one.verb}` | `{one.name}` | {one.doc} |" in PAGE


@EVERY
def test_a_command_has_rows_in_its_lifecycle(one: Command) -> None:
    rows = [row for row in LIFECYCLES[one.subject].rows if row.command == one.verb]
    assert any((row.state == NEW) is one.is_new for row in rows)


def test_every_row_of_a_lifecycle_is_a_command() -> None:
    """Except for transitions that another command causes: scheduling and invitations."""
    known = {(one.subject, one.verb) for one in COMMANDS.values()}
    rows = {(of, row.command) for of, lifecycle in LIFECYCLES.items() for row in lifecycle.rows}
    assert rows - known == {("candidate", "schedule"), ("assessment", "invite")}


@EVERY
def test_each_detail_is_documented(one: Command) -> None:
    schema = msgspec.json.schema(one.details)
    (record,) = schema["$defs"].values()
    assert set(re.findall(r"'description'", str(record["properties"]))) or not record["properties"]


def test_an_unknown_command_is_refused_with_similar_commands() -> None:
    with pytest.raises(UnknownNameError, match="no command 'enrol'; near: 'enroll'"):
        command("enrol")
    with pytest.raises(UnknownNameError, match="no candidate command 'publish'"):
        moving("candidate", "publish")
