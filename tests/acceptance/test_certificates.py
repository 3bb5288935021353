"""Deliveries over TLS: by the system's roots, by a CA of one's own, or by no check at all."""

from __future__ import annotations

import ssl
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import trustme

from tests import plain_http

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.acceptance.conftest import Serve

pytestmark = pytest.mark.slow

WORKSPACE = "/_emulator/workspaces/default"
TOKEN = {"Authorization": "Bearer default"}
WARNING = "warning: --insecure: every certificate is accepted\n"


class Consumer(NamedTuple):
    """A consumer behind TLS, and the CA that vouches for it."""

    url: str
    ca: str
    bodies: list[bytes]


@pytest.fixture
def consumer(tmp_path: Path) -> Iterator[Consumer]:
    bodies: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    authority = trustme.CA()
    ca = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield Consumer(f"https://127.0.0.1:{server.server_port}/hook", str(ca), bodies)
        server.shutdown()
        thread.join()


def deliver(url: str, consumer: Consumer) -> dict[str, Any]:
    """Have a test event delivered; return its attempt."""
    with plain_http.Client(base_url=url, headers=TOKEN, timeout=30) as client:
        body = {"name": "tls", "payloadUrl": consumer.url, "events": ["candidate.completed"]}
        webhook = client.post("/v1/webhook", json=body).json()["data"]
        delivery = client.post(f"/v1/webhook/{webhook['id']}/test").json()["data"]
    (attempt,) = delivery["attempts"]
    return dict(attempt)


def test_a_stranger_s_certificate_is_refused(serve: Serve, consumer: Consumer) -> None:
    with serve() as serving:
        attempt = deliver(serving.url, consumer)
        assert (attempt["success"], attempt["reason"]) == (False, "tls_failed")
        assert consumer.bodies == []
        assert plain_http.get(serving.url + WORKSPACE).json()["insecure"] is False


def test_a_custom_ca_is_trusted(serve: Serve, consumer: Consumer) -> None:
    with serve("--ca", consumer.ca) as serving:
        attempt = deliver(serving.url, consumer)
        assert (attempt["success"], attempt["response"]["status"]) == (True, 204)
        assert consumer.bodies == [b"{}"]
        assert plain_http.get(serving.url + WORKSPACE).json()["insecure"] is False


def test_insecure_accepts_any_certificate_with_a_warning(serve: Serve, consumer: Consumer) -> None:
    with serve("--insecure") as serving:
        attempt = deliver(serving.url, consumer)
        assert (attempt["success"], consumer.bodies) == (True, [b"{}"])
        assert plain_http.get(serving.url + WORKSPACE).json()["insecure"] is True
        assert plain_http.put(f"{serving.url}/_emulator/workspaces/acme").json()["insecure"] is True
        opened = plain_http.get(f"{serving.url}{WORKSPACE}/journal").text.splitlines()[0]
        assert '"insecure":true' in opened
        serving.process.terminate()
        _, err = serving.process.communicate(timeout=30)
        assert err.startswith(WARNING)


def test_a_journal_records_that_a_later_process_is_insecure(serve: Serve, tmp_path: Path) -> None:
    """And when the next one is not any more."""
    journal = f"{tmp_path}/journal.db"
    for options in ((), ("--insecure",), ("--insecure",), ()):
        with serve("--journal", journal, *options) as serving:
            view = plain_http.get(serving.url + WORKSPACE).json()
            assert view["insecure"] is bool(options)
            lines = plain_http.get(f"{serving.url}{WORKSPACE}/journal").text.splitlines()
            serving.process.terminate()
            serving.process.wait(30)
    said = [line for line in lines if "insecure" in line]
    assert ['"insecure":true' in line for line in said] == [False, True, False]


SCENARIO = """\
scenario: One invitation
consumer:
  - {payload_url: "${CONSUMER_URL}", events: [invited]}
steps:
  - create_assessment: {as: job}
  - invite: {as: ada, to: job, email: ada@example.com}
  - expect: {event: invited, candidate: ada, answered: 2xx}
"""


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [((), 2, ""), (("--ca",), 0, ""), (("--insecure",), 0, WARNING)],
    ids=["neither", "ca", "insecure"],
)
def test_run_has_the_same_options(
    consumer: Consumer,
    tmp_path: Path,
    environment: dict[str, str],
    options: tuple[str, ...],
    code: int,
    message: str,
) -> None:
    file = tmp_path / "one.yaml"
    file.write_text(SCENARIO)
    given = [*options, *([consumer.ca] if "--ca" in options else [])]
    ran = subprocess.run(
        [sys.executable, "-m", "emulator", "run", str(file), "--url", consumer.url, *given],
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
    )
    assert (ran.returncode, ran.stderr) == (code, message), ran.stdout
    assert len(consumer.bodies) == (1 if code == 0 else 0)


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        ((), 2, "; --ca sets the certificates to trust\n"),
        (("--ca",), 0, ""),
        (("--insecure",), 0, WARNING),
    ],
    ids=["neither", "ca", "insecure"],
)
def test_trigger_has_the_same_options(
    consumer: Consumer,
    environment: dict[str, str],
    options: tuple[str, ...],
    code: int,
    message: str,
) -> None:
    given = [*options, *([consumer.ca] if "--ca" in options else [])]
    ran = subprocess.run(
        [sys.executable, "-m", "emulator", "trigger", "test", "--to", consumer.url, *given],
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
    )
    assert ran.returncode == code, ran.stdout
    assert ran.stderr.endswith(message)
    assert bool(ran.stderr) == bool(message)
    assert len(consumer.bodies) == (1 if code == 0 else 0)
