"""Sends changed payloads: every single change, random changes, and payloads of Schemathesis.

A payload that fits its schema has to be accepted. Any other payload may be rejected, but has to be
answered.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from emulator import paths
from emulator.conformance.fuzzing.mutations import (
    HUGE_NUMBER,
    NASTY_TEXT,
    Mutation,
    changed,
    places,
)
from emulator.conformance.fuzzing.sequence_runs import NobodyThereError
from emulator.conformance.session import SETTLED
from emulator.decoding import parsed
from emulator.domain.events import EVENT_TYPES, EVENTS_OF
from emulator.domain.ids import chance
from emulator.domain.payloads.payload import payload as payload_of
from emulator.domain.sample import sample
from emulator.scenario.result import NOT_THERE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from emulator.conformance.session import Session
    from emulator.contracts.validation import Contracts
    from emulator.delivery.records import Attempt, Delivery
    from emulator.domain.events import Generation

STATUS_CHANGED = "candidate.status_changed"

_GONE = frozenset({"refused", "unreachable", "connect_timeout"})
"""Reasons of attempts that mean that the consumer has stopped."""

AT_ONCE = 4
"""Payloads that are sent at once, each about another candidate or assessment."""


class Base(msgspec.Struct, frozen=True):
    """A payload to change.

    Attributes:
        event: the event type.
        name: the event type, with the status where there are several payloads.
    """

    event: str
    name: str
    payload: Any


Change = tuple[Base, tuple[Mutation, ...]]
"""A base and its changes."""


class RejectedPayload(msgspec.Struct, frozen=True):
    """A payload that the consumer answered wrongly.

    Attributes:
        changes: the changes of the base.
        is_valid: the payload fits the schema of its event type.
        answer: the status, or the reason for no answer.
        problem: the failure in words.
        body: the bytes that were sent.
        why: a description of the payload, if it was not made by changes.
        is_flaky: the answer was right when the payload was sent again.
    """

    base: Base
    changes: tuple[Mutation, ...]
    payload: Any
    is_valid: bool
    answer: str
    problem: str
    body: bytes
    why: str = ""
    is_flaky: bool = False

    @property
    def place(self) -> str:
        """The changed paths; all items of a list have the same path."""
        return ", ".join(general(one) for one in self.changes) or "unchanged"


def bases(
    seed: int,
    at: Any,
    generation: Generation,
    events: Iterable[str] | None = None,
    contracts: Contracts | None = None,
) -> list[Base]:
    """Return a payload for each event type, and for each status of a status change.

    Args:
        seed: for random choices.
        at: the time of the events.
        generation: of the payloads.
        events: ids of the event types; all of the generation by default.
        contracts: give the payloads the shape that an overlay has learned.
    """
    events = EVENTS_OF[generation] if events is None else list(events)
    made = []
    for number, event in enumerate(EVENT_TYPES, start=1):
        occurrence = sample(event, at, chance(seed, "fuzz", number))
        kinds = [(event, event)]
        if EVENT_TYPES[event].subject == "candidate" and STATUS_CHANGED in occurrence.events:
            assert occurrence.candidate is not None  # noqa: S101 - the event's subject
            kinds.append((STATUS_CHANGED, f"{STATUS_CHANGED} ({occurrence.candidate.state})"))
        for type_, name in kinds:
            if type_ in events and (type_ != STATUS_CHANGED or name != STATUS_CHANGED):
                payload = payload_of(generation, type_, occurrence)
                if contracts is not None:
                    payload = contracts.shaped(generation, type_, payload, at)
                made.append(Base(type_, name, parsed(msgspec.json.encode(payload))))
    unique = {one.name: one for one in made}
    return list(unique.values())


def texts(bases: Iterable[Base]) -> set[str]:
    """Return all strings in payloads."""
    return {text for base in bases for _, text in places(base.payload) if isinstance(text, str)}


class PayloadSender:
    """Sends payloads in a session and judges the answers.

    Args:
        session: an open session.
        contracts: the schemas.
        generation: the generation of the schemas.

    Attributes:
        deliveries: how many requests were made.
        known: place and answer of each case that was found.
        is_gone: the consumer has stopped.
    """

    def __init__(self, session: Session, contracts: Contracts, generation: Generation) -> None:
        self._session, self._contracts, self._generation = session, contracts, generation
        self.deliveries = 0
        self.known: set[tuple[str, str]] = set()
        self.is_gone = False
        self._was_there = False

    async def sent(
        self, base: Base, changes: tuple[Mutation, ...], payload: Any
    ) -> RejectedPayload | None:
        """Send a changed payload; return the case if the answer is wrong.

        Raises:
            NobodyThereError: the consumer has never answered.
        """
        delivery = await self._session.send(payload, base.event)
        return self._case(base, changes, payload, delivery)

    async def sent_at_once(self, changes: Sequence[Change]) -> list[RejectedPayload | None]:
        """Send changed payloads at the same time; return the case of each wrong answer.

        Each of these payloads is sent again alone, because another may be the reason of its
        answer. When the consumer has stopped, every payload that it received last is a case.

        Raises:
            NobodyThereError: the consumer has never answered.
        """
        payloads = [changed(base.payload, some) for base, some in changes]
        with self._session.workspace.out_of_lockstep(AT_ONCE, AT_ONCE):
            sent = [
                await self._session.send(payload, base.event, is_settled=False)
                for (base, _), payload in zip(changes, payloads, strict=True)
            ]
            await self._session.workspace.settle(SETTLED)
        cases = [
            self._case(base, some, payload, self._session.delivery(one.id))
            for (base, some), payload, one in zip(changes, payloads, sent, strict=True)
        ]
        return cases if len(cases) == 1 else await self._confirmed(cases)

    async def _confirmed(self, cases: list[RejectedPayload | None]) -> list[RejectedPayload | None]:
        again: list[RejectedPayload | None] = [None] * len(cases)
        for number, case in enumerate(cases):
            if case is not None and not self.is_gone:
                one = await self.sent(case.base, case.changes, case.payload)
                again[number] = one if one is not None and one.answer not in _GONE else None
        wrong = [one for one in cases if one is not None]
        if any(again) or not wrong:
            return again  # which are the reason of all other wrong answers
        if not self.is_gone:
            return [one and msgspec.structs.replace(one, is_flaky=True) for one in cases]
        last = [one for one in wrong if one.answer not in _GONE] or wrong
        more = f" (one of {len(last)} payloads that it received last)" if len(last) > 1 else ""
        return [
            msgspec.structs.replace(one, problem=one.problem + more) if one in last else None
            for one in cases
        ]

    async def judged(self, payload: Any, body: bytes, why: str) -> RejectedPayload | None:
        """Send a payload that was not made by changes; return the case if the answer is wrong.

        Args:
            payload: the decoded body; the body itself if it is not JSON.
            body: the bytes to send.
            why: a description of its mistake.
        """
        fitting = [
            event
            for event in self._contracts.events(self._generation)
            if payload is not body and self._contracts.fits(self._generation, event, payload)
        ]
        event = fitting[0] if fitting else STATUS_CHANGED
        base = Base(event, f"{event}, made from its schema", payload)
        delivery = await self._session.send(body, event)
        case = self._case(base, (), payload, delivery, is_valid=bool(fitting))
        return case and msgspec.structs.replace(case, why=why or "made from the schema")

    def _case(
        self,
        base: Base,
        changes: tuple[Mutation, ...],
        payload: Any,
        delivery: Delivery,
        *,
        is_valid: bool | None = None,
    ) -> RejectedPayload | None:
        attempt = delivery.attempts[0]
        self.deliveries += 1
        self._check_presence(attempt)
        if attempt.is_success:  # right for every payload, so its schema need not be checked
            return None
        if is_valid is None:
            is_valid = self._contracts.fits(self._generation, base.event, payload)
        problem = self._problem(attempt, is_valid=is_valid)
        if not problem:
            return None
        body = delivery.message.body
        return RejectedPayload(base, changes, payload, is_valid, attempt.answer, problem, body)

    def is_news(self, case: RejectedPayload) -> bool:
        """Return whether no case with the same answer is known at any of the changed places."""
        return not any((general(one), case.answer) in self.known for one in case.changes)

    def note(self, case: RejectedPayload) -> None:
        """Add a case to the known cases."""
        self.known |= {(general(one), case.answer) for one in case.changes}

    def _check_presence(self, attempt: Attempt) -> None:
        reason = attempt.outcome.reason if attempt.outcome else ""
        if not self._was_there and reason in NOT_THERE:
            raise NobodyThereError(reason)
        self._was_there = True
        self.is_gone = reason in _GONE

    def _problem(self, attempt: Attempt, *, is_valid: bool) -> str:
        outcome = attempt.outcome
        assert outcome is not None  # noqa: S101 - the session settled
        status = outcome.status
        kind = "fits the schema" if is_valid else "does not fit the schema"
        if status is None:
            return f"{kind}, and there was no answer: {_WORDS.get(outcome.reason, outcome.reason)}"
        if status >= 500 or is_valid:
            return f"{kind}, and was answered {status}"
        return ""


_WORDS = {
    "answer_timeout": "it hangs (answer_timeout)",
    "reset": "the connection broke (reset)",
    "closed": "the connection was closed",
    "app_failed": "the application raised (app_failed)",
    "refused": "nobody listens any more (refused)",
}


def drawn_changes(bases: list[Base]) -> Any:
    """Return a Hypothesis strategy for a base and up to three changes of it."""
    from hypothesis import strategies as st

    # Private-use signs and '$' have a meaning in scenario files; surrogates can't be sent.
    signs = st.characters(exclude_categories=("Cs", "Co"), exclude_characters="$")
    texts = st.text(signs, max_size=40) | st.sampled_from(["null", NASTY_TEXT, "\u202eabc"])
    numbers = st.integers(-HUGE_NUMBER, HUGE_NUMBER) | st.floats(
        allow_nan=False, allow_infinity=False
    )
    flat = st.none() | st.booleans() | numbers | texts
    anything = st.recursive(
        flat,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
        max_leaves=6,
    )

    def change(place: tuple[Any, Any]) -> Any:
        path, value = place
        alike: Any = anything
        if isinstance(value, str):
            alike = texts
        elif isinstance(value, int | float) and not isinstance(value, bool):
            alike = numbers
        values = alike | anything
        if path and isinstance(path[-1], str):
            values = values | st.just(msgspec.UNSET)
        return values.map(lambda value: Mutation(path, "drawn", value))

    @cache  # making a strategy takes longer than drawing from it
    def of(number: int) -> Any:
        base = bases[number]
        some = st.lists(
            st.sampled_from([one for one in places(base.payload) if one[0]]).flatmap(change),
            min_size=1,
            max_size=3,
            unique_by=lambda one: one.path,
        )
        return some.map(lambda changes: (base, tuple(changes)))

    return st.sampled_from(range(len(bases))).flatmap(of)


def size(drawn: tuple[Base, tuple[Mutation, ...]]) -> tuple[int, int, str]:
    """Return the size of drawn changes: their number, and the bytes of their values."""
    _, changes = drawn
    values = [one.value for one in changes if one.value is not msgspec.UNSET]
    text = msgspec.json.encode(values)
    return len(changes), len(text), repr(changes)


def general(change: Mutation) -> str:
    """Return the path of a change; all items of a list have the same path."""
    return paths.short(tuple(0 if isinstance(part, int) else part for part in change.path))
