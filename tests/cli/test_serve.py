"""``serve``: ready line, settings, signals."""

from __future__ import annotations

import gc
import json
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from emulator import __version__
from emulator.serving import listen
from tests import plain_http

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Until
    from tests.conftest import Cli

DEADLINE = 20.0  # real seconds


def test_the_ready_line_has_the_url(until: Until) -> None:
    def visit(line: str) -> None:
        ready = json.loads(line)
        url = ready["url"]
        assert ready == {
            "url": url, "ui": f"{url}/", "token": "default", "version": __version__,
        }  # fmt: skip
        assert "Add webhook" in plain_http.get(ready["ui"]).text
        answer = plain_http.get(f"{ready['url']}/_emulator/workspaces")
        assert [one["name"] for one in answer.json()["data"]] == ["default"]

    code, out, err = until("serve", "--port", "0", visit=visit)
    assert (code, err) == (0, "")
    assert out.count("\n") == 1


def test_the_page_is_opened_in_the_browser(
    until: Until, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A browser of the test's own, which fetches the page that it is given."""
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/opened.new\n'
                       f"mv {tmp_path}/opened.new {tmp_path}/opened\n")  # fmt: skip
    browser.chmod(0o755)
    monkeypatch.setenv("BROWSER", f"{browser} %s")

    def visit(line: str) -> None:
        deadline = time.monotonic() + DEADLINE
        while not (tmp_path / "opened").exists():
            assert time.monotonic() < deadline
            get(line, "/_emulator/livez")
        assert (tmp_path / "opened").read_text().strip() == json.loads(line)["ui"]

    assert until("serve", "--port", "0", "--open", visit=visit).code == 0


@pytest.mark.parametrize(("by", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_ends_it(until: Until, by: signal.Signals, code: int) -> None:
    assert until("serve", "--port", "0", visit=lambda _: None, by=by).code == code


def get(line: str, path: str, **headers: str) -> Any:
    url = json.loads(line)["url"]
    return plain_http.get(f"{url}{path}", headers=headers)


def test_its_options_reach_the_emulator(until: Until, tmp_path: Path) -> None:
    def visit(line: str) -> None:
        view = get(line, "/_emulator/workspaces/default").json()
        clock = {"mode": "virtual", "now": "2026-01-01T00:00:00.000Z"}
        assert (view["seed"], view["clock"], view["generation"]) == (7, clock, "v1")
        assert view["reportDelay"] == "3m"
        assert view["eventNames"] == {"candidate.in_progress": "candidate.started"}
        assert get(line, "/_emulator/livez", Host="public.example.com").status_code == 200
        assert get(line, "/v1/webhook", Authorization="Bearer acme").status_code == 401
        assert get(line, "/v1/webhook", Authorization="Bearer default").status_code == 200
        assert get(line, "/_emulator/livez", Host="emulator").status_code == 200
        assert get(line, "/_emulator/livez", Host="other").status_code == 403

    arguments = ["--seed", "7", "--clock", "virtual", "--webhooks", "v1", "--strict-tokens"]
    journal = tmp_path / "journal.db"
    arguments += ["--report-delay", "3m", "--public-url", "https://public.example.com"]
    arguments += ["--event-name", "in_progress=candidate.started"]
    arguments += ["--hostname", "emulator", "--host", "localhost", "--journal", str(journal)]
    assert until("serve", "--port", "0", *arguments, visit=visit).code == 0
    assert journal.is_file()


def test_a_journal_file_goes_on_where_it_stood(until: Until, cli: Cli, tmp_path: Path) -> None:
    journal = str(tmp_path / "journal.db")

    def make(line: str) -> None:
        url = json.loads(line)["url"]
        path = "/_emulator/workspaces/default/assessments"
        assert plain_http.post(f"{url}{path}", json={"title": "Cook"}).status_code == 201

    def look(line: str) -> None:
        found = get(line, "/_emulator/workspaces/default/assessments").json()["data"]
        assert [one["title"] for one in found] == ["Cook"]

    assert until("serve", "--port", "0", "--journal", journal, visit=make).code == 0
    assert until("serve", "--port", "0", "--journal", journal, visit=look).code == 0
    code, out, err = cli("journal", journal)
    assert (code, err) == (0, "")
    assert [json.loads(line)["kind"] for line in out.splitlines()][:2] == [
        "workspace.opened",
        "assessment.created",
    ]
    code, out, err = cli("journal", journal, "--workspace", "default", "--canonical")
    assert (code, err) == (0, "")
    assert '"assessment.created"' in out
    message = "error: no workspace 'acme'; known: default\n"
    assert cli("journal", journal, "--workspace", "acme") == (2, "", message)
    assert cli("journal", f"{journal}x") == (2, "", f"error: {journal}x: no such file\n")


def test_the_garbage_collector_ignores_replayed_objects_until_the_end(until: Until) -> None:
    frozen = []

    def visit(_: str) -> None:
        frozen.append(gc.get_freeze_count() > 0 and gc.isenabled())

    assert until("serve", "--port", "0", visit=visit).code == 0
    assert frozen == [True]
    assert gc.get_freeze_count() == 0


@pytest.mark.parametrize("variable", ["PORT", "TESTLIFY_EMULATOR_PORT"])
def test_the_port_can_come_from_the_environment(
    until: Until, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    with listen("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv(variable, str(port))
    out = until("serve", visit=lambda _: None).out
    assert json.loads(out)["url"] == f"http://127.0.0.1:{port}"


def test_our_own_variable_overrides_port(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "0")
    monkeypatch.setenv("TESTLIFY_EMULATOR_PORT", "x")
    code, out, err = cli("serve")
    assert (code, out) == (2, "")
    assert "'x' is not a valid integer range" in err


def test_every_option_has_its_variable(until: Until, monkeypatch: pytest.MonkeyPatch) -> None:
    def visit(line: str) -> None:
        view = get(line, "/_emulator/workspaces/default").json()
        assert (view["seed"], view["clock"]["mode"]) == (9, "virtual")
        assert get(line, "/v1/webhook", Authorization="Bearer acme").status_code == 401
        assert view["insecure"] is True
        for name in ("one.example", "two.example"):
            assert get(line, "/_emulator/livez", Host=name).status_code == 200

    for name, value in {
        "PORT": "0",
        "SEED": "9",
        "CLOCK": "virtual",
        "HOST": "127.0.0.1",
        "STRICT_TOKENS": "1",
        "HOSTNAME": "one.example two.example",
        "ALLOW_HOST": "192.0.2.0/24",
        "INSECURE": "1",
        "KEEP": "5",
    }.items():
        monkeypatch.setenv(f"TESTLIFY_EMULATOR_{name}", value)
    assert until("serve", visit=visit).code == 0


def test_a_port_in_use_is_reported(cli: Cli) -> None:
    with listen("127.0.0.1", 0) as taken:
        port = str(taken.getsockname()[1])
        message = (
            f"error: can't listen on 127.0.0.1:{port}: address already in use; "
            "--port 0 picks a free port\n"
        )
        assert cli("serve", "--port", port) == (2, "", message)


SECRET = "correct-horse"


def test_beyond_loopback_with_a_control_token(until: Until) -> None:
    def visit(line: str) -> None:
        assert json.loads(line)["url"].startswith("http://127.0.0.1:")
        path = "/_emulator/workspaces/default"
        with_token = {"Authorization": f"Bearer {SECRET}"}
        assert get(line, path).status_code == 401
        assert get(line, path, **with_token).status_code == 200
        assert get(line, path, Host="192.168.1.5:4800", **with_token).status_code == 200
        assert get(line, path, Host="emulator", **with_token).status_code == 200
        assert get(line, path, Host="evil.example", **with_token).status_code == 403
        assert get(line, "/v1/webhook", Authorization="Bearer acme").status_code == 401
        assert get(line, "/v1/webhook", Authorization="Bearer default").status_code == 200

    arguments = ["--host", "0.0.0.0", "--control-token", SECRET, "--hostname", "emulator"]  # noqa: S104
    code, out, err = until("serve", "--port", "0", *arguments, visit=visit)
    assert code == 0
    assert SECRET not in out + err


@pytest.mark.slow
def test_on_loopback_a_control_token_makes_no_tokens_strict(
    until: Until, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    def visit(line: str) -> None:
        assert get(line, "/_emulator/workspaces").status_code == 401
        assert get(line, "/v1/webhook", Authorization="Bearer acme").status_code == 200
        assert get(line, "/_emulator/livez", Host="192.168.1.5").status_code == 403
        assert cli_ready(json.loads(line)["url"]) == 0

    def cli_ready(url: str) -> int:
        command = [sys.executable, "-m", "emulator", "ready", url, "--wait", "10s"]
        return subprocess.run(command, timeout=30).returncode

    monkeypatch.setenv("TESTLIFY_EMULATOR_CONTROL_TOKEN", SECRET)
    assert until("serve", "--port", "0", visit=visit).code == 0
    monkeypatch.delenv("TESTLIFY_EMULATOR_CONTROL_TOKEN")
    message = "error: can't use the control token; expected 1 to 1000 visible ASCII characters\n"
    assert cli("serve", "--port", "0", "--control-token", f"{SECRET} x") == (2, "", message)
    assert cli("serve", "--port", "0", "--control-token", "") == (2, "", message)


@pytest.mark.parametrize(
    ("content", "reason"), [(None, "no such file or directory"), ("x", "no certificate in it")]
)
@pytest.mark.parametrize("verb", ["serve", "run"])
def test_an_invalid_ca_file_is_reported(
    cli: Cli, tmp_path: Path, content: str | None, reason: str, verb: str
) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    call = ["serve", "--port", "0"]
    if verb == "run":
        call = ["run", "candidate-completes", "--url", "http://127.0.0.1:9/"]
    code, _, err = cli(*call, "--ca", str(file))
    message = f"error: can't trust the CA file '{file}': {reason}; expected certificates in PEM\n"
    assert (code, err) == (2, message)


@pytest.mark.parametrize(("by", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_open_streams_and_waits_do_not_delay_a_signal(
    until: Until, by: signal.Signals, code: int
) -> None:
    """They end properly: uvicorn would cut open calls after three seconds and log that."""
    path = "/_emulator/workspaces/default"
    calls: list[socket.socket] = []

    def visit(line: str) -> None:
        address = json.loads(line)["url"].removeprefix("http://").split(":")
        for request in (
            f"GET {path}/journal/stream HTTP/1.1\r\n",
            f"POST {path}/wait HTTP/1.1\r\nContent-Length: 17\r\n",
        ):
            call = socket.create_connection((address[0], int(address[1])), DEADLINE)
            calls.append(call)
            body = '{"within": "30d"}' if request.startswith("POST") else ""
            head = f"{request}Host: localhost\r\nConnection: close\r\n\r\n"
            call.sendall((head + body).encode())
        # What came before is under way when this is answered.
        assert get(line, "/_emulator/readyz").status_code == 200

    ran = until("serve", "--port", "0", visit=visit, by=by)
    assert (ran.code, ran.err) == (code, "")
    stream, wait = (_all_of(call) for call in calls)
    assert stream.startswith("HTTP/1.1 200 OK\r\n")
    assert "event: workspace.opened\n" in stream
    assert stream.endswith("\n\n\r\n0\r\n\r\n")  # the whole of it, as HTTP has it
    assert wait.startswith("HTTP/1.1 503 Service Unavailable\r\n")
    assert '"detail":"the emulator is stopping"' in wait


def _all_of(call: socket.socket) -> str:
    with call, call.makefile("rb") as answer:
        return answer.read().decode()


def test_outside_loopback_a_control_token_is_generated_and_printed(until: Until) -> None:
    made = []

    def visit(line: str) -> None:
        made.append(json.loads(line)["control_token"])
        path = "/_emulator/workspaces/default"
        assert get(line, path).status_code == 401
        assert get(line, path, Authorization=f"Bearer {made[-1]}").status_code == 200

    for _ in range(2):
        assert until("serve", "--port", "0", "--host", "0.0.0.0", visit=visit).code == 0  # noqa: S104
    first, second = made
    assert len(first) >= 32
    assert first != second


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--port", "70000"], "70000 is not in the range 0<=x<=65535"),
        (["--keep", "-1"], "-1 is not in the range x>=0"),
        (["--seed", "-1"], "-1 is not in the range"),
        (["--clock", "unreal"], "'unreal' is not one of 'real', 'virtual'"),
        (["--webhooks", "v3"], "'v3'"),
        (["--schemas", "nowhere"], "Directory 'nowhere' does not exist"),
        (["--prot", "1"], "No such option '--prot'"),
        (["extra"], "Got unexpected extra argument (extra)"),
    ],
)
def test_a_wrong_option_is_exit_2_on_stderr(cli: Cli, arguments: list[str], message: str) -> None:
    code, out, err = cli("serve", *arguments)
    assert (code, out) == (2, "")
    assert err.startswith("Usage: testlify-emulator serve [OPTIONS]\n")
    assert message in err


def test_a_folder_of_schemas_is_checked_first(cli: Cli, tmp_path: Path) -> None:
    message = f"error: no schemas in '{tmp_path}': expected v1/<event type>.json\n"
    assert cli("serve", "--port", "0", "--schemas", str(tmp_path)) == (2, "", message)


def test_a_folder_of_schemas_overrides_the_bundled_schemas(until: Until, tmp_path: Path) -> None:
    (tmp_path / "v1").mkdir()
    (tmp_path / "v1/candidate.invited.json").write_text('{"title": "mine"}')

    def visit(line: str) -> None:
        path = "/_emulator/schemas/v1/candidate.invited.json"
        assert get(line, path).json()["title"] == "mine"

    assert until("serve", "--port", "0", "--schemas", str(tmp_path), visit=visit).code == 0
