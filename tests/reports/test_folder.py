"""A report as files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from emulator.errors import InvalidInputError
from emulator.reports import ctrf, folder, html, junit

if TYPE_CHECKING:
    from pathlib import Path

    from emulator.reports.report import Report


def test_all_files_are_written_and_older_ones_overwritten(
    tmp_path: Path, sample: Report, passing: Report
) -> None:
    target = tmp_path / "a" / "b"
    folder.prepare(target)
    assert list(target.iterdir()) == []
    folder.write(passing, target)
    assert (target / "journal.jsonl").read_bytes() == b""
    folder.prepare(target)
    folder.write(sample, target)
    assert sorted(path.name for path in target.iterdir()) == sorted(folder.FILES)
    assert (target / "report.html").read_bytes() == html.document(sample)
    assert (target / "report.json").read_bytes() == ctrf.document(sample)
    assert (target / "junit.xml").read_bytes() == junit.document(sample)
    lines = (target / "journal.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == list(sample.cases[0].journal)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.touch()
    with pytest.raises(InvalidInputError) as caught:
        folder.prepare(taken)
    assert str(caught.value) == f"the report can't be written to {str(taken)!r}: file exists"
    with pytest.raises(InvalidInputError) as caught:
        folder.prepare(taken / "below")
    assert str(caught.value) == (
        f"the report can't be written to {str(taken / 'below')!r}: not a directory"
    )


def test_a_folder_in_place_of_a_file_is_reported_before_anything_runs(tmp_path: Path) -> None:
    (tmp_path / "junit.xml").mkdir()
    with pytest.raises(InvalidInputError) as caught:
        folder.prepare(tmp_path)
    assert str(caught.value) == (
        f"no room for the report: {str(tmp_path / 'junit.xml')!r} is a folder"
    )


def test_a_file_that_cannot_be_written_is_returned_with_its_reason(
    tmp_path: Path, passing: Report
) -> None:
    failed = folder.write(passing, tmp_path / "gone")
    assert failed == dict.fromkeys(folder.FILES, "no such file or directory")


def test_a_format_that_fails_loses_no_other(
    tmp_path: Path, passing: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Report) -> bytes:
        message = "too deep"
        raise RecursionError(message)

    monkeypatch.setattr(html, "document", broken)
    failed = folder.write(passing, tmp_path)
    assert failed == {"report.html": "a bug of the emulator: RecursionError('too deep')"}
    assert {path.name for path in tmp_path.iterdir()} == {*folder.FILES} - {"report.html"}
