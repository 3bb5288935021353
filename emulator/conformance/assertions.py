"""Expectations about answers and states that checks share; each raises one of `outcomes`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from emulator.conformance.outcomes import FailedError, IncompleteError, SkippedError
from emulator.conformance.sample_messages import ENDS, life
from emulator.conformance.session import CHANGED, STATUS_EVENTS
from emulator.domain.payloads.fields import text
from emulator.durations import show
from emulator.paths import ABSENT, find
from emulator.scenario.matchers import is_same

if TYPE_CHECKING:
    from emulator.conformance.sample_messages import Life
    from emulator.conformance.session import Session
    from emulator.conformance.state import ConsumerState
    from emulator.delivery.records import Attempt, Delivery
    from emulator.scenario.value_types import PayloadPath

_TRACES = re.compile(
    rb"Traceback \(most recent call last\)|^\s+at [\w.$<>]+ ?\(.+:\d+|^\s+at .+\.java:\d+"
    rb"|Stack trace:|goroutine \d+ \[|^\s*File \".+\", line \d+",
    re.MULTILINE,
)
"""Stack traces of Python, Node, Java, .NET, PHP and Go."""

_BROKEN = ("reset", "closed", "bad_answer", "cut")
"""Reasons of attempts whose connection the consumer closed instead of answering."""


def last(delivery: Delivery) -> Attempt:
    """Return the last attempt of a delivery.

    Raises:
        IncompleteError: there is none.
    """
    if not delivery.attempts:
        message = f"no attempt to deliver {delivery.event}: {delivery.reason or delivery.status}"
        raise IncompleteError(message)
    return delivery.attempts[-1]


def status(attempt: Attempt) -> int | None:
    """Return the status of the answer; None without an answer."""
    return attempt.outcome.status if attempt.outcome else None


def answer(attempt: Attempt) -> str:
    """Return the answer of an attempt in words: ``answered 500``."""
    outcome = attempt.outcome
    if outcome is None:
        return "gave no answer"
    if outcome.status is not None:
        return f"answered {outcome.status}"
    if outcome.reason == "answer_timeout":
        return f"did not answer within {show(round(outcome.duration_ms / 1000, 1))}"
    return f"gave no answer: {outcome.detail or outcome.reason}"


def unexpected(attempt: Attempt, what: str, expected: str) -> FailedError:
    """Return the finding that the answer to *what* was not as expected."""
    answered = answer(attempt)
    return FailedError(
        f"{answered} to {what}; expected {expected}", f"{answered}; expected {expected}"
    )


def accepted(delivery: Delivery, what: str = "") -> None:
    """Check that the last attempt was answered 2xx.

    Args:
        delivery: an attempted delivery.
        what: its description in the finding; by default its event type.

    Raises:
        FailedError: it was not.
    """
    attempt = last(delivery)
    if not attempt.is_success:
        raise unexpected(attempt, what or delivery.event, "2xx")


def refused(delivery: Delivery, what: str) -> None:
    """Check that the last attempt was answered 4xx, without a stack trace.

    Raises:
        FailedError: it was not.
    """
    attempt = last(delivery)
    code = status(attempt)
    if code is None or not 400 <= code <= 499:
        raise unexpected(attempt, what, "4xx")
    no_trace(attempt, what)


def no_trace(attempt: Attempt, what: str) -> None:
    """Check that an answer contains no stack trace.

    Raises:
        FailedError: it contains one.
    """
    if attempt.outcome and _TRACES.search(attempt.outcome.body):
        message = f"the answer to {what} contains a stack trace"
        raise FailedError(message)


def no_crash(delivery: Delivery, what: str) -> None:
    """Check that the last attempt ended without 5xx or time-out; a closed connection is fine.

    Raises:
        FailedError: it was answered 5xx, or not answered in time.
    """
    attempt = last(delivery)
    code = status(attempt)
    assert attempt.outcome is not None  # noqa: S101 - settled
    is_broken = attempt.outcome.reason in _BROKEN
    if not is_broken and (code is None or code >= 500):
        raise unexpected(attempt, what, "neither 5xx nor a time-out")
    no_trace(attempt, what)


async def given(session: Session, payload: Any, event: str = CHANGED) -> Delivery:
    """Send a payload that the consumer has to accept before the check can go on.

    Raises:
        IncompleteError: it was not accepted.
    """
    delivery = await session.send(payload, event)
    attempt = last(delivery)
    if not attempt.is_success:
        message = f"{answer(attempt)} to {_described(payload)}, without which there is no evidence"
        raise IncompleteError(message)
    return delivery


async def answers_still(session: Session, life: Life | None = None) -> None:
    """Check that the consumer accepts a regular payload afterwards.

    Raises:
        FailedError: it does not.
    """
    status = "INVITED" if life is not None else usual(session, "INVITED")
    life = life or await new_life(session, status)
    delivery = await session.send(life[status], CHANGED)
    accepted(delivery, f"the regular payload ({status}) that followed")


def usual(session: Session, status: str) -> str:
    """Return *status* if the consumer subscribes to an event of it, else the first such status.

    Raises:
        SkippedError: the consumer subscribes to no event of a candidate's status.
    """
    known = [
        one
        for one in (status, *ENDS)
        if session.wants(CHANGED) or session.wants(STATUS_EVENTS[one])
    ]
    if not known:
        message = "it does not subscribe to any candidate event (--events)"
        raise SkippedError(message)
    return known[0]


async def fine(session: Session) -> None:
    """Send a regular payload: only a consumer that accepts it proves something by a rejection.

    Raises:
        IncompleteError: it was not accepted.
        SkippedError: the consumer subscribes to no candidate event.
    """
    status = usual(session, "INVITED")
    await given(session, (await new_life(session, status))[status])


async def seen(
    session: Session, life: Life, status: str, completions: int | None = None
) -> ConsumerState:
    """Check the consumer's state of a candidate; wait for it as long as the target allows.

    Args:
        session: of the consumer.
        life: of the candidate.
        status: the expected status of the candidate.
        completions: the expected number of completions, if the state has a count; None does not
            check it.

    Raises:
        FailedError: the state is another.
        IncompleteError: the probe failed.
        SkippedError: the state has no status, or no word for this one.
    """
    words = session.target.state_map
    word = words.word(status)
    if word is ABSENT:
        message = f"the consumer has no word for {status} (probe.statuses)"
        raise SkippedError(message)

    def is_fine(state: ConsumerState) -> bool:
        return is_same(state.status, word) and completions in (None, state.completions)

    state = visible(await session.state_of(life.subject, until=is_fine))
    if not state.is_known:
        message = f"answered 2xx, but does not know the candidate; expected the status {status!r}"
        raise FailedError(message)
    has(state, words.status)
    if not is_same(state.status, word):
        meaning = "" if word == status else f" ({status})"
        message = f"shows the status {state.status!r:.200}; expected {word!r}{meaning}"
        raise FailedError(message)
    if completions is not None:
        _check_count(state, completions)
    return state


async def counted(session: Session, life: Life) -> None:
    """Check that the consumer counted one completion, within the target's time.

    Raises:
        FailedError: it counted another number of completions.
        IncompleteError: the probe failed.
        SkippedError: the state has no count.
    """
    state = visible(
        await session.state_of(life.subject, until=lambda state: is_same(state.completions, 1))
    )
    if not state.is_known:
        message = "answered 2xx, but does not know the candidate; expected a completion"
        raise FailedError(message)
    has(state, session.target.state_map.completions)
    _check_count(state, 1)


def _check_count(state: ConsumerState, expected: int) -> None:
    if state.completions is not ABSENT and not is_same(state.completions, expected):
        message = f"counted {state.completions!r:.200} completions; expected {expected}"
        raise FailedError(message)


def visible(state: ConsumerState) -> ConsumerState:
    """Return *state*, unless the probe failed.

    Raises:
        IncompleteError: the probe failed.
    """
    if state.trouble:
        message = f"the consumer's state is not visible: {state.trouble}"
        raise IncompleteError(message)
    return state


def has(state: ConsumerState, path: PayloadPath) -> None:
    """Check that the probe's answer has a value at *path*.

    Raises:
        SkippedError: it has not.
    """
    if find(state.data, path.parts) is ABSENT:
        is_list = isinstance(state.data, list)
        shown = f"a list of {len(state.data)}" if is_list else ", ".join(sorted(state.data))
        message = f"the probe's answer has no {path!r}, only {shown:.200}"
        raise SkippedError(message)


async def unchanged(session: Session, life: Life, before: ConsumerState | None, what: str) -> None:
    """Check that the consumer's state of a candidate is the same as *before*.

    Raises:
        FailedError: it has changed.
    """
    if before is None:
        return
    after = visible(await session.state_of(life.subject))
    if after.data != before.data:
        message = f"{what} changed the state of the candidate to {after.data!r:.200}"
        raise FailedError(message)


async def before(session: Session, life: Life) -> ConsumerState | None:
    """Return the consumer's state of a candidate; None without a probe."""
    return visible(await session.state_of(life.subject)) if session.target.has_probe else None


async def new_life(session: Session, end: str = "COMPLETED") -> Life:
    """Return the life of a new candidate that ends with the status *end*."""
    return await life(session, ENDS[end])


def _described(payload: Any) -> str:
    status = text(payload, "candidateStatus")
    return f"a regular payload ({status})" if status else "a regular payload"
