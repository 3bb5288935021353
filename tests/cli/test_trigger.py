"""``trigger``: one message, its output and its exit code."""

from __future__ import annotations

import io
import json
import re
import socket
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from emulator.contracts.validation import Contracts
from emulator.delivery.signing import SigningScheme, verify
from emulator.domain.events import EVENT_TYPES, EVENTS_OF
from emulator.errors import near

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from emulator.receiver import Receiver
    from tests.conftest import Cli

    Consumer = Callable[..., Receiver]

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def _payload(cli: Cli, consumer: Consumer, *arguments: str) -> Any:
    receiver = consumer()
    code, _, err = cli(
        "trigger", "candidate.completed", "--to", receiver.url, "--seed", "7", *arguments
    )
    assert (code, err) == (0, "")
    [request] = receiver.requests
    return request.payload


@pytest.mark.parametrize("event", EVENT_TYPES)
def test_each_event_type_is_sent_once_as_its_schema_has_it(
    cli: Cli, consumer: Consumer, event: str
) -> None:
    receiver = consumer()
    code, out, err = cli("trigger", event, "--to", f"{receiver.url}/hook?a=1", "--seed", "7")
    assert (code, err) == (0, "")
    [request] = receiver.requests
    assert (request.method, request.path) == ("POST", "/hook?a=1")
    assert Contracts().violations("v1", event, request.payload) == []
    shown = re.sub(r"msg_\w{27}", "MSG", re.sub(r"in [0-9.]+ ms", "in N ms", out))
    assert shown == (
        f"POST {receiver.url}/hook?a=1\n"
        f"  {event}, {len(request.body)} bytes (MSG; seed 7)\n"
        "-> 200 in N ms\n"
        "  ok\n"
    )


def test_a_word_of_the_wire_names_the_event_type(cli: Cli, consumer: Consumer) -> None:
    receiver = consumer()
    assert cli("trigger", "candidateStatusChanged", "--to", receiver.url).code == 0
    assert receiver.requests[0].payload["event"] == "candidateStatusChanged"


def test_test_is_the_ping_of_the_settings_page(cli: Cli, consumer: Consumer) -> None:
    receiver = consumer()
    code, out, _ = cli("trigger", "test", "--to", receiver.url)
    assert code == 0
    assert "\n  test, 2 bytes (msg_" in out
    assert receiver.requests[0].body == b"{}"


def test_the_same_seed_gives_the_same_bytes(cli: Cli, consumer: Consumer) -> None:
    first, second = _payload(cli, consumer), _payload(cli, consumer)
    assert first == second
    receiver = consumer()
    assert cli("trigger", "candidate.completed", "--to", receiver.url, "--seed", "8").code == 0
    assert receiver.requests[0].payload != first


def test_values_are_set_and_removed_and_nothing_else_changes(cli: Cli, consumer: Consumer) -> None:
    expected = _payload(cli, consumer)
    changes = ("--set", "data.email=x", "--set", "data.note=[1]", "--remove", "data.resultLink")
    found = _payload(cli, consumer, *changes)
    del expected["data"]["resultLink"]
    expected["data"] |= {"email": "x", "note": [1]}
    assert found == expected


def test_an_edited_payload_is_sent_with_a_notice_regardless_of_its_schema(
    cli: Cli, consumer: Consumer
) -> None:
    receiver = consumer()
    code, out, _ = cli("trigger", "invited", "--to", receiver.url, "--remove", "data")
    assert (code, "bytes, as you wrote it (msg_" in out) == (0, True)
    payload = receiver.requests[0].payload
    assert Contracts().violations("v1", "candidate.invited", payload) != []


def test_a_file_goes_as_it_is(cli: Cli, consumer: Consumer, tmp_path: Path) -> None:
    file = tmp_path / "payload.json"
    file.write_bytes(b'{"a":\xff 1')
    receiver = consumer()
    code, out, _ = cli("trigger", "test", "--to", receiver.url, "--data", str(file))
    assert (code, "8 bytes, as you wrote it" in out) == (0, True)
    assert receiver.requests[0].body == b'{"a":\xff 1'


def test_stdin_goes_as_it_is_and_can_be_changed(
    cli: Cli, consumer: Consumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver = consumer()
    for more in ((), ("--set", "b=2")):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{ "a": 1 }')))
        assert cli("trigger", "rejected", "--to", receiver.url, "--data", "-", *more).code == 0
    assert [request.body for request in receiver.requests] == [b'{ "a": 1 }', b'{"a":1,"b":2}']


@pytest.mark.parametrize("generation", ["v1", "v2"])
def test_a_secret_signs_in_each_generation(cli: Cli, consumer: Consumer, generation: str) -> None:
    receiver = consumer()
    arguments = ("--webhooks", generation, "--secret", SECRET)
    more = ("--header", "X-Webhook-Token:  a:b ")
    code, _, err = cli("trigger", "completed", "--to", receiver.url, *arguments, *more)
    assert (code, err) == (0, "")
    [request] = receiver.requests
    assert request.header("x-webhook-token") == "a:b"
    signature = SigningScheme("standard", prefix="svix-")
    assert verify(signature, SECRET, request.headers, request.body, now=time.time()).holds


def test_options_override_the_file(cli: Cli, consumer: Consumer, tmp_path: Path) -> None:
    receiver = consumer()
    file = tmp_path / "testlify-consumer.yaml"
    file.write_text(
        f"url: {receiver.url}/hook\nsecret: {SECRET}\nheaders: {{X-Token: file, X-Other: file}}\n"
    )
    given = ("--config", str(file), "--header", "x-token: option")
    assert cli("trigger", "completed", *given).code == 0
    [request] = receiver.requests
    assert request.path == "/hook"
    assert (request.header("x-token"), request.header("x-other")) == ("option", "file")
    assert request.header("svix-signature") is not None


def test_the_candidate_is_made_known_before_the_message(
    cli: Cli, consumer: Consumer, tmp_path: Path
) -> None:
    """By the hook; a message about no candidate needs none."""
    receiver, noted = consumer(), tmp_path / "noted"
    hook = f"sh -c 'echo {{email}} {{candidate_id}} >> {noted}'"
    sent = ("--to", receiver.url, "--setup-command", hook)
    for more in (["completed"], ["completed", "--set", "data.email=x@example.com"], ["test"]):
        assert cli("trigger", *more, *sent).code == 0
    payloads = [request.payload["data"] for request in receiver.requests[:2]]
    lines = [f"{payload['email']} {payload['candidateId']}" for payload in payloads]
    assert noted.read_text().splitlines() == lines
    assert lines[1].startswith("x@example.com ")


def test_the_id_of_an_invitation_is_not_known_before_the_message(
    cli: Cli, consumer: Consumer
) -> None:
    receiver = consumer()
    ran = cli("trigger", "completed", "--to", receiver.url, "--setup", f"{receiver.url}/{{id}}")
    message = "error: a set-up hook with {id}, which is not known before the message\n"
    assert ran == (2, "", message)
    assert receiver.requests == []


def test_a_v2_payload_fits_the_schema_of_v2(cli: Cli, consumer: Consumer) -> None:
    receiver = consumer()
    for event in EVENTS_OF["v2"]:
        ran = cli("trigger", event, "--to", receiver.url, "--webhooks", "v2", "--secret", SECRET)
        assert ran.code == 0
        assert Contracts().violations("v2", event, receiver.requests[-1].payload) == []
    refused = cli("trigger", "candidate.invited", "--to", receiver.url, "--webhooks", "v2")
    assert refused.code == 2
    assert "no v2 event type 'candidate.invited'" in refused.err
    assert len(receiver.requests) == len(EVENTS_OF["v2"])


def test_v2_without_a_secret_notes_that_the_secret_is_random(cli: Cli, consumer: Consumer) -> None:
    receiver = consumer()
    code, _, err = cli("trigger", "completed", "--to", receiver.url, "--webhooks", "v2")
    note = "note: signed with a random secret; to verify signatures, pass yours with --secret\n"
    assert (code, err) == (0, note)
    assert receiver.requests[0].header("svix-signature") is not None


def test_a_message_that_is_not_accepted_is_exit_1_and_sent_once(
    cli: Cli, consumer: Consumer
) -> None:
    receiver = consumer(500, 200)
    for more in ((), ("--set", "data.email=x")):
        receiver = consumer(500, 200)
        arguments = ("--webhooks", "v2", "--secret", SECRET, *more)
        code, out, err = cli("trigger", "completed", "--to", receiver.url, *arguments)
        assert (code, err) == (1, "")
        assert "\n-> 500 in " in out
        assert len(receiver.requests) == 1


def test_an_echoed_secret_is_not_shown(cli: Cli, echoing: str) -> None:
    arguments = ("--header", "X-Webhook-Token: planted-token")
    code, out, _ = cli("trigger", "test", "--to", f"{echoing}/200", *arguments)
    assert code == 0
    assert "[redacted]" in out
    assert "planted-token" not in out


def test_an_answer_can_not_write_to_the_terminal(cli: Cli, answering: Callable[..., str]) -> None:
    url = answering(b"\x1b[31mred\n::error::fake")
    code, out, _ = cli("trigger", "test", "--to", url)
    assert code == 0
    assert out.endswith("\n  \\x1b[31mred\n\\  ::error::fake\n")


@pytest.fixture
def answering() -> Any:
    """Start servers that answer every POST with the given body."""
    import threading

    servers: list[tuple[socket.socket, threading.Thread]] = []

    def start(body: bytes) -> str:
        listening = socket.create_server(("127.0.0.1", 0))

        def answer() -> None:
            peer, _ = listening.accept()
            with peer:
                while b"\r\n\r\n{}" not in (seen := peer.recv(65_536, socket.MSG_PEEK)) and seen:
                    pass
                peer.recv(65_536)
                head = f"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
                peer.sendall(head.encode() + b"\r\n" + body)

        thread = threading.Thread(target=answer)
        thread.start()
        servers.append((listening, thread))
        return f"http://127.0.0.1:{listening.getsockname()[1]}/"

    yield start
    for listening, thread in servers:
        thread.join(10)
        listening.close()


def test_an_unreachable_consumer_is_exit_2(cli: Cli) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}/hook"
        code, out, err = cli("trigger", "test", "--to", url)
    assert code == 2
    assert "\n-> refused in " in out
    assert err.startswith(f"error: no answer from {url}: refused: ")
    assert err.endswith("; is the consumer running?\n")


def test_the_error_for_a_forbidden_address_names_the_option_that_allows_it(cli: Cli) -> None:
    code, out, err = cli("trigger", "test", "--to", "http://192.0.2.1/hook")
    assert code == 2
    assert "\n-> address_forbidden in " in out
    assert err.endswith("; --allow-host permits deliveries to other machines\n")


WRONG = {
    ("--header", "X"): "a --header without a colon; expected 'NAME: VALUE'",
    ("--header", "a: 1", "--header", "A: 2"): "--header 'A' is given twice",
    ("--header", "a b: 1"): "not a header name: 'a b' (at --header)",
    ("--header", "Host: x"): "the header 'Host' is set by the emulator (at --header)",
    ("--secret", "x"): (
        "not a secret to sign with; expected 'whsec_' and a key in base64 with its padding"
        " (at --secret)"
    ),
    ("--data", "none.json"): "none.json: can't be read: no such file or directory",
    ("--remove", "data.resultLnk"): (
        "no 'data.resultLnk' in the payload; near: 'data.resultLink', 'data.resellerId',"
        " 'data.firstName' (at --remove)"
    ),
    ("--ca", "none.pem"): (
        "can't trust the CA file 'none.pem': no such file or directory; expected certificates in"
        " PEM"
    ),
}


@pytest.mark.parametrize("arguments", WRONG)
def test_a_wrong_call_is_exit_2_and_sends_nothing(
    cli: Cli,
    consumer: Consumer,
    arguments: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    receiver = consumer()
    ran = cli("trigger", "completed", "--to", receiver.url, *arguments)
    assert ran == (2, "", f"error: {WRONG[arguments]}\n")
    assert receiver.requests == []


def test_an_invalid_url_is_reported(cli: Cli) -> None:
    message = (
        "error: neither http nor https: 'x'; expected a URL like 'https://example.com/hook'"
        " (at --to)\n"
    )
    assert cli("trigger", "test", "--to", "x") == (2, "", message)
    assert cli("test", "x") == (2, "", message.replace("--to", "CONSUMER_URL"))


def test_a_file_that_is_no_json_can_not_be_changed(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_text("nonsense")
    arguments = ("--to", "http://127.0.0.1:9", "--data", str(file), "--set", "a=1")
    code, out, err = cli("trigger", "test", *arguments)
    assert (code, out) == (2, "")
    assert err.startswith(f"error: {file}: can't be edited: not JSON: ")


def test_an_unknown_event_is_refused_with_similar_events(cli: Cli) -> None:
    code, out, err = cli("trigger", "candidate.complete", "--to", "http://127.0.0.1:9")
    assert (code, out) == (2, "")
    suggestions = ", ".join(map(repr, near("candidate.complete", EVENT_TYPES)))
    assert err.startswith(
        f"error: no event type 'candidate.complete'; near: {suggestions}; known: "
    )
    assert "'candidate.completed'" in suggestions


def test_insecure_is_warned_of(cli: Cli, consumer: Consumer) -> None:
    code, _, err = cli("trigger", "test", "--to", consumer().url, "--insecure")
    warning = "warning: --insecure: every certificate is accepted\n"
    assert (code, err) == (0, warning)


def test_a_payload_from_a_file_needs_no_event(cli: Cli, consumer: Consumer, tmp_path: Path) -> None:
    file = tmp_path / "payload.json"
    file.write_text(json.dumps({"data": {"email": "ada@example.com"}}))
    receiver = consumer()
    arguments = ("--data", str(file), "--set", "data.email=bob@example.com")
    assert cli("trigger", "completed", "--to", receiver.url, *arguments).code == 0
    assert receiver.requests[0].payload == {"data": {"email": "bob@example.com"}}
