"""The whole catalogue, and all bundled scenarios, with everything that a report can be."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from emulator.conformance.catalogue import CHECKS
from emulator.reports.folder import FILES
from emulator.scenario.discovery import bundled
from tests.consumers.starting import HOOK, RIGHT, started

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tests.conftest import Cli

pytestmark = pytest.mark.slow


def test_the_whole_catalogue_leaves_a_whole_report(cli: Cli, tmp_path: Path) -> None:
    with right() as url:
        ran = cli("test", url, "--report", str(tmp_path))
    assert ran.code == 0, ran.out + ran.err
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(FILES)
    assert all(path.stat().st_size for path in tmp_path.iterdir())
    report = json.loads((tmp_path / "report.json").read_bytes())
    assert report["results"]["summary"]["tests"] == len(CHECKS)


class Deep(BaseHTTPRequestHandler):
    """Answers everything with JSON that nests five thousand levels deep."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"[" * 5_000 + b"]" * 5_000)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def deep() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Deep) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/hook"
        server.shutdown()


@contextmanager
def right() -> Iterator[str]:
    with started(RIGHT) as consumer:
        yield f"{consumer.url}{HOOK}"


@pytest.mark.parametrize("consumer", [right, deep])
def test_all_bundled_scenarios_leave_a_whole_report(
    consumer: Callable[[], AbstractContextManager[str]], cli: Cli, tmp_path: Path
) -> None:
    names = [one.name for one in bundled()]
    with consumer() as url:
        ran = cli("run", *names, "--url", url, "--report", str(tmp_path))
    assert ran.code in (0, 1), ran.out + ran.err
    assert "Traceback" not in ran.err
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(FILES)
    report = json.loads((tmp_path / "report.json").read_bytes())
    assert report["results"]["summary"]["tests"] == len(names)
