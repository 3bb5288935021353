"""Withstands: broken connections, load and extreme bodies; nothing may break the consumer."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from emulator.conformance.assertions import (
    accepted,
    answer,
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
from emulator.conformance.check import Check
from emulator.conformance.outcomes import FailedError
from emulator.conformance.session import CHANGED
from emulator.delivery.records import Finished
from emulator.domain.payloads import fields
from emulator.durations import show
from emulator.faults import Chunked, HalfClose, Reset, SlowBody, TlsFailure, WrongLength

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.conformance.sample_messages import Payload
    from emulator.conformance.session import Session

DEEP = 20_000
"""Levels of nested objects."""

HUGE = 25 * 2**20
"""Bytes of padding."""

CROWD = 200
"""Requests at once."""

_PEOPLE, _FEW = 40, 4
"""Candidates in a crowd; few if each of them needs the set-up hook."""

SLOW = (0.4, 1.5)
"""Real seconds that a slow body takes; more at the second try, for consumers that need longer."""


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
        # A consumer may reject messages, but must not lose accepted ones.
        if status(last(one)) not in (429, 503):
            accepted(one, f"one of {CROWD} requests at once")
    await answers_still(session)
    if session.target.shows(end):
        known = {number % len(alive) for number, one in enumerate(taken) if one.succeeded}
        for number in sorted(known):
            await seen(session, alive[number], end)


async def _slow(session: Session) -> None:
    for seconds in SLOW:
        if await _answers_meanwhile(session, seconds):
            return
    message = "answered no other request during a slow body"
    raise FailedError(message)


async def _answers_meanwhile(session: Session, seconds: float) -> bool:
    """Send a slow request and a quick one; return whether the quick one was answered first."""
    end = usual(session, "INVITED")
    slow, quick = await new_life(session), await new_life(session, end)
    workspace = session.workspace
    size = len(msgspec.json.encode(slow["COMPLETED"]))
    workspace.inject(SlowBody(bytes_per_second=max(1, round(size / seconds)), times=1))
    with workspace.out_of_lockstep(2, 2):
        first = await session.send(slow["COMPLETED"], CHANGED, is_settled=False)
        await asyncio.sleep(seconds / 5)  # it has begun by then
        second = await session.send(quick[end], CHANGED, is_settled=False)
        await session.settle()
    accepted(session.delivery(first.id), "a slow body")
    accepted(session.delivery(second.id), "a request during a slow body")
    ended = [one.data for one in workspace.entries() if one.kind == "attempt.finished"]
    numbers = [one.message for one in ended if isinstance(one, Finished)]
    return numbers.index(second.message.number) < numbers.index(first.message.number)


async def _shaped(session: Session, fault: Any, what: str) -> None:
    """Send a completion in an unusual form that the consumer has to accept."""
    life = await new_life(session)
    accepted(await session.send(life["COMPLETED"], CHANGED, fault=fault), what)
    if session.target.shows("COMPLETED"):
        await seen(session, life, "COMPLETED")
    await answers_still(session)


async def _broken(session: Session, faults: tuple[Any, ...], what: str) -> None:
    """Send incomplete requests: they have no effect, and the next delivery is accepted."""
    end = usual(session, "INVITED")
    life = await new_life(session, end)
    await given(session, life[end])
    for fault in faults:
        payload = (await new_life(session, end))[end]
        no_crash(await session.send(payload, CHANGED, fault=fault), what)
    await answers_still(session)
    if session.target.shows(end):
        await seen(session, life, end)


async def _cut_short(session: Session) -> None:
    """Send a body that is longer than its Content-Length: the consumer reads half a payload."""
    life = await new_life(session)
    delivery = await session.send(life["COMPLETED"], CHANGED, fault=WrongLength(by=-40))
    what = "a body longer than its Content-Length"
    no_crash(delivery, what)
    if delivery.succeeded:
        raise unexpected(last(delivery), "half a payload", "4xx")
    await answers_still(session)


async def _ten(session: Session) -> None:
    alive = await new_life(session)
    for number in range(10):
        end = "COMPLETED" if number == 9 else usual(session, "INVITED")
        accepted(await session.send(alive[end], CHANGED), f"request {number + 1} of 10 in sequence")
    if session.target.shows("COMPLETED"):
        await seen(session, alive, "COMPLETED")


async def _after_a_pause(session: Session) -> None:
    """Break a kept-alive connection; the next request uses another."""
    life = await new_life(session)
    if life.has_event_of("INVITED"):
        await given(session, life["INVITED"])
    await session.send(life["IN_PROGRESS"], CHANGED, fault=Reset(after=0))
    accepted(await session.send(life["COMPLETED"], CHANGED), "a request after a broken connection")
    if session.target.shows("COMPLETED"):
        await seen(session, life, "COMPLETED")


async def _restarted(session: Session) -> None:
    life = await new_life(session, "REJECTED")
    await given(session, life["COMPLETED"])
    await seen(session, life, "COMPLETED", 1)
    await session.restart()
    await seen(session, life, "COMPLETED", 1)
    accepted(await session.send(life["REJECTED"], CHANGED), "a rejection after a restart")
    await seen(session, life, "REJECTED", 1)


async def _later(session: Session) -> None:
    linger = session.target.linger
    await asyncio.sleep(linger)
    attempt = last(await session.send({}))
    if status(attempt) is None:
        message = f"{answer(attempt)} {show(linger)} after the last request"
        raise FailedError(message)


def _check(name: str, title: str, **more: Any) -> Check:
    requires = more.pop("requires", ())
    return Check(
        family="withstands", name=name, title=title, requires=("socket", *requires),
        is_alone=True, **more,
    )  # fmt: skip


_EVERY_DAY = "connections break in production every day"
_SURVIVES = "neither 5xx nor a time-out, and it accepts the next delivery"


async def _odd(session: Session, form: Callable[[Payload], bytes], what: str) -> None:
    """Send a body that the consumer may accept or reject, but has to survive."""
    await fine(session)
    status = usual(session, "COMPLETED")
    life = await new_life(session, status)
    no_crash(await session.send(form(life[status]), CHANGED), what)
    await answers_still(session)


def _deep(payload: Payload) -> bytes:
    opened = b'{"a":' * DEEP + b"1" + b"}" * DEEP
    return json.dumps(payload).encode()[:-1] + b', "x": ' + opened + b"}"


def _huge(payload: Payload) -> bytes:
    return msgspec.json.encode(payload | {"padding": "x" * HUGE})


def _null_byte(payload: Payload) -> bytes:
    for name in ("firstName", "lastName"):
        fields.put(payload, name, "nul\0byte")
    return json.dumps(payload).encode()


CHECKS = (
    Check(
        family="withstands",
        name="deep",
        title="survives JSON nested 20,000 levels deep",
        sends="a completion with 20,000 objects inside each other",
        expects=_SURVIVES,
        why="recursive parsers run out of stack",
        run=partial(_odd, form=_deep, what="deeply nested JSON"),
        tags=("malformed", "security"),
    ),
    Check(
        family="withstands",
        name="null-byte",
        title="survives a name with a null byte",
        sends="a completion of a candidate with a null byte in their names",
        expects=_SURVIVES,
        why="some databases do not store null bytes in text",
        run=partial(_odd, form=_null_byte, what="a name with a null byte"),
        tags=("names",),
    ),
    Check(
        family="withstands",
        name="huge",
        title="survives a body of 25 MB",
        sends="a completion with 25 MB of padding",
        expects=_SURVIVES,
        why="a consumer that reads everything runs out of memory",
        run=partial(_odd, form=_huge, what="a body of 25 MB"),
        requires=("socket",),
        tags=("size", "security"),
        is_alone=True,
    ),
    _check(
        "two-hundred-at-once", "survives two hundred requests at once",
        sends=f"{CROWD} status changes at once",
        expects="2xx, 429 or 503; the probe shows every change that was answered 2xx",
        why="a batch of invitations arrives all at once", run=_crowd, tags=("load",),
    ),
    _check(
        "slow-body", "answers other requests during a slow body",
        sends=f"a completion that takes up to {SLOW[-1]} s, and an invitation in the meantime",
        expects="2xx to both, and to the invitation first",
        why="one slow sender must not block all others", run=_slow, tags=("slow",),
    ),
    _check(
        "reset", "survives connections that are reset within a body",
        sends="three requests that are reset after 0, 40 and 400 bytes",
        expects="it accepts the next delivery, and has lost nothing that it accepted",
        why=_EVERY_DAY,
        run=partial(_broken, faults=tuple(Reset(after=at) for at in (0, 40, 400)),
                    what="a request that was reset"),
        tags=("broken",),
    ),
    _check(
        "half-closed", "survives a sender that closes within a body",
        sends="a request whose sender closes after 40 bytes",
        expects=_SURVIVES, why=_EVERY_DAY,
        run=partial(_broken, faults=(HalfClose(after=40),), what="half a body"),
        tags=("broken",),
    ),
    _check(
        "chunked", "accepts a chunked body",
        sends="a completion in chunks, without Content-Length",
        expects="2xx, and the probe shows COMPLETED", why="proxies forward bodies in chunks",
        run=partial(_shaped, fault=Chunked(size=300), what="a chunked body"), tags=("http",),
    ),
    _check(
        "tiny-chunks", "accepts a body in tiny chunks",
        sends="a completion in chunks of 16 bytes",
        expects="2xx, and the probe shows COMPLETED",
        why="a chunk can end within a UTF-8 character",
        run=partial(_shaped, fault=Chunked(size=16), what="a body in tiny chunks"), tags=("http",),
    ),
    _check(
        "too-long-a-length", "survives a Content-Length that is too long",
        sends="a request that closes before its Content-Length is reached",
        expects=_SURVIVES, why=_EVERY_DAY,
        run=partial(_broken, faults=(WrongLength(by=50),),
                    what="a Content-Length that is too long"),
        tags=("broken",),
    ),
    _check(
        "too-short-a-length", "does not accept a body cut by a Content-Length that is too short",
        sends="a completion that is longer than its Content-Length",
        expects="neither 2xx, 5xx nor a time-out, and it accepts the next delivery",
        why="a 2xx to half a payload loses the event", run=_cut_short, tags=("broken",),
    ),
    _check(
        "no-http", "survives bytes that are not HTTP",
        sends="the start of a TLS handshake",
        expects="it accepts the next delivery", why="port scanners do this all day",
        run=partial(_broken, faults=(TlsFailure(),), what="a broken handshake"), tags=("broken",),
    ),
    _check(
        "ten-on-a-connection", "accepts ten requests on one connection",
        sends="ten status changes, on one connection if the consumer keeps it open",
        expects="2xx to each, and the probe shows COMPLETED",
        why="a body that is not read completely corrupts the next request",
        run=_ten, tags=("http",),
    ),
    _check(
        "broken-keep-alive", "accepts a request after a broken connection",
        sends="a request, one that is reset, and one more",
        expects="2xx to the last, and the probe shows COMPLETED", why=_EVERY_DAY,
        run=_after_a_pause, tags=("broken",),
    ),
    _check(
        "restart", "survives a restart without losing accepted messages",
        sends="a completion; after the restart, a rejection",
        expects="the probe shows COMPLETED and completions: 1, then REJECTED",
        why="the service does not repeat messages that were answered 2xx",
        run=_restarted, requires=("probe", "restart"), tags=("restart",), seconds=60.0,
    ),
    _check(
        "linger", "still answers some time after the last request",
        sends="nothing for as long as --linger says, then a test ping",
        expects="an answer, with any status",
        why="a timer that fails minutes after the answer can end the process",
        run=_later, requires=("linger",),
    ),
)  # fmt: skip
