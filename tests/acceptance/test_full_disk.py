"""The disk is full: every call says so, and nothing acknowledged is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from emulator.delivery.records import Message
from emulator.journal.journal_file import read_entries
from emulator.workspace.fold import TYPES
from tests import plain_http

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx2

    from emulator.receiver import Receiver
    from tests.acceptance.conftest import Serve

pytestmark = pytest.mark.slow

WORKSPACE = "/_emulator/workspaces/default"
TOKEN = {"Authorization": "Bearer default"}
# A limit of the file size is a full disk to SQLite, and needs no root.
LIMITED = (
    "import resource, runpy, sys; sys.argv = ['emulator', *sys.argv[1:]];"
    "resource.setrlimit(resource.RLIMIT_FSIZE, ({bytes}, {bytes}));"
    "runpy.run_module('emulator', run_name='__main__', alter_sys=False)"
)


def _unmeasured(environment: dict[str, str] | None) -> dict[str, str]:
    """Return the environment without coverage's own: its file could not grow either."""
    known = dict(os.environ) if environment is None else environment
    return {key: one for key, one in known.items() if not key.startswith("COVERAGE_")}


@contextmanager
def limited(
    limit: int, environment: dict[str, str], *arguments: str
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run a verb whose files can't grow beyond *limit* bytes; yields its first line."""
    command = [sys.executable, "-c", LIMITED.replace("{bytes}", str(limit))]
    process = subprocess.Popen(
        [*command, *arguments, "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=_unmeasured(environment),
    )
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline()
    finally:
        process.kill()
        process.communicate(timeout=30)


def test_a_full_disk_is_reported_by_every_call_and_nothing_acknowledged_is_lost(
    tmp_path: Path, environment: dict[str, str], serve: Serve
) -> None:
    file = tmp_path / "journal.db"
    failed = {
        "type": "about:blank",
        "title": "Service Unavailable",
        "status": 503,
        "detail": f"the journal {str(file)!r} failed: disk i/o error",
        "code": "journal_failed",
    }
    with limited(200_000, environment, "serve", "--journal", str(file)) as (process, line):
        with plain_http.Client(base_url=json.loads(line)["url"], timeout=30) as client:
            made = _until_full(client, failed)
            for method, path in (
                ("GET", "/_emulator/readyz"),
                ("POST", f"{WORKSPACE}/assessments"),
                ("POST", f"{WORKSPACE}/settle"),
                ("POST", f"{WORKSPACE}/reset"),
                ("PUT", "/_emulator/workspaces/new"),
                ("DELETE", WORKSPACE),
            ):
                answer = client.request(method, path, content=b"{}")
                assert (answer.status_code, answer.json()) == (503, failed), path
            wait = client.post(f"{WORKSPACE}/wait", json={"within": "1ms"})
            assert (wait.status_code, wait.json()) == (503, failed)
            provider = client.get("/v1/webhook", headers={"Authorization": "Bearer new"})
            error = {"message": failed["detail"], "code": "journal_failed"}
            assert (provider.status_code, provider.json()) == (503, {"error": error})
            assert client.get("/_emulator/livez").status_code == 200
            assert client.get(f"{WORKSPACE}/assessments").status_code == 200
        process.terminate()
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out) == (2, "")
        assert f"ERROR {failed['detail']}; nothing is written any more\n" in err
        assert err.endswith(f"error: {failed['detail']}\n")
    with serve("--journal", str(file)) as serving:
        found = plain_http.get(f"{serving.url}{WORKSPACE}/assessments").json()["data"]
        assert [one["title"] for one in found] == made
        assert plain_http.get(f"{serving.url}/_emulator/readyz").status_code == 200
        assert plain_http.post(f"{serving.url}{WORKSPACE}/assessments").status_code == 201


def _until_full(client: httpx2.Client, failed: object) -> list[str]:
    """Make assessments until one is refused; return the titles that were acknowledged."""
    made: list[str] = []
    while len(made) < 1_000:
        title = f"Job {len(made)}"
        answer = client.post(f"{WORKSPACE}/assessments", json={"title": title})
        if answer.status_code != 201:
            assert (answer.status_code, answer.json()) == (503, failed)
            break
        made.append(title)
    assert 0 < len(made) < 1_000
    return made


def test_a_message_that_does_not_fit_the_file_is_not_delivered(
    tmp_path: Path, environment: dict[str, str], receiver: Receiver
) -> None:
    """A consumer hears of nothing that a restart would not know."""
    file = tmp_path / "journal.db"
    with limited(200_000, environment, "serve", "--journal", str(file)) as (process, line):
        with plain_http.Client(base_url=json.loads(line)["url"], timeout=30) as client:
            body = {"name": "ats", "payloadUrl": receiver.url, "events": ["assessment.created"]}
            assert client.post("/v1/webhook", json=body, headers=TOKEN).status_code == 201
            while client.post(f"{WORKSPACE}/assessments").status_code == 201:
                pass
        process.terminate()
        process.communicate(timeout=30)
    entries = read_entries(file, TYPES, "default")
    known = {entry.data.body for entry in entries if isinstance(entry.data, Message)}
    received = {request.body for request in receiver.requests}
    assert received
    assert received <= known


def test_a_disk_that_is_full_at_the_start_is_reported(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    file = tmp_path / "journal.db"
    with limited(2_000, environment, "serve", "--journal", str(file)) as (process, line):
        _, err = process.communicate(timeout=30)
        assert (line, process.returncode) == ("", 2)
        assert err == f"error: the journal {str(file)!r} failed: disk i/o error\n"


def test_a_capture_that_does_not_fit_the_disk_is_answered_507(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    with limited(4_000, environment, "listen", "--save", str(tmp_path)) as (process, line):
        url = line.removeprefix("listening on ").removesuffix("/ (any path)\n")
        statuses = [
            plain_http.post(url, content=b"x" * size).status_code for size in (10, 8_000, 20)
        ]
        process.terminate()
        _, err = process.communicate(timeout=30)
    assert statuses == [200, 507, 200]
    assert err == f"error: not saved in {str(tmp_path)!r}: file too large; answered 507\n"
    bodies = [json.loads(path.read_text())["log"]["entries"] for path in sorted(tmp_path.iterdir())]
    assert [entry["request"]["bodySize"] for [entry] in bodies] == [10, 20]
