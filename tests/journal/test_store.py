"""The store in memory."""

from __future__ import annotations

import asyncio
import tracemalloc
from datetime import UTC, datetime

import msgspec

from emulator.journal.entry import Entry
from emulator.journal.store import MemoryStore

AT = datetime(2026, 1, 1, tzinfo=UTC)


class Note(msgspec.Struct, frozen=True):
    text: str


KINDS = {"note": Note}


def entries(workspace: str, first: int, *texts: str) -> list[Entry]:
    return [
        Entry(number, AT, workspace, "note", Note(text))
        for number, text in enumerate(texts, start=first)
    ]


def test_entries_are_kept_in_order_and_by_workspace() -> None:
    store = MemoryStore(KINDS)
    store.write(entries("one", 1, "a", "b"))
    store.write(entries("other", 1, "x"))
    store.write(entries("one", 3, "c"))
    assert list(store.read("one")) == entries("one", 1, "a", "b", "c")
    assert list(store.read("one", after=2)) == entries("one", 3, "c")
    assert list(store.read("one", after=3)) == []
    assert list(store.read("nobody")) == []
    assert store.workspaces() == ["one", "other"]
    assert (store.last("one"), store.last("nobody")) == (3, 0)


def test_forgetting_a_workspace_keeps_the_others() -> None:
    store = MemoryStore(KINDS)
    store.write(entries("one", 1, "a"))
    store.write(entries("other", 1, "x"))
    store.forget("one")
    store.forget("nobody")
    assert list(store.read("one")) == []
    assert store.workspaces() == ["other"]


def test_memory_does_not_grow_with_the_number_of_entries() -> None:
    store = MemoryStore(KINDS, most=5)
    tracemalloc.start()
    for number in range(1, 201):
        store.write(entries("one", number, f"{number}" * 10_000))
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size < 400_000
    assert len(list(store.read("one"))) == 200
    store.close()


def test_older_entries_go_to_a_file_and_are_read_as_before() -> None:
    store = MemoryStore(KINDS, most=5)
    for number in range(1, 101):
        store.write(entries("one", number, f"text {number}"))
        store.write(entries("other", number, "x"))
    written = entries("one", 1, *[f"text {number}" for number in range(1, 101)])
    for after in (0, 1, 4, 5, 6, 50, 94, 95, 99, 100, 200):
        assert list(store.read("one", after)) == written[after:]
    assert store.last("one") == 100
    store.forget("one")
    assert (list(store.read("one")), store.last("one")) == ([], 0)
    assert len(list(store.read("other"))) == 100
    store.close()


def test_a_reader_sees_each_entry_once_while_others_write() -> None:
    store = MemoryStore(KINDS, most=5)
    store.write(entries("one", 1, *"abcdefg"))
    seen = []
    for entry in store.read("one"):
        seen.append(entry.number)
        if store.last("one") < 60:
            store.write(entries("one", store.last("one") + 1, "x", "y"))
    assert seen == list(range(1, store.last("one") + 1))
    store.close()


def test_memory_is_as_safe_as_it_gets() -> None:
    store = MemoryStore(KINDS)
    asyncio.run(store.flush())
    store.close()
    assert not store.is_durable
