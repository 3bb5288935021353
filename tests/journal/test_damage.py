"""A damaged journal file is reported, never used, and its intact entries can be salvaged."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from emulator.emulator import Emulator
from emulator.errors import JournalError
from emulator.journal.encoding import checksum, packed
from emulator.journal.journal_file import read_entries, stored_workspaces
from emulator.journal.salvage import salvage
from emulator.workspace.fold import TYPES

if TYPE_CHECKING:
    from pathlib import Path

    from emulator.journal.entry import Entry

NAMES = ["acme", "default", "other"]


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal file with three workspaces, of about a hundred blocks."""
    path = tmp_path_factory.mktemp("whole") / "a.db"

    async def main() -> None:
        async with Emulator(journal=path, seed=3, clock="virtual") as emulator:
            for name in NAMES:
                workspace = emulator.workspace(name)
                for number in range(8):
                    job = workspace.create_assessment(title=f"Number {number}")
                    await workspace.flush()
                    workspace.enroll(workspace.invite(job.id).id)
                    await workspace.flush()

    asyncio.run(main())
    return path


def read(path: Path) -> dict[str, list[Entry]]:
    """Return the entries that an emulator reads from the file."""

    async def main() -> dict[str, list[Entry]]:
        emulator = Emulator(journal=path)
        try:
            await emulator.start()
            return {name: list(one.entries()) for name, one in emulator.workspaces.items()}
        finally:
            emulator.journal.close()

    return asyncio.run(main())


def damaged(kind: str, whole: bytes, draw: random.Random) -> bytes:
    at = draw.randrange(len(whole))
    if kind == "truncate":
        return whole[:at]
    size = 1 if kind == "flip" else draw.choice([1, 16, 512, 4_096])
    part = whole[at : at + size]
    other = bytes(len(part)) if kind == "zero" else bytes([part[0] ^ (1 << draw.randrange(8))])
    return whole[:at] + other + whole[at + len(part) :]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["flip", "zero", "truncate"])
def test_damage_anywhere_is_reported_or_harmless(kind: str, journal: Path, tmp_path: Path) -> None:
    expected, whole = read(journal), journal.read_bytes()
    assert sorted(expected) == NAMES
    draw, reported = random.Random(5), 0
    path = tmp_path / "b.db"
    for _ in range(120):
        path.write_bytes(damaged(kind, whole, draw))
        try:
            found = read(path)
        except JournalError:
            reported += 1
            continue
        assert found == expected, "damage changed the state, and nobody said so"
    assert reported > 60


def test_the_place_of_the_damage_is_reported(journal: Path, tmp_path: Path) -> None:
    path = tmp_path / "b.db"
    path.write_bytes(journal.read_bytes())
    with closing(sqlite3.connect(path)) as database:
        (last,) = database.execute(
            "SELECT max(last) FROM blocks WHERE workspace = 'acme' AND last < 12"
        ).fetchone()
        database.execute(
            "UPDATE blocks SET data = CAST(data || x'00' AS BLOB)"
            " WHERE workspace = 'acme' AND last > ?",
            (last,),
        )
        database.commit()
    with pytest.raises(JournalError) as caught:
        read(path)
    assert str(caught.value) == (
        f"the journal {str(path)!r} is damaged at workspace 'acme', entry {last + 1}: the checksum"
        f" is wrong; 'testlify-emulator journal {path} --salvage NEW' keeps the entries before it"
    )
    into = tmp_path / "c.db"
    found = {one.workspace: one for one in salvage(path, into, TYPES)}
    assert found["acme"].kept == last
    assert found["acme"].lost.endswith(f"entry {last + 1}: the checksum is wrong")
    assert found["default"].lost == ""
    whole = read(journal)
    saved = read(into)
    assert saved["acme"] == whole["acme"][:last]
    assert {name: saved[name] for name in ("default", "other")} == {
        name: whole[name] for name in ("default", "other")
    }


def test_a_missing_block_is_reported(journal: Path, tmp_path: Path) -> None:
    path = tmp_path / "b.db"
    path.write_bytes(journal.read_bytes())
    with closing(sqlite3.connect(path)) as database:
        database.execute(
            "DELETE FROM blocks WHERE workspace = 'acme' AND last IN"
            " (SELECT last FROM blocks WHERE workspace = 'acme' ORDER BY last LIMIT 1 OFFSET 2)"
        )
        database.commit()
    with pytest.raises(JournalError, match=r"damaged at workspace 'acme', entry [0-9]+: the next"):
        read(path)


@pytest.mark.slow
def test_readable_entries_are_salvaged_without_a_crash(journal: Path, tmp_path: Path) -> None:
    whole, draw = journal.read_bytes(), random.Random(6)
    expected = read(journal)
    path = tmp_path / "b.db"
    for number in range(40):
        path.write_bytes(damaged(draw.choice(["flip", "zero", "truncate"]), whole, draw))
        into = tmp_path / f"c{number}.db"
        try:
            salvage(path, into, TYPES)
        except JournalError:
            continue
        for name, entries in read(into).items():
            assert entries == expected[name][: len(entries)]


def test_a_file_without_checksums_is_read_and_upgraded(journal: Path, tmp_path: Path) -> None:
    path = tmp_path / "b.db"
    path.write_bytes(journal.read_bytes())
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE old AS SELECT workspace, last, data FROM blocks")
        database.execute("DROP TABLE blocks")
        database.execute(
            "CREATE TABLE blocks (workspace TEXT NOT NULL, last INTEGER NOT NULL,"
            " data BLOB NOT NULL, PRIMARY KEY (workspace, last))"
        )
        database.execute("INSERT INTO blocks SELECT * FROM old")
        database.execute("DROP TABLE old")
        database.execute("PRAGMA user_version = 1")
        database.commit()
    expected = read(journal)
    assert stored_workspaces(path) == NAMES
    assert list(read_entries(path, TYPES, "acme")) == expected["acme"]
    assert read(path) == expected
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (2,)
        sums = database.execute("SELECT count(sum) FROM blocks").fetchone()
        assert sums == database.execute("SELECT count(*) FROM blocks").fetchone()
    assert read(path) == expected


def test_a_workspace_that_does_not_begin_with_its_opening_is_refused(
    journal: Path, tmp_path: Path
) -> None:
    path = tmp_path / "b.db"
    path.write_bytes(journal.read_bytes())
    late = [one for one in read(journal)["acme"] if one.kind == "assessment.created"][:1]
    block = packed(late)
    with closing(sqlite3.connect(path)) as database:
        database.execute("DELETE FROM blocks WHERE workspace = 'acme'")
        row = (checksum("acme", 1, block), block)
        database.execute("INSERT INTO blocks VALUES ('acme', 1, ?, ?)", row)
        database.commit()
    expected = "workspace 'acme' begins with 'assessment.created'; expected 'workspace.opened'"
    with pytest.raises(JournalError, match=expected):
        read(path)


@pytest.mark.parametrize("link", ["symlink_to", "hardlink_to"])
def test_a_link_leads_to_the_same_lock(link: str, journal: Path, tmp_path: Path) -> None:
    path, other = tmp_path / "a.db", tmp_path / "b.db"
    path.write_bytes(journal.read_bytes())
    getattr(other, link)(path)
    first = Emulator(journal=path)
    try:
        with pytest.raises(JournalError, match="is in use by another process"):
            Emulator(journal=other)
    finally:
        first.journal.close()
    Emulator(journal=other).journal.close()
