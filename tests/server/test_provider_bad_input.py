"""Wrong calls of the provider's API: the right 4xx, one sentence, and nothing changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from emulator.domain.events import EVENT_TYPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx2

    from tests.server.conftest import Tenant

LIST, ONE, TEST = "/v1/webhook", "/v1/webhook/{id}", "/v1/webhook/{id}/test"
WHOLE = {"name": "ats", "payloadUrl": "https://example.com/hook", "events": ["invited"]}
WITH_BODY = [("POST", LIST), ("PUT", ONE), ("PATCH", ONE), ("POST", TEST)]
WITH_WEBHOOK = [("POST", LIST), ("PUT", ONE), ("PATCH", ONE)]
WITH_ID = [("GET", ONE), ("PUT", ONE), ("PATCH", ONE), ("DELETE", ONE), ("POST", TEST)]
KNOWN = ", ".join(sorted(EVENT_TYPES))
LIKE = "expected a URL like 'https://example.com/hook'"


class Wrong:
    """Makes a wrong call, and looks whether it changed anything."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.id = tenant.webhook("https://example.com/hook")["id"]

    def call(self, method: str, path: str, **options: Any) -> httpx2.Response:
        before = self._everything()
        answer = self.tenant.provider(method, path.format(id=self.id), **options)
        assert self._everything() == before
        return answer

    def _everything(self) -> Any:
        return self.tenant.server.workspaces(), self.tenant.last_entry


@pytest.fixture(scope="module")
def wrong(make_tenant: Callable[..., Tenant]) -> Wrong:
    return Wrong(make_tenant())


def check(answer: httpx2.Response, status: int, message: str, code: str = "invalid_input") -> None:
    assert answer.json() == {"error": {"message": message, "code": code}}
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(("method", "path"), WITH_BODY)
@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"name": ', "not JSON: input data was truncated"),
        (b"name=ats", "not JSON: JSON is malformed: invalid character (byte 4)"),
        (b"\xff\xfe", "not JSON: JSON is malformed: invalid character (byte 0)"),
        (b'{"event": "\xff", "name": "\xff"}', None),
        (b"{} {}", None),
        (b"[]", "expected 'object', got 'array' (at $)"),
        (b'"name"', "expected 'object', got 'str' (at $)"),
        (b"null", "expected 'object', got 'null' (at $)"),
        (b"7", "expected 'object', got 'int' (at $)"),
        (b'{"x":' * 100_000, None),
    ],
)
def test_a_body_that_is_no_json_object(
    wrong: Wrong, method: str, path: str, body: bytes, message: str | None
) -> None:
    answer = wrong.call(method, path, content=body)
    text = answer.json()["error"]["message"]
    check(answer, 400, text if message is None else message)
    assert len(text) < 100


@pytest.mark.parametrize(("method", "path"), WITH_BODY)
@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_body_of_ten_megabytes(wrong: Wrong, method: str, path: str, *, is_chunked: bool) -> None:
    answer = wrong.call(method, path, content=_chunks() if is_chunked else b" " * 10_000_000)
    check(answer, 413, "the body is larger than 1048576 bytes", "too_large")


def _chunks() -> Iterator[bytes]:
    for _ in range(160):
        yield b" " * 62_500


def test_a_body_of_the_largest_size_is_read(wrong: Wrong) -> None:
    check(
        wrong.call("POST", LIST, content=b"{}" + b" " * (1024 * 1024 - 2)),
        400,
        "the key 'name' is missing (at $)",
    )


@pytest.mark.parametrize(("method", "path"), [("POST", LIST), ("PUT", ONE)])
@pytest.mark.parametrize("field", list(WHOLE))
def test_a_missing_field(wrong: Wrong, method: str, path: str, field: str) -> None:
    body = {key: value for key, value in WHOLE.items() if key != field}
    answer = wrong.call(method, path, json=body)
    check(answer, 400, f"the key '{field}' is missing (at $)")


@pytest.mark.parametrize(("method", "path"), [("POST", LIST), ("PUT", ONE)])
def test_an_empty_body_lacks_every_field(wrong: Wrong, method: str, path: str) -> None:
    check(wrong.call(method, path), 400, "the key 'name' is missing (at $)")


@pytest.mark.parametrize(("method", "path"), WITH_WEBHOOK)
@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", 1, "expected 'str', got 'int' (at $.name)"),
        ("name", None, "expected 'str', got 'null' (at $.name)"),
        ("name", " ", "empty; expected some text (at $.name)"),
        ("name", "x" * 10_001, "10001 characters; the longest is 10000 (at $.name)"),
        ("payloadUrl", ["x"], "expected 'str', got 'array' (at $.payloadUrl)"),
        ("payloadUrl", None, "expected 'str', got 'null' (at $.payloadUrl)"),
        ("events", "invited", "expected 'array', got 'str' (at $.events)"),
        ("events", None, "expected 'array', got 'null' (at $.events)"),
        ("events", ["invited", 1], "expected 'str', got 'int' (at $.events[1])"),
        (
            "events",
            [],
            (
                "no event types; expected at least one, as in ['candidate.completed']: only a v2"
                " webhook receives every event by default (at $.events)"
            ),
        ),
        ("headers", [["a", "b"]], "expected 'object', got 'array' (at $.headers)"),
        ("headers", {"a": 1}, "expected 'str', got 'int' (at $.headers.a)"),
        ("headers", {"a b": "1"}, "not a header name: 'a b' (at $.headers)"),
        ("headers", {"": "1"}, "not a header name: '' (at $.headers)"),
        (
            "headers",
            {"Content-Length": "1"},
            ("the header 'Content-Length' is set by the emulator (at $.headers.Content-Length)"),
        ),
        (
            "headers",
            {"X-Token": "1\r\nX-Evil: 2"},
            "an invalid character in the value of 'X-Token' (at $.headers.X-Token)",
        ),
        ("secret", 1, "expected 'str | null', got 'int' (at $.secret)"),
        ("description", None, "expected 'str', got 'null' (at $.description)"),
    ],
)
def test_a_wrong_field(
    wrong: Wrong, method: str, path: str, field: str, value: Any, message: str
) -> None:
    check(wrong.call(method, path, json=WHOLE | {field: value}), 400, message)


@pytest.mark.parametrize(("method", "path"), WITH_WEBHOOK)
@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("example.com/hook", "neither http nor https"),
        ("ftp://example.com/hook", "neither http nor https"),
        ("javascript:alert(1)", "neither http nor https"),
        ("", "neither http nor https"),
        ("https:///hook", "no host"),
        ("http://:80/hook", "no host"),
        ("http://example.com:99999/", "port out of range 0-65535"),
        ("http://example.com:0/", "port 0"),
        ("http://user:pass@example.com/", "user and password in the URL"),
        ("http://exam ple.com/", "white space or a control character in the URL"),
        ("http://example.com/#part", "a fragment"),
        ("http://[::1/", "invalid ipv6 url"),
    ],
)
def test_a_payload_url_that_nothing_can_be_posted_to(
    wrong: Wrong, method: str, path: str, url: str, problem: str
) -> None:
    answer = wrong.call(method, path, json=WHOLE | {"payloadUrl": url})
    check(answer, 400, f"{problem}: {url!r}; {LIKE} (at $.payloadUrl)")


def test_a_payload_url_that_is_too_long(wrong: Wrong) -> None:
    url = "https://example.com/" + "x" * 2_048
    answer = wrong.call("POST", LIST, json=WHOLE | {"payloadUrl": url})
    message = f"longer than 2048 characters: {url[:80]!r}; {LIKE} (at $.payloadUrl)"
    check(answer, 400, message)


@pytest.mark.parametrize(("method", "path"), WITH_WEBHOOK)
def test_an_unknown_event_is_refused_with_the_known_events(
    wrong: Wrong, method: str, path: str
) -> None:
    answer = wrong.call(method, path, json=WHOLE | {"events": ["invited", "hired"]})
    message = f"no event type 'hired'; known: {KNOWN} (at $.events[1])"
    check(answer, 400, message, "unknown_name")


@pytest.mark.parametrize(("method", "path"), WITH_WEBHOOK)
def test_a_misspelt_event_is_refused_with_similar_events(
    wrong: Wrong, method: str, path: str
) -> None:
    answer = wrong.call(method, path, json=WHOLE | {"events": ["assessment.achived"]})
    message = (
        "no event type 'assessment.achived'; near: 'assessment.archived', 'assessment.updated', "
        f"'assessment.created'; known: {KNOWN} (at $.events[0])"
    )
    check(answer, 400, message, "unknown_name")


@pytest.mark.parametrize(("method", "path"), WITH_WEBHOOK)
def test_an_ambiguous_word_is_answered_with_its_possible_meanings(
    wrong: Wrong, method: str, path: str
) -> None:
    answer = wrong.call(method, path, json=WHOLE | {"events": ["assessment"]})
    message = (
        "'assessment' is ambiguous, it means any of 'assessment.created', 'assessment.updated', "
        "'assessment.archived', 'assessment.deleted'; name one (at $.events[0])"
    )
    check(answer, 400, message)


def test_the_test_event_is_refused_with_the_known_events(wrong: Wrong) -> None:
    answer = wrong.call("POST", TEST, json={"event": "hired"})
    check(answer, 400, f"no event type 'hired'; known: {KNOWN} (at $.event)", "unknown_name")


def test_a_test_event_is_named_by_a_text(wrong: Wrong) -> None:
    answer = wrong.call("POST", TEST, json={"event": 1})
    check(answer, 400, "expected 'str | null', got 'int' (at $.event)")


@pytest.mark.parametrize(("method", "path"), WITH_ID)
@pytest.mark.parametrize("body", [b"{}", b"{", b" " * 10_000_000])
def test_an_unknown_id_is_reported_before_errors_in_the_body(
    wrong: Wrong, method: str, path: str, body: bytes
) -> None:
    answer = wrong.call(method, path.replace("{id}", "nope"), content=body)
    check(answer, 404, f"no webhook 'nope'; the newest is {wrong.id!r}", "not_found")


@pytest.mark.parametrize(("method", "path"), WITH_ID)
def test_an_unknown_id_where_there_is_no_webhook(tenant: Tenant, method: str, path: str) -> None:
    answer = tenant.provider(method, path.format(id="x" * 100))
    check(answer, 404, f"no webhook {'x' * 80!r}; none exists yet", "not_found")
    assert len(tenant.journal()) == 1


def test_a_second_delete(tenant: Tenant) -> None:
    id_ = tenant.webhook("https://example.com/hook")["id"]
    assert tenant.provider("DELETE", f"{LIST}/{id_}").status_code == 204
    before = tenant.journal()
    answer = tenant.provider("DELETE", f"{LIST}/{id_}")
    check(answer, 404, f"no webhook {id_!r}; none exists yet", "not_found")
    assert tenant.journal() == before


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", LIST, "GET, HEAD, POST"),
        ("PATCH", LIST, "GET, HEAD, POST"),
        ("DELETE", LIST, "GET, HEAD, POST"),
        ("OPTIONS", LIST, "GET, HEAD, POST"),
        ("POST", ONE, "DELETE, GET, HEAD, PATCH, PUT"),
        ("OPTIONS", ONE, "DELETE, GET, HEAD, PATCH, PUT"),
        ("GET", TEST, "POST"),
        ("PUT", TEST, "POST"),
        ("DELETE", TEST, "POST"),
    ],
)
def test_a_wrong_method_is_answered_with_the_allowed_methods(
    wrong: Wrong, method: str, path: str, allowed: str
) -> None:
    answer = wrong.call(method, path)
    check(answer, 405, f"{method} is not allowed here; allowed: {allowed}", "method_not_allowed")
    assert answer.headers["allow"] == allowed


def test_an_unknown_path(wrong: Wrong) -> None:
    check(wrong.call("GET", "/v1/webhooks"), 404, "no such path: GET /v1/webhooks", "not_found")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("limit=0", "limit is '0'; expected 'int' >= 1 (at ?limit)"),
        ("limit=1.5", "limit is '1.5'; expected 'int' (at ?limit)"),
        ("limit=%C2%B2", "limit is '²'; expected 'int' (at ?limit)"),
        ("limit=9999999999", "limit is '9999999999'; expected 'int' <= 999999999 (at ?limit)"),
        ("skip=-1", "skip is '-1'; expected 'int' >= 0 (at ?skip)"),
    ],
)
def test_a_wrong_query(wrong: Wrong, query: str, message: str) -> None:
    check(wrong.call("GET", f"{LIST}?{query}"), 400, message)


@pytest.mark.parametrize("query", ["offset=1", "limit=&skip=", "production=%FF&limit=1"])
def test_an_unknown_parameter_passes_and_an_empty_one_counts_as_left_out(
    wrong: Wrong, query: str
) -> None:
    answer = wrong.call("GET", f"{LIST}?{query}")
    assert answer.status_code == 200
    assert [one["id"] for one in answer.json()["data"]] == [wrong.id]


def test_an_unknown_parameter_is_named_in_the_log(
    wrong: Wrong, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", "emulator.server"):
        wrong.call("GET", f"{LIST}?offset=1&limit=1&size=2")
    assert "GET /v1/webhook: unknown parameter 'offset', 'size'" in caplog.messages
