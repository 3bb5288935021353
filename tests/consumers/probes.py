"""Questions to a sample consumer over real sockets; each raises when the answer is wrong."""

from __future__ import annotations

import http.client
import json
import socket
import struct
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlsplit

from emulator import data
from emulator.delivery.signing import Signature, sign

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tests.consumers.starting import Running

PATIENCE = 5.0  # real seconds; only a consumer that is held up takes as long
LARGE = 25_000_000
CHANGED = "candidate.status_changed"
EXAMPLES: dict[str, Any] = {
    file.name.removesuffix(".json"): json.loads(file.read_bytes())
    for file in (data.schemas() / "v1" / "examples").iterdir()
}
UNHEARD_OF = {"aKeyOfTomorrow": {"with": ["a", {"value": None}]}}


class Life(NamedTuple):
    """What the emulator told of one candidate.

    Attributes:
        bodies: (event type, status) -> body.
    """

    email: str
    bodies: Mapping[tuple[str, str], bytes]

    def __getitem__(self, status: Any) -> bytes:
        """Return the body that told of *status* to who wants every change."""
        return self.bodies[CHANGED, status]


# --- asking ---------------------------------------------------------------------------------


def headers_for(consumer: Running, body: bytes, signed: bytes | None = None) -> dict[str, str]:
    """Return the headers of a delivery.

    Args:
        signed: what the signature is of, if not the body.
    """
    headers = {"Content-Type": "application/json"}
    if consumer.token:
        headers["X-Webhook-Token"] = consumer.token
    if consumer.secret:
        secrets, at = [consumer.secret], time.time()
        signed = body if signed is None else signed
        standard = Signature("standard")
        headers |= dict(sign(standard, secrets, message_id="msg_1", body=signed, now=at))
    return headers


def post(
    consumer: Running,
    body: bytes | Iterable[bytes],
    headers: dict[str, str] | None = None,
    timeout: float = 4 * PATIENCE,
) -> int:
    """Deliver one body and return the status; an iterable goes out in chunks."""
    if headers is None:
        assert isinstance(body, bytes)
        headers = headers_for(consumer, body)
    connection = http.client.HTTPConnection(urlsplit(consumer.url).netloc, timeout=timeout)
    try:
        try:
            is_chunked = not isinstance(body, bytes)
            connection.request(
                "POST", urlsplit(consumer.hook).path, body, headers, encode_chunked=is_chunked
            )
        except ConnectionError:
            pass  # answered before all of it was sent
        return connection.getresponse().status
    finally:
        connection.close()


def accepted(consumer: Running, *bodies: bytes) -> None:
    """Deliver each body; each has to be taken."""
    for body in bodies:
        status = post(consumer, body)
        assert 200 <= status < 300, f"answered {status} to {body[:300]!r}"


def told(consumer: Running, *bodies: bytes) -> None:
    """Deliver each body, whatever the answer."""
    for body in bodies:
        post(consumer, body)


def seen(consumer: Running, name: str, query: str = "") -> dict[str, Any]:
    """Return what the consumer knows of a candidate; empty when that is nothing."""
    connection = http.client.HTTPConnection(urlsplit(consumer.url).netloc, timeout=4 * PATIENCE)
    try:
        connection.request("GET", f"/candidates/{quote(name, safe='')}{query}")
        response = connection.getresponse()
        answer: dict[str, Any] = json.loads(response.read())
        assert response.status in (200, 404), answer
        return answer if response.status == 200 else {}
    finally:
        connection.close()


def stands(consumer: Running, life: Life, status: str, completions: int) -> None:
    """Check where the consumer thinks a candidate is."""
    known = seen(consumer, life.email)
    assert (known.get("status"), known.get("completions")) == (status, completions)


def edited(body: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    """Return a body with its payload changed."""
    payload = json.loads(body)
    change(payload)
    return json.dumps(payload).encode()


# --- what has to be taken -------------------------------------------------------------------


def documented_shapes(consumer: Running, _: Life) -> None:
    for name, payload in EXAMPLES.items():
        if payload["data"].get("resultLink") in (None, EXAMPLES["candidate.completed"]["data"]["resultLink"]):
            accepted(consumer, json.dumps(payload).encode())
            assert name.startswith("assessment") or seen(consumer, payload["data"]["email"])


def forms_of_result_link(consumer: Running, life: Life) -> None:
    accepted(consumer, *life.bodies.values())
    for payload in EXAMPLES.values():
        accepted(consumer, json.dumps(payload).encode())


def the_ping(consumer: Running, _: Life) -> None:
    accepted(consumer, b"{}", b'{"success": true}', b'{"data": {}, "message": "test"}')


def unknown_events(consumer: Running, life: Life) -> None:
    for change in ({"event": "shortlisted"}, {"type": "interview", "event": "scheduled"}):
        accepted(consumer, edited(life["COMPLETED"], lambda payload: payload.update(change)))  # noqa: B023
    accepted(consumer, b'{"type": "report", "event": "ready"}')
    assert not seen(consumer, life.email)


def unknown_keys(consumer: Running, life: Life) -> None:
    def added(value: Any) -> Any:
        if isinstance(value, list):
            return [added(one) for one in value]
        if isinstance(value, dict):
            return {key: added(one) for key, one in value.items()} | UNHEARD_OF
        return value

    accepted(consumer, json.dumps(added(json.loads(life["COMPLETED"]))).encode())
    stands(consumer, life, "COMPLETED", 1)


def names_in_any_script(consumer: Running, life: Life) -> None:
    names = [
        "Ἀλέξανδρος", "محمد", "李小龍", "Zoë 🧑‍🚀", "<script>alert(1)</script>", "{{7*7}}${7*7}",
        "Robert'); DROP TABLE candidates;--", "x" * 10_000, "nul\0byte", "", "half \ud83d pair",
    ]  # fmt: skip
    for number, name in enumerate(names):
        email = f"{number}.{life.email}"
        told_of = {"email": email, "firstName": name, "lastName": name}
        accepted(consumer, edited(life["INVITED"], lambda one: one["data"].update(told_of)))  # noqa: B023
        known = seen(consumer, email)
        assert (known["firstName"], known["lastName"]) == (name, name)


def chunked_body(consumer: Running, life: Life) -> None:
    body = life["COMPLETED"]
    assert post(consumer, [body[:700], body[700:]], headers_for(consumer, body)) == 200
    stands(consumer, life, "COMPLETED", 1)


# --- what it comes to -----------------------------------------------------------------------


def whole_life(consumer: Running, life: Life) -> None:
    for status in ("INVITED", "ENROLLED", "IN_PROGRESS", "COMPLETED", "REJECTED"):
        told(consumer, life[status])
        stands(consumer, life, status, int(status in ("COMPLETED", "REJECTED")))


def duplicates(consumer: Running, life: Life) -> None:
    told(consumer, life["INVITED"], life["INVITED"], life["COMPLETED"], life["COMPLETED"])
    stands(consumer, life, "COMPLETED", 1)


def duplicates_in_parallel(consumer: Running, life: Life) -> None:
    with ThreadPoolExecutor(8) as pool:
        for status in pool.map(lambda _: post(consumer, life["COMPLETED"]), range(8)):
            assert status == 200
    stands(consumer, life, "COMPLETED", 1)


def two_descriptions(consumer: Running, life: Life) -> None:
    told(consumer, *(body for (_, status), body in life.bodies.items() if status != "REJECTED"))
    stands(consumer, life, "COMPLETED", 1)


def rescored(consumer: Running, life: Life) -> None:
    told(consumer, life["COMPLETED"], life.bodies["candidate.score_updated", "COMPLETED"])
    stands(consumer, life, "COMPLETED", 1)
    told(consumer, life["REJECTED"], life.bodies["candidate.score_updated", "REJECTED"])
    stands(consumer, life, "REJECTED", 1)


def late_events(consumer: Running, life: Life) -> None:
    told(consumer, life["COMPLETED"], life["IN_PROGRESS"], life["INVITED"])
    stands(consumer, life, "COMPLETED", 1)


def late_completion(consumer: Running, life: Life) -> None:
    told(consumer, life["REJECTED"], life["COMPLETED"])
    stands(consumer, life, "REJECTED", 1)


def kept_apart(consumer: Running, life: Life) -> None:
    """Two candidates, and one of them in two assessments."""
    def elsewhere(payload: dict[str, Any]) -> None:
        payload["data"] |= {"assessmentId": "f" * 24, "invitedAt": "2026-02-01T00:00:00.000Z"}

    def somebody_else(payload: dict[str, Any]) -> None:
        payload["data"] |= {"email": f"other.{life.email}", "candidateId": "e" * 24}

    here = json.loads(life["INVITED"])["data"]
    told(consumer, life["COMPLETED"], edited(life["INVITED"], elsewhere))
    told(consumer, edited(life["ENROLLED"], somebody_else))
    known = seen(consumer, here["candidateId"])
    assert known == seen(consumer, life.email.upper())
    assert [one["status"] for one in known["invitations"]] == ["COMPLETED", "INVITED"]
    first = known["invitations"][0]
    assert first["assessmentId"] == here["assessmentId"]
    assert seen(consumer, first["id"])["invitations"] == [first]
    assert seen(consumer, life.email, "?assessment=" + "f" * 24)["status"] == "INVITED"
    assert seen(consumer, f"other.{life.email}")["status"] == "ENROLLED"


# --- what has to be refused -----------------------------------------------------------------


def malformed(consumer: Running, life: Life) -> None:
    body = life["COMPLETED"]
    deep = b'{"a":' * 5_000 + b"1" + b"}" * 5_000
    bodies = {
        "empty": b"", "cut": body[:-1], "twice": body + body, "text": b"hello", "html": b"<a>",
        "list": b"[" + body + b"]", "null": b"null", "number": b"7", "nan": b'{"data": NaN}',
        "no UTF-8": body.replace(b"candidate", b"\xff\xfe"), "UTF-16": body.decode().encode("utf-16"),
        "deep": deep, "deep list": b"[" * 100_000, "deep inside": body[:-1] + b', "x": ' + deep + b"}",
        "no data": b'{"type": "candidate", "event": "completed"}',
        "data of another kind": b'{"type": "candidate", "event": "completed", "data": [1]}',
        "nobody": edited(body, lambda payload: payload["data"].pop("email")),
        "event of another kind": edited(body, lambda payload: payload.update(event=[1])),
        "name of another kind": edited(body, lambda payload: payload["data"].update(firstName=7)),
        "too large": body[:-1] + b', "x": "' + b"x" * 1_000_000 + b'"}',
    }  # fmt: skip
    for name, one in bodies.items():
        status = post(consumer, one)
        assert 400 <= status < 500, f"answered {status} to a body that is {name}"
    for kind in (None, "text/plain", "application/x-www-form-urlencoded", "application/jsonp"):
        headers = headers_for(consumer, body) | {"Content-Type": kind}
        status = post(consumer, body, {name: value for name, value in headers.items() if value})
        assert status == 415, f"answered {status} to the content type {kind!r}"
    assert not seen(consumer, life.email)


def huge_body(consumer: Running, life: Life) -> None:
    body = life["COMPLETED"][:-1] + b', "x": "' + b"x" * LARGE + b'"}'
    headers = headers_for(consumer, body)
    assert post(consumer, body, headers) == 413
    pieces = (body[at : at + 100_000] for at in range(0, len(body), 100_000))
    assert post(consumer, pieces, headers) == 413
    assert not seen(consumer, life.email)


def wrong_token(consumer: Running, life: Life) -> None:
    headers = headers_for(consumer, life["COMPLETED"])
    right = headers.pop("X-Webhook-Token")
    for wrong in ({}, {"X-Webhook-Token": ""}, {"X-Webhook-Token": right + "x"}):
        assert post(consumer, life["COMPLETED"], headers | wrong) == 401
    assert not seen(consumer, life.email)


def no_signature(consumer: Running, life: Life) -> None:
    """Without its headers, or with those of ten minutes ago or ahead."""
    body = life["COMPLETED"]
    headers = headers_for(consumer, body)
    for missing in ("svix-id", "svix-timestamp", "svix-signature"):
        rest = {name: value for name, value in headers.items() if name != missing}
        assert post(consumer, body, rest) == 401
    for off in (-600, 600):
        secrets, at = [consumer.secret or ""], time.time() + off
        stale = sign(Signature("standard"), secrets, message_id="msg_1", body=body, now=at)
        assert post(consumer, body, headers | dict(stale)) == 401
    assert not seen(consumer, life.email)


def wrong_signature(consumer: Running, life: Life) -> None:
    body = life["COMPLETED"]
    other = headers_for(consumer, body, signed=life["INVITED"])
    assert post(consumer, body, other) == 401
    assert post(consumer, body, other | {"svix-signature": "v1,"}) == 401
    assert not seen(consumer, life.email)


# --- what it has to outlive -----------------------------------------------------------------


def started_request(consumer: Running, body: bytes) -> tuple[socket.socket, bytes]:
    """Send the first half of a delivery; return its connection and the other half."""
    url = urlsplit(consumer.hook)
    assert url.hostname is not None
    lines = [f"POST {url.path} HTTP/1.1", f"Host: {url.netloc}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers_for(consumer, body).items()]
    connection = socket.create_connection((url.hostname, url.port), 4 * PATIENCE)
    half = len(body) // 2
    connection.sendall("\r\n".join([*lines, "", ""]).encode() + body[:half])
    return connection, body[half:]


def slow_body(consumer: Running, life: Life) -> None:
    """While one sends slowly, the others are answered."""
    connection, rest = started_request(consumer, life["COMPLETED"])
    with connection:
        try:
            assert post(consumer, life["INVITED"], timeout=PATIENCE) == 200
        finally:
            connection.sendall(rest)
            answer = connection.recv(100)
    assert answer.startswith(b"HTTP/1.1 200")
    stands(consumer, life, "COMPLETED", 1)


def resets(consumer: Running, life: Life) -> None:
    for _ in range(3):
        connection, _ = started_request(consumer, life["INVITED"])
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
    assert not seen(consumer, life.email)
    accepted(consumer, life["INVITED"])
    stands(consumer, life, "INVITED", 0)


def a_restart(consumer: Running, life: Life) -> None:
    accepted(consumer, life["COMPLETED"])
    consumer.restart()
    stands(consumer, life, "COMPLETED", 1)
    # and one who was told of before it is the same one after it
    told(consumer, life.bodies["candidate.completed", "COMPLETED"], life["REJECTED"])
    stands(consumer, life, "REJECTED", 1)


PROBES: tuple[Callable[[Running, Life], None], ...] = (
    documented_shapes, forms_of_result_link, the_ping, unknown_events, unknown_keys,
    names_in_any_script, chunked_body, whole_life, duplicates, duplicates_in_parallel,
    two_descriptions, rescored, late_events, late_completion, kept_apart, malformed, huge_body,
    wrong_token, no_signature, wrong_signature, slow_body, resets, a_restart,
)  # fmt: skip
