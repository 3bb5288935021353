"""Sends changed payloads one by one: all single changes, random changes, and Schemathesis's.

The base is always a payload of the emulator's own. What still fits its schema has to be accepted;
what does not may be refused, but by an answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from emulator import paths
from emulator.conformance.fuzzing.mutations import Change, changed, mutations, places
from emulator.conformance.fuzzing.sequence_runs import NobodyThereError
from emulator.decoding import parsed
from emulator.domain.events import EVENT_TYPES
from emulator.domain.ids import chance
from emulator.domain.payloads import v1
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
"""Nobody is there any more."""


class Base(msgspec.Struct, frozen=True):
    """A payload to change.

    Attributes:
        event: its event type.
        name: how it is called: the event type, and what tells it from others of that type.
    """

    event: str
    name: str
    payload: Any


class Case(msgspec.Struct, frozen=True):
    """One payload that was sent, and what was wrong with the answer.

    Attributes:
        changes: that were made to the base.
        is_valid: it fits its event type's schema.
        answer: status, or why there was none.
        problem: what is wrong, in words.
        body: the bytes that were sent.
        why: more about the changes, if they can't be told as such.
    """

    base: Base
    changes: tuple[Change, ...]
    payload: Any
    is_valid: bool
    answer: str
    problem: str
    body: bytes
    why: str = ""

    @property
    def place(self) -> str:
        """The changed paths, those of all items of a list as one."""
        return ", ".join(_general(one) for one in self.changes) or "unchanged"


def bases(seed: int, at: Any, events: Iterable[str] = EVENT_TYPES) -> list[Base]:
    """Return a payload of each event type, and of each status that a change can tell of.

    Args:
        seed: of all that is made up.
        at: when it happens.
        events: of these types alone.
    """
    events = list(events)
    made = []
    for number, event in enumerate(EVENT_TYPES, start=1):
        occurrence = sample(event, at, chance(seed, "fuzz", number))
        kinds = [(event, event)]
        if EVENT_TYPES[event].subject == "candidate" and STATUS_CHANGED in occurrence.events:
            assert occurrence.candidate is not None  # noqa: S101 - the event's subject
            kinds.append((STATUS_CHANGED, f"{STATUS_CHANGED} ({occurrence.candidate.state})"))
        for type_, name in kinds:
            if type_ in events and (type_ != STATUS_CHANGED or name != STATUS_CHANGED):
                payload = parsed(msgspec.json.encode(v1.payload(type_, occurrence)))
                made.append(Base(type_, name, payload))
    unique = {one.name: one for one in made}
    return list(unique.values())


def texts(bases: Iterable[Base]) -> set[str]:
    """Return all texts in payloads."""
    return {text for base in bases for _, text in places(base.payload) if isinstance(text, str)}


class Sender:
    """Sends changed payloads in a session and judges the answers.

    Args:
        session: open.
        contracts: say what fits.
        generation: of the schemas.

    Attributes:
        deliveries: requests that were made.
        known: places and answers that were found so far; what is known is no news.
        is_gone: nobody is there any more, though somebody was.
    """

    def __init__(self, session: Session, contracts: Contracts, generation: Generation) -> None:
        self._session, self._contracts, self._generation = session, contracts, generation
        self.deliveries = 0
        self.known: set[tuple[str, str]] = set()
        self.is_gone = False
        self._was_there = False

    async def sent(self, base: Base, changes: tuple[Change, ...], payload: Any) -> Case | None:
        """Send a payload; return the case if the answer is wrong, None else.

        Raises:
            NobodyThereError: nobody ever answered.
        """
        is_valid = self._contracts.fits(self._generation, base.event, payload)
        return await self._case(base, changes, payload, payload, is_valid=is_valid)

    async def judged(self, payload: Any, body: bytes, why: str) -> Case | None:
        """Send a payload that is no change of ours; return the case if the answer is wrong.

        Args:
            payload: what the body says; the body itself if it is no JSON.
            body: that is sent.
            why: what is wrong with it, in somebody else's words.
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
        self, base: Base, changes: tuple[Change, ...], payload: Any, sent: Any, *, is_valid: bool
    ) -> Case | None:
        delivery = await self._session.send(sent, base.event)
        attempt = delivery.attempts[0]
        self.deliveries += 1
        self._look_for_anybody(attempt)
        problem = self._problem(attempt, is_valid=is_valid)
        if not problem:
            return None
        body = delivery.message.body
        return Case(base, changes, payload, is_valid, attempt.answer, problem, body)

    def is_news(self, case: Case) -> bool:
        """Whether none of the changed places was found to give that answer before."""
        return not any((_general(one), case.answer) in self.known for one in case.changes)

    def note(self, case: Case) -> None:
        """Keep what was found."""
        self.known |= {(_general(one), case.answer) for one in case.changes}

    def _look_for_anybody(self, attempt: Attempt) -> None:
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
    sender: Sender, bases: list[Base], told: Callable[[str], None]
) -> list[tuple[Case, int]]:
    """Send every single mutation of every base; return what went wrong, each with how often.

    What fails at one place with one answer is told once, whichever event it was.

    Args:
        sender: sends.
        bases: unchanged each of them first: who refuses that is not asked for more.
        told: called with what goes on.
    """
    found: dict[tuple[str, str], tuple[Case, int]] = {}
    for base in bases:
        told(f"every single change of {base.name}")
        plain = await sender.sent(base, (), base.payload)
        if plain is not None:
            found.setdefault((base.event, plain.answer), (plain, 1))
            continue  # of a payload that is refused as it is, changes tell nothing
        for change in mutations(base.payload):
            hangs = (_general(change), "answer_timeout")
            if hangs in found:
                continue  # once is enough: each takes as long as the time-out
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
    """Return the Hypothesis strategy of a base and up to three changes of it."""
    from hypothesis import strategies as st

    from emulator.conformance.fuzzing.mutations import HUGE_NUMBER, NASTY_TEXT

    # Private-use signs and '$' mean something in scenario files; surrogates can't be sent.
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
        return values.map(lambda value: Change(path, "drawn", value))

    def of(base: Base) -> Any:
        some = st.lists(
            st.sampled_from([one for one in places(base.payload) if one[0]]).flatmap(change),
            min_size=1,
            max_size=3,
            unique_by=lambda one: one.path,
        )
        return some.map(lambda changes: (base, tuple(changes)))

    return st.sampled_from(bases).flatmap(of)


def size(drawn: tuple[Base, tuple[Change, ...]]) -> tuple[int, int, str]:
    """Return how large a draw is: changes, and bytes of their values."""
    _, changes = drawn
    values = [one.value for one in changes if one.value is not msgspec.UNSET]
    text = msgspec.json.encode(values)
    return len(changes), len(text), repr(changes)


def _general(change: Change) -> str:
    return paths.short(tuple(0 if isinstance(part, int) else part for part in change.path))
