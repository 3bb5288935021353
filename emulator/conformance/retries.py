"""Retries: repeated deliveries are accepted, and answers control the schedule as intended."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from emulator.conformance.assertions import (
    accepted,
    given,
    last,
    new_life,
    seen,
    status,
    usual,
)
from emulator.conformance.check import Check
from emulator.conformance.outcomes import FailedError, IncompleteError
from emulator.conformance.session import CHANGED
from emulator.delivery.profiles import PROFILES
from emulator.faults import Match, Reset

if TYPE_CHECKING:
    from emulator.conformance.session import Session

_SCHEDULE = PROFILES["v2"].retries

CROWD = 60


async def _again(session: Session) -> None:
    life = await new_life(session)
    delivery = await given(session, life["COMPLETED"])
    await session.workspace.advance(600.0)
    accepted(await session.workspace.redeliver(delivery.id), "the same message ten minutes later")


async def _retried(session: Session, broken: int, what: str) -> None:
    """Send a completion whose first attempts are cut off; the next attempt has to be accepted."""
    life = await new_life(session)
    if life.has_event_of("INVITED"):
        await given(session, life["INVITED"])
    for number in range(1, broken + 1):
        session.workspace.inject(Reset(after=40, times=1, on=Match(attempt=number)))
    delivery = await session.send(life["COMPLETED"], CHANGED)
    if delivery.next_due is None:
        message = "an attempt that was cut off was not retried"
        raise IncompleteError(message)
    await session.workspace.advance(sum(_SCHEDULE[:broken]))
    accepted(session.delivery(delivery.id), what)
    if session.target.shows("COMPLETED"):
        await seen(session, life, "COMPLETED")


async def _overtaken(session: Session) -> None:
    life = await new_life(session)
    session.workspace.inject(Reset(after=40, times=1, on=Match(attempt=1)))
    late = await session.send(life["IN_PROGRESS"], CHANGED)
    await given(session, life["COMPLETED"])
    await seen(session, life, "COMPLETED")
    await session.workspace.advance(_SCHEDULE[0])
    accepted(session.delivery(late.id), "the second attempt of IN_PROGRESS")
    await seen(session, life, "COMPLETED", 1)


async def _never_gone(session: Session) -> None:
    life = await new_life(session, "REJECTED")
    stranger = life["COMPLETED"] | {"type": "interview", "event": "scheduled"}
    late = [life[one] for one in ("REJECTED", "INVITED") if life.has_event_of(one)]
    for payload in (*late, stranger, {}):
        delivery = await session.send(payload, CHANGED)
        if status(last(delivery)) == 410:
            message = "answered 410, which only an endpoint that was removed for good should answer"
            raise FailedError(message)


async def _says_when(session: Session) -> None:
    end = usual(session, "INVITED")
    life = await new_life(session, end)
    with session.workspace.out_of_lockstep(CROWD, CROWD):
        sent = [await session.send(life[end], CHANGED, is_settled=False) for _ in range(CROWD)]
        await session.settle()
    for one in sent:
        attempt = session.delivery(one.id).attempts[0]
        if status(attempt) not in (429, 503) or attempt.outcome is None:
            continue
        if not any(name.lower() == "retry-after" for name, _ in attempt.outcome.headers):
            message = f"answered {status(attempt)} without Retry-After"
            raise FailedError(message)


def _check(name: str, title: str, **more: Any) -> Check:
    return Check(family="retries", name=name, title=title, **more)


CHECKS = (
    _check(
        "again", "accepts a message again",
        sends="a completion, and the same message ten minutes later",
        expects="2xx both times",
        why="an error in answer to a repetition causes more repetitions", run=_again,
    ),
    _check(
        "second-attempt", "accepts the second attempt after the first was cut off",
        sends="a completion that is cut off, and the retry five seconds later",
        expects="2xx to the second attempt, and the probe shows COMPLETED",
        why="half a request must not count as received",
        run=partial(_retried, broken=1, what="the second attempt"),
        requires=("v2", "socket"), is_alone=True,
    ),
    _check(
        "last-attempt", "accepts the last attempt after all others were cut off",
        sends="a completion that is cut off seven times, over a day of virtual time",
        expects="2xx to the eighth attempt, and the probe shows COMPLETED",
        why="the schedule lasts more than a day, and the event is still valid at its end",
        run=partial(_retried, broken=len(_SCHEDULE), what="the last attempt of the schedule"),
        requires=("v2", "socket"), is_alone=True,
    ),
    _check(
        "overtaken", "keeps the newer status when an overtaken attempt is retried",
        sends="IN_PROGRESS that is cut off, COMPLETED, and the retry of IN_PROGRESS",
        expects="2xx, and the probe shows COMPLETED and completions: 1",
        why="retries are the usual reason for events that arrive late", run=_overtaken,
        requires=("v2", "socket", "probe", "orders"), tags=("order",), is_alone=True,
    ),
    _check(
        "never-gone", "never answers 410",
        sends="a late event, an unknown event and a ping",
        expects="any answer but 410", why="many services disable a webhook that answers 410",
        run=_never_gone,
    ),
    _check(
        "says-when", "sends Retry-After with 429 and 503",
        sends=f"{CROWD} status changes at once", expects="no 429 or 503 without Retry-After",
        why="the service obeys Retry-After, and retries too soon without it",
        run=_says_when, severity="warning", tags=("load",), is_alone=True,
    ),
)  # fmt: skip
