"""Retries: what is sent again is taken, and what is answered steers the schedule as meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.conformance.check import Check
from emulator.conformance.demands import (
    accepted,
    given,
    last,
    new_life,
    seen,
    status,
    usual,
)
from emulator.conformance.outcomes import FailedError, IncompleteError
from emulator.conformance.session import CHANGED
from emulator.delivery.faults.fault import Match
from emulator.delivery.faults.wire import Reset
from emulator.delivery.profiles import PROFILES

if TYPE_CHECKING:
    from emulator.conformance.lives import Life
    from emulator.conformance.session import Session
    from emulator.delivery.records import Delivery

_SCHEDULE = PROFILES["v2"].retries

CROWD = 60


async def _again(session: Session) -> None:
    life = await new_life(session)
    delivery = await given(session, life["COMPLETED"])
    await session.workspace.advance(600.0)
    accepted(await session.workspace.redeliver(delivery.id), "the same message ten minutes later")


async def _broken(session: Session, attempts: int) -> tuple[Life, Delivery]:
    """Send a completion whose first attempts break off."""
    life = await new_life(session)
    if life.tells("INVITED"):
        await given(session, life["INVITED"])
    for number in range(1, attempts + 1):
        session.workspace.inject(Reset(after=40, times=1, on=Match(attempt=number)))
    delivery = await session.send(life["COMPLETED"], CHANGED)
    if delivery.next_due is None:
        message = "an attempt that broke off was not followed by another"
        raise IncompleteError(message)
    return life, delivery


async def _second(session: Session) -> None:
    life, delivery = await _broken(session, 1)
    await session.workspace.advance(_SCHEDULE[0])
    accepted(session.delivery(delivery.id), "the second attempt")
    if session.target.has_probe:
        await seen(session, life, "COMPLETED")


async def _eighth(session: Session) -> None:
    life, delivery = await _broken(session, len(_SCHEDULE))
    await session.workspace.advance(sum(_SCHEDULE))
    accepted(session.delivery(delivery.id), "the last attempt of the schedule")
    if session.target.has_probe:
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
    late = [life[one] for one in ("REJECTED", "INVITED") if life.tells(one)]
    for payload in (*late, stranger, {}):
        delivery = await session.send(payload, CHANGED)
        if status(last(delivery)) == 410:
            message = "answered 410; expected it of an endpoint that is gone for good only"
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
        "again", "takes once more what it took before",
        sends="a completion, and ten minutes later the same message again",
        demands="2xx both times",
        why="an error at a repetition has it sent again and again", run=_again,
    ),
    _check(
        "second-attempt", "takes at the second attempt what broke off at the first",
        sends="a completion that breaks off, and five seconds later once more",
        demands="2xx to the second attempt; the probe says COMPLETED",
        why="what was heard of half must not count as heard", run=_second,
        requires=("v2", "socket"), is_alone=True,
    ),
    _check(
        "last-attempt", "takes at the last attempt what broke off at all before",
        sends="a completion that breaks off seven times, over a day of the virtual clock",
        demands="2xx to the eighth attempt; the probe says COMPLETED",
        why="the schedule goes on for more than a day, and the message is as good as new",
        run=_eighth, requires=("v2", "socket"), is_alone=True,
    ),
    _check(
        "overtaken", "lets an attempt that was overtaken not undo what is newer",
        sends="IN_PROGRESS that breaks off, COMPLETED, and the second attempt of IN_PROGRESS",
        demands="2xx, and the probe says COMPLETED and completions: 1",
        why="that is how messages come late", run=_overtaken,
        requires=("v2", "socket", "probe", "orders"), tags=("order",), is_alone=True,
    ),
    _check(
        "never-gone", "never answers 410",
        sends="what comes late, what is unknown, and a ping",
        demands="anything but 410", why="410 tells the service to disable the webhook",
        run=_never_gone,
    ),
    _check(
        "says-when", "says when to come again, if it is too much now",
        sends=f"{CROWD} status changes at once", demands="no 429 or 503 without Retry-After",
        why="the service heeds Retry-After, and comes too soon without it",
        run=_says_when, severity="warning", tags=("load",), is_alone=True,
    ),
)  # fmt: skip
