"""Withstands: what networks and crowds do to a consumer, over a socket."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from emulator.conformance.check import Check
from emulator.conformance.demands import (
    accepted,
    answers_still,
    fine,
    given,
    last,
    new_life,
    no_crash,
    seen,
    status,
    unexpected,
    usual,
)
from emulator.conformance.outcomes import FailedError
from emulator.conformance.session import CHANGED
from emulator.delivery.faults.wire import (
    Chunked,
    HalfClose,
    Reset,
    SlowBody,
    TlsFailure,
    WrongLength,
)
from emulator.delivery.records import Finished

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.conformance.lives import Payload
    from emulator.conformance.session import Session

DEEP = 20_000
"""Levels of an object in an object."""

HUGE = 25 * 2**20
"""Bytes of padding."""

CROWD = 200
"""Requests at once."""

_PEOPLE, _FEW = 40, 4
"""Candidates in a crowd; the few when each of them has to be set up."""

SLOW = 1.5
"""Real seconds that a slow body takes."""


async def _crowd(session: Session) -> None:
    is_set_up = session.target.has_setup or session.target.people
    end = usual(session, "INVITED")
    alive = [await new_life(session, end) for _ in range(_FEW if is_set_up else _PEOPLE)]
    sent = []
    with session.workspace.out_of_lockstep(CROWD, CROWD):
        for number in range(CROWD):
            payload = alive[number % len(alive)][end]
            sent.append(await session.send(payload, CHANGED, is_settled=False))
        await session.settle()
    taken = [session.delivery(one.id) for one in sent]
    for one in taken:
        # Too much is a fair answer; losing what was taken is not.
        if status(last(one)) not in (429, 503):
            accepted(one, f"one of {CROWD} requests at once")
    await answers_still(session)
    if session.target.has_probe:
        known = {number % len(alive) for number, one in enumerate(taken) if one.succeeded}
        for number in sorted(known):
            await seen(session, alive[number], end)


async def _slow(session: Session) -> None:
    """While one sends slowly, another is answered."""
    end = usual(session, "INVITED")
    slow, quick = await new_life(session), await new_life(session, end)
    workspace = session.workspace
    size = len(msgspec.json.encode(slow["COMPLETED"]))
    workspace.inject(SlowBody(bytes_per_second=max(1, round(size / SLOW)), times=1))
    with workspace.out_of_lockstep(2, 2):
        first = await session.send(slow["COMPLETED"], CHANGED, is_settled=False)
        await asyncio.sleep(SLOW / 5)  # it has begun by then
        second = await session.send(quick[end], CHANGED, is_settled=False)
        await session.settle()
    accepted(session.delivery(first.id), "a body that came slowly")
    accepted(session.delivery(second.id), "another while a body came slowly")
    ended = [one.data for one in workspace.entries() if one.kind == "attempt.finished"]
    numbers = [one.message for one in ended if isinstance(one, Finished)]
    if numbers.index(second.message.number) > numbers.index(first.message.number):
        message = "answered nobody else while one body came slowly"
        raise FailedError(message)


async def _shaped(session: Session, fault: Any, what: str) -> None:
    """Send a completion that arrives whole, if oddly: it has to be taken."""
    life = await new_life(session)
    session.workspace.inject(fault)
    delivery = await session.send(life["COMPLETED"], CHANGED)
    session.workspace.clear_faults()
    accepted(delivery, what)
    if session.target.has_probe:
        await seen(session, life, "COMPLETED")
    await answers_still(session)


async def _broken(session: Session, faults: tuple[Any, ...], what: str) -> None:
    """Send what never arrives whole: nothing may come of it, and the next is taken."""
    end = usual(session, "INVITED")
    life = await new_life(session, end)
    await given(session, life[end])
    for fault in faults:
        session.workspace.inject(fault)
        delivery = await session.send((await new_life(session, end))[end], CHANGED)
        session.workspace.clear_faults()
        no_crash(delivery, what)
    await answers_still(session)
    if session.target.has_probe:
        await seen(session, life, end)


async def _cut_short(session: Session) -> None:
    """The body is longer than it says: what is read is half a payload."""
    life = await new_life(session)
    session.workspace.inject(WrongLength(by=-40))
    delivery = await session.send(life["COMPLETED"], CHANGED)
    session.workspace.clear_faults()
    what = "a body that is longer than its length says"
    no_crash(delivery, what)
    if delivery.succeeded:
        raise unexpected(last(delivery), "half a payload", "4xx")
    await answers_still(session)


async def _ten(session: Session) -> None:
    alive = await new_life(session)
    for number in range(10):
        end = "COMPLETED" if number == 9 else usual(session, "INVITED")
        accepted(await session.send(alive[end], CHANGED), f"request {number + 1} of 10 in a row")
    if session.target.has_probe:
        await seen(session, alive, "COMPLETED")


async def _after_a_pause(session: Session) -> None:
    """A kept connection is broken, and the next request comes on another."""
    life = await new_life(session)
    if life.tells("INVITED"):
        await given(session, life["INVITED"])
    session.workspace.inject(Reset(after=0, times=1))
    await session.send(life["IN_PROGRESS"], CHANGED)
    accepted(await session.send(life["COMPLETED"], CHANGED), "a request after a broken one")
    if session.target.has_probe:
        await seen(session, life, "COMPLETED")


async def _restarted(session: Session) -> None:
    life = await new_life(session, "REJECTED")
    await given(session, life["COMPLETED"])
    await seen(session, life, "COMPLETED", 1)
    await session.restart()
    await seen(session, life, "COMPLETED", 1)
    accepted(await session.send(life["REJECTED"], CHANGED), "a rejection after a restart")
    await seen(session, life, "REJECTED", 1)


def _check(name: str, title: str, **more: Any) -> Check:
    requires = more.pop("requires", ())
    return Check(
        family="withstands", name=name, title=title, requires=("socket", *requires),
        is_alone=True, **more,
    )  # fmt: skip


_WEATHER = "connections break in production every day"


async def _odd(session: Session, form: Callable[[Payload], bytes], what: str) -> None:
    """Send a body that may be refused or taken, but must do no harm."""
    await fine(session)
    status = usual(session, "COMPLETED")
    life = await new_life(session, status)
    no_crash(await session.send(form(life[status]), CHANGED), what)
    await answers_still(session)


def _deep(payload: Payload) -> bytes:
    opened = b'{"a":' * DEEP + b"1" + b"}" * DEEP
    return json.dumps(payload).encode()[:-1] + b', "x": ' + opened + b"}"


def _huge(payload: Payload) -> bytes:
    return json.dumps(payload | {"padding": "x" * HUGE}).encode()


CHECKS = (
    Check(
        family="withstands",
        name="deep",
        title="survives JSON that is nested twenty thousand levels deep",
        sends="a completion with an object in an object, twenty thousand times",
        demands="no 5xx, no hang; it answers afterwards",
        why="parsers that call themselves for each level run out of stack",
        run=partial(_odd, form=_deep, what="deeply nested JSON"),
        tags=("malformed", "security"),
    ),
    Check(
        family="withstands",
        name="huge",
        title="survives a body of 25 MB",
        sends="a completion with 25 MB of padding",
        demands="no 5xx, no hang; it answers afterwards",
        why="a consumer that reads everything runs out of memory",
        run=partial(_odd, form=_huge, what="a body of 25 MB"),
        requires=("socket",),
        tags=("size", "security"),
        is_alone=True,
    ),
    _check(
        "two-hundred-at-once", "takes two hundred requests at once",
        sends=f"{CROWD} status changes at once",
        demands="2xx, or 429 or 503; what was answered 2xx is in the probe; it answers afterwards",
        why="a batch of invitations arrives as a crowd", run=_crowd, tags=("load",),
    ),
    _check(
        "slow-body", "answers others while a body comes slowly",
        sends=f"a completion over {SLOW} s, and an invitation at the same time",
        demands="2xx to both, and the invitation is answered first",
        why="one slow sender would stop everything", run=_slow, tags=("slow",),
    ),
    _check(
        "reset", "survives connections that break in the midst of a body",
        sends="three requests that break off, at 0, 40 and 400 bytes",
        demands="it answers afterwards, with all that it had taken",
        why=_WEATHER,
        run=partial(_broken, faults=tuple(Reset(after=at) for at in (0, 40, 400)),
                    what="a request that broke off"),
        tags=("broken",),
    ),
    _check(
        "half-closed", "survives a sender that closes in the midst of a body",
        sends="a request whose sender closes after 40 bytes",
        demands="no 5xx, no hang; it answers afterwards", why=_WEATHER,
        run=partial(_broken, faults=(HalfClose(after=40),), what="half a body"),
        tags=("broken",),
    ),
    _check(
        "chunked", "takes a body in chunks",
        sends="a completion in chunks, without a length",
        demands="2xx, and the probe says COMPLETED", why="proxies send on what they get in chunks",
        run=partial(_shaped, fault=Chunked(size=300), what="a body in chunks"), tags=("http",),
    ),
    _check(
        "tiny-chunks", "takes a body in tiny chunks",
        sends="a completion in chunks of 16 bytes",
        demands="2xx, and the probe says COMPLETED", why="a chunk may end in the midst of a letter",
        run=partial(_shaped, fault=Chunked(size=16), what="a body in tiny chunks"), tags=("http",),
    ),
    _check(
        "too-long-a-length", "survives a length that is too long",
        sends="a request that says more bytes than come, then closes",
        demands="no 5xx, no hang; it answers afterwards", why=_WEATHER,
        run=partial(_broken, faults=(WrongLength(by=50),), what="a length that is too long"),
        tags=("broken",),
    ),
    _check(
        "too-short-a-length", "takes no half payload for a whole one",
        sends="a completion that is longer than it says",
        demands="no 2xx, no 5xx; it answers afterwards",
        why="half a payload that is taken is a payload lost", run=_cut_short, tags=("broken",),
    ),
    _check(
        "no-http", "survives bytes that are no HTTP",
        sends="the beginnings of a TLS handshake, broken off",
        demands="it answers afterwards", why="scanners do that all day",
        run=partial(_broken, faults=(TlsFailure(),), what="a broken handshake"), tags=("broken",),
    ),
    _check(
        "ten-on-a-connection", "takes ten requests one after the other",
        sends="ten status changes, on one connection where it is kept",
        demands="2xx to each, and the probe says COMPLETED",
        why="a body that is not read to its end spoils the next request", run=_ten, tags=("http",),
    ),
    _check(
        "broken-keep-alive", "takes what comes after a broken connection",
        sends="a request, one that is broken off, and one more",
        demands="2xx to the last, and the probe says COMPLETED", why=_WEATHER,
        run=_after_a_pause, tags=("broken",),
    ),
    _check(
        "restart", "knows after a restart what it took before",
        sends="a completion; after the restart, a rejection",
        demands="the probe says COMPLETED and completions: 1, then REJECTED",
        why="an answer of 2xx says that it is kept, and nobody sends it again",
        run=_restarted, requires=("probe", "restart"), tags=("restart",), seconds=60.0,
    ),
)  # fmt: skip
