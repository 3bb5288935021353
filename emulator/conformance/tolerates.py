"""Tolerates: documented irregularities, future additions, and unusual names."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from emulator.conformance import sample_messages
from emulator.conformance.assertions import (
    accepted,
    has,
    last,
    new_life,
    visible,
)
from emulator.conformance.check import Check
from emulator.conformance.outcomes import FailedError
from emulator.conformance.session import CHANGED
from emulator.conformance.target import KnownPerson
from emulator.domain.payloads import fields
from emulator.domain.payloads.variants import skills
from emulator.paths import ABSENT, find
from emulator.scenario.value_types import PayloadPath

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.conformance.sample_messages import Life, Payload
    from emulator.conformance.session import Session
    from emulator.conformance.state import ConsumerState
    from emulator.delivery.records import Delivery

    Edit = Callable[[Payload], object]

_REPORT = "reports/pdf/assessment-candidate-report/660bad6c1faf955408b86f74.pdf"
_FIRST_NAME = PayloadPath("firstName")
_SERIALISED = (
    "it seems to verify the signature of a body that it parsed and serialised again, "
    "not of the bytes that arrived"
)
_UNKNOWN = {"anUnknownKey": {"with": ["a", {"value": None}]}}


def _put(name: str, value: Any) -> Edit:
    """Return an edit that sets a field, or removes it."""
    return lambda payload: fields.put(payload, name, value)


def _update(key: str, value: Any) -> Edit:
    """Return an edit that sets a key next to data, or removes it."""

    def edit(payload: Payload) -> None:
        if value is ABSENT:
            payload.pop(key, None)
        else:
            payload[key] = value

    return edit


async def _edited(session: Session, end: str, edit: Edit, what: str) -> None:
    payload = (await new_life(session, end))[end]
    edit(payload)
    accepted(await session.send(payload, CHANGED), what)


async def _bytes(session: Session, form: Callable[[Payload], bytes], what: str) -> None:
    payload = (await new_life(session))["COMPLETED"]
    delivery = await session.send(form(payload), CHANGED)
    try:
        accepted(delivery, what)
    except FailedError as error:
        is_signed = session.target.secret is not None
        if not (is_signed and last(await session.send(payload, CHANGED)).is_success):
            raise
        finding = f"{error}; accepted the same payload, compact: {_SERIALISED}"
        raise FailedError(finding, _SERIALISED) from None


async def _expired(session: Session) -> None:
    life = await new_life(session, "INVITATION_EXPIRED")
    event = "candidate.invitation_expired"
    payload = life.raw("INVITATION_EXPIRED", event)
    accepted(await session.send(payload, event), "an expired invitation, without type and event")


def _check(name: str, what: str, edit: Edit, *, end: str = "COMPLETED", **more: Any) -> Check:
    why = more.pop("why", "a documented example has it")
    return Check(
        family="tolerates",
        name=name,
        title=f"accepts {what}",
        sends=f"a status change to {end} with {what}",
        expects="2xx",
        why=why,
        run=partial(_edited, end=end, edit=edit, what=f"a payload with {what}"),
        **more,
    )


def _lists(value: Any) -> Edit:
    def edit(payload: Payload) -> None:
        for name in ("testLibrary", "customQuestions", "qualificationQuestions"):
            fields.put(payload, name, value)

    return edit


def _many(payload: Payload) -> None:
    tests = fields.find(payload, "testLibrary")
    fields.put(payload, "testLibrary", [*tests * 100][:100])


def _coordinates(latitude: object, longitude: object) -> Edit:
    def edit(payload: Payload) -> None:
        fields.find(payload, "antiCheatingMonitor").update(
            recentLatitude=latitude, recentLongitude=longitude
        )

    return edit


def _everywhere(value: Any) -> Any:
    if isinstance(value, list):
        return [_everywhere(one) for one in value]
    if isinstance(value, dict):
        return {key: _everywhere(one) for key, one in value.items()} | _UNKNOWN
    return value


def _unknown_status(payload: Payload) -> None:
    for name in ("status", "candidateStatus"):
        fields.put(payload, name, "SHORTLISTED")


def _inside(payload: Payload) -> None:
    payload["data"] = _everywhere(payload["data"])


IRREGULAR = (
    *(
        _check(f"result-link-{name}", f"{what} resultLink", _put("resultLink", one),
               end=end, tags=("irregular", "resultLink"))
        for name, what, one, end in (
            ("null", "null as", None, "INVITED"),
            ("null-text", 'the string "null" as', "null", "IN_PROGRESS"),
            ("url", "a URL as", f"https://cdn-global.net/{_REPORT}", "COMPLETED"),
            ("path", "a path as", _REPORT, "REJECTED"),
            ("absent", "a missing", ABSENT, "DISQUALIFIED"),
        )
    ),
    _check("monitor-empty-text", "an empty string as antiCheatingMonitor",
           _put("antiCheatingMonitor", ""), end="ENROLLED", tags=("irregular",)),
    _check("monitor-absent", "a missing antiCheatingMonitor",
           _put("antiCheatingMonitor", ABSENT), tags=("irregular",)),
    _check("monitor-object", "an object as antiCheatingMonitor",
           _coordinates("12.345678901234567", "-7.5"), end="IN_PROGRESS", tags=("irregular",)),
    _check("coordinates-as-text", "coordinates as strings",
           _coordinates("12.345678901234567", "-7.5"), tags=("irregular",)),
    _check("coordinates-as-numbers", "coordinates as numbers", _coordinates(1.25, -7),
           severity="warning", why="the examples have strings, but nothing promises that"),
    _check("percentage-null", "null as avgScorePercentage",
           _put("avgScorePercentage", None), end="DISQUALIFIED", tags=("irregular",)),
    _check("percentage-fraction", "a fraction as avgScorePercentage",
           _put("avgScorePercentage", 43.75),
           why="14 of 32 is 43.75 %, and nothing promises that the service rounds"),
    _check("metadata-false", "false as metadata", _update("metadata", False),
           tags=("irregular",)),
    _check("metadata-object", "an empty object as metadata", _update("metadata", {}),
           tags=("irregular",)),
    _check("timestamp-absent", "a missing timestamp", _update("timestamp", ABSENT),
           tags=("irregular",)),
    _check("company-absent", "missing companyId and resellerId",
           lambda one: [one["data"].pop(key, None) for key in ("companyId", "resellerId")],
           tags=("irregular",)),
    _check("lists-empty", "empty lists of tests and questions", _lists([]), tags=("irregular",)),
    _check("lists-absent", "missing lists of tests and questions", _lists(ABSENT),
           tags=("irregular",)),
    _check("many-tests", "a hundred tests", _many,
           why="nothing limits how many tests an assessment has"),
)  # fmt: skip

FUTURE = (
    _check("unknown-key", "an unknown key next to data", lambda one: one.update(_UNKNOWN),
           tags=("future",), why="new keys are added without notice"),
    _check("unknown-key-in-data", "an unknown key in data",
           lambda one: one["data"].update(_UNKNOWN),
           tags=("future",), why="new keys are added without notice"),
    _check("unknown-key-everywhere", "an unknown key in every object of data", _inside,
           tags=("future",), why="new keys are added without notice"),
    _check("unknown-event", "an unknown event", _update("event", "shortlisted"),
           tags=("future", "unknown-event"), requires=("every_event",),
           why="new events are added without notice, and an error makes the service retry"),
    _check("unknown-type", "an unknown type",
           lambda one: one.update({"type": "interview", "event": "scheduled"}),
           tags=("future", "unknown-event"), requires=("every_event",),
           why="new types are added without notice"),
    _check("unknown-status", "an unknown status", _unknown_status,
           tags=("future",), why="new statuses are added without notice"),
)  # fmt: skip


def _form(name: str, what: str, form: Callable[[Payload], bytes]) -> Check:
    return Check(
        family="tolerates",
        name=name,
        title=f"accepts JSON {what}",
        sends=f"a completion as JSON {what}",
        expects="2xx",
        why="it is the same JSON value",
        run=partial(_bytes, form=form, what=f"JSON {what}"),
        tags=("json",),
    )


def _backwards(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _backwards(one) for key, one in reversed(value.items())}
    return [_backwards(one) for one in value] if isinstance(value, list) else value


FORMS = (
    _form("keys-in-another-order", "with keys in another order",
          lambda one: msgspec.json.encode(_backwards(one))),
    _form("white-space", "with white space",
          lambda one: b"\n " + json.dumps(one, indent=4).encode() + b"\r\n"),
    _form("escaped", "with \\u escapes",
          lambda one: msgspec.json.encode(one).replace(b'"email"', b'"\\u0065mail"')),
)  # fmt: skip

_EXPIRED = Check(
    family="tolerates",
    name="no-type-and-event",
    title="accepts an expired invitation, which has neither type nor event",
    sends="an expired invitation as documented: only success and data",
    expects="2xx",
    why="many consumers treat a payload without event as a test ping, or fail",
    run=_expired,
    tags=("irregular",),
)


def _rich(payload: Payload) -> None:
    for test in fields.find(payload, "testLibrary"):
        test["skills"] = skills(_SKILLS, len(test["questions"]), test["scoreAchieved"])


def _in_each_test(value: Any) -> Edit:
    def edit(payload: Payload) -> None:
        for test in fields.find(payload, "testLibrary"):
            _update("skills", value)(test)

    return edit


_SKILLS = ("Harbour law_Advanced", "Tides", "")

SKILLS = tuple(
    _check(f"skills-{name}", what, edit,
           why="consumers read the skills of a completion, and are known to break on it",
           tags=("irregular", "skills"))
    for name, what, edit in (
        ("rich", "tests whose skills have results", _rich),
        ("empty", "tests whose list of skills is empty", _in_each_test([])),
        ("absent", "tests without skills", _in_each_test(ABSENT)),
    )
)  # fmt: skip

# --- names ----------------------------------------------------------------------------------


async def _complete(session: Session, name: str) -> tuple[Delivery, Life]:
    """Send the completion of a candidate called *name*; return its delivery and the life."""
    person = KnownPerson(session.person().email, "Ada", "Byron")
    life = await sample_messages.life(session, sample_messages.ENDS["COMPLETED"], person=person)
    payload = life["COMPLETED"]
    for field in ("firstName", "lastName"):
        fields.put(payload, field, name)
    return await session.send(payload, CHANGED), life


async def _named(session: Session, name: str, what: str) -> None:
    delivery, _ = await _complete(session, name)
    accepted(delivery, f"a candidate with {what}")


async def _stored(session: Session, name: str, what: str) -> None:
    delivery, life = await _complete(session, name)
    accepted(delivery, f"a candidate with {what}")

    def stored_in(state: ConsumerState) -> Any:
        return find(state.data, _FIRST_NAME.parts)

    state = visible(
        await session.state_of(life.subject, until=lambda state: stored_in(state) == name)
    )
    has(state, _FIRST_NAME)
    stored = stored_in(state)
    if stored != name:
        message = f"stores {what} as {stored!r:.80}; expected it unchanged: {name!r:.80}"
        raise FailedError(message)


NAMES = {
    "greek": ("a Greek name", "Ἀλέξανδρος"),
    "right-to-left": ("an Arabic name (right to left)", "محمد بن موسى"),
    "chinese": ("a Chinese name", "李小龍"),
    "combining": ("a name with combining marks", "Zoe\u0308 N\u0303"),
    "emoji": ("a name with an emoji", "Zoë 🧑‍🚀"),
    "long": ("a name of 10,000 letters", "x" * 10_000),
    "empty": ("an empty name", ""),
    "html": ("a name with HTML", "<script>alert(1)</script> & <b>Ada</b>"),
    "sql": ("a name with SQL", "Robert'); DROP TABLE candidates;--"),
    "template": ("a name with template syntax", "{{7*7}}${7*7}%s{0}"),
}

CHECKS = (
    *IRREGULAR,
    _EXPIRED,
    *SKILLS,
    *FUTURE,
    *FORMS,
    *(
        Check(
            family="tolerates",
            name=f"name-{key}",
            title=f"accepts {what}",
            sends=f"a completion of a candidate with {what}",
            expects="2xx",
            why="people have such names, or enter them as a test",
            run=partial(_named, name=name, what=what),
            tags=("names",),
        )
        for key, (what, name) in NAMES.items()
    ),
    *(
        Check(
            family="tolerates",
            name=f"keeps-{key}",
            title=f"stores {NAMES[key][0]} unchanged",
            sends=f"a completion of a candidate with {NAMES[key][0]}",
            expects="2xx, and the probe shows that name as firstName",
            why="a name is to be escaped where it is displayed; a changed one is lost",
            run=partial(_stored, name=NAMES[key][1], what=NAMES[key][0]),
            requires=("probe", "stores_names"),
            tags=("names",),
        )
        for key in ("right-to-left", "emoji", "long", "html", "sql")
    ),
)
