"""What every fault is, what it can be tied to, and which of those that are set apply. Pure."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import msgspec

from emulator import durations
from emulator.decoding import convert
from emulator.domain.events import TEST_EVENT, event_type
from emulator.domain.ids import chance
from emulator.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    # The table stands on this module; a `Standing` is counted, never decoded.
    from emulator.delivery.faults.registry import AnyFault  # noqa: TC004
    from emulator.delivery.records import Message

Count = Annotated[int, msgspec.Meta(ge=1)]

Amount = Annotated[int, msgspec.Meta(ge=0)]

Id = Annotated[str, msgspec.Meta(min_length=1)]

Probability = Annotated[float, msgspec.Meta(gt=0, le=1)]

Seconds = Annotated[float, msgspec.Meta(ge=0.001, le=durations.LONGEST)]
"""Text with a unit in plain data; to the millisecond."""


def _conform(record: msgspec.Struct) -> None:
    """Hold each field against its type: a call in Python is no safer than a file."""
    for name, kind in _types(type(record)):
        try:
            value = convert(getattr(record, name), kind)
        except InvalidInputError as error:
            path = f"$.{name}{(error.path or '$')[1:]}"
            raise InvalidInputError(error.message, path=path) from None
        msgspec.structs.force_setattr(record, name, value)


@cache
def _types(kind: type[msgspec.Struct]) -> tuple[tuple[str, Any], ...]:
    return tuple((field.name, field.type) for field in msgspec.structs.fields(kind))


class Match(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an attempt has to be for a fault to apply; what is None does not matter.

    Attributes:
        event: the event type, its id or the word of the wire, or ``test``; kept as its id.
        candidate: id of the invitation or of the person.
        webhook: its id.
        attempt: its number, from 1.
        nth: only the nth attempt that fits all of the above, from 1, in the order of planning.
        probability: of those that fit, how many in the long run; drawn for each.

    Raises:
        InvalidInputError: a value that no attempt can have.
    """

    event: Id | None = None
    candidate: Id | None = None
    webhook: Id | None = None
    attempt: Count | None = None
    nth: Count | None = None
    probability: Probability | None = None

    def __post_init__(self) -> None:
        _conform(self)
        if self.event is not None and self.event != TEST_EVENT:
            known = event_type(self.event, path="$.event")
            msgspec.structs.force_setattr(self, "event", known.id)

    def fits(self, message: Message, webhook_id: str, attempt: int) -> bool:
        """Whether event, candidate, webhook and attempt are those that are asked for."""
        return (
            self.event in (None, message.event)
            and self.candidate in (None, message.subject, message.person)
            and self.webhook in (None, webhook_id)
            and self.attempt in (None, attempt)
        )


class Fault(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"
):
    """One way to misbehave; the first line of its docstring says which.

    Attributes:
        on: which attempts it applies to.
        times: to how many of them at most; None until it is removed.
        example: of its use, as a step of a scenario.
        group: what it changes: the plan of an attempt, the request, or what is on the wire.

    Raises:
        InvalidInputError: a setting that can't be.
    """

    example: ClassVar[str]
    group: ClassVar[Literal["plan", "body", "wire"]]

    on: Match = Match()
    times: Count | None = None

    def __post_init__(self) -> None:
        _conform(self)
        problem = self._problem()
        if problem:
            raise InvalidInputError(problem, path="$")

    @property
    def kind(self) -> str:
        """Its name: ``slow_body``."""
        return str(self.__struct_config__.tag)

    def _problem(self) -> str:
        """Return what is wrong with the settings taken together; empty when nothing is."""
        return ""


class Standing(msgspec.Struct, frozen=True):
    """A fault that is set.

    Attributes:
        matched: how many attempts fitted so far.
        used: to how many of these it was applied.
    """

    id: str
    fault: AnyFault
    matched: int = 0
    used: int = 0


def chosen(
    standing: Iterable[Standing],
    message: Message,
    webhook_id: str,
    attempt: int,
    webhook_number: int,
    seed: int,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the ids of the faults that an attempt fits, and of those that are applied to it.

    What one fault draws depends on its id and on the attempt alone, never on other faults.
    """
    matched: list[str] = []
    applied: list[str] = []
    for one in standing:
        on = one.fault.on
        if not on.fits(message, webhook_id, attempt):
            continue
        matched.append(one.id)
        if one.fault.times is not None and one.used >= one.fault.times:
            continue
        if on.nth not in (None, one.matched + 1):
            continue
        if on.probability is not None:
            draw = chance(seed, f"fault/{one.id}/{webhook_number}-{attempt}", message.number)
            if draw.random() >= on.probability:
                continue
        applied.append(one.id)
    return tuple(matched), tuple(applied)
