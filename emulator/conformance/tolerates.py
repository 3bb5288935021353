"""Tolerates: each documented irregularity, what may come tomorrow, names as people have them."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from emulator.conformance import lives
from emulator.conformance.check import Check
from emulator.conformance.demands import (
    accepted,
    has,
    new_life,
    no_crash,
    visible,
)
from emulator.conformance.outcomes import FailedError
from emulator.conformance.session import CHANGED
from emulator.conformance.target import Person

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.conformance.check import Severity
    from emulator.conformance.lives import Payload
    from emulator.conformance.session import Session

    Edit = Callable[[Payload], object]

_ABSENT: Any = object()
_REPORT = "reports/pdf/assessment-candidate-report/660bad6c1faf955408b86f74.pdf"
_UNHEARD_OF = {"aKeyOfTomorrow": {"with": ["a", {"value": None}]}}


def _put(*path: str, value: Any) -> Edit:
    """Return an edit that sets what is at *path*, or takes it away."""

    def edit(payload: Payload) -> None:
        *parents, key = path
        for one in parents:
            payload = payload[one]
        if value is _ABSENT:
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
    accepted(await session.send(form(payload), CHANGED), what)


async def _expired(session: Session) -> None:
    life = await new_life(session, "INVITATION_EXPIRED")
    event = "candidate.invitation_expired"
    payload = life.raw("INVITATION_EXPIRED", event)
    accepted(await session.send(payload, event), "an expired invitation, without type and event")


def _check(name: str, what: str, edit: Edit, *, end: str = "COMPLETED", **more: Any) -> Check:
    why = more.pop("why", "a documented example has it so")
    return Check(
        family="tolerates",
        name=name,
        title=f"takes {what}",
        sends=f"a status change to {end} with {what}",
        demands="2xx",
        why=why,
        run=partial(_edited, end=end, edit=edit, what=f"a payload with {what}"),
        **more,
    )


def _empty(payload: Payload) -> None:
    for key in ("testLibrary", "customQuestions", "qualificationQuestions"):
        payload["data"][key] = []


def _absent(payload: Payload) -> None:
    for key in ("testLibrary", "customQuestions", "qualificationQuestions"):
        payload["data"].pop(key, None)


def _many(payload: Payload) -> None:
    tests = payload["data"]["testLibrary"]
    payload["data"]["testLibrary"] = [*tests * 100][:100]


def _with_numbers(payload: Payload) -> None:
    payload["data"]["antiCheatingMonitor"] |= {"recentLatitude": 1.25, "recentLongitude": -7}


def _with_texts(payload: Payload) -> None:
    payload["data"]["antiCheatingMonitor"] |= {
        "recentLatitude": "12.345678901234567", "recentLongitude": "-7.5",
    }  # fmt: skip


def _everywhere(value: Any) -> Any:
    if isinstance(value, list):
        return [_everywhere(one) for one in value]
    if isinstance(value, dict):
        return {key: _everywhere(one) for key, one in value.items()} | _UNHEARD_OF
    return value


def _inside(payload: Payload) -> None:
    payload["data"] = _everywhere(payload["data"])


IRREGULAR = (
    *(
        _check(f"result-link-{name}", f"a resultLink {what}", _put("data", "resultLink", value=one),
               end=end, tags=("irregular", "resultLink"))
        for name, what, one, end in (
            ("null", "that is null", None, "INVITED"),
            ("null-text", 'that is the text "null"', "null", "IN_PROGRESS"),
            ("url", "that is a URL", f"https://cdn-global.net/{_REPORT}", "COMPLETED"),
            ("path", "that is a path", _REPORT, "REJECTED"),
            ("absent", "that is not there", _ABSENT, "DISQUALIFIED"),
        )
    ),
    _check("monitor-empty-text", "an antiCheatingMonitor that is an empty text",
           _put("data", "antiCheatingMonitor", value=""), end="ENROLLED", tags=("irregular",)),
    _check("monitor-absent", "no antiCheatingMonitor",
           _put("data", "antiCheatingMonitor", value=_ABSENT), tags=("irregular",)),
    _check("monitor-object", "an antiCheatingMonitor that is an object",
           _with_texts, end="IN_PROGRESS", tags=("irregular",)),
    _check("coordinates-as-text", "coordinates that are texts", _with_texts, tags=("irregular",)),
    _check("coordinates-as-numbers", "coordinates that are numbers", _with_numbers,
           severity="warning", why="they are texts in the examples, which few would promise"),
    _check("percentage-null", "an avgScorePercentage that is null",
           _put("data", "avgScorePercentage", value=None), end="DISQUALIFIED", tags=("irregular",)),
    _check("percentage-fraction", "an avgScorePercentage with a fraction",
           _put("data", "avgScorePercentage", value=43.75),
           why="14 of 32 is no whole percentage, and nobody promised to round"),
    _check("metadata-false", "metadata that is false", _put("metadata", value=False),
           tags=("irregular",)),
    _check("metadata-object", "metadata that is an empty object", _put("metadata", value={}),
           tags=("irregular",)),
    _check("timestamp-absent", "no timestamp", _put("timestamp", value=_ABSENT),
           tags=("irregular",)),
    _check("company-absent", "no companyId and no resellerId",
           lambda one: [one["data"].pop(key, None) for key in ("companyId", "resellerId")],
           tags=("irregular",)),
    _check("lists-empty", "empty lists of tests and questions", _empty, tags=("irregular",)),
    _check("lists-absent", "no lists of tests and questions", _absent, tags=("irregular",)),
    _check("many-tests", "a hundred tests", _many,
           why="nobody promised how many tests an assessment can have"),
)  # fmt: skip

FUTURE = (
    _check("unknown-key", "an unknown key beside data", lambda one: one.update(_UNHEARD_OF),
           tags=("future",), why="new keys come without notice"),
    _check("unknown-key-in-data", "an unknown key in data",
           lambda one: one["data"].update(_UNHEARD_OF),
           tags=("future",), why="new keys come without notice"),
    _check("unknown-key-everywhere", "an unknown key in every object of data", _inside,
           tags=("future",), why="new keys come without notice"),
    _check("unknown-event", "an event nobody has heard of", _put("event", value="shortlisted"),
           tags=("future", "unknown-event"), requires=("every_event",),
           why="new event types come without notice, and an error makes the service try again"),
    _check("unknown-type", "a type nobody has heard of",
           lambda one: one.update({"type": "interview", "event": "scheduled"}),
           tags=("future", "unknown-event"), requires=("every_event",),
           why="new kinds of subjects come without notice"),
    _check("unknown-status", "a status nobody has heard of",
           lambda one: one["data"].update(status="SHORTLISTED", candidateStatus="SHORTLISTED"),
           tags=("future",), why="new statuses come without notice"),
)  # fmt: skip


def _form(name: str, what: str, form: Callable[[Payload], bytes]) -> Check:
    return Check(
        family="tolerates",
        name=name,
        title=f"takes JSON {what}",
        sends=f"a completion as JSON {what}",
        demands="2xx",
        why="it is the same JSON value",
        run=partial(_bytes, form=form, what=f"JSON {what}"),
        tags=("json",),
    )


def _backwards(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _backwards(one) for key, one in reversed(value.items())}
    return [_backwards(one) for one in value] if isinstance(value, list) else value


FORMS = (
    _form("keys-in-another-order", "with its keys in another order",
          lambda one: json.dumps(_backwards(one)).encode()),
    _form("white-space", "with white space",
          lambda one: b"\n " + json.dumps(one, indent=4).encode() + b"\r\n"),
    _form("escaped", "with letters as \\u escapes",
          lambda one: json.dumps(one).replace('"email"', '"\\u0065mail"').encode()),
)  # fmt: skip

_EXPIRED = Check(
    family="tolerates",
    name="no-type-and-event",
    title="takes an expired invitation, which has neither type nor event",
    sends="an expired invitation as documented: success and data alone",
    demands="2xx",
    why="many consumers take what has no event for a test ping, or fail",
    run=_expired,
    tags=("irregular",),
)


async def _skills(session: Session, edit: Callable[[Payload], object], what: str) -> None:
    told = await lives.assessment(session, "update")
    payload = told["assessment.updated"]
    for test in payload["data"]["testLibrary"]:
        edit(test)
    accepted(await session.send(payload, "assessment.updated"), f"an assessment with {what}")


_RICH = [
    {
        "_id": "660bad9b0000000000000000",
        "description": "Harbour law",
        "extendedDescription": "What binds a pilot, and where.",
        "category": {"name": "Maritime"},
        "weight": 0.5,
        "tags": ["law", None],
    }
]

SKILLS = tuple(
    Check(
        family="tolerates",
        name=f"skills-{name}",
        title=f"takes an assessment whose tests have {what}",
        sends=f"assessment.updated whose tests have {what}",
        demands="2xx",
        why="integrations are known to break on it",
        run=partial(_skills, edit=edit, what=what),
        tags=("irregular", "assessment"),
    )
    for name, what, edit in (
        ("rich", "skills with more than documented", lambda one: one.update(skills=_RICH)),
        ("empty", "an empty list of skills", lambda one: one.update(skills=[])),
        ("absent", "no skills", lambda one: one.pop("skills", None)),
    )
)

# --- names ----------------------------------------------------------------------------------


async def _told_of(session: Session, name: str) -> tuple[Any, lives.Life]:
    """Send a completion of somebody called *name*; return its delivery and the life."""
    who = session.person()
    life = await lives.life(session, lives.ENDS["COMPLETED"], who=Person(who.email, "Ada", "Byron"))
    payload = life["COMPLETED"]
    payload["data"] |= {"firstName": name, "lastName": name}
    return await session.send(payload, CHANGED), life


async def _named(session: Session, name: str, what: str) -> None:
    delivery, _ = await _told_of(session, name)
    accepted(delivery, f"a candidate called {what}")


async def _survived(session: Session, name: str, what: str) -> None:
    delivery, _ = await _told_of(session, name)
    no_crash(delivery, f"a candidate called {what}")


async def _stored(session: Session, name: str, what: str) -> None:
    delivery, life = await _told_of(session, name)
    accepted(delivery, f"a candidate called {what}")
    state = visible(
        await session.state_of(life.subject, until=lambda one: one.data.get("firstName") == name)
    )
    has(state, "firstName")
    if state.data["firstName"] != name:
        kept = state.data["firstName"]
        message = f"keeps {what} as {kept!r:.80}; expected it as it was given: {name!r:.80}"
        raise FailedError(message)


NAMES = {
    "greek": ("in Greek", "Ἀλέξανδρος"),
    "right-to-left": ("in Arabic, right to left", "محمد بن موسى"),
    "chinese": ("in Chinese", "李小龍"),
    "combining": ("with combining marks", "Zoe\u0308 N\u0303"),
    "emoji": ("with emoji", "Zoë 🧑‍🚀"),
    "long": ("with 10,000 letters", "x" * 10_000),
    "empty": ("that is empty", ""),
    "html": ("with HTML in it", "<script>alert(1)</script> & <b>Ada</b>"),
    "sql": ("with SQL in it", "Robert'); DROP TABLE candidates;--"),
    "template": ("with template marks in it", "{{7*7}}${7*7}%s{0}"),
}


def _name(name: str, what: str, *, text: str, severity: Severity = "error") -> Check:
    is_null = "\0" in text
    return Check(
        family="tolerates",
        name=f"name-{name}",
        title=f"{'survives' if is_null else 'takes'} a name {what}",
        sends=f"a completion of somebody with a name {what}",
        demands="no 5xx and no hang" if is_null else "2xx",
        why="some databases take no null byte in a text"
        if is_null
        else "people have such names, or think it funny to enter them",
        run=partial(_survived if is_null else _named, name=text, what=f"by a name {what}"),
        severity=severity,
        tags=("names",),
    )


CHECKS = (
    *IRREGULAR,
    _EXPIRED,
    *SKILLS,
    *FUTURE,
    *FORMS,
    *(_name(name, what, text=text) for name, (what, text) in NAMES.items()),
    _name("null-byte", "with a null byte in it", text="nul\0byte"),
    *(
        Check(
            family="tolerates",
            name=f"keeps-{name}",
            title=f"keeps a name {NAMES[name][0]} as it was given",
            sends=f"a completion of somebody with a name {NAMES[name][0]}",
            demands="2xx, and firstName in the probe's answer is that name",
            why="a name is escaped where it is shown; one that is stored changed stays wrong",
            run=partial(_stored, name=NAMES[name][1], what=f"a name {NAMES[name][0]}"),
            requires=("probe", "stores_names"),
            tags=("names",),
        )
        for name in ("right-to-left", "emoji", "long", "html", "sql")
    ),
)
