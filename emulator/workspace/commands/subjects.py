"""Executes any command of the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.decoding import convert
from emulator.domain.commands import CreateDetails, InviteDetails
from emulator.workspace.commands.assessments import create_assessment, move_assessment
from emulator.workspace.commands.candidates import invite, move_candidate

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from emulator.domain.commands import Command, Details
    from emulator.workspace.commands.change import Change
    from emulator.workspace.state import State


def details(command: Command, given: Mapping[str, object]) -> Details:
    """Return the checked details of a command; None is ignored.

    Raises:
        InvalidInputError: an unknown detail, or an invalid value.
    """
    return convert({key: one for key, one in given.items() if one is not None}, command.details)


def changed(state: State, now: datetime, command: Command, id_: str, details: Details) -> Change:
    """Return the changes of a command.

    Args:
        state: the state of the workspace.
        now: the workspace's time.
        command: a row of the table.
        id_: the id of the subject; ignored if the command creates it.
        details: the details of the command.

    Raises:
        NotFoundError: no such subject.
        IllegalCommandError: not legal in the subject's state; names the legal commands.
        ConflictError: the person has an open invitation to the assessment.
        InvalidInputError: contradicting details.
    """
    if isinstance(details, InviteDetails):
        return invite(state, now, details)
    if isinstance(details, CreateDetails):
        return create_assessment(state, now, details)
    move = move_assessment if command.subject == "assessment" else move_candidate
    return move(state, now, id_, command.verb, details)
