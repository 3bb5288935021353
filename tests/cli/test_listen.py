"""``listen``: prints what it gets, answers as told."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import httpx2
import pytest

from emulator.serving import listen

if TYPE_CHECKING:
    from tests.cli.conftest import Cli, Until


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
            httpx2.post(f"{url_in(line)}/hook?a=b", content=payload, trust_env=False)

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
        httpx2.post(url_in(line), content=b'{"event":"x","data":{"a":[1]}}', trust_env=False)
        httpx2.post(url_in(line), content=b"\xff{", trust_env=False)

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


def test_a_wrong_delay_is_told(cli: Cli) -> None:
    message = (
        "error: not a duration: '2'; expected a number and a unit, as in 150ms 10s 5m 2h 30d\n"
    )
    assert cli("listen", "--port", "0", "--delay", "2") == (2, "", message)


def test_a_taken_port_is_told(cli: Cli) -> None:
    with listen("127.0.0.1", 0) as taken:
        port = str(taken.getsockname()[1])
        message = (
            f"error: can't listen on 127.0.0.1:{port}: address already in use; "
            "--port 0 picks a free one\n"
        )
        assert cli("listen", "--port", port) == (2, "", message)
