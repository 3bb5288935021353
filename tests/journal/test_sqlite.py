from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from emulator import Emulator
from emulator.errors import JournalError
from emulator.journal.entry import Entry
from emulator.journal.journal_file import read_entries, stored_workspaces
from emulator.journal.sqlite import SqliteStore
from emulator.receiver import Receiver
from emulator.workspace.canonical import canonical

if TYPE_CHECKING:
    from pathlib import Path

AT = datetime(2026, 1, 1, 12, 0, 0, 123_000, tzinfo=UTC)


class Word(msgspec.Struct, frozen=True):
    """A record of the test's own."""

    text: str
    body: bytes = b"\x00\xff"


KINDS = {"word.said": Word}


def entries(*texts: str, workspace: str = "acme", first: int = 1) -> list[Entry]:
    return [
        Entry(number, AT, workspace, "word.said", Word(text))
        for number, text in enumerate(texts, start=first)
    ]


def test_flushed_entries_are_read_by_the_next_process(tmp_path: Path) -> None:
    async def write() -> None:
        store = SqliteStore(tmp_path / "j", KINDS)
        store.write(entries("one", "two"))
        await store.flush()
        store.write(entries("three", first=3))
        store.close()

    asyncio.run(write())
    store = SqliteStore(tmp_path / "j", KINDS)
    assert list(store.read("acme")) == entries("one", "two", "three")
    assert list(store.read("acme", after=2)) == entries("three", first=3)
    assert store.workspaces() == ["acme"]
    assert (store.last("acme"), store.last("other")) == (3, 0)
    store.close()


def test_entries_are_read_before_they_are_in_the_file(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "j", KINDS)
    for number in range(1, 200):
        store.write(entries(str(number), first=number))
        assert store.last("acme") == number
        assert [one.number for one in store.read("acme")] == list(range(1, number + 1))
        assert store.workspaces() == ["acme"]
    store.close()


def test_a_forgotten_workspace_leaves_the_others(tmp_path: Path) -> None:
    async def work() -> list[str]:
        store = SqliteStore(tmp_path / "j", KINDS)
        store.write(entries("one"))
        store.write(entries("one", workspace="other"))
        store.forget("acme")
        store.write(entries("anew"))
        await store.flush()
        assert list(store.read("acme")) == entries("anew")
        store.forget("acme")
        await store.flush()
        found = store.workspaces()
        store.close()
        return found

    assert asyncio.run(work()) == ["other"]


def test_a_workspace_can_be_forgotten_while_its_entries_are_written(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "j", KINDS)
    with closing(sqlite3.connect(tmp_path / "j", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # the writer waits in its commit
        store.write(entries("one", "two"))
        for _ in range(100):
            assert store.workspaces() == ["acme"]  # lets the writer run
        store.forget("acme")
        assert (store.last("acme"), list(store.read("acme")), store.workspaces()) == (0, [], [])
        store.write(entries("anew"))
        assert list(store.read("acme")) == entries("anew")
        other.execute("ROLLBACK")
    store.close()
    assert list(read_entries(tmp_path / "j", KINDS, "acme")) == entries("anew")


def test_only_its_owner_can_read_the_file(tmp_path: Path) -> None:
    SqliteStore(tmp_path / "j", KINDS).close()
    assert (tmp_path / "j").stat().st_mode & 0o777 == 0o600


def test_a_second_process_is_refused_and_can_still_read(tmp_path: Path) -> None:
    path = tmp_path / "j"
    store = SqliteStore(path, KINDS)
    store.write(entries("one"))
    asyncio.run(store.flush())
    code = "import pathlib, sys, emulator; emulator.Emulator(journal=pathlib.Path(sys.argv[1]))"
    command = [sys.executable, "-c", code, str(path)]
    other = subprocess.run(command, capture_output=True, text=True)
    assert other.stderr.splitlines()[-1] == (
        f"emulator.errors.JournalError: the journal {str(path)!r} is in use by another process"
    )
    assert list(read_entries(path, KINDS, "acme")) == entries("one")
    store.close()


def test_another_programs_file_is_refused_and_stays_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE notes (text)")
    database.commit()
    database.close()
    before = path.read_bytes()
    with pytest.raises(JournalError) as caught:
        SqliteStore(path, KINDS)
    expected = f"{str(path)!r} is not a journal; expected a file that 'serve --journal' made"
    assert str(caught.value) == expected
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused_and_stays_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text("not a database, but long enough to be taken for one" * 100)
    with pytest.raises(JournalError) as caught:
        SqliteStore(path, KINDS)
    assert str(caught.value) == (
        f"{str(path)!r} is not a journal, or its first page is damaged; expected a file that"
        " 'serve --journal' made"
    )
    assert path.read_text().startswith("not a database")


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "j"
    SqliteStore(path, KINDS).close()
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(JournalError) as caught:
        SqliteStore(path, KINDS)
    assert str(caught.value) == f"the journal {str(path)!r} has format 99; this version reads 2"
    with pytest.raises(JournalError, match="format 99"):
        stored_workspaces(path)


def test_a_missing_folder_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "no" / "j"
    with pytest.raises(JournalError) as caught:
        SqliteStore(path, KINDS)
    assert str(caught.value) == f"the journal {str(path)!r} failed: no such file or directory"


def test_a_failed_commit_is_raised_to_waiters_and_to_the_next_writer(tmp_path: Path) -> None:
    """SQLite refuses an entry that is written twice, as it does on a full disk."""

    async def work() -> None:
        store = SqliteStore(tmp_path / "j", KINDS)
        store.write(entries("one"))
        await store.flush()
        store.write(entries("one"))
        with pytest.raises(JournalError, match="failed: unique constraint failed"):
            await store.flush()
        with pytest.raises(JournalError, match="failed: unique constraint failed"):
            store.write(entries("two", first=2))
        with pytest.raises(JournalError, match="failed: unique constraint failed"):
            await store.flush()
        store.close()
        assert list(read_entries(tmp_path / "j", KINDS, "acme")) == entries("one")

    asyncio.run(work())


def test_a_failed_store_reports_the_reason(tmp_path: Path) -> None:
    async def work() -> None:
        store = SqliteStore(tmp_path / "j", KINDS)
        before = store.failure
        store.write(entries("one"))
        await store.flush()
        store.write(entries("one"))
        with pytest.raises(JournalError) as caught:
            await store.flush()
        assert (before, store.failure) == (None, str(caught.value))
        store.close()

    asyncio.run(work())


@pytest.mark.parametrize("word", [2**70, object()])
def test_a_record_that_cannot_be_written_wakes_all_waiters(tmp_path: Path, word: Any) -> None:
    """A bug of ours, not of the disk; the writer must not end without a word."""

    async def work() -> None:
        store = SqliteStore(tmp_path / "j", KINDS)
        store.write([Entry(1, AT, "acme", "word.said", Word(word))])
        with pytest.raises(JournalError, match="failed"):
            async with asyncio.timeout(20):
                await store.flush()
        store.close()

    asyncio.run(work())


def test_an_unknown_kind_is_an_error_and_not_a_gap(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "j", KINDS)
    store.write(entries("one"))
    store.close()
    with pytest.raises(JournalError, match="damaged at workspace 'acme', entry 1"):
        list(read_entries(tmp_path / "j", {}, "acme"))


def test_a_read_only_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "j"
    SqliteStore(path, KINDS).close()
    monkeypatch.setattr(os, "access", lambda *_: False)  # root, who runs CI, may write any file
    with pytest.raises(JournalError) as caught:
        SqliteStore(path, KINDS)
    expected = f"the journal {str(path)!r} can't be written; expected a writable file"
    assert str(caught.value) == expected


def test_a_workspace_goes_on_where_it_stood(tmp_path: Path) -> None:
    """Stop with a delivery pending, a timer set and a clock moved; all three go on."""

    async def work() -> None:
        path = tmp_path / "j"
        async with Receiver() as receiver:
            async with Emulator(seed=7, clock="virtual", journal=path) as emulator:
                workspace = emulator.workspace("acme")
                events = ["candidate.invited", "candidate.invitation_expired"]
                workspace.add_webhook(name="ats", payload_url=receiver.url, events=events)
                job = workspace.create_assessment()
                workspace.invite(job.id)
                await workspace.settle()
                await workspace.advance(86_400)
                ada = workspace.invite(job.id)
                before = vars(workspace.state)
            async with Emulator(seed=8, journal=path) as emulator:
                workspace = emulator.workspaces["acme"]
                assert vars(workspace.state) == before
                await workspace.settle()
                await workspace.advance(30 * 86_400)
                answers = [(delivery.event, delivery.status) for delivery in workspace.deliveries()]
                assert answers == [
                    ("candidate.invited", "succeeded"),
                    ("candidate.invited", "succeeded"),
                    ("candidate.invitation_expired", "succeeded"),
                    ("candidate.invitation_expired", "succeeded"),
                ]
                assert workspace.state.candidates[ada.id].state == "INVITATION_EXPIRED"
            assert len(receiver.requests) == 4

    asyncio.run(work())


def test_memory_and_file_give_the_same_canonical_journal(tmp_path: Path) -> None:
    async def work(path: Path | None) -> bytes:
        async with (
            Receiver() as receiver,
            Emulator(seed=7, clock="virtual", journal=path, in_flight=1) as emulator,
        ):
            workspace = emulator.workspace("acme")
            events = ["candidate.status_changed"]
            workspace.add_webhook(name="ats", payload_url=receiver.url, events=events)
            job = workspace.create_assessment()
            ada = workspace.invite(job.id)
            workspace.enroll(ada.id)
            workspace.start(ada.id)
            workspace.complete(ada.id)
            await workspace.settle()
            return canonical(workspace.entries())

    assert asyncio.run(work(None)) == asyncio.run(work(tmp_path / "j"))
