"""Masters and workers that lose each other."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

DEADLINE = 60.0  # real seconds

MASTER = """
import gevent
from emulator.load.cluster import Master

master = Master(1, host="127.0.0.1", port=0, is_local=False)
print(master.port, flush=True)
with master:
    print("connected", flush=True)
    gevent.sleep(3600)
"""

WORKER = """
import sys
import locust.runners
from emulator.errors import NotReadyError
from emulator.load.cluster import work

locust.runners.MASTER_HEARTBEAT_TIMEOUT = 2
try:
    work("127.0.0.1", int(sys.argv[1]))
except NotReadyError as error:
    print(error)
"""


def _started(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, text=True
    )


def test_a_worker_ends_when_its_master_was_killed() -> None:
    master = _started(MASTER)
    assert master.stdout is not None
    port = master.stdout.readline().strip()
    worker = _started(WORKER, port)
    try:
        assert master.stdout.readline() == "connected\n"
        master.kill()
        out, _ = worker.communicate(timeout=DEADLINE)
        assert out == f"the master at 127.0.0.1:{port} no longer answers\n"
    finally:
        for process in (master, worker):
            process.kill()
            process.communicate()
