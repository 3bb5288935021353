"""The one shape of a delivery: in the APIs, the journal and the reports."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from emulator import faults
from emulator.delivery.records import Attempt, Delivery, Message, Outcome
from emulator.reports import ctrf
from emulator.reports.report import Case, report
from emulator.server import json_views
from emulator.workspace.delivery_view import delivery_view, plain
from emulator.workspace.journal_lines import shown
from emulator.workspace.queries import changed_bodies

if TYPE_CHECKING:
    from tests.conftest import MakeWorkspace

AT = datetime(2026, 1, 1, tzinfo=UTC)
MESSAGE = Message(4, "msg_4", "candidate.invited", "v1", "s", "p", AT, b"{}", (1,))


def test_possible_secrets_are_masked_and_bytes_are_shown_as_text() -> None:
    outcome = Outcome(
        "answered", 500, (("Set-Cookie", "s3cret"), ("Server", "x")), b"no \xff", is_cut=True
    )
    headers = (("X-Webhook-Token", "s3cret"), ("Content-Type", "application/json"))
    attempts = (
        Attempt(1, "scheduled", AT, "http://127.0.0.1:9/", headers, outcome),
        Attempt(2, "manual", AT, "http://127.0.0.1:9/", headers),
    )
    found = delivery_view(Delivery(MESSAGE, "w", 2, "failed", "answered 500", attempts))
    assert "s3cret" not in msgspec.json.encode(found).decode()
    first, second = found.attempts
    assert (found.id, found.webhook, found.reason) == ("4-2", "webhook 2", "answered 500")
    assert first.request.headers["Content-Type"] == "application/json"
    assert first.response is not None
    assert first.response.headers == {"Set-Cookie": "[redacted]", "Server": "x"}
    assert (first.answer, first.response.body, first.response.cut) == ("500", "no \\xff", True)
    assert (second.answer, second.trigger, second.response) == ("under way", "manual", None)


def test_a_body_that_is_not_json_has_no_payload_and_a_released_body_has_no_text() -> None:
    message = msgspec.structs.replace(MESSAGE, body=b"hello")
    attempt = Attempt(1, "scheduled", AT, "http://127.0.0.1:9/", ())
    sent = Delivery(message, "w", 1, attempts=(attempt,))
    found, released = delivery_view(sent), delivery_view(sent.released())
    assert (found.payload, found.attempts[0].request.body) == (None, "hello")
    assert (released.payload, released.attempts[0].request.body) == (None, None)
    assert released.released is not None


def test_the_api_the_report_and_the_journal_print_the_same(make_workspace: MakeWorkspace) -> None:
    async def main() -> None:
        workspace = make_workspace()
        workspace.add_webhook(
            name="mine", payload_url="http://example.com/", events=["created"],
            headers={"X-Token": "s3cret"},
        )  # fmt: skip
        workspace.inject(faults.Corrupt(how="cut", at=9, times=1))
        workspace.create_assessment()
        await workspace.settle()
        [delivery] = workspace.deliveries()
        api = json_views.delivery_view(workspace.state, delivery)
        assert api["attempts"][0]["request"]["body"] == '{"data":{'
        assert reported(delivery, changed_bodies(workspace.state, delivery)) == api
        assert journalled(list(map(shown, workspace.entries()))) == {
            **api["attempts"][0],
            "request": {**api["attempts"][0]["request"], "body": None},
        }

    asyncio.run(main())


def reported(delivery: Delivery, changed: dict[int, bytes]) -> Any:
    case = Case("c", "passed", deliveries=(delivery_view(delivery, "mine", changed),))
    document = json.loads(ctrf.document(report("t", [case], started=AT, duration_ms=1)))
    return document["results"]["tests"][0]["extra"]["deliveries"][0]


def journalled(entries: list[dict[str, Any]]) -> Any:
    [started] = [entry["data"] for entry in entries if entry["kind"] == "attempt.started"]
    [finished] = [entry["data"] for entry in entries if entry["kind"] == "attempt.finished"]
    assert started["delivery"] == finished["delivery"] == "1-1"
    return {**started["attempt"], **finished["attempt"]}


def test_names_of_records_are_in_camel_case_and_keys_of_data_stay() -> None:
    class Inner(msgspec.Struct):
        is_insecure: bool
        by_name: dict[str, int]

    class Outer(msgspec.Struct):
        first_name: str
        all_of: tuple[Inner, ...]

    assert plain(Outer("Ada", (Inner(True, {"snake_case": 1}),))) == {
        "firstName": "Ada", "allOf": [{"insecure": True, "byName": {"snake_case": 1}}],
    }  # fmt: skip
