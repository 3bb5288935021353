"""``listen``: output and answers."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any

import pytest

from emulator.serving import listen
from tests import plain_http

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from emulator.receiver import Receiver
    from tests.cli.conftest import Until
    from tests.conftest import Cli


def url_in(line: str) -> str:
    return line.removeprefix("listening on ").removesuffix("/ (any path)\n")


def test_each_request_is_printed_and_answered(until: Until) -> None:
    payloads: list[bytes] = [
        b'{"event": "candidateStatusChanged", "data": {"candidateStatus": "INVITED"}}',
        b'{"event": "updated", "data": {}}',
        b'{"data": []}',
        b"[1]",
        b"\xffno json",
        b"",
    ]

    def visit(line: str) -> None:
        assert line.startswith("listening on http://127.0.0.1:")
        for payload in payloads:
            plain_http.post(f"{url_in(line)}/hook?a=b", content=payload)

    code, out, err = until(
        "listen", "--port", "0", "--status", "500", "--status", "404", "--status", "200",
        "--no-body", visit=visit,
    )  # fmt: skip
    assert (code, err) == (0, "")
    assert out.splitlines()[1:] == [
        "POST  /hook?a=b  candidateStatusChanged  INVITED  -> 500",
        "POST  /hook?a=b  updated  -> 404",
        "POST  /hook?a=b  -  -> 200",
        "POST  /hook?a=b  -  -> 200",
        "POST  /hook?a=b  -  -> 200",
        "POST  /hook?a=b  -  -> 200",
    ]


def test_payloads_are_printed_in_full(until: Until) -> None:
    def visit(line: str) -> None:
        plain_http.post(url_in(line), content=b'{"event":"x","data":{"a":[1]}}')
        plain_http.post(url_in(line), content=b"\xff{")

    out = until("listen", "--port", "0", visit=visit).out
    assert out.splitlines()[1:] == [
        "POST  /  x  -> 200",
        "{",
        '  "event": "x",',
        '  "data": {',
        '    "a": [',
        "      1",
        "    ]",
        "  }",
        "}",
        "POST  /  -  -> 200",
        "\\xff{",
    ]


@pytest.mark.parametrize(("by", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_ends_it(until: Until, by: signal.Signals, code: int) -> None:
    assert until("listen", "--port", "0", visit=lambda _: None, by=by).code == code


def test_an_invalid_delay_is_reported(cli: Cli) -> None:
    message = (
        "error: not a duration: '2'; expected a number and a unit, as in 150ms 10s 5m 2h 30d\n"
    )
    assert cli("listen", "--port", "0", "--delay", "2") == (2, "", message)


def test_a_port_in_use_is_reported(cli: Cli) -> None:
    with listen("127.0.0.1", 0) as taken:
        port = str(taken.getsockname()[1])
        message = (
            f"error: can't listen on 127.0.0.1:{port}: address already in use; "
            "--port 0 picks a free port\n"
        )
        assert cli("listen", "--port", port) == (2, "", message)


# --- --save and --forward -------------------------------------------------------------------


def read_all(folder: Path) -> list[Any]:
    return [json.loads(file.read_text()) for file in sorted(folder.iterdir())]


def test_each_request_is_saved_before_it_is_answered(until: Until, tmp_path: Path) -> None:
    folder = tmp_path / "captures"

    def visit(line: str) -> None:
        for number in range(3):
            body = f'{{"event": {number}}}'.encode()
            headers = {"X-Webhook-Token": "s3cret"}
            plain_http.post(f"{url_in(line)}/hook", content=body, headers=headers)
            assert len(list(folder.iterdir())) == number + 1

    assert until("listen", "--port", "0", "--save", str(folder), "--no-body", visit=visit).code == 0
    requests = [one["log"]["entries"][0]["request"] for one in read_all(folder)]
    assert [request["postData"]["text"] for request in requests] == [
        f'{{"event": {n}}}' for n in range(3)
    ]
    assert {"name": "x-webhook-token", "value": "[redacted]"} in requests[0]["headers"]


def test_keep_secrets_saves_them(until: Until, tmp_path: Path) -> None:
    def visit(line: str) -> None:
        plain_http.post(f"{url_in(line)}/?token=s3cret", content=b"{}")

    until("listen", "--port", "0", "--save", str(tmp_path), "--keep-secrets", visit=visit)
    assert "/?token=s3cret" in read_all(tmp_path)[0]["log"]["entries"][0]["request"]["url"]


def test_a_request_that_is_not_saved_is_answered_507(until: Until, tmp_path: Path) -> None:
    folder = tmp_path / "captures"

    def visit(line: str) -> None:
        folder.rmdir()
        answer = plain_http.post(url_in(line), content=b"{}")
        assert (answer.status_code, answer.text) == (507, "not saved\n")

    _, out, err = until(
        "listen", "--port", "0", "--save", str(folder), "--no-body", visit=visit
    )  # fmt: skip
    assert out.splitlines()[1:] == ["POST  /  -  -> 507"]
    reason = "no such file or directory"
    assert err == f"error: not saved in {str(folder)!r}: {reason}; answered 507\n"


def test_a_forwarded_request_gets_the_answer_of_the_consumer(
    until: Until, consumer: Callable[..., Receiver], tmp_path: Path
) -> None:
    behind = consumer(418)

    def visit(line: str) -> None:
        headers = {"X-Webhook-Token": "s3cret", "Connection": "x-hop", "X-Hop": "1"}
        answer = plain_http.post(
            f"{url_in(line)}/any",
            content=b'{"a": 1}',
            headers=headers,
        )
        assert (answer.status_code, answer.text) == (418, "no")
        assert answer.headers["content-type"] == "text/plain"
        assert plain_http.get(url_in(line)).status_code == 405

    code, out, err = until(
        "listen", "--port", "0", "--forward", f"{behind.url}/hook", "--save", str(tmp_path),
        "--no-body", visit=visit,
    )  # fmt: skip
    assert out.splitlines()[1:] == ["POST  /any  -  -> 418", "GET  /  -  -> 405"]
    reason = "only POST is forwarded, not GET"
    assert (code, err) == (0, f"error: not forwarded: {reason}; answered 405\n")
    assert len(read_all(tmp_path)) == 2
    [sent] = behind.requests
    assert (sent.path, sent.body, sent.header("x-webhook-token")) == (
        "/hook",
        b'{"a": 1}',
        "s3cret",
    )
    assert (sent.header("host"), sent.header("x-hop")) == (behind.url.removeprefix("http://"), None)


def test_a_wrong_signature_is_saved_and_not_forwarded(
    until: Until, consumer: Callable[..., Receiver], tmp_path: Path
) -> None:
    behind = consumer()

    def visit(line: str) -> None:
        assert plain_http.post(url_in(line), content=b"{}").status_code == 401

    out = until(
        "listen", "--port", "0", "--forward", behind.url, "--save", str(tmp_path), "--no-body",
        "--verify", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", visit=visit,
    ).out  # fmt: skip
    assert "-> 401  invalid signature: no header svix-id" in out
    assert (behind.requests, len(read_all(tmp_path))) == ([], 1)


def test_a_consumer_that_is_not_there_is_502(until: Until) -> None:
    with listen("127.0.0.1", 0) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"

    def visit(line: str) -> None:
        assert plain_http.post(url_in(line), content=b"{}").status_code == 502

    err = until("listen", "--port", "0", "--forward", url, "--no-body", visit=visit).err
    assert err.startswith("error: not forwarded: refused")


def test_forwarding_leaves_this_machine_with_permission_only(until: Until) -> None:
    def visit(line: str) -> None:
        assert plain_http.post(url_in(line), content=b"{}").status_code == 502

    url = "http://192.0.2.1/hook"
    err = until("listen", "--port", "0", "--forward", url, "--no-body", visit=visit).err
    assert err.startswith("error: not forwarded: address_forbidden")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("--keep-secrets",),
            "--keep-secrets needs --save",
        ),
        (
            ("--forward", "http://127.0.0.1:1", "--status", "500"),
            "--status and --delay do not apply with --forward, which returns the answer of its URL",
        ),
        (
            ("--save", "/dev/null/x"),
            "can't save in '/dev/null/x': not a directory (at --save)",
        ),
        (
            ("--forward", "ftp://x"),
            "can't post to 'ftp://x': expected http://HOST[:PORT]/PATH or https://",
        ),
    ],
)
def test_options_that_cannot_be_are_refused(
    cli: Cli, arguments: tuple[str, ...], message: str
) -> None:
    assert cli("listen", "--port", "0", *arguments) == (2, "", f"error: {message}\n")
