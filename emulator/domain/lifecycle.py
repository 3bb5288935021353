"""Lifecycles as tables: a state and a command give the next state and the event types.

The tables, which decide whether a command is legal, are in ``candidate`` and ``assessment``.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import msgspec

from emulator.domain.events import Provenance
from emulator.errors import IllegalCommandError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from emulator.domain.events import SubjectKind

NEW = ""
"""The state before the subject exists."""


class Transition(msgspec.Struct, frozen=True):
    """A row of a lifecycle.

    Attributes:
        state: the state before.
        command: the command.
        next_state: the state after.
        events: ids of the event types that are sent, in the order of their messages.
        provenance: how this behaviour of the provider is known.
        note: a remark on one line.
    """

    state: str
    command: str
    next_state: str
    events: tuple[str, ...]
    provenance: Provenance
    note: str


class Lifecycle:
    """A table of transitions for one kind of subject.

    Args:
        subject: the kind of subject.
        rows: the table, with each pair of state and command at most once.

    Attributes:
        states: all states, in the order of the table.
        commands: all commands in the order of the table, except the command that creates the
            subject.
    """

    def __init__(self, subject: SubjectKind, rows: Iterable[Transition]) -> None:
        self.subject = subject
        self.rows = tuple(rows)
        self.states = tuple(dict.fromkeys(row.next_state for row in self.rows))
        self.commands = tuple(dict.fromkeys(row.command for row in self.rows if row.state != NEW))
        self._by_pair = {(row.state, row.command): row for row in self.rows}
        if len(self._by_pair) != len(self.rows):
            message = f"the {subject} lifecycle has two rows for one state and command"
            raise ValueError(message)

    def legal(self, state: str) -> list[str]:
        """Return the commands that *state* allows."""
        return [row.command for row in self.rows if row.state == state]

    def transition(self, state: str, command: str, *, name: str = "") -> Transition:
        """Return the row for *command* in *state*.

        Args:
            state: the state of the subject.
            command: the command.
            name: name of the subject, for the error.

        Raises:
            IllegalCommandError: no such row; names the legal commands.
        """
        row = self._by_pair.get((state, command))
        if row is None:
            subject = f"{self.subject} {name}".rstrip()
            raise IllegalCommandError(subject, state, command, self.legal(state))
        return row

    def way(self, is_end: Callable[[Transition], bool], start: str = NEW) -> list[Transition]:
        """Return the rows of a shortest way from the state *start* to a row that is an end.

        Returns:
            An empty list if no way leads to such a row.
        """
        ways: deque[list[Transition]] = deque([[]])
        seen = {start}
        while ways:
            way = ways.popleft()
            state = way[-1].next_state if way else start
            for row in self.rows:
                if row.state != state:
                    continue
                if is_end(row):
                    return [*way, row]
                if row.next_state not in seen:
                    seen.add(row.next_state)
                    ways.append([*way, row])
        return []

    def diagram(self) -> str:
        """Return the table as a Mermaid state diagram; assumed rows are marked with a star."""
        lines = ["stateDiagram-v2"]
        for row in self.rows:
            star = " *" if row.provenance == "assumed" else ""
            lines.append(f"    {row.state or '[*]'} --> {row.next_state}: {row.command}{star}")
        return "\n".join(lines)
