"""The base classes of faults, and which faults apply to an attempt or a call. Pure."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import msgspec

from emulator import durations
from emulator.decoding import convert
from emulator.domain.calls import route
from emulator.domain.events import TEST_EVENT, event_type
from emulator.domain.ids import chance
from emulator.errors import InvalidInputError

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Sequence

    from emulator.delivery.fault_plan import Draft
    from emulator.delivery.records import Headers, Message, Request
    from emulator.delivery.reply import Reply
    from emulator.delivery.sending import Sending
    from emulator.delivery.signing import SigningScheme

Count = Annotated[int, msgspec.Meta(ge=1)]

Amount = Annotated[int, msgspec.Meta(ge=0)]

Id = Annotated[str, msgspec.Meta(min_length=1)]

Probability = Annotated[float, msgspec.Meta(gt=0, le=1)]

Seconds = Annotated[float, msgspec.Meta(ge=0.001, le=durations.LONGEST)]
"""Text with a unit in plain data; to the millisecond."""


def _conform(record: msgspec.Struct) -> None:
    """Check each field against its type, which msgspec does not do for calls in Python."""
    for name, kind in types_of(type(record)):
        try:
            value = convert(getattr(record, name), kind)
        except InvalidInputError as error:
            path = f"$.{name}{(error.path or '$')[1:]}"
            raise InvalidInputError(error.message, path=path) from None
        msgspec.structs.force_setattr(record, name, value)


@cache
def types_of(kind: type[msgspec.Struct]) -> tuple[tuple[str, Any], ...]:
    """Return name and type of each field of a record."""
    return tuple((field.name, field.type) for field in msgspec.structs.fields(kind))


class Chance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which of the attempts or calls that a fault matches it applies to.

    Attributes:
        nth: only the nth that matches, from 1.
        probability: the share of those that match, decided at random for each.
    """

    nth: Count | None = None
    probability: Probability | None = None

    def __post_init__(self) -> None:
        _conform(self)


class Match(Chance, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The attempts that a fault applies to; None matches every value.

    Attributes:
        event: the event type, by its id or its word on the wire, or ``test``; kept as its id.
        candidate: id of the invitation or of the person.
        webhook: id of the webhook.
        attempt: number of the attempt, from 1.

    Raises:
        InvalidInputError: a value that no attempt can have.
    """

    event: Id | None = None
    candidate: Id | None = None
    webhook: Id | None = None
    attempt: Count | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.event is not None and self.event != TEST_EVENT:
            known = event_type(self.event, path="$.event")
            msgspec.structs.force_setattr(self, "event", known.id)

    def fits(self, message: Message, webhook_id: str, attempt: int) -> bool:
        """Whether event, candidate, webhook and attempt match."""
        return (
            self.event in (None, message.event)
            and self.candidate in (None, message.subject, message.person)
            and self.webhook in (None, webhook_id)
            and self.attempt in (None, attempt)
        )


class CallMatch(Chance, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The calls of the provider API that a fault applies to; None matches every call.

    Attributes:
        route: method and path, or the name of the operation; kept as method and path.

    Raises:
        InvalidInputError: a value that no call can have.
    """

    route: Id | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.route is not None:
            msgspec.structs.force_setattr(self, "route", route(self.route, path="$.route"))


Group = Literal["plan", "body", "signature", "wire", "answer"]

Side = Literal["delivery", "provider"]
"""What misbehaves: deliveries to consumers, or the answers of the provider API."""


class Fault(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"
):
    """A way in which the provider misbehaves; a class of one of the groups below, in a module.

    The docstring of the class, its attributes and its example are its documentation.

    Attributes:
        on: the attempts or calls that the fault applies to.
        times: how many of them at most; None for all, until the fault is removed.
        example: of a scenario step that sets it.
        group: what it changes.
        side: whether it applies to deliveries or to the provider API.

    Raises:
        InvalidInputError: an invalid setting.
    """

    example: ClassVar[str]
    group: ClassVar[Group]
    side: ClassVar[Side] = "delivery"

    on: Chance = Match()
    times: Count | None = None

    def __post_init__(self) -> None:
        _conform(self)
        problem = self._problem()
        if problem:
            raise InvalidInputError(problem, path="$")

    @property
    def kind(self) -> str:
        """The name of the fault: ``slow_body``."""
        return str(self.__struct_config__.tag)

    def _problem(self) -> str:
        """Return why the settings do not go together; empty if they do."""
        return ""


class DeliveryFault(Fault, frozen=True, kw_only=True):
    """Has deliveries misbehave."""

    on: Match = Match()


class PlanFault(DeliveryFault, frozen=True, kw_only=True):
    """Changes whether, when and how often an attempt is made."""

    group: ClassVar[Group] = "plan"

    def change(self, draft: Draft, id_: str) -> Draft:
        """Return the changed plan of an attempt.

        Args:
            draft: the plan so far.
            id_: of the fault.
        """
        raise NotImplementedError


class BodyFault(DeliveryFault, frozen=True, kw_only=True):
    """Changes body and headers of a request before it is signed.

    A broken body is signed correctly, so that no signature check saves the consumer from it.
    """

    group: ClassVar[Group] = "body"

    def edit(self, request: Request, draw: random.Random) -> Request:
        """Return the changed request.

        Args:
            request: not yet signed.
            draw: for random choices, which depend on the seed and the attempt alone.

        Raises:
            InvalidInputError: the fault can't be applied to this request.
        """
        raise NotImplementedError


class SignatureFault(DeliveryFault, frozen=True, kw_only=True):
    """Makes a wrong signature; has no effect on a webhook that is not signed."""

    group: ClassVar[Group] = "signature"

    def sign(
        self,
        signature: SigningScheme,
        secrets: Sequence[str],
        *,
        message_id: str,
        body: bytes,
        now: float,
    ) -> Headers:
        """Return the headers of the wrong signature; the arguments are those of `signing.sign`."""
        raise NotImplementedError


class WireFault(DeliveryFault, frozen=True, kw_only=True):
    """Changes how a request is sent over its connection, which is used for nothing else.

    Attributes:
        order: place among the faults that can be combined; None applies the fault alone.
        does_handshake: whether TLS is set up before the request.
    """

    group: ClassVar[Group] = "wire"
    order: ClassVar[int | None] = None
    does_handshake: ClassVar[bool] = True

    def send(self, sending: Sending) -> Sending:
        """Return how the request is sent."""
        raise NotImplementedError


class AnswerFault(Fault, frozen=True, kw_only=True):
    """Changes how calls of the provider API are answered, so that a client has to retry."""

    group: ClassVar[Group] = "answer"
    side: ClassVar[Side] = "provider"

    on: CallMatch = CallMatch()

    def change(self, reply: Reply) -> Reply:
        """Return the changed reply."""
        raise NotImplementedError


def effective(wire: Sequence[WireFault]) -> list[WireFault]:
    """Return the wire faults that take effect, in the order in which they are applied.

    A fault that can't be combined is applied alone if it is the last; otherwise the last of each
    kind that can be combined is applied.
    """
    if wire and wire[-1].order is None:
        return [wire[-1]]
    combined = {type(one): one for one in wire if one.order is not None}
    return sorted(combined.values(), key=lambda one: one.order or 0)


class ActiveFault(msgspec.Struct, frozen=True):
    """A fault that is set.

    Attributes:
        matched: how many attempts or calls matched so far.
        used: how many of these the fault was applied to.
    """

    id: str
    fault: Fault
    matched: int = 0
    used: int = 0


Choice = tuple[tuple[str, ...], tuple[str, ...]]
"""The ids of the faults that match, and of those of them that apply."""


def for_attempt(
    active: Iterable[ActiveFault],
    message: Message,
    webhook_id: str,
    attempt: int,
    webhook_number: int,
    seed: int,
) -> Choice:
    """Return which faults match an attempt, and which apply to it."""
    matched = [
        one
        for one in active
        if isinstance(one.fault, DeliveryFault) and one.fault.on.fits(message, webhook_id, attempt)
    ]
    return _chosen(matched, seed, f"{webhook_number}-{attempt}", message.number)


def for_call(active: Iterable[ActiveFault], route: str, number: int, seed: int) -> Choice:
    """Return which faults match a call of the provider API, and which apply to it.

    Args:
        active: the faults that are set.
        route: method and path of the operation.
        number: of the call in its workspace.
        seed: of the workspace.
    """
    matched = [
        one
        for one in active
        if isinstance(one.fault, AnswerFault) and one.fault.on.route in (None, route)
    ]
    return _chosen(matched, seed, "call", number)


def _chosen(matched: Sequence[ActiveFault], seed: int, occasion: str, number: int) -> Choice:
    """Return the ids of *matched*, and of those that apply.

    Random choices depend on the id of the fault and on the occasion alone, not on other faults.
    """
    applied: list[str] = []
    for one in matched:
        on = one.fault.on
        if one.fault.times is not None and one.used >= one.fault.times:
            continue
        if on.nth not in (None, one.matched + 1):
            continue
        if on.probability is not None:
            draw = chance(seed, f"fault/{one.id}/{occasion}", number)
            if draw.random() >= on.probability:
                continue
        applied.append(one.id)
    return tuple([one.id for one in matched]), tuple(applied)
