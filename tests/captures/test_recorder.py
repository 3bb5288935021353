"""Requests as HAR files: whole, in order, and each under a name of its own."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from emulator.captures import har
from emulator.captures.recorder import Recorder
from emulator.receiver import Received

if TYPE_CHECKING:
    from pathlib import Path

AT = datetime(2026, 6, 2, 7, 2, 4, 323_456, tzinfo=UTC)
HEADERS = (
    ("host", "hooks.example.com"),
    ("x-b", "1"),
    ("content-type", "application/json"),
    ("authorization", "Bearer s3cret"),
    ("x-b", "2"),
)


def received(body: bytes = b'{"event": "completed"}') -> Received:
    return Received("POST", "/hook?token=s3cret&a=b", HEADERS, body)


def test_a_saved_request_is_a_har_document_with_one_entry(tmp_path: Path) -> None:
    file = Recorder(tmp_path, keeps_secrets=True).save(received(), AT)
    assert list(tmp_path.iterdir()) == [file]
    assert file.name.startswith("20260602T070204.323456Z-")
    log = json.loads(file.read_text())["log"]
    [entry] = log["entries"]
    assert log["version"] == "1.2"
    assert entry["startedDateTime"] == "2026-06-02T07:02:04.323Z"
    assert entry["request"] == {
        "method": "POST",
        "url": "http://hooks.example.com/hook?token=s3cret&a=b",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": [{"name": name, "value": value} for name, value in HEADERS],
        "queryString": [],
        "postData": {"text": '{"event": "completed"}', "mimeType": "application/json"},
        "headersSize": -1,
        "bodySize": 22,
    }


def test_secrets_are_masked_and_the_body_stays(tmp_path: Path) -> None:
    text = Recorder(tmp_path).save(received(b'{"a": "b"}'), AT).read_text()
    assert "s3cret" not in text
    [entry] = json.loads(text)["log"]["entries"]
    assert entry["request"]["url"] == "http://hooks.example.com/hook?token=[redacted]&a=[redacted]"
    values = [header["value"] for header in entry["request"]["headers"]]
    masked = "[redacted]"
    assert values == ["hooks.example.com", masked, "application/json", masked, masked]
    assert entry["request"]["postData"]["text"] == '{"a": "b"}'


@pytest.mark.parametrize(
    "body", [b'{"a": "\xc3\xa4"}', b"\xff\x00{", b"\xef\xbb\xbf{}", b'{\r\n\t"a" : 1.0 }']
)
def test_a_body_is_read_back_byte_by_byte(tmp_path: Path, body: bytes) -> None:
    file = Recorder(tmp_path, keeps_secrets=True).save(received(body), AT)
    [capture] = har.captures(json.loads(file.read_bytes()))
    assert (capture.body, capture.headers, capture.method) == (body, HEADERS, "POST")
    assert capture.at == AT.replace(microsecond=323_000)


def test_requests_at_one_instant_have_files_of_their_own(tmp_path: Path) -> None:
    folder = Recorder(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        files = list(pool.map(lambda _: folder.save(received(), AT), range(200)))
    assert len(set(files)) == 200
    assert sorted(files) == sorted(tmp_path.iterdir())


def test_a_request_that_is_not_saved_leaves_no_file(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    with pytest.raises(FileNotFoundError):
        Recorder(gone).save(received(), AT)
    assert list(tmp_path.iterdir()) == []
