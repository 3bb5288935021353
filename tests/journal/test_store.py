"""The store in memory."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import msgspec

from emulator.journal.entry import Entry
from emulator.journal.store import MemoryStore

AT = datetime(2026, 1, 1, tzinfo=UTC)


class Note(msgspec.Struct, frozen=True):
    text: str


def entries(workspace: str, first: int, *texts: str) -> list[Entry]:
    return [
        Entry(number, AT, workspace, "note", Note(text))
        for number, text in enumerate(texts, start=first)
    ]


def test_entries_are_kept_in_order_and_by_workspace() -> None:
    store = MemoryStore()
    store.write(entries("one", 1, "a", "b"))
    store.write(entries("other", 1, "x"))
    store.write(entries("one", 3, "c"))
    assert list(store.read("one")) == entries("one", 1, "a", "b", "c")
    assert list(store.read("one", after=2)) == entries("one", 3, "c")
    assert list(store.read("one", after=3)) == []
    assert list(store.read("nobody")) == []
    assert store.workspaces() == ["one", "other"]
    assert (store.last("one"), store.last("nobody")) == (3, 0)


def test_what_is_forgotten_is_gone_and_the_rest_stays() -> None:
    store = MemoryStore()
    store.write(entries("one", 1, "a"))
    store.write(entries("other", 1, "x"))
    store.forget("one")
    store.forget("nobody")
    assert list(store.read("one")) == []
    assert store.workspaces() == ["other"]


def test_memory_is_as_safe_as_it_gets() -> None:
    store = MemoryStore()
    asyncio.run(store.flush())
    store.close()
    assert not store.is_durable
