"""Captures of each format are read as they were sent, the oldest first."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from emulator import Emulator
from emulator.captures.capture_files import read
from emulator.captures.event_recognition import event_of, generation_of
from emulator.captures.recorder import Recorder
from emulator.errors import InvalidInputError
from emulator.receiver import Received, Receiver
from emulator.workspace.journal_lines import line

if TYPE_CHECKING:
    from pathlib import Path

COMPLETED: dict[str, Any] = {"data": {"candidateStatus": "COMPLETED"}, "type": "candidate"}
COMPLETED |= {"event": "completed", "success": True}
MESSAGE = {"id": "msg_1", "eventType": "candidate.completed", "payload": COMPLETED}


def written(folder: Path, name: str, value: Any) -> Path:
    file = folder / name
    file.write_text(value if isinstance(value, str) else json.dumps(value))
    return file


def test_a_payload_is_a_capture_with_the_bytes_of_its_file(tmp_path: Path) -> None:
    file = written(tmp_path, "a.json", json.dumps(COMPLETED, indent=1))
    [capture] = read([file])
    assert capture.body == file.read_bytes()
    assert (capture.source, capture.at) == (str(file), None)
    assert (event_of(capture), generation_of(capture)) == ("candidate.completed", "v1")


@pytest.mark.parametrize(
    "export",
    [
        MESSAGE,
        [MESSAGE],
        {"data": [MESSAGE], "iterator": "x", "done": True},
        json.dumps(MESSAGE) + "\n" + json.dumps(MESSAGE) + "\n",
    ],
)
def test_messages_of_svix_are_captures_with_their_event_type(tmp_path: Path, export: Any) -> None:
    captures = read([written(tmp_path, "a.json", export)])
    assert {(capture.event, capture.header("svix-id")) for capture in captures} == {
        ("candidate.completed", "msg_1")
    }
    assert all(capture.payload == COMPLETED for capture in captures)


def test_payloads_can_be_in_a_list_or_a_line_each(tmp_path: Path) -> None:
    lines = "\n".join([json.dumps(COMPLETED), "", json.dumps(COMPLETED)])
    for name, content in (("a.json", [COMPLETED, COMPLETED]), ("a.ndjson", lines)):
        captures = read([written(tmp_path, name, content)])
        assert [capture.payload for capture in captures] == [COMPLETED, COMPLETED]
        assert captures[1].source == f"{tmp_path / name}[1]"


def test_a_har_file_of_a_browser_is_read_without_requests_that_have_no_body(tmp_path: Path) -> None:
    post = {
        "method": "POST",
        "url": "https://x.example.com/hook",
        "headers": [{"name": ":authority", "value": "x"}, {"name": "A", "value": "1"}],
        "postData": {"mimeType": "application/json", "text": '{"a":"ä"}', "params": []},
    }
    entries = [
        {"startedDateTime": "2026-06-02T09:00:00.000+02:00", "request": post, "_priority": "High"},
        {"startedDateTime": "2026-06-02T06:00:00Z", "request": {"method": "GET", "url": "x"}},
    ]
    [capture] = read([written(tmp_path, "a.har", {"log": {"entries": entries, "pages": []}})])
    assert capture.body == '{"a":"ä"}'.encode()
    assert (capture.url, capture.headers) == ("https://x.example.com/hook", (("A", "1"),))
    assert capture.at == datetime(2026, 6, 2, 7, tzinfo=UTC)


def test_a_folder_is_read_in_the_order_of_arrival(tmp_path: Path) -> None:
    folder = Recorder(tmp_path)
    for minute in (3, 1, 2):
        received = Received("POST", "/", (), str(minute).encode())
        folder.save(received, datetime(2026, 6, 2, 7, minute, tzinfo=UTC))
    written(tmp_path, "README.md", "not a capture")
    assert [one.body for one in read([tmp_path])] == [b"1", b"2", b"3"]


def test_both_forms_of_a_journal_give_the_sent_requests(tmp_path: Path) -> None:
    lines: list[bytes] = []

    async def main() -> list[Received]:
        async with Receiver() as receiver, Emulator(seed=7, journal=tmp_path / "a.db") as emulator:
            workspace = emulator.workspace()
            workspace.add_webhook(
                name="a",
                payload_url=f"{receiver.url}/hook",
                events=["candidate.invited", "assessment.created"],
                headers={"X-Token": "s3cret"},
            )
            job = workspace.create_assessment(title="Job Analysis Specialist")
            workspace.invite(job.id, email="ada@example.com")
            await workspace.settle()
            lines.extend(line(entry) for entry in emulator.journal.entries("default"))
            return receiver.requests

    received = asyncio.run(main())
    (tmp_path / "b.ndjson").write_bytes(b"".join(lines))
    for name in ("a.db", "b.ndjson"):
        captures = read([tmp_path / name])
        assert [capture.body for capture in captures] == [request.body for request in received]
        assert [event_of(capture) for capture in captures] == [
            "assessment.created",
            "candidate.invited",
        ]
        assert captures[0].header("x-token") == "[redacted]"
        assert captures[0].url.endswith("/hook")


@pytest.mark.parametrize(
    ("payload", "event"),
    [
        ({"type": "candidate", "event": "candidateStatusChanged"}, "candidate.status_changed"),
        ({"type": "candidate", "event": "shortlisted"}, "candidate.shortlisted"),
        ({"data": {"candidate": {}}, "event": "completed"}, "candidate.completed"),
        ({"data": {"candidate": {}}, "event": "moved"}, "candidate.moved"),
        ({"data": {"assessment": {}}, "event": "archived"}, "assessment.archived"),
        ({"success": True, "data": {"candidateStatus": "INVITATION_EXPIRED"}},
         "candidate.invitation_expired"),
        ({"type": "candidate.completed", "data": {}}, "candidate.completed"),
        ({"type": "candidate", "eventType": "enrolled"}, "candidate.enrolled"),
        ({"type": "candidate", "data": {"candidateStatus": "ENROLLED"}},
         "candidate.unnamed.enrolled"),
        ({"type": "candidate"}, "candidate.unnamed"),
        ({}, "test"),
        ([], "unreadable"),
    ],
)  # fmt: skip
def test_the_event_type_follows_from_the_payload(tmp_path: Path, payload: Any, event: str) -> None:
    har = {"log": {"entries": [{"startedDateTime": "2026-06-02T07:00:00Z", "request": {
        "method": "POST", "url": "x", "postData": {"text": json.dumps(payload)}}}]}}  # fmt: skip
    [capture] = read([written(tmp_path, "a.har", har)])
    assert event_of(capture) == event


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.json", "{", "{}: not JSON: input data was truncated"),
        ("a.json", "1", "{}: expected a payload, a HAR document, a journal, or messages of Svix"),
        ("a.ndjson", "{}\n[\n", "{}: line 2: not JSON: input data was truncated"),
        ("a.har", '{"log": {}}', "{}: the key 'entries' is missing (at $.log)"),
        (
            "a.har",
            (
                '{"log": {"entries": [{"startedDateTime": "today", "request": {"method": "POST",'
                ' "url": "", "postData": {"text": ""}}}]}}'
            ),
            (
                "{}: not a time: 'today'; expected one like '2026-01-01T00:00:00Z' "
                "(at $.log.entries[0].startedDateTime)"
            ),
        ),
        (
            "a.har",
            (
                '{"log": {"entries": [{"startedDateTime": "2026-01-01T00:00:00Z", "request": '
                '{"method": "POST", "url": "", "postData": '
                '{"text": "?", "_encoding": "base64"}}}]}}'
            ),
            "{}: not base64, as '_encoding' says (at $.log.entries[0].request.postData.text)",
        ),
        (
            "a.ndjson",
            (
                '{"number": 1, "workspace": "a", "kind": "message.created", "data": {}}\n'
                '{"number": 2, "workspace": "a", "kind": "x", "data": {}}'
            ),
            "{}: the key 'number' is missing (at $)",
        ),
        (
            "a.txt/",
            "",
            (
                "no captures in '{}'; expected files that 'listen --save' wrote, "
                "or other .har, .json, .jsonl, .ndjson, .db, .sqlite"
            ),
        ),
        ("none.har", None, "{}: no such file or directory"),
    ],
)
def test_a_file_that_is_no_capture_is_reported(
    tmp_path: Path, name: str, content: str | None, message: str
) -> None:
    file = tmp_path / name
    if name.endswith("/"):
        file.mkdir()
    elif content is not None:
        file.write_text(content)
    with pytest.raises(InvalidInputError) as caught:
        read([file])
    assert str(caught.value) == message.replace("{}", str(file), 1)
