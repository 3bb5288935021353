"""Questions to a sample consumer over real sockets; each raises when the answer is wrong."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from emulator import data
from emulator.delivery.signing import sign
from emulator.emulator import Emulator
from tests.consumers.asking import (
    PATIENCE,
    STANDARD,
    accepted,
    check_state,
    delivered,
    dumped,
    edited,
    headers_for,
    opened,
    post,
    seen,
    started_request,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.consumers.asking import Life
    from tests.consumers.starting import Running

LARGE = 25_000_000
LARGEST = 1_000_000
EXAMPLES: dict[str, Any] = {
    file.name.removesuffix(".json"): json.loads(file.read_bytes())
    for file in (data.schemas() / "v1" / "examples").iterdir()
}
ENDS = {
    "COMPLETED": "enroll start complete rescore",
    "REJECTED": "enroll start complete reject rescore",
    "DISQUALIFIED": "enroll disqualify",
    "INVITATION_EXPIRED": "expire",
}
"""How a candidate ends -> the commands that lead there."""

UNHEARD_OF = {"aKeyOfTomorrow": {"with": ["a", {"value": None}]}}


# --- deliveries to accept -------------------------------------------------------------------


def documented_shapes(consumer: Running, _: Life) -> None:
    for name, payload in EXAMPLES.items():
        link = payload["data"].get("resultLink")
        if link is None or link.startswith("https:"):  # the rest has a probe of its own
            accepted(consumer, dumped(payload))
            assert name.startswith("assessment") or seen(consumer, payload["data"]["email"])


def forms_of_result_link(consumer: Running, life: Life) -> None:
    accepted(consumer, *life.bodies.values())
    for payload in EXAMPLES.values():
        accepted(consumer, dumped(payload))


def forms_of_json(consumer: Running, life: Life) -> None:
    payload = json.loads(life["COMPLETED"])
    escaped = life["INVITED"].replace(b'"email"', b'"\\u0065mail"')
    accepted(consumer, escaped, json.dumps(payload, indent=2).encode())
    check_state(consumer, life, "COMPLETED", 1)


def the_ping(consumer: Running, _: Life) -> None:
    accepted(consumer, b"{}", b'{"success":true}', b'{"data":{},"message":"test"}')


def unknown_events(consumer: Running, life: Life) -> None:
    for change in ({"event": "shortlisted"}, {"type": "interview", "event": "scheduled"}):
        accepted(consumer, edited(life["COMPLETED"], lambda payload: payload.update(change)))  # noqa: B023
    accepted(consumer, b'{"type":"report","event":"ready"}')
    assert not seen(consumer, life.email)


def unknown_keys(consumer: Running, life: Life) -> None:
    def added(value: Any) -> Any:
        if isinstance(value, list):
            return [added(one) for one in value]
        if isinstance(value, dict):
            return {key: added(one) for key, one in value.items()} | UNHEARD_OF
        return value

    accepted(consumer, dumped(added(json.loads(life["COMPLETED"]))))
    check_state(consumer, life, "COMPLETED", 1)


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
    check_state(consumer, life, "COMPLETED", 1)


def delivered_by_the_emulator(consumer: Running, life: Life) -> None:
    """The emulator's own client brings all event types, of four candidates at once."""

    async def deliver() -> None:
        async with Emulator(seed=5, clock="virtual", generation="v2") as emulator:
            workspace = emulator.workspace()
            workspace.add_webhook(
                name="all",
                payload_url=consumer.hook,
                events=[],  # all that v2 has
                headers={"X-Webhook-Token": consumer.token or ""},
                secret=consumer.secret,
            )
            job = workspace.create_assessment(title="Harbour Planner")
            for end, commands in ENDS.items():
                one = workspace.invite(job.id, email=f"{end}.{life.email}")
                for command in commands.split():
                    workspace.move_candidate(one.id, command)
            await workspace.settle()
            answers = [delivery.attempts[0].outcome for delivery in workspace.deliveries()]
            assert len(answers) > 20
            assert all(answer is not None and answer.reason == "answered" for answer in answers)

    asyncio.run(deliver())
    for end in ENDS:
        known = seen(consumer, f"{end}.{life.email}")
        assert known["status"] == end
        assert known["completions"] == int(end in ("COMPLETED", "REJECTED"))


# --- effects --------------------------------------------------------------------------------


def whole_life(consumer: Running, life: Life) -> None:
    for status in ("INVITED", "ENROLLED", "IN_PROGRESS", "COMPLETED", "REJECTED"):
        delivered(consumer, life[status])
        check_state(consumer, life, status, int(status in ("COMPLETED", "REJECTED")))


def duplicates(consumer: Running, life: Life) -> None:
    delivered(consumer, life["INVITED"], life["INVITED"], life["COMPLETED"], life["COMPLETED"])
    check_state(consumer, life, "COMPLETED", 1)


def duplicates_in_parallel(consumer: Running, life: Life) -> None:
    with ThreadPoolExecutor(8) as pool:
        for status in pool.map(lambda _: post(consumer, life["COMPLETED"]), range(8)):
            assert status == 200
    check_state(consumer, life, "COMPLETED", 1)


def two_descriptions(consumer: Running, life: Life) -> None:
    bodies = [body for (_, status), body in life.bodies.items() if status != "REJECTED"]
    assert len(bodies) == 9
    delivered(consumer, *bodies, *bodies[:5])
    assert seen(consumer, life.email)["events"] == 5
    check_state(consumer, life, "COMPLETED", 1)


def rescored(consumer: Running, life: Life) -> None:
    delivered(consumer, life["COMPLETED"], life.bodies["candidate.score_updated", "COMPLETED"])
    check_state(consumer, life, "COMPLETED", 1)
    delivered(consumer, life["REJECTED"], life.bodies["candidate.score_updated", "REJECTED"])
    check_state(consumer, life, "REJECTED", 1)


def late_events(consumer: Running, life: Life) -> None:
    delivered(consumer, life["COMPLETED"], life["IN_PROGRESS"], life["INVITED"])
    check_state(consumer, life, "COMPLETED", 1)


def late_completion(consumer: Running, life: Life) -> None:
    delivered(consumer, life["REJECTED"], life["COMPLETED"])
    check_state(consumer, life, "REJECTED", 1)


def kept_apart(consumer: Running, life: Life) -> None:
    """Two candidates, one of them in two assessments, and invited again to the first."""

    def elsewhere(payload: dict[str, Any]) -> None:
        payload["data"] |= {"assessmentId": "f" * 24, "invitedAt": "2026-02-01T00:00:00.000Z"}

    def again(payload: dict[str, Any]) -> None:
        payload["data"] |= {"invitedAt": "2026-03-01T00:00:00.000Z"}

    def somebody_else(payload: dict[str, Any]) -> None:
        payload["data"] |= {"email": f"other.{life.email}", "candidateId": "e" * 24}

    here = json.loads(life["INVITED"])["data"]
    delivered(consumer, life["COMPLETED"], edited(life["INVITED"], elsewhere))
    delivered(consumer, edited(life["INVITED"], again), edited(life["ENROLLED"], somebody_else))
    known = seen(consumer, here["candidateId"])
    assert known == seen(consumer, life.email.upper())
    assert [invitation["status"] for invitation in known["invitations"]] == [
        "COMPLETED",
        "INVITED",
        "INVITED",
    ]
    first = known["invitations"][0]
    assert first["assessmentId"] == here["assessmentId"]
    assert seen(consumer, first["id"])["invitations"] == [first]
    assert seen(consumer, life.email, "?assessment=" + "f" * 24)["status"] == "INVITED"
    assert seen(consumer, f"other.{life.email}")["status"] == "ENROLLED"


# --- deliveries to refuse -------------------------------------------------------------------


def malformed(consumer: Running, life: Life) -> None:
    body = life["COMPLETED"]
    deep = b'{"a":' * 5_000 + b"1" + b"}" * 5_000
    bodies = {
        "empty": b"", "cut": body[:-1], "twice": body + body, "text": b"hello", "html": b"<a>",
        "list": b"[" + body + b"]", "null": b"null", "number": b"7", "nan": b'{"data": NaN}',
        "no UTF-8": body.replace(b"candidate", b"\xff\xfe"),
        "UTF-16": body.decode().encode("utf-16"),
        "deep": deep, "rather deep": body[:-1] + b', "x": ' + b"[" * 100 + b"]" * 100 + b"}",
        "a deep list": b"[" * 100_000,
        "deep inside": body[:-1] + b', "x": ' + deep + b"}",
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


def huge_body_without_end(consumer: Running, life: Life) -> None:
    """It is refused while it arrives, without waiting for the rest."""
    part = life["COMPLETED"][:-1] + b', "x": "' + b"x" * LARGEST
    chunk = b"%x\r\n%s\r\n" % (len(part), part)
    for length, sent in ((f"Content-Length: {LARGE}", b"{"), ("Transfer-Encoding: chunked", chunk)):
        with opened(consumer, length, headers_for(consumer, part)) as connection:
            connection.sendall(sent)
            assert connection.recv(100).startswith(b"HTTP/1.1 413")
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
        stale = sign(STANDARD, secrets, message_id="msg_1", body=body, now=at)
        assert post(consumer, body, headers | dict(stale)) == 401
    assert not seen(consumer, life.email)


def wrong_signature(consumer: Running, life: Life) -> None:
    body = life["COMPLETED"]
    other = headers_for(consumer, body, signed=life["INVITED"])
    assert post(consumer, body, other) == 401
    assert post(consumer, body, other | {"svix-signature": "v1,"}) == 401
    assert not seen(consumer, life.email)


# --- deliveries to survive ------------------------------------------------------------------


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
    check_state(consumer, life, "COMPLETED", 1)


def resets(consumer: Running, life: Life) -> None:
    for _ in range(3):
        connection, _ = started_request(consumer, life["INVITED"])
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
    assert not seen(consumer, life.email)
    accepted(consumer, life["INVITED"])
    check_state(consumer, life, "INVITED", 0)


def a_restart(consumer: Running, life: Life) -> None:
    accepted(consumer, life["COMPLETED"])
    consumer.restart()
    check_state(consumer, life, "COMPLETED", 1)
    # a candidate that it knew before the restart is the same candidate after it
    delivered(consumer, life.bodies["candidate.completed", "COMPLETED"], life["REJECTED"])
    check_state(consumer, life, "REJECTED", 1)


PROBES: tuple[Callable[[Running, Life], None], ...] = (
    documented_shapes, forms_of_result_link, forms_of_json, the_ping, unknown_events, unknown_keys,
    names_in_any_script, chunked_body, delivered_by_the_emulator, whole_life, duplicates,
    duplicates_in_parallel, two_descriptions, rescored, late_events, late_completion, kept_apart,
    malformed, huge_body, huge_body_without_end,
    wrong_token, no_signature, wrong_signature, slow_body, resets, a_restart,
)  # fmt: skip
