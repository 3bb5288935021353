"""Refuses: what a consumer must not take, and what its refusal must not do or show."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from emulator.conformance.check import Check
from emulator.conformance.demands import (
    answers_still,
    before,
    fine,
    new_life,
    no_crash,
    refused,
    unchanged,
    usual,
)
from emulator.conformance.session import CHANGED
from emulator.delivery.faults.body import ContentType, Corrupt, Signature

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.conformance.lives import Payload
    from emulator.conformance.session import Session

    Form = Callable[[Payload], bytes]

_MIB = 1 << 20
HUGE = 25 * _MIB


async def _body(session: Session, form: Form, what: str) -> None:
    """Send a body that no payload can have, after one that is fine."""
    await fine(session)
    status = usual(session, "COMPLETED")
    life = await new_life(session, status)
    known = await before(session, life)
    delivery = await session.send(form(life[status]), CHANGED)
    refused(delivery, what)
    await unchanged(session, life, known, what)
    await answers_still(session)


async def _shaped(session: Session, fault: Any, what: str) -> None:
    """Send a completion that a fault shapes, after one that is fine."""
    await fine(session)
    status = usual(session, "COMPLETED")
    life = await new_life(session, status)
    known = await before(session, life)
    session.workspace.inject(fault)
    delivery = await session.send(life[status], CHANGED)
    session.workspace.clear_faults()
    refused(delivery, what)
    await unchanged(session, life, known, what)


async def _without_header(session: Session, change: Callable[[str], str | None], what: str) -> None:
    await fine(session)
    status = usual(session, "COMPLETED")
    life = await new_life(session, status)
    known = await before(session, life)
    changed = {name: change(value) for name, value in session.target.headers.items()}
    kept = {name: value for name, value in changed.items() if value is not None}
    session.workspace.edit_webhook(session.webhook.id, headers=kept)
    delivery = await session.send(life[status], CHANGED)
    session.workspace.edit_webhook(session.webhook.id, headers=session.target.headers)
    refused(delivery, what)
    await unchanged(session, life, known, what)


def _without(*path: str) -> Form:
    def form(payload: Payload) -> bytes:
        place = payload
        for key in path[:-1]:
            place = place[key]
        place.pop(path[-1])
        return json.dumps(payload).encode()

    return form


def _with(change: Callable[[Payload], object]) -> Form:
    def form(payload: Payload) -> bytes:
        change(payload)
        return json.dumps(payload).encode()

    return form


_REFUSED = "4xx, no effect, no stack trace in the answer"
_ANYBODY = "anybody who finds the URL can post to it"

_SIGNATURES = (
    ("signature-missing", "no signature", Signature(how="missing")),
    ("signature-of-another", "the signature of somebody else", Signature(how="wrong_secret")),
    ("signature-damaged", "a signature with one sign changed", Signature(how="damaged")),
    ("signature-old", "a signature of ten minutes ago", Signature(how="skewed", by=600)),
    ("signature-from-the-future", "a signature of ten minutes ahead",
     Signature(how="skewed", by=600, direction="future")),
)  # fmt: skip

_WHY_OLD = "who once saw a request could send it again for ever"

_BODIES: tuple[tuple[str, str, Form], ...] = (
    ("invalid-json", "a body that is no JSON", lambda one: b"{" + json.dumps(one).encode()),
    ("cut", "JSON without its end", lambda one: json.dumps(one).encode()[:-1]),
    ("two-values", "two JSON values in one body", lambda one: json.dumps(one).encode() * 2),
    ("text", "a text that is no JSON", lambda _: b"hello"),
    ("html", "HTML", lambda _: b"<html><body>502 Bad Gateway</body></html>"),
    ("invalid-utf8", "JSON with bytes that are no UTF-8",
     lambda one: json.dumps(one).encode().replace(b'"candidate"', b'"\xff\xfe"')),
    ("empty", "an empty body", lambda _: b""),
)  # fmt: skip

_SHAPES: tuple[tuple[str, str, Form], ...] = (
    ("array", "a JSON array", lambda one: json.dumps([one]).encode()),
    ("null", "a JSON null", lambda _: b"null"),
    ("number", "a JSON number", lambda _: b"7"),
    ("no-data", "a payload without data", _without("data")),
    ("data-array", "a payload whose data is an array", _with(lambda one: one.update(data=[1]))),
    ("no-email", "a payload without an address", _without("data", "email")),
    ("name-number", "a name that is a number",
     _with(lambda one: one["data"].update(firstName=7))),
    ("event-array", "an event that is an array", _with(lambda one: one.update(event=["a"]))),
)  # fmt: skip

_KINDS = (
    ("no-content-type", "no content type", None),
    ("text-plain", "the content type text/plain", "text/plain"),
    ("form", "the content type of a form", "application/x-www-form-urlencoded"),
)


async def _huge(session: Session) -> None:
    await fine(session)
    status = usual(session, "COMPLETED")
    life = await new_life(session, status)
    known = await before(session, life)
    session.workspace.inject(Corrupt(how="oversize", size=HUGE))
    delivery = await session.send(life[status], CHANGED)
    session.workspace.clear_faults()
    what = "a body of 25 MB"
    attempt = delivery.attempts[-1]
    no_crash(delivery, what)
    if attempt.outcome is not None and attempt.outcome.status is not None:
        refused(delivery, what)
    await unchanged(session, life, known, what)
    await answers_still(session)


CHECKS = (
    *(
        Check(
            family="refuses",
            name=name,
            title=f"refuses a delivery with {what}",
            sends=f"a completion with {what}",
            demands=_REFUSED,
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
            title=f"refuses {what}",
            sends=f"a completion: {what}",
            demands=_REFUSED,
            why=_ANYBODY,
            run=partial(_without_header, change=change, what=what),
            requires=("header", "requires_header"),
            tags=("header", "security"),
        )
        for name, what, change in (
            ("header-missing", "requests without its headers", lambda _: None),
            ("header-wrong", "requests with wrong values in its headers", lambda one: one + "x"),
            ("header-empty", "requests with nothing in its headers", lambda _: ""),
        )
    ),
    *(
        Check(
            family="refuses",
            name=name,
            title=f"refuses {what}",
            sends=f"{what}, rightly signed",
            demands=_REFUSED,
            why="what can't be read was not received, and a 2xx says that it was",
            run=partial(_body, form=form, what=what),
            tags=("malformed",),
        )
        for name, what, form in _BODIES
    ),
    *(
        Check(
            family="refuses",
            name=name,
            title=f"refuses {what}",
            sends=f"{what}, rightly signed",
            demands=_REFUSED,
            why="a 5xx says that it is the consumer's fault, and has it sent again",
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
            title=f"refuses a delivery with {what}",
            sends=f"a completion with {what}",
            demands=_REFUSED,
            why="a browser posts forms and plain text to other sites without asking",
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
        title="refuses a body of 25 MB",
        sends="a completion with 25 MB of padding",
        demands="4xx, or a broken connection; no effect; it answers afterwards",
        why="who reads all that comes runs out of memory",
        run=_huge,
        requires=("socket", "limits_size"),
        tags=("size", "security"),
        is_alone=True,
    ),
)
