"""A consumer that echoes what it got does not make its secret known."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from emulator.delivery.records import Outcome
from emulator.workspace.journal_lines import line

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.delivery.records import Request
    from emulator.workspace.workspace import Workspace

TOKEN, SECRET = "tok-3b91f0c2", "whsec_5f8a77d1"
HEADERS = {"Authorization": f"Bearer {TOKEN}", "X-Short": "abc", "Accept": "text/plain"}


class Echo:
    """Answers with the headers it got, with the bare token and with the secret."""

    async def send(self, request: Request) -> Outcome:
        told = "".join(f"{name}: {value}\n" for name, value in request.headers)
        return Outcome("answered", 200, body=f"{told}{TOKEN} {SECRET} abc text/plain".encode())

    async def close(self) -> None:
        """Hold nothing."""


def test_an_echoed_secret_is_masked_before_it_is_recorded(
    make_workspace: Callable[..., Workspace],
) -> None:
    async def main() -> None:
        workspace = make_workspace(Echo())
        workspace.add_webhook(
            name="ats",
            payload_url="http://127.0.0.1:9/",
            events=["created"],
            headers=HEADERS,
            secret=SECRET,
        )
        workspace.create_assessment()
        await workspace.settle()
        (attempt,) = workspace.deliveries()[0].attempts
        assert attempt.outcome is not None
        lines = attempt.outcome.body.decode().splitlines()
        assert lines[2:] == [
            "Authorization: [redacted]",
            "X-Short: abc",
            "Accept: text/plain",
            "[redacted] [redacted] abc text/plain",
        ]
        journal = b"".join(line(entry) for entry in workspace.entries()).decode()
        assert TOKEN not in journal
        assert SECRET not in journal

    asyncio.run(main())
