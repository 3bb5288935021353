"""Wrong calls of the control API: the right 4xx, a problem document, and nothing changed."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import pytest

from emulator.domain.events import EVENT_TYPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx2

    from tests.server.conftest import Json, Server, Tenant

KNOWN = ", ".join(sorted(EVENT_TYPES))
DURATION = "expected a number and a unit, as in 150ms 10s 5m 2h 30d"
TIME = "expected one like '2026-01-01T00:00:00Z'"
ASSESSMENT, MOVE_ASSESSMENT = "/assessments", "/assessments/{assessment}/update"
INVITE, MOVE_CANDIDATE = "/candidates", "/candidates/{candidate}/expire"
REDELIVER, REDELIVER_ALL = "/deliveries/{delivery}/redeliver", "/deliveries/redeliver"
WITH_BODY = [
    ("PUT", ""),
    ("PUT", "/clock"),
    ("POST", "/clock/advance"),
    ("POST", "/settle"),
    ("POST", ASSESSMENT),
    ("POST", MOVE_ASSESSMENT),
    ("POST", INVITE),
    ("POST", MOVE_CANDIDATE),
    ("POST", REDELIVER),
    ("POST", REDELIVER_ALL),
]
EVERY_CALL = [
    *WITH_BODY[1:],  # PUT opens a workspace
    ("GET", ""),
    ("DELETE", ""),
    ("POST", "/reset"),
    ("GET", "/clock"),
    ("GET", "/journal"),
    ("GET", ASSESSMENT),
    ("GET", "/assessments/{assessment}"),
    ("GET", INVITE),
    ("GET", "/candidates/{candidate}"),
    ("GET", "/deliveries"),
    ("GET", "/deliveries/{delivery}"),
]


class Wrong:
    """Makes a wrong call, and looks whether it changed anything."""

    def __init__(self, tenant: Tenant, dead_url: str) -> None:
        self.tenant = tenant
        tenant.webhook(dead_url, ["invited"])
        candidate = tenant.candidate(email="ada@example.com")
        tenant.settle()
        self.ids = {
            "assessment": candidate["assessmentId"],
            "candidate": candidate["id"],
            "delivery": "1-1",
        }
        self.person = candidate["candidateId"]

    def call(self, method: str, path: str, **options: Any) -> httpx2.Response:
        before = self._everything()
        answer = self.tenant.control(method, path.format(**self.ids), **options)
        assert self._everything() == before
        return answer

    def _everything(self) -> Any:
        return self.tenant.server.workspaces(), self.tenant.last_entry


@pytest.fixture(scope="module")
def wrong(make_tenant: Callable[..., Tenant], dead_url: str) -> Wrong:
    return Wrong(make_tenant(), dead_url)


def check(
    answer: httpx2.Response, status: int, detail: str, code: str = "invalid_input", **more: Any
) -> None:
    expected: Json = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
    }
    assert answer.json() == expected | more
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(("method", "path"), WITH_BODY)
@pytest.mark.parametrize(
    ("body", "detail", "more"),
    [
        (b"{", "not JSON: input data was truncated", {}),
        (b"\xff\xfe", "not JSON: JSON is malformed: invalid character (byte 0)", {}),
        (b"[]", "expected 'object', got 'array'", {"path": "$"}),
        (b'"name"', "expected 'object', got 'str'", {"path": "$"}),
        (b"null", "expected 'object', got 'null'", {"path": "$"}),
    ],
)
def test_a_body_that_is_no_json_object(
    wrong: Wrong, method: str, path: str, body: bytes, detail: str, more: dict[str, str]
) -> None:
    check(wrong.call(method, path, content=body), 400, detail, **more)


@pytest.mark.slow
@pytest.mark.parametrize(("method", "path"), WITH_BODY)
@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_body_of_ten_megabytes(wrong: Wrong, method: str, path: str, *, is_chunked: bool) -> None:
    answer = wrong.call(method, path, content=_chunks() if is_chunked else b" " * 10_000_000)
    check(answer, 413, "the body is larger than 1048576 bytes", "too_large")


def _chunks() -> Iterator[bytes]:
    for _ in range(160):
        yield b" " * 62_500


@pytest.mark.parametrize(
    ("method", "path", "body", "detail", "at"),
    [
        ("PUT", "", {"seed": -1}, "expected 'int' >= 0", "$.seed"),
        ("PUT", "", {"seed": 2**63}, "expected 'int' <= 9223372036854775807", "$.seed"),
        ("PUT", "", {"seed": "7"}, "expected 'int | null', got 'str'", "$.seed"),
        ("PUT", "", {"seed": True}, "expected 'int | null', got 'bool'", "$.seed"),
        (
            "PUT",
            "",
            {"clock": "unreal"},
            "expected one of 'real', 'virtual', got 'unreal'",
            "$.clock",
        ),
        ("PUT", "", {"now": "today"}, f"not a time: 'today'; {TIME}", "$.now"),
        ("PUT", "", {"now": "2026-01-01"}, f"not a time: '2026-01-01'; {TIME}", "$.now"),
        ("PUT", "", {"now": 0}, "expected 'str | null', got 'int'", "$.now"),
        (
            "PUT",
            "",
            {"generation": "v3"},
            "expected one of 'v1', 'v2', got 'v3'",
            "$.generation",
        ),
        ("PUT", "", {"observed": "skills"}, "expected 'array | null', got 'str'", "$.observed"),
        ("PUT", "", {"sed": 7}, "unknown key 'sed'; near: 'seed'", "$"),
        (
            "PUT",
            "",
            {"profile": {"retry": []}},
            "unknown key 'retry'; near: 'retries'",
            "$.profile",
        ),
        (
            "PUT",
            "",
            {"profile": {"retries": "60"}},
            "expected 'array | null', got 'str'",
            "$.profile.retries",
        ),
        (
            "PUT",
            "",
            {"profile": {"retries": ["5s", "60"]}},
            f"not a duration: '60'; {DURATION}",
            "$.profile.retries[1]",
        ),
        (
            "PUT",
            "",
            {"profile": {"timeouts": {"firstByte": "0s"}}},
            "a time-out of '0s'; expected more than 0s, and 10m at most",
            "$.profile.timeouts.firstByte",
        ),
        (
            "PUT",
            "",
            {"profile": {"success": [299, 200]}},
            "no status is from 299 to 200",
            "$.profile.success",
        ),
        (
            "PUT",
            "/clock",
            {"mode": "unreal"},
            "expected one of 'real', 'virtual', got 'unreal'",
            "$.mode",
        ),
        (
            "PUT",
            "/clock",
            {"mode": "virtual", "now": "2026"},
            f"not a time: '2026'; {TIME}",
            "$.now",
        ),
        ("PUT", "/clock", {"time": "x"}, "unknown key 'time'; known: mode, now", "$"),
        ("POST", "/clock/advance", {}, "the key 'by' is missing", "$"),
        ("POST", "/clock/advance", {"by": 3600}, "expected 'str', got 'int'", "$.by"),
        ("POST", "/clock/advance", {"by": "1"}, f"not a duration: '1'; {DURATION}", "$.by"),
        ("POST", "/clock/advance", {"by": "-1h"}, f"not a duration: '-1h'; {DURATION}", "$.by"),
        (
            "POST",
            "/clock/advance",
            {"by": "9999d"},
            "too long a duration: '9999d'; the longest is 3650d",
            "$.by",
        ),
        ("POST", "/clock/advance", {"by": "1h", "to": 1}, "unknown key 'to'; known: by", "$"),
        ("POST", "/settle", {"timeout": 5}, "expected 'str', got 'int'", "$.timeout"),
        ("POST", "/settle", {"timeout": "5"}, f"not a duration: '5'; {DURATION}", "$.timeout"),
        ("POST", "/settle", {"wait": "5s"}, "unknown key 'wait'; known: timeout", "$"),
        ("POST", ASSESSMENT, {"title": 1}, "expected 'str | null', got 'int'", "$.title"),
        ("POST", ASSESSMENT, {"title": " "}, "empty; expected some text", "$.title"),
        ("POST", ASSESSMENT, {"titel": "x"}, "unknown key 'titel'; near: 'title'", "$"),
        (
            "POST",
            ASSESSMENT,
            {"invitationEmailLinkValidity": 0},
            "a validity of 0 days; expected 1 to 3650",
            "$.invitationEmailLinkValidity",
        ),
        ("POST", MOVE_ASSESSMENT, {"title": ""}, "empty; expected some text", "$.title"),
        ("POST", MOVE_ASSESSMENT, {"x": ""}, None, "$"),
        ("POST", INVITE, {}, "the key 'assessmentId' is missing", "$"),
        ("POST", INVITE, {"assessmentId": 1}, "expected 'str', got 'int'", "$.assessmentId"),
        (
            "POST",
            INVITE,
            {"assessmentId": "{assessment}", "scheduledDate": "2026-02-01T00:00:00"},
            "not a time: '2026-02-01T00:00:00'; expected one like '2026-01-01T00:00:00Z'",
            "$.scheduledDate",
        ),
        (
            "POST",
            INVITE,
            {"assessmentId": "{assessment}", "email": "ada"},
            "not an e-mail address: 'ada'; expected one like 'ada@example.com'",
            "$.email",
        ),
        (
            "POST",
            INVITE,
            {"assessmentId": "{assessment}", "firstName": ""},
            "empty; expected some text",
            "$.firstName",
        ),
        (
            "POST",
            INVITE,
            {"assessmentId": "{assessment}", "lastName": ["x"]},
            "expected 'str | null', got 'array'",
            "$.lastName",
        ),
        (
            "POST",
            INVITE,
            {"assessmentId": "{assessment}", "first_name": "Ada"},
            "unknown key 'first_name'; near: 'firstName', 'lastName'",
            "$",
        ),
        ("POST", MOVE_CANDIDATE, {"score": 1}, "unknown key 'score'; it takes none", "$"),
        (
            "POST",
            "/candidates/{candidate}/complete",
            {"scor": 1},
            "unknown key 'scor'; near: 'score'",
            "$",
        ),
        (
            "POST",
            "/candidates/{candidate}/complete",
            {"score": "14"},
            "expected 'int | null', got 'str'",
            "$.score",
        ),
        (
            "POST",
            "/candidates/{candidate}/complete",
            {"percentage": 101},
            "expected 'int' <= 100",
            "$.percentage",
        ),
        ("POST", REDELIVER, {"force": True}, "unknown key 'force'; it takes none", "$"),
        ("POST", REDELIVER_ALL, {}, "the key 'since' is missing", "$"),
        ("POST", REDELIVER_ALL, {"since": "x"}, f"not a time: 'x'; {TIME}", "$.since"),
    ],
)
def test_a_wrong_field(
    wrong: Wrong, method: str, path: str, body: Json, detail: str | None, at: str
) -> None:
    filled = {
        key: value.format(**wrong.ids) if isinstance(value, str) else value
        for key, value in body.items()
    }
    answer = wrong.call(method, path, json=filled)
    if detail is None:
        detail = "unknown key 'x'; known: invitationEmailLinkValidity, title"
    check(answer, 400, detail, path=at)


@pytest.mark.parametrize("key", ["command", "id_", "self"])
def test_a_detail_that_is_called_like_a_parameter_of_ours(wrong: Wrong, key: str) -> None:
    answer = wrong.call("POST", MOVE_CANDIDATE, json={key: "x"})
    check(answer, 400, f"unknown key {key!r}; it takes none", path="$")


@pytest.mark.parametrize(
    ("path", "command", "detail"),
    [
        (
            "/candidates/{candidate}",
            "enrol",
            (
                "no candidate command 'enrol'; near: 'enroll'; "
                "known: answer, complete, disqualify, enroll, expire, invite, leave, reject, "
                "rescore, start"
            ),
        ),
        (
            "/assessments/{assessment}",
            "invite",
            "no assessment command 'invite'; known: archive, delete, publish, unarchive, update",
        ),
    ],
)
def test_an_unknown_command_is_refused_with_the_known_commands(
    wrong: Wrong, path: str, command: str, detail: str
) -> None:
    check(wrong.call("POST", f"{path}/{command}", json={}), 400, detail, "unknown_name")


def test_an_illegal_command_is_refused_with_state_and_legal_commands(wrong: Wrong) -> None:
    answer = wrong.call("POST", "/candidates/{candidate}/complete", json={"score": 14, "of": 32})
    check(
        answer,
        409,
        f"candidate {wrong.ids['candidate']} is INVITED: 'complete' is not legal; "
        "legal: enroll, expire",
        "illegal_command",
        state="INVITED",
        command="complete",
        legal=["enroll", "expire"],
    )


def test_an_illegal_command_to_an_assessment(wrong: Wrong) -> None:
    answer = wrong.call("POST", "/assessments/{assessment}/unarchive", json={})
    check(
        answer,
        409,
        f"assessment {wrong.ids['assessment']} is SUBSCRIBED: 'unarchive' is not legal; "
        "legal: archive, delete, invite, update",
        "illegal_command",
        state="SUBSCRIBED",
        command="unarchive",
        legal=["archive", "delete", "invite", "update"],
    )


def test_a_second_delete_of_an_assessment(tenant: Tenant) -> None:
    job = tenant.assessment()
    assert tenant.control("POST", f"/assessments/{job['id']}/delete").status_code == 200
    before = tenant.journal()
    answer = tenant.control("POST", f"/assessments/{job['id']}/delete")
    check(
        answer,
        409,
        f"assessment {job['id']} is DELETED: 'delete' is not legal; legal: none",
        "illegal_command",
        state="DELETED",
        command="delete",
        legal=[],
    )
    assert tenant.journal() == before


def test_only_an_update_takes_details(tenant: Tenant) -> None:
    job = tenant.assessment()
    before = tenant.journal()
    answer = tenant.control("POST", f"/assessments/{job['id']}/publish", json={"title": "x"})
    check(answer, 400, "unknown key 'title'; it takes none", path="$")
    assert tenant.journal() == before


def test_a_second_invitation_while_the_first_is_open(wrong: Wrong) -> None:
    body = {"assessmentId": wrong.ids["assessment"], "email": "Ada@Example.com"}
    detail = (
        f"'ada@example.com' is already invited to {wrong.ids['assessment']}: "
        f"{wrong.ids['candidate']}, INVITED"
    )
    check(wrong.call("POST", INVITE, json=body), 409, detail, "conflict")


@pytest.mark.parametrize(
    ("method", "path", "detail"),
    [
        ("GET", "/assessments/nope", "no assessment 'nope'; the newest is '{assessment}'"),
        ("POST", "/assessments/nope/update", "no assessment 'nope'; the newest is '{assessment}'"),
        ("GET", "/candidates/nope", "no candidate 'nope'; the newest is '{candidate}'"),
        ("POST", "/candidates/nope/enroll", "no candidate 'nope'; the newest is '{candidate}'"),
        ("GET", "/deliveries/nope", "no delivery 'nope'; there are 1"),
        ("GET", "/deliveries/1-2", "no delivery '1-2'; there are 1"),
        ("GET", "/deliveries/1", "no delivery '1'; there are 1"),
        ("POST", "/deliveries/1-2/redeliver", "no delivery '1-2'; there are 1"),
        ("GET", "/nothing", "no such path: GET /_emulator/workspaces/{name}/nothing"),
    ],
)
def test_an_unknown_id(wrong: Wrong, method: str, path: str, detail: str) -> None:
    expected = detail.format(**wrong.ids, name=wrong.tenant.name)
    check(wrong.call(method, path, json={}), 404, expected, "not_found")


def test_an_invitation_to_an_unknown_assessment(wrong: Wrong) -> None:
    answer = wrong.call("POST", INVITE, json={"assessmentId": "nope"})
    detail = f"no assessment 'nope'; the newest is {wrong.ids['assessment']!r}"
    check(answer, 404, detail, "not_found")


def test_a_person_is_no_invitation(wrong: Wrong) -> None:
    answer = wrong.call("POST", f"/candidates/{wrong.person}/enroll", json={})
    detail = f"{wrong.person!r} is a person, not an invitation; theirs: {wrong.ids['candidate']}"
    check(answer, 404, detail, "not_found")


@pytest.mark.parametrize(("method", "path"), EVERY_CALL)
@pytest.mark.parametrize("body", [b"{}", b"{"])
def test_a_call_to_an_unknown_workspace_opens_none(
    server: Server, wrong: Wrong, method: str, path: str, body: bytes
) -> None:
    before = server.workspaces()
    url = f"/_emulator/workspaces/ghost{path.format(**wrong.ids)}"
    answer = server.client.request(method, url, content=body)
    assert server.workspaces() == before
    known = ", ".join(sorted(before))
    check(answer, 404, f"no workspace 'ghost'; open: {known}", "not_found")


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'{"seed": -1}', b'{"now": "x"}', b'{"sed": 1}', b" " * 10_000_000]
)
def test_a_wrong_put_opens_no_workspace(server: Server, body: bytes) -> None:
    answer = server.client.put("/_emulator/workspaces/ghost", content=body)
    assert answer.status_code in (400, 413)
    assert "ghost" not in server.workspaces()


@pytest.mark.parametrize("name", ["-x", ".x", "x" * 65, "a b", "é", "a%00b"])
def test_a_workspace_has_a_plain_name(server: Server, name: str) -> None:
    before = server.workspaces()
    answer = server.client.put(f"/_emulator/workspaces/{name}")
    shown = name.replace("%00", "\0")
    detail = f"not a workspace name: {shown!r}; expected letters, digits, _ . -"
    check(answer, 400, detail)
    assert server.workspaces() == before


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "", "DELETE, GET, HEAD, PUT"),
        ("GET", "/reset", "POST"),
        ("POST", "/clock", "GET, HEAD, PUT"),
        ("GET", "/clock/advance", "POST"),
        ("GET", "/settle", "POST"),
        ("POST", "/journal", "GET, HEAD"),
        ("DELETE", ASSESSMENT, "GET, HEAD, POST"),
        ("DELETE", "/assessments/{assessment}", "GET, HEAD"),
        ("GET", MOVE_ASSESSMENT, "POST"),
        ("PUT", INVITE, "GET, HEAD, POST"),
        ("DELETE", "/candidates/{candidate}", "GET, HEAD"),
        ("PUT", MOVE_CANDIDATE, "POST"),
        ("POST", "/deliveries", "GET, HEAD"),
        ("DELETE", "/deliveries/{delivery}", "GET, HEAD"),
        ("GET", REDELIVER, "POST"),
    ],
)
def test_a_wrong_method_is_answered_with_the_allowed_methods(
    wrong: Wrong, method: str, path: str, allowed: str
) -> None:
    answer = wrong.call(method, path)
    detail = f"{method} is not allowed here; allowed: {allowed}"
    check(answer, 405, detail, "method_not_allowed")
    assert answer.headers["allow"] == allowed


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/_emulator/livez", "GET, HEAD"),
        ("POST", "/_emulator/readyz", "GET, HEAD"),
        ("POST", "/_emulator/workspaces", "GET, HEAD"),
        ("PUT", "/_emulator/schemas/v1/candidate.completed.json", "GET, HEAD"),
    ],
)
def test_a_wrong_method_beside_the_workspaces(
    server: Server, method: str, path: str, allowed: str
) -> None:
    answer = server.client.request(method, path)
    detail = f"{method} is not allowed here; allowed: {allowed}"
    check(answer, 405, detail, "method_not_allowed")
    assert answer.headers["allow"] == allowed


@pytest.mark.parametrize(
    ("path", "query", "detail"),
    [
        (ASSESSMENT, "limit=0", "limit is '0'; expected 'int' >= 1"),
        (ASSESSMENT, "page=0", "unknown parameter 'page'; known: limit, skip"),
        (INVITE, "skip=x", "skip is 'x'; expected 'int'"),
        (
            INVITE,
            "email=x",
            "unknown parameter 'email'; known: limit, skip, assessment, candidate",
        ),
        ("/deliveries", "limit=-1", "limit is '-1'; expected 'int' >= 1"),
        (
            "/deliveries",
            "events=x",
            "unknown parameter 'events'; known: limit, skip, event, candidate, webhook, status",
        ),
        ("/journal", "after=x", "after is 'x'; expected 'int'"),
        (ASSESSMENT, "limit=1&limit=2", "limit is given 2 times; expected one"),
        ("/journal", "limit=1", "unknown parameter 'limit'; known: after"),
        ("/../../workspaces", "seed=1", "unknown parameter 'seed'; known: limit, skip"),
    ],
)
def test_a_wrong_query(wrong: Wrong, path: str, query: str, detail: str) -> None:
    at = f"?{query.partition('=')[0]}"
    check(wrong.call("GET", f"{path}?{query}"), 400, detail, path=at)


def test_a_filter_by_an_unknown_event(wrong: Wrong) -> None:
    answer = wrong.call("GET", "/deliveries?event=hired")
    check(answer, 400, f"no event type 'hired'; known: {KNOWN}", "unknown_name")


def test_a_filter_by_an_unknown_status(wrong: Wrong) -> None:
    answer = wrong.call("GET", "/deliveries?status=lost")
    detail = "no status 'lost'; known: dropped, failed, pending, succeeded"
    check(answer, 400, detail, "unknown_name")


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        ("v1/hired", f"no event type 'hired'; known: {KNOWN}"),
        ("v1/definitions", f"no event type 'definitions'; known: {KNOWN}"),
        ("v9/candidate.completed", "no generation 'v9'; known: v1, v2"),
    ],
)
def test_an_unknown_schema(server: Server, path: str, detail: str) -> None:
    answer = server.client.get(f"/_emulator/schemas/{path}.json")
    check(answer, 404, detail, "not_found")


def test_a_real_clock_is_not_advanced(make_tenant: Callable[..., Tenant]) -> None:
    tenant = make_tenant(clock="real")
    before = tenant.journal()
    answer = tenant.control("POST", "/clock/advance", json={"by": "1h"})
    check(answer, 409, "the clock is real; set it to virtual before you advance it", "conflict")
    assert tenant.journal() == before


@pytest.mark.parametrize("path", ["", "/clock"])
def test_the_clock_does_not_go_back_while_something_waits_on_it(wrong: Wrong, path: str) -> None:
    mode = {"mode": "virtual"} if path else {}
    answer = wrong.call("PUT", path, json={**mode, "now": "2020-01-01T00:00:00Z"})
    detail = "the clock can't go back while timers are set; reset first"
    check(answer, 409, detail, "conflict")


def test_a_second_delete_of_a_workspace(server: Server) -> None:
    server.tenant("twice")
    assert server.client.delete("/_emulator/workspaces/twice").status_code == 204
    answer = server.client.delete("/_emulator/workspaces/twice")
    known = ", ".join(sorted(server.workspaces()))
    check(answer, 404, f"no workspace 'twice'; open: {known}", "not_found")
