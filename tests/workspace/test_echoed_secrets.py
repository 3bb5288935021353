"""Whatever form a consumer echoes a secret in, no record and no way out shows it."""

from __future__ import annotations

import asyncio
import html
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

import msgspec
import pytest

from emulator.delivery.profiles import PROFILES
from emulator.delivery.records import MOST_BODY, Outcome
from emulator.reports.formats import FORMATS
from emulator.reports.report import Case, report
from emulator.server.json_views import delivery_view
from emulator.workspace import delivery_view as queries
from emulator.workspace.canonical import canonical
from emulator.workspace.journal_lines import line

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.delivery.records import Request
    from emulator.workspace.workspace import Workspace
    from tests.conftest import MakeWorkspace

URL = "http://example.com/"
TOKEN = 'c4n"ary/&<t\u00f8ken>'
ECHOES: dict[str, Callable[[str], bytes]] = {
    "as it is": lambda secret: secret.encode("latin-1"),
    "UTF-8": lambda secret: secret.encode(),
    "JSON": lambda secret: json.dumps({"you sent": secret}).encode(),
    "JSON with escaped slashes": lambda secret: json.dumps(secret).replace("/", "\\/").encode(),
    "JSON in UTF-8": lambda secret: json.dumps(secret, ensure_ascii=False).encode(),
    "a URL": lambda secret: quote(secret, safe="").encode(),
    "a URL in lower case": lambda secret: quote(secret, safe="").lower().encode(),
    "a form": lambda secret: quote_plus(secret).encode(),
    "HTML": lambda secret: html.escape(secret).encode(),
    "HTML text": lambda secret: html.escape(secret, quote=False).encode(),
    "over the cut": lambda secret: b"x" * (MOST_BODY - 5) + secret.encode("latin-1") + b"y" * 99,
}


class Echo:
    """A consumer that echoes the canary in its body and all over its headers."""

    def __init__(self, body: bytes, secret: str) -> None:
        self.body, self.secret = body, secret
        self.gate: asyncio.Event | None = None
        self.got: list[Request] = []
        self.arrived = asyncio.Event()

    def send(self, request: Request) -> asyncio.Future[Outcome]:
        return asyncio.ensure_future(self._send(request))

    async def _send(self, request: Request) -> Outcome:
        self.got.append(request)
        self.arrived.set()
        if self.gate is not None:
            await self.gate.wait()
        names = ("Location", "ETag", "Server", "Content-Type", f"X-{self.secret}", "Retry-After")
        headers = tuple((name, f"<{self.secret}>") for name in names)
        return Outcome("answered", 200, headers, self.body, detail=f"sent {self.secret}")

    async def close(self) -> None:
        """Nothing is open."""


def ways_out(workspace: Workspace) -> dict[str, bytes]:
    shown = [queries.delivery_view(delivery, "mine") for delivery in workspace.deliveries()]
    made = report(
        "Scenarios",
        [Case("a", "failed", deliveries=tuple(shown))],
        started=datetime.now(UTC),
        duration_ms=1,
    )
    return {
        **{name: one.document(made) for name, one in FORMATS.items()},
        "deliveries": msgspec.json.encode(
            [delivery_view(workspace.state, delivery) for delivery in workspace.deliveries()]
        ),
        "journal": b"".join(map(line, workspace.entries())),
        "canonical": canonical(workspace.entries()),
        "repr": repr(workspace.deliveries()).encode(),
    }


def leaks(workspace: Workspace, secret: str) -> list[str]:
    forms = {ECHOES[name](secret).strip(b'"') for name in ECHOES if name != "over the cut"}
    forms |= {secret[:6].encode(), secret.encode()}
    return [
        f"{name}: {form!r}"
        for name, text in ways_out(workspace).items()
        for form in forms
        if form in text
    ]


@pytest.mark.parametrize("form", ECHOES)
@pytest.mark.parametrize("scheme", ["", "Bearer "])
def test_no_way_out_shows_an_echoed_header(
    form: str, scheme: str, make_workspace: MakeWorkspace
) -> None:
    async def main() -> None:
        echo = Echo(ECHOES[form](TOKEN), TOKEN)
        workspace = make_workspace(echo)  # type: ignore[arg-type]
        workspace.add_webhook(
            name="mine", payload_url=URL, events=["created"], headers={"X-Token": scheme + TOKEN}
        )
        workspace.create_assessment()
        await workspace.settle()
        assert dict(echo.got[0].headers)["X-Token"] == scheme + TOKEN
        assert leaks(workspace, TOKEN) == []
        (attempt,) = workspace.deliveries()[0].attempts
        assert attempt.outcome is not None
        assert len(attempt.outcome.body) <= MOST_BODY

    asyncio.run(main())


def test_an_answer_is_masked_with_the_secrets_that_the_attempt_sent(
    make_workspace: MakeWorkspace,
) -> None:
    """Also when the webhook was edited meanwhile."""

    async def main() -> None:
        echo = Echo(TOKEN.encode("latin-1"), TOKEN)
        echo.gate = asyncio.Event()
        workspace = make_workspace(echo)  # type: ignore[arg-type]
        webhook = workspace.add_webhook(
            name="mine", payload_url=URL, events=["created"], headers={"X-Token": TOKEN}
        )
        testing = asyncio.ensure_future(workspace.send_test(webhook.id))
        async with asyncio.timeout(10.0):
            await echo.arrived.wait()
        workspace.edit_webhook(webhook.id, headers={"X-Token": "an0ther"})
        echo.gate.set()
        await testing
        assert leaks(workspace, TOKEN) == []

    asyncio.run(main())


def test_a_signing_secret_is_masked_too(make_workspace: MakeWorkspace) -> None:
    async def main() -> None:
        secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        echo = Echo(secret.encode(), secret)
        workspace = make_workspace(echo, profile=PROFILES["v2"])  # type: ignore[arg-type]
        workspace.add_webhook(name="mine", payload_url=URL, events=["created"], secret=secret)
        workspace.create_assessment()
        await workspace.settle()
        assert leaks(workspace, secret) == []

    asyncio.run(main())


def test_a_secret_without_letters_and_digits_is_masked(make_workspace: MakeWorkspace) -> None:
    async def main() -> None:
        workspace = make_workspace(Echo(b"got -+/=-", "-"))  # type: ignore[arg-type]
        headers = {"X-Token": "-+/=-"}
        workspace.add_webhook(name="mine", payload_url=URL, events=["created"], headers=headers)
        workspace.create_assessment()
        await workspace.settle()
        (attempt,) = workspace.deliveries()[0].attempts
        assert attempt.outcome is not None
        assert attempt.outcome.body == b"got [redacted]"

    asyncio.run(main())


def test_a_long_answer_without_any_secret_is_cut(make_workspace: MakeWorkspace) -> None:
    async def main() -> None:
        workspace = make_workspace(Echo(b"x" * (MOST_BODY + 50), "-"))  # type: ignore[arg-type]
        workspace.add_webhook(name="mine", payload_url=URL, events=["created"])
        workspace.create_assessment()
        await workspace.settle()
        (attempt,) = workspace.deliveries()[0].attempts
        assert attempt.outcome is not None
        assert attempt.outcome.body == b"x" * MOST_BODY

    asyncio.run(main())
