"""Refuses: requests to reject, without an effect and without a stack trace in the answer."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from emulator.conformance.assertions import (
    answers_still,
    before,
    fine,
    last,
    new_life,
    no_crash,
    refused,
    status,
    unchanged,
    usual,
)
from emulator.conformance.check import Check
from emulator.conformance.session import CHANGED
from emulator.domain.payloads import fields
from emulator.faults import ContentType, Corrupt, Signature
from emulator.paths import ABSENT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from emulator.conformance.sample_messages import Payload
    from emulator.conformance.session import Session
    from emulator.delivery.records import Delivery

    Form = Callable[[Payload], bytes]

_MIB = 1 << 20
HUGE = 25 * _MIB


async def _rejected(
    session: Session,
    what: str,
    send: Callable[[Payload], Awaitable[Delivery]],
    check: Callable[[Delivery, str], None] = refused,
) -> None:
    """Send a payload, after a regular one; check its answer, and that it has no effect."""
    await fine(session)
    end = usual(session, "COMPLETED")
    life = await new_life(session, end)
    known = await before(session, life)
    check(await send(life[end]), what)
    await unchanged(session, life, known, what)


async def _body(session: Session, form: Form, what: str) -> None:
    """Send a body that is not a payload, after a regular one."""
    await _rejected(session, what, lambda payload: session.send(form(payload), CHANGED))
    await answers_still(session)


async def _shaped(session: Session, fault: Any, what: str) -> None:
    """Send a completion that a fault changes, after a regular payload."""
    await _rejected(session, what, lambda payload: session.send(payload, CHANGED, fault=fault))


async def _without_header(session: Session, change: Callable[[str], str | None], what: str) -> None:
    changed = {name: change(value) for name, value in session.target.headers.items()}
    kept = {name: value for name, value in changed.items() if value is not None}

    def send(payload: Payload) -> Awaitable[Delivery]:
        session.workspace.edit_webhook(session.webhook.id, headers=kept)
        return session.send(payload, CHANGED)

    await _rejected(session, what, send)


def _with(change: Callable[[Payload], object]) -> Form:
    def form(payload: Payload) -> bytes:
        change(payload)
        return json.dumps(payload).encode()

    return form


_REJECTED = "4xx, no effect, no stack trace in the answer"
_ANYBODY = "anyone who finds the URL can post to it"

_SIGNATURES = (
    ("signature-missing", "a missing signature", Signature(how="missing")),
    ("signature-of-another", "a signature with another secret", Signature(how="wrong_secret")),
    ("signature-damaged", "a damaged signature", Signature(how="damaged")),
    ("signature-old", "a signature that is ten minutes old", Signature(how="skewed", by=600)),
    ("signature-from-the-future", "a signature from ten minutes in the future",
     Signature(how="skewed", by=600, direction="future")),
)  # fmt: skip

_WHY_OLD = "an attacker could replay a request that they have seen once"

_BODIES: tuple[tuple[str, str, Form], ...] = (
    ("invalid-json", "a body that is not JSON", lambda one: b"{" + json.dumps(one).encode()),
    ("cut", "truncated JSON", lambda one: json.dumps(one).encode()[:-1]),
    ("two-values", "two JSON values in one body", lambda one: json.dumps(one).encode() * 2),
    ("text", "a plain-text body", lambda _: b"hello"),
    ("html", "an HTML body", lambda _: b"<html><body>502 Bad Gateway</body></html>"),
    ("invalid-utf8", "JSON with invalid UTF-8",
     lambda one: json.dumps(one).encode().replace(b'"candidate"', b'"\xff\xfe"')),
    ("empty", "an empty body", lambda _: b""),
)  # fmt: skip

_SHAPES: tuple[tuple[str, str, Form], ...] = (
    ("array", "a JSON array", lambda one: json.dumps([one]).encode()),
    ("null", "a JSON null", lambda _: b"null"),
    ("number", "a JSON number", lambda _: b"7"),
    ("no-data", "a payload without data", _with(lambda one: one.pop("data"))),
    ("data-array", "a payload whose data is an array", _with(lambda one: one.update(data=[1]))),
    ("no-email", "a payload without email", _with(lambda one: fields.put(one, "email", ABSENT))),
    ("name-number", "a payload with a number as firstName",
     _with(lambda one: fields.put(one, "firstName", 7))),
    ("event-array", "a payload with an array as event", _with(lambda one: one.update(event=["a"]))),
)  # fmt: skip

_KINDS = (
    ("no-content-type", "a missing Content-Type", None),
    ("text-plain", "the Content-Type text/plain", "text/plain"),
    ("form", "the Content-Type of an HTML form", "application/x-www-form-urlencoded"),
)


async def _huge(session: Session) -> None:
    fault = Corrupt(how="oversize", size=HUGE)
    await _rejected(
        session, "a body of 25 MB", lambda payload: session.send(payload, CHANGED, fault=fault),
        _refused_or_closed,
    )  # fmt: skip
    await answers_still(session)


def _refused_or_closed(delivery: Delivery, what: str) -> None:
    no_crash(delivery, what)
    if status(last(delivery)) is not None:
        refused(delivery, what)


CHECKS = (
    *(
        Check(
            family="refuses",
            name=name,
            title=f"rejects {what}",
            sends=f"a completion with {what}",
            expects=_REJECTED,
            why=_WHY_OLD if fault.how == "skewed" else _ANYBODY,
            run=partial(_shaped, fault=fault, what=what),
            requires=("secret", "verifies_signature"),
            tags=("signature", "security"),
        )
        for name, what, fault in _SIGNATURES
    ),
    *(
        Check(
            family="refuses",
            name=name,
            title=f"rejects {what}",
            sends=f"a completion with {what}",
            expects=_REJECTED,
            why=_ANYBODY,
            run=partial(_without_header, change=change, what=what),
            requires=("header", "requires_header"),
            tags=("header", "security"),
        )
        for name, what, change in (
            ("header-missing", "missing headers", lambda _: None),
            ("header-wrong", "wrong header values", lambda one: one + "x"),
            ("header-empty", "empty header values", lambda _: ""),
        )
    ),
    *(
        Check(
            family="refuses",
            name=name,
            title=f"rejects {what}",
            sends=f"{what}, with a valid signature",
            expects=_REJECTED,
            why="a 2xx promises that the event was received, and this body can't be read",
            run=partial(_body, form=form, what=what),
            tags=("malformed",),
        )
        for name, what, form in _BODIES
    ),
    *(
        Check(
            family="refuses",
            name=name,
            title=f"rejects {what}",
            sends=f"{what}, with a valid signature",
            expects=_REJECTED,
            why="a 5xx blames the consumer and causes retries, although the payload is wrong",
            run=partial(_body, form=form, what=what),
            requires=("validates",),
            tags=("malformed", "shape"),
        )
        for name, what, form in _SHAPES
    ),
    *(
        Check(
            family="refuses",
            name=name,
            title=f"rejects {what}",
            sends=f"a completion with {what}",
            expects=_REJECTED,
            why="browsers post forms and plain text to other sites without a preflight",
            run=partial(_shaped, fault=ContentType(value=value), what=what),
            requires=("checks_content_type",),
            severity="warning",
            tags=("content-type", "security"),
        )
        for name, what, value in _KINDS
    ),
    Check(
        family="refuses",
        name="huge",
        title="rejects a body of 25 MB",
        sends="a completion with 25 MB of padding",
        expects="4xx or a closed connection, no effect, and it accepts the next delivery",
        why="a consumer that reads everything runs out of memory",
        run=_huge,
        requires=("socket", "limits_size"),
        tags=("size", "security"),
        is_alone=True,
    ),
)
