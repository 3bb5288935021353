"""What checks demand of answers and of states; each raises what a check can come to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from emulator.conformance.lives import ENDS, life
from emulator.conformance.outcomes import FailedError, IncompleteError, SkippedError
from emulator.conformance.session import CHANGED, TOLD
from emulator.durations import show

if TYPE_CHECKING:
    from emulator.conformance.lives import Life
    from emulator.conformance.session import Session, State
    from emulator.delivery.records import Attempt, Delivery

_TRACES = re.compile(
    rb"Traceback \(most recent call last\)|^\s+at [\w.$<>]+ ?\(.+:\d+|^\s+at .+\.java:\d+"
    rb"|Stack trace:|goroutine \d+ \[|^\s*File \".+\", line \d+",
    re.MULTILINE,
)
"""Of Python, Node, Java, .NET, PHP and Go."""

_BROKEN = ("reset", "closed", "bad_answer", "cut")
"""How an attempt can end for a consumer that breaks off instead of answering."""


def last(delivery: Delivery) -> Attempt:
    """Return the last attempt of a delivery.

    Raises:
        IncompleteError: there was none.
    """
    if not delivery.attempts:
        message = f"{delivery.event} was not attempted: {delivery.reason or delivery.status}"
        raise IncompleteError(message)
    return delivery.attempts[-1]


def status(attempt: Attempt) -> int | None:
    """Return the status of the answer; None without one."""
    return attempt.outcome.status if attempt.outcome else None


def told(attempt: Attempt) -> str:
    """Return what came of an attempt, in words."""
    outcome = attempt.outcome
    if outcome is None:
        return "was not answered"
    if outcome.status is not None:
        return f"answered {outcome.status}"
    if outcome.reason == "answer_timeout":
        return f"did not answer within {show(round(outcome.duration_ms / 1000, 1))}"
    return f"gave no answer: {outcome.detail or outcome.reason}"


def unexpected(attempt: Attempt, what: str, expected: str) -> FailedError:
    """Return the finding that the answer to *what* was not the expected one."""
    answered = told(attempt)
    return FailedError(
        f"{answered} to {what}; expected {expected}", f"{answered}; expected {expected}"
    )


def accepted(delivery: Delivery, what: str = "") -> None:
    """Demand that the last attempt was answered 2xx.

    Raises:
        FailedError: it was not.
    """
    attempt = last(delivery)
    if not attempt.is_success:
        raise unexpected(attempt, what or delivery.event, "2xx")


def refused(delivery: Delivery, what: str) -> None:
    """Demand that the last attempt was answered 4xx, with no stack trace in it.

    Raises:
        FailedError: it was not.
    """
    attempt = last(delivery)
    code = status(attempt)
    if code is None or not 400 <= code <= 499:
        raise unexpected(attempt, what, "4xx")
    no_trace(attempt, what)


def no_trace(attempt: Attempt, what: str) -> None:
    """Demand that an answer shows nothing of the consumer's code.

    Raises:
        FailedError: it does.
    """
    if attempt.outcome and _TRACES.search(attempt.outcome.body):
        message = f"the answer to {what} holds a stack trace"
        raise FailedError(message)


def no_crash(delivery: Delivery, what: str) -> None:
    """Demand that the last attempt was no 5xx and no hang; a broken connection is fine.

    Raises:
        FailedError: it was.
    """
    attempt = last(delivery)
    code = status(attempt)
    assert attempt.outcome is not None  # noqa: S101 - settled
    is_broken = attempt.outcome.reason in _BROKEN
    if not is_broken and (code is None or code >= 500):
        raise unexpected(attempt, what, "no 5xx and no hang")
    no_trace(attempt, what)


async def given(session: Session, payload: Any, event: str = CHANGED) -> Delivery:
    """Send what has to be taken before a question makes sense.

    Raises:
        IncompleteError: it was not taken.
    """
    delivery = await session.send(payload, event)
    attempt = last(delivery)
    if not attempt.is_success:
        word = _word(payload)
        message = f"{told(attempt)} to {word} as it should be, so nothing can be said of the rest"
        raise IncompleteError(message)
    return delivery


async def answers_still(session: Session, life: Life | None = None) -> None:
    """Demand that a delivery as it should be is taken.

    Raises:
        FailedError: it is not.
    """
    status = "INVITED" if life is not None else usual(session, "INVITED")
    life = life or await new_life(session, status)
    delivery = await session.send(life[status], CHANGED)
    accepted(delivery, f"what came next, a candidate who is {status}")


def usual(session: Session, status: str) -> str:
    """Return *status* if a subscribed event type tells of it, else the first that one tells of.

    Raises:
        SkippedError: the consumer subscribes to no event type about a candidate's status.
    """
    told = [one for one in (status, *ENDS) if session.wants(CHANGED) or session.wants(TOLD[one])]
    if not told:
        message = "it subscribes to no event type about a candidate (--events)"
        raise SkippedError(message)
    return told[0]


async def fine(session: Session) -> None:
    """Send what has to be taken before a refusal means anything.

    Raises:
        IncompleteError: it was not taken.
        SkippedError: the consumer subscribes to no event type about a candidate.
    """
    status = usual(session, "INVITED")
    await given(session, (await new_life(session, status))[status])


async def seen(session: Session, life: Life, status: str, completions: int | None = None) -> State:
    """Demand a state of the consumer's, for which it has some time.

    Args:
        session: of the consumer.
        life: whose state.
        status: where the candidate has to be.
        completions: how many it may have counted; None does not look.

    Raises:
        FailedError: it is another.
        IncompleteError: nothing could be seen.
        SkippedError: the state has no such key.
    """

    def is_fine(state: State) -> bool:
        return state.status == status and completions in (None, state.completions)

    state = visible(await session.state_of(life.subject, until=is_fine))
    if not state.is_known:
        message = f"knows no candidate after all was answered 2xx; expected {status}"
        raise FailedError(message)
    has(state, "status")
    if state.status != status:
        message = f"has the candidate as {state.status!r}; expected {status!r}"
        raise FailedError(message)
    if completions is not None:
        has(state, "completions")
        if state.completions != completions:
            message = f"counted {state.completions} completions; expected {completions}"
            raise FailedError(message)
    return state


def visible(state: State) -> State:
    """Return *state*, if there is one.

    Raises:
        IncompleteError: the probe failed.
    """
    if state.trouble:
        message = f"its state can't be seen: {state.trouble}"
        raise IncompleteError(message)
    return state


def has(state: State, key: str) -> None:
    """Demand that the probe shows *key*.

    Raises:
        SkippedError: it does not.
    """
    if key not in state.data:
        message = f"its probe shows no {key!r}; it shows {', '.join(sorted(state.data))}"
        raise SkippedError(message)


async def unchanged(session: Session, life: Life, before: State | None, what: str) -> None:
    """Demand that the consumer knows of a candidate what it knew *before*.

    Raises:
        FailedError: it knows something else.
    """
    if before is None:
        return
    after = visible(await session.state_of(life.subject))
    if after.data != before.data:
        message = f"{what} had an effect: it knows {after.data!r:.200}"
        raise FailedError(message)


async def before(session: Session, life: Life) -> State | None:
    """Return what the consumer knows of a candidate; None when that can't be seen."""
    return visible(await session.state_of(life.subject)) if session.target.has_probe else None


async def new_life(session: Session, end: str = "COMPLETED") -> Life:
    """Return the life of somebody new who ends as *end*."""
    return await life(session, ENDS[end])


def _word(payload: Any) -> str:
    data = payload.get("data") if isinstance(payload, dict) else None
    return f"a candidate who is {data.get('candidateStatus')}" if data else "a payload"
