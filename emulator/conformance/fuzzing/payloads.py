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
    mutations,
    places,
)
from emulator.conformance.fuzzing.sequence_runs import NobodyThereError
from emulator.decoding import parsed
from emulator.domain.events import EVENT_TYPES, EVENTS_OF
from emulator.domain.ids import chance
from emulator.domain.payloads.payload import payload as payload_of
from emulator.domain.sample import sample
from emulator.scenario.result import NOT_THERE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from emulator.conformance.session import Session
    from emulator.contracts.validation import Contracts
    from emulator.delivery.records import Attempt
    from emulator.domain.events import Generation

STATUS_CHANGED = "candidate.status_changed"

_GONE = frozenset({"refused", "unreachable", "connect_timeout"})
"""Reasons of attempts that mean that the consumer has stopped."""


class Base(msgspec.Struct, frozen=True):
    """A payload to change.

    Attributes:
        event: the event type.
        name: the event type, with the status where there are several payloads.
    """

    event: str
    name: str
    payload: Any


class RejectedPayload(msgspec.Struct, frozen=True):
    """A payload that the consumer answered wrongly.

    Attributes:
        changes: the changes of the base.
        is_valid: the payload fits the schema of its event type.
        answer: the status, or the reason for no answer.
        problem: the failure in words.
        body: the bytes that were sent.
        why: a description of the payload, if it was not made by changes.
    """

    base: Base
    changes: tuple[Mutation, ...]
    payload: Any
    is_valid: bool
    answer: str
    problem: str
    body: bytes
    why: str = ""

    @property
    def place(self) -> str:
        """The changed paths; all items of a list have the same path."""
        return ", ".join(_general(one) for one in self.changes) or "unchanged"


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
        is_valid = self._contracts.fits(self._generation, base.event, payload)
        return await self._case(base, changes, payload, payload, is_valid=is_valid)

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
        case = await self._case(base, (), payload, body, is_valid=bool(fitting))
        return case and msgspec.structs.replace(case, why=why or "made from the schema")

    async def _case(
        self, base: Base, changes: tuple[Mutation, ...], payload: Any, sent: Any, *, is_valid: bool
    ) -> RejectedPayload | None:
        delivery = await self._session.send(sent, base.event)
        attempt = delivery.attempts[0]
        self.deliveries += 1
        self._check_presence(attempt)
        problem = self._problem(attempt, is_valid=is_valid)
        if not problem:
            return None
        body = delivery.message.body
        return RejectedPayload(base, changes, payload, is_valid, attempt.answer, problem, body)

    def is_news(self, case: RejectedPayload) -> bool:
        """Return whether no case with the same answer is known at any of the changed places."""
        return not any((_general(one), case.answer) in self.known for one in case.changes)

    def note(self, case: RejectedPayload) -> None:
        """Add a case to the known cases."""
        self.known |= {(_general(one), case.answer) for one in case.changes}

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
        if status >= 500 or (is_valid and not 200 <= status <= 299):
            return f"{kind}, and was answered {status}"
        return ""


_WORDS = {
    "answer_timeout": "it hangs (answer_timeout)",
    "reset": "the connection broke (reset)",
    "closed": "the connection was closed",
    "app_failed": "the application raised (app_failed)",
    "refused": "nobody listens any more (refused)",
}


async def all_single(
    sender: PayloadSender, bases: list[Base], on_progress: Callable[[str], None]
) -> list[tuple[RejectedPayload, int]]:
    """Send every single mutation of every base; return the failures, each with its count.

    Failures with the same place and answer are returned as one, for all event types.

    Args:
        sender: the sender.
        bases: each is sent unchanged first; if it fails, its mutations are left out.
        on_progress: called with a description of the current activity.
    """
    found: dict[tuple[str, str], tuple[RejectedPayload, int]] = {}
    for base in bases:
        on_progress(f"every single change of {base.name}")
        plain = await sender.sent(base, (), base.payload)
        if plain is not None:
            found.setdefault((base.event, plain.answer), (plain, 1))
            continue
        for change in mutations(base.payload):
            hangs = (_general(change), "answer_timeout")
            if hangs in found:
                continue  # each would take as long as the time-out
            case = await sender.sent(base, (change,), changed(base.payload, [change]))
            if case is not None:
                key = (case.place, case.answer)
                first, count = found.get(key, (case, 0))
                found[key] = (first, count + 1)
                sender.note(case)
            if sender.is_gone:
                return list(found.values())
    return list(found.values())


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


def _general(change: Mutation) -> str:
    return paths.short(tuple(0 if isinstance(part, int) else part for part in change.path))
