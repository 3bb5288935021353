"""All exceptions of the program, each with its exit code and HTTP status.

A failing consumer is data (an attempt, a finding) and never stands here: these are the
caller's mistakes, and ours.

::

    EmulatorError
    ├── InvalidInputError        bad input: JSON, a field, a flag            exit 2, 400
    │   ├── UnknownNameError     a name that does not exist; says what is near
    │   ├── NotJSONError         bytes that can't be read as JSON, and why
    │   ├── TooLargeError        a body beyond the limit                             413
    │   └── ScenarioError        a scenario file that can't be read; file, line, column
    ├── UnauthorizedError        no token, or not a known one                exit 2, 401
    ├── ForbiddenError           a foreign page or host asked                exit 2, 403
    ├── NotFoundError            no such record                              exit 2, 404
    ├── ConflictError            right in itself, wrong now                  exit 2, 409
    │   └── IllegalCommandError  not a row of the lifecycle's table
    ├── NotReadyError            the journal is still being replayed         exit 2, 503
    ├── StoppingError            a wait that was open when we stopped        exit 2, 503
    ├── JournalError             a journal file that can't be used           exit 2, 503
    └── MissingDataError         the installation lacks its schemas          exit 3, 500
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable


_LONGEST_NEAR, _MOST_NEAR = 80, 1_000


class EmulatorError(Exception):
    """The base of every error that the program raises on purpose.

    Attributes:
        message: one sentence, lower case, no final stop.
        path: JSON path of the offending value (``$.payloadUrl``), when there is one.
    """

    exit_code: ClassVar[int] = 2
    status: ClassVar[int] = 400
    code: ClassVar[str] = "bad_request"

    def __init__(self, message: str, *, path: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.path = path

    def __str__(self) -> str:
        return f"{self.message} (at {self.path})" if self.path else self.message


class InvalidInputError(EmulatorError):
    """Input that can't be understood; nothing was changed."""

    code = "invalid_input"


class NotJSONError(InvalidInputError):
    """Bytes that can't be read as JSON; the message says why."""


class UnknownNameError(InvalidInputError):
    """A name that does not exist, with the nearest that do.

    Args:
        what: the kind of thing, ``event type``.
        name: what was asked for.
        known: all names that exist.
        show_all: list every known name, not the near ones only.
    """

    code = "unknown_name"

    def __init__(
        self,
        what: str,
        name: str,
        known: Iterable[str],
        *,
        path: str | None = None,
        show_all: bool = False,
    ) -> None:
        known = list(known)
        close = near(name, known)
        message = f"no {what} {name!r}"
        if close:
            message += "; near: " + ", ".join(repr(one) for one in close)
        if show_all or not close:
            message += "; known: " + ", ".join(sorted(known))
        super().__init__(message, path=path)


class TooLargeError(InvalidInputError):
    """A body beyond the limit."""

    status = 413
    code = "too_large"


class ScenarioError(InvalidInputError):
    """A scenario file that can't be run; the message holds every problem found.

    Each reads ``FILE:LINE:COLUMN: what is wrong``, with that line and a caret below.
    """

    code = "invalid_scenario"


class UnauthorizedError(EmulatorError):
    """No access token, or not one that is known."""

    status = 401
    code = "unauthorized"


class ForbiddenError(EmulatorError):
    """A call from a foreign page or under a foreign host name."""

    status = 403
    code = "forbidden"


class NotFoundError(EmulatorError):
    """No record of that kind with that id."""

    status = 404
    code = "not_found"


class ConflictError(EmulatorError):
    """Right in itself, but not in the present state."""

    status = 409
    code = "conflict"


class IllegalCommandError(ConflictError):
    """A command that is not a row of the lifecycle's table for this state.

    Attributes:
        state: where the subject is.
        command: what was asked of it.
        legal: the commands that the state allows, sorted.
    """

    code = "illegal_command"

    def __init__(self, subject: str, state: str, command: str, legal: Iterable[str]) -> None:
        self.state = state
        self.command = command
        self.legal = sorted(legal)
        allowed = ", ".join(self.legal) or "none"
        super().__init__(f"{subject} is {state}: {command!r} is not legal; legal: {allowed}")


class NotReadyError(EmulatorError):
    """A call before the journal was replayed."""

    status = 503
    code = "not_ready"


class StoppingError(EmulatorError):
    """A call that would have to wait longer than the emulator lives."""

    status = 503
    code = "stopping"

    def __init__(self) -> None:
        super().__init__("the emulator is stopping")


class JournalError(EmulatorError):
    """A journal file that can't be opened, read or written."""

    status = 503
    code = "journal_failed"


class MissingDataError(EmulatorError):
    """The installation has no schemas or scenarios."""

    exit_code = 3
    status = 500
    code = "missing_data"


def near(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """Return up to *count* of the *known* names that look like *name*, best first.

    Comparing names is slow and names come from outside, so a long name has no near one, and only
    the first of many known names are compared.
    """
    from difflib import get_close_matches

    if len(name) > _LONGEST_NEAR:
        return []
    by_folded = {one.casefold(): one for one in islice(known, _MOST_NEAR)}
    return [by_folded[one] for one in get_close_matches(name.casefold(), by_folded, n=count)]
