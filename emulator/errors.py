"""All exceptions of the program, each with its exit code and HTTP status.

Exceptions are mistakes of the caller, or bugs. A failing consumer is data: an attempt, a finding.

::

    EmulatorError
    ├── InvalidInputError        invalid JSON, field or option               exit 2, 400
    │   ├── UnknownNameError     a name that does not exist, with near names
    │   ├── NotJSONError         bytes that are not JSON, with the reason
    │   ├── TooLargeError        a body beyond the limit                             413
    │   └── ScenarioError        an invalid scenario file, with line and column
    ├── UnauthorizedError        no token, or an unknown token               exit 2, 401
    ├── ForbiddenError           a call from a foreign page or host          exit 2, 403
    ├── NotFoundError            no such record                              exit 2, 404
    ├── ConflictError            valid, but not in the current state         exit 2, 409
    │   └── IllegalCommandError  not a row of the lifecycle's table
    ├── NotReadyError            the journal is still being replayed         exit 2, 503
    ├── StoppingError            the emulator stopped during a wait          exit 2, 503
    ├── JournalError             a journal file that can't be used           exit 2, 503
    └── MissingDataError         the installation has no schemas             exit 3, 500
"""

from __future__ import annotations

from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


_LONGEST_NEAR, _MOST_NEAR = 80, 1_000


def reason_of(error: OSError | ValueError) -> str:
    """Return why a file can't be read or written, in lower case."""
    return (getattr(error, "strerror", None) or str(error)).lower()


class EmulatorError(Exception):
    """The base of all errors that the program raises on purpose.

    Attributes:
        message: one sentence in lower case without a final stop.
        path: JSON path of the invalid value (``$.payloadUrl``), if there is one.
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
    """Invalid input; nothing was changed."""

    code = "invalid_input"


class NotJSONError(InvalidInputError):
    """Bytes that are not JSON; the message has the reason."""


class UnknownNameError(InvalidInputError):
    """A name that does not exist; the message has near names.

    Args:
        kind: the kind of name, ``event type``.
        name: the name.
        known: all names that exist.
        show_all: show all known names, not only near names.
    """

    code = "unknown_name"

    def __init__(
        self,
        kind: str,
        name: str,
        known: Iterable[str],
        *,
        path: str | None = None,
        show_all: bool = False,
    ) -> None:
        known = list(known)
        close = near(name, known)
        message = f"no {kind} {name!r}"
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
    """An invalid scenario file; the message has all problems.

    Each problem is ``FILE:LINE:COLUMN: PROBLEM``, followed by the line and a caret.
    """

    code = "invalid_scenario"


class UnauthorizedError(EmulatorError):
    """No access token, or an unknown access token."""

    status = 401
    code = "unauthorized"


class ForbiddenError(EmulatorError):
    """A call from a foreign page, or with a foreign host name."""

    status = 403
    code = "forbidden"


class NotFoundError(EmulatorError):
    """No such record."""

    status = 404
    code = "not_found"


class ConflictError(EmulatorError):
    """A valid call that the current state does not allow."""

    status = 409
    code = "conflict"


class IllegalCommandError(ConflictError):
    """A command that the lifecycle does not allow in this state.

    Attributes:
        state: the state of the subject.
        command: the command.
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
    """A call that waits while the emulator stops."""

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


@contextmanager
def error_at(path: str) -> Iterator[None]:
    """Set the path of an invalid value, such as ``--rate``, on an error of this context."""
    try:
        yield
    except InvalidInputError as error:
        error.path = path
        raise


@contextmanager
def file_error(message: str, *, path: str | None = None) -> Iterator[None]:
    """Turn an error of the file system into an `InvalidInputError`: *message*, and the reason."""
    try:
        yield
    except OSError as error:
        reason = f"{message}: {reason_of(error)}"
        raise InvalidInputError(reason, path=path) from None


def near(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """Return up to *count* of the *known* names that are similar to *name*, best first.

    Comparing names is slow, and names are untrusted: a long name has no near names, and only the
    first thousand known names are compared.
    """
    from difflib import get_close_matches

    if len(name) > _LONGEST_NEAR:
        return []
    by_folded = {one.casefold(): one for one in islice(known, _MOST_NEAR)}
    return [by_folded[match] for match in get_close_matches(name.casefold(), by_folded, n=count)]
