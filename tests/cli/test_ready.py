"""``ready``: waits until a server is ready."""

from __future__ import annotations

import json
import socket
import threading
from typing import TYPE_CHECKING

import pytest

from emulator.serving import listen, url_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.receiver import Receiver
    from tests.cli.conftest import Until
    from tests.conftest import Cli


def test_an_emulator_that_is_ready(until: Until) -> None:
    import subprocess
    import sys

    def visit(line: str) -> None:
        command = [sys.executable, "-m", "emulator", "ready", json.loads(line)["url"] + "/"]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=30)
        assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")

    assert until("serve", "--port", "0", visit=visit).code == 0


def test_any_other_server_is_ready_once_it_answers(
    cli: Cli, consumer: Callable[..., Receiver]
) -> None:
    receiver = consumer(404, 401)
    assert cli("ready", f"{receiver.url}/app") == (0, "", "")
    assert [request.path for request in receiver.requests] == ["/app/_emulator/readyz", "/app"]


def test_it_looks_again_until_the_server_is_up(cli: Cli, consumer: Callable[..., Receiver]) -> None:
    receiver = consumer(503, 500, 200)
    assert cli("ready", receiver.url, "--wait", "20s") == (0, "", "")
    assert len(receiver.requests) == 3


def test_a_server_that_is_not_ready_in_time_is_exit_1(
    cli: Cli, consumer: Callable[..., Receiver]
) -> None:
    url = consumer(503).url
    message = f"error: {url} is not ready after 0s: answered 503\n"
    assert cli("ready", url, "--wait", "0s") == (1, "", message)


def test_a_server_that_is_not_there_is_exit_1(cli: Cli) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        message = f"error: {url} is not ready after 10ms: ConnectError\n"
        assert cli("ready", url, "--wait", "10ms") == (1, "", message)


def test_a_server_that_hangs_up_is_reported(cli: Cli) -> None:
    with listen("127.0.0.1", 0) as listening:
        listening.setblocking(True)

        def hang_up() -> None:
            listening.accept()[0].close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        url = url_of(listening)
        code, out, err = cli("ready", url, "--wait", "0s")
        thread.join()
    assert (code, out) == (1, "")
    assert err.startswith(f"error: {url} is not ready after 0s: ")


@pytest.mark.parametrize("url", ["localhost:4800", "127.0.0.1", "ftp://x", "//x", ""])
def test_an_invalid_url_is_reported(cli: Cli, url: str) -> None:
    message = f"error: not a URL: {url!r}; expected one like 'http://127.0.0.1:4800'\n"
    assert cli("ready", url) == (2, "", message)


def test_an_invalid_wait_is_reported(cli: Cli) -> None:
    message = (
        "error: not a duration: '10'; expected a number and a unit, as in 150ms 10s 5m 2h 30d\n"
    )
    assert cli("ready", "http://127.0.0.1:1", "--wait", "10") == (2, "", message)
