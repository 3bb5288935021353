"""Every body and every answer can be shown in all formats."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from emulator.decoding import indented
from emulator.delivery.records import Outcome
from emulator.printing import printable_lines, printable_xml
from emulator.reports import github, text
from emulator.reports.formats import FORMATS
from emulator.reports.report import Case, ReportStep, report
from emulator.server.json_views import delivery_view
from emulator.workspace import delivery_view as queries
from emulator.workspace.journal_lines import line

if TYPE_CHECKING:
    from pathlib import Path

    from emulator.delivery.records import Request
    from tests.conftest import MakeWorkspace

STARTED = datetime(2026, 3, 4, tzinfo=UTC)

DEEP = b"[" * 20_000
CLOSED = b"[" * 5_000 + b"]" * 5_000
JUST_TOO_DEEP = b'{"a":' * 900 + b"1" + b"}" * 900
KNOWN = (
    b"", b"{}", DEEP, CLOSED, JUST_TOO_DEEP, b'{"status":"\xff"}', b'"\\ud800"', b"\x00", b"NaN",
    b"1e999", b"9" * 5_000, b'{"cut": ', b"\x1b]0;pwned\x07\x9b31m", b"\n::error::x\n##[error]y",
    "\u202egpj.exe".encode(), b"x" * 10_000_000, b'{"event":"\\u001b]0;pwned\\u0007"}',
)  # fmt: skip
BODIES = st.sampled_from(KNOWN) | st.binary(max_size=200) | st.text(max_size=200).map(
    lambda text: msgspec.json.encode({text: [text]})
)  # fmt: skip


class Answering:
    """A transport that answers each request with the same body."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def send(self, _: Request) -> asyncio.Future[Outcome]:
        sent = asyncio.get_running_loop().create_future()
        headers = (("X-Odd", "\x1b[31m"),)
        sent.set_result(Outcome("answered", 200, headers, self.body[: 64 * 1024]))
        return sent

    async def close(self) -> None:
        """Nothing is open."""


def is_quiet(shown: str) -> bool:
    """Return whether nothing in it is a command to a terminal or to CI."""
    lines = shown.split("\n")
    return all(one.isprintable() and not one.lstrip().startswith(("::", "##[")) for one in lines)


@pytest.mark.slow
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.large_base_example],
)
@given(sent=BODIES, answered=BODIES)
@example(sent=DEEP, answered=CLOSED)
@example(sent=b"x" * 10_000_000, answered=b"\n::error::x\n\x1b]0;pwned\x07")
@example(sent=JUST_TOO_DEEP, answered=b'{"status":"\xff"}')
def test_every_body_and_answer_goes_through_every_way_out(
    sent: bytes, answered: bytes, make_workspace: MakeWorkspace, tmp_path: Path
) -> None:
    async def main() -> None:
        workspace = make_workspace(Answering(answered))  # type: ignore[arg-type]
        webhook = workspace.add_webhook(
            name="mine", payload_url="http://example.com/", events=["candidate.completed"]
        )
        workspace.send(sent, event="candidate.completed")
        await workspace.settle()
        (delivery,) = workspace.deliveries()
        view = json.loads(msgspec.json.encode(delivery_view(workspace.state, delivery)))
        assert view["attempts"][0]["response"]["status"] == 200
        lines = b"".join(map(line, workspace.entries()))
        assert is_quiet(lines.decode().rstrip("\n"))
        shown = queries.delivery_view(delivery, webhook.name)
        step = ReportStep(
            1, "send", "\x1b[31m", 2, "failed", answered[:2_000].decode("latin-1"), (shown,)
        )
        case = Case(
            "a\n::error::b", "failed", "a.yaml", 1, "\x00", steps=(step,), journal=({"a": "\x9b"},)
        )
        made = report("Scenarios", [case], started=STARTED, duration_ms=1)
        documents = {name: one.document(made) for name, one in FORMATS.items()}
        assert all(len(document) < 60_000_000 for document in documents.values())
        json.loads(documents["json"])
        ET.fromstring(printable_xml(documents["junit"]))  # noqa: S314 - ours
        assert not any(
            one.lstrip().startswith((b"::", b"##["))
            for one in printable_xml(documents["junit"]).splitlines()
        )
        assert b"\x1b" not in documents["html"]
        assert len(github.summary(made, github.SUMMARY_LIMIT).encode()) <= github.SUMMARY_LIMIT
        assert all(len(command) < 10_000 for command in github.commands(made, tmp_path))
        assert is_quiet(printable_lines("\n".join(text.lines(case))))
        assert is_quiet(printable_lines(indented(sent)))

    asyncio.run(main())
