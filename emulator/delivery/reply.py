"""How a call of the provider API is answered, as faults change it. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from emulator.delivery.faults.fault import AnswerFault

if TYPE_CHECKING:
    from collections.abc import Iterable

    from emulator.delivery.faults.fault import Fault

Edit = Callable[[bytes], bytes]


class Ending(msgspec.Struct, frozen=True):
    """The end of a connection within an answer.

    Attributes:
        after: bytes of the body that are sent before, at most all but one; None sends nothing,
            not even the head.
        is_reset: with RST in place of FIN.
    """

    after: int | None
    is_reset: bool


class Reply(msgspec.Struct, frozen=True):
    """How a call is answered; by default as the API answers it.

    Attributes:
        pause: real seconds before the answer.
        status: of an error that is answered in place of the call, which is not made.
        retry_after: whole seconds, for the header ``Retry-After`` of that error.
        edits: change the body of the answer, one after the other.
        ending: how the connection ends within the answer; None answers completely.
    """

    pause: float = 0.0
    status: int | None = None
    retry_after: int | None = None
    edits: tuple[Edit, ...] = ()
    ending: Ending | None = None


def reply(faults: Iterable[Fault]) -> Reply:
    """Return the reply that *faults* make, in their order."""
    made = Reply()
    for fault in faults:
        if isinstance(fault, AnswerFault):
            made = fault.change(made)
    return made
