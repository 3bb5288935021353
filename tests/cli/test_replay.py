"""``replay``: captures again, byte by byte, or as a scenario that runs."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from emulator.captures.recorder import Recorder
from emulator.delivery.signing import SigningScheme, verify
from emulator.receiver import Received
from emulator.serving import listen

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from emulator.receiver import Receiver
    from tests.conftest import Cli

    Consumer = Callable[..., Receiver]

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
HEADERS = (
    ("host", "tunnel.example.com"),
    ("content-length", "1"),
    ("x-webhook-token", "s3cret"),
    ("content-type", "application/json; charset=utf-8"),
    ("svix-id", "msg_1"),
    ("svix-timestamp", "1614265330"),
    ("svix-signature", "v1,old"),
)
AT = datetime(2026, 6, 2, 7, tzinfo=UTC)


def body(event: str, status: str) -> bytes:
    payload: Any = {"data": {"candidateStatus": status}, "type": "candidate", "event": event}
    return json.dumps(payload, indent=1).encode()


BODIES = (body("enrolled", "ENROLLED"), body("completed", "COMPLETED"), b"\xff no json")


@pytest.fixture
def captures(tmp_path: Path) -> Path:
    folder = tmp_path / "captures"
    folder.mkdir()
    save(folder, keeps_secrets=True)
    return folder


def save(path: Path, *, keeps_secrets: bool, gap: float = 7_200) -> None:
    folder = Recorder(path, keeps_secrets=keeps_secrets)
    for number, one in enumerate(BODIES):
        folder.save(Received("POST", "/", HEADERS, one), AT + timedelta(seconds=number * gap))


def test_the_same_bytes_and_headers_are_sent_in_order(
    cli: Cli, consumer: Consumer, captures: Path
) -> None:
    receiver = consumer(200, 500, 204)
    code, out, err = cli("replay", str(captures), "--to", f"{receiver.url}/hook?a=b")
    assert out.splitlines() == [
        "candidate.enrolled  -> 200",
        "candidate.completed  -> 500",
        "unreadable  -> 204",
    ]
    assert (code, err) == (1, "2 of 3 accepted\n")
    assert tuple(request.body for request in receiver.requests) == BODIES
    [first, *_] = receiver.requests
    sent = tuple(header for header in first.headers if header[0] not in ("host", "content-length"))
    assert (first.path, sent) == ("/hook?a=b", HEADERS[2:])


def test_resign_makes_a_signature_of_now(cli: Cli, consumer: Consumer, captures: Path) -> None:
    receiver = consumer()
    assert cli("replay", str(captures), "--to", receiver.url, "--resign", SECRET).code == 0
    for request in receiver.requests:
        scheme = SigningScheme("standard")
        assert verify(scheme, SECRET, request.headers, request.body, now=time.time()).holds
        assert request.header("svix-id") == "msg_1"
        assert [name for name, _ in request.headers if name in dict(HEADERS[2:])] == [
            name for name, _ in HEADERS[2:]
        ]


def test_masked_headers_are_not_sent_and_are_reported(
    cli: Cli, consumer: Consumer, tmp_path: Path
) -> None:
    save(tmp_path, keeps_secrets=False)
    receiver = consumer()
    err = cli("replay", str(tmp_path), "--to", receiver.url).err
    assert err.startswith("note: masked when saved, so not sent: svix-signature, x-webhook-token; ")
    assert receiver.requests[0].header("x-webhook-token") is None
    options = ("--resign", SECRET, "--header", "X-Webhook-Token: new")
    assert cli("replay", str(tmp_path), "--to", receiver.url, *options).err == "3 of 3 accepted\n"
    assert receiver.requests[-1].header("x-webhook-token") == "new"


@pytest.mark.parametrize(
    ("filters", "bodies"),
    [
        (("candidate.*",), BODIES[:2]),
        (("candidate.completed",), BODIES[1:2]),
        (("data.candidateStatus=ENROLLED",), BODIES[:1]),
        (("candidate.*", "data.candidateStatus=COMPLETED"), BODIES[1:2]),
    ],
)
def test_filters_select(
    cli: Cli, consumer: Consumer, captures: Path, filters: tuple[str, ...], bodies: tuple[bytes]
) -> None:
    receiver = consumer()
    given = [word for one in filters for word in ("--filter", one)]
    assert cli("replay", str(captures), "--to", receiver.url, *given).code == 0
    assert tuple(request.body for request in receiver.requests) == bodies


def test_real_speed_keeps_the_pauses(cli: Cli, consumer: Consumer, tmp_path: Path) -> None:
    save(tmp_path, keeps_secrets=True, gap=0.1)
    receiver = consumer()
    began = time.monotonic()
    assert cli("replay", str(tmp_path), "--to", receiver.url, "--speed", "real").code == 0
    assert time.monotonic() - began >= 0.2


def test_the_scenario_of_captures_runs_and_sends_the_same_bytes(
    cli: Cli, consumer: Consumer, captures: Path, tmp_path: Path
) -> None:
    file = tmp_path / "made" / "replay.yaml"
    file.parent.mkdir()
    ran = cli("replay", str(captures), "--as-scenario", str(file))
    assert ran == (0, f"{file}: a scenario that sends 3 captures\n", "")
    assert file.read_text().splitlines() == [
        "# Written by replay --as-scenario.",
        "scenario: Replay of 3 captures",
        "webhooks: v1",
        "consumer:",
        '  - {payload_url: "${CONSUMER_URL}", events: [candidate.completed, candidate.enrolled]}',
        "steps:",
        '  - send: {event: candidate.enrolled, data: "replay-bodies/0001"}',
        '  - wait: "2h"',
        '  - send: {event: candidate.completed, data: "replay-bodies/0002"}',
        '  - wait: "2h"',
        '  - send: {event: test, data: "replay-bodies/0003"}',
        '  - expect: {event: candidate.enrolled, answered: "2xx", count: 1}',
        '  - expect: {event: candidate.completed, answered: "2xx", count: 1}',
        '  - expect: {event: test, answered: "2xx", count: 1}',
    ]
    receiver = consumer()
    assert cli("run", str(file), "--url", receiver.url).code == 0
    assert tuple(request.body for request in receiver.requests) == BODIES


def test_an_unreachable_consumer_proves_nothing(cli: Cli, captures: Path) -> None:
    with listen("127.0.0.1", 0) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    code, _, err = cli("replay", str(captures), "--to", url)
    assert code == 2
    assert f"error: no answer from {url}: refused" in err


def test_the_guard_of_deliveries_applies(cli: Cli, captures: Path) -> None:
    code, out, _ = cli("replay", str(captures), "--to", "http://192.0.2.1/")
    assert (code, out.splitlines()[0]) == (2, "candidate.enrolled  -> address_forbidden")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "expected either --to URL or --as-scenario FILE"),
        (
            ("--to", "http://127.0.0.1:1", "--filter", "candidate.moved"),
            (
                "no capture matches --filter candidate.moved; "
                "the event types are: candidate.completed, candidate.enrolled, unreadable"
            ),
        ),
        (
            ("--to", "http://127.0.0.1:1", "--resign", "x"),
            "not a secret to sign with; expected 'whsec_' and a key in base64 with its padding",
        ),
    ],
)
def test_a_usage_error_is_reported(
    cli: Cli, captures: Path, arguments: tuple[str, ...], message: str
) -> None:
    assert cli("replay", str(captures), *arguments) == (2, "", f"error: {message}\n")


def test_real_speed_needs_times(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(BODIES[0])
    code, _, err = cli("replay", str(file), "--to", "http://127.0.0.1:1", "--speed", "real")
    message = f"{file} has no time; use --speed fast"
    assert (code, err) == (2, f"error: --speed real: {message}\n")
