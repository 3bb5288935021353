"""The journal: numbers, and waking those who wait for more."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from emulator.journal.journal import Journal
from emulator.journal.store import MemoryStore

if TYPE_CHECKING:
    from emulator.journal.entry import Entry

AT = datetime(2026, 1, 1, tzinfo=UTC)
DEADLINE = 10.0  # real seconds


class Note(msgspec.Struct, frozen=True):
    text: str


def make() -> Journal:
    return Journal(MemoryStore({"note": Note}))


def write(journal: Journal, workspace: str, *texts: str) -> list[Entry]:
    return journal.append(workspace, AT, [("note", Note(text)) for text in texts])


async def turn() -> None:
    """Let every task that is ready run."""
    for _ in range(5):
        ran = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(ran.set_result, None)
        await ran


def test_each_workspace_is_numbered_from_one_without_gaps() -> None:
    journal = make()
    assert [one.number for one in write(journal, "one", "a", "b")] == [1, 2]
    assert [one.number for one in write(journal, "other", "x")] == [1]
    assert [one.number for one in write(journal, "one", "c")] == [3]
    assert (journal.last("one"), journal.last("other"), journal.last("nobody")) == (3, 1, 0)


def test_an_entry_is_the_envelope_of_its_record() -> None:
    (entry,) = write(make(), "one", "a")
    assert (entry.at, entry.workspace, entry.kind, entry.data) == (AT, "one", "note", Note("a"))


def test_nothing_appended_is_nothing_written() -> None:
    journal = make()
    assert write(journal, "one") == []
    assert journal.last("one") == 0


def test_entries_are_read_after_a_number() -> None:
    journal = make()
    written = write(journal, "one", "a", "b", "c")
    assert list(journal.entries("one")) == written
    assert list(journal.entries("one", after=1)) == written[1:]
    assert list(journal.entries("one", after=3)) == []


def test_a_removed_workspace_starts_as_new() -> None:
    journal = make()
    write(journal, "one", "a", "b")
    write(journal, "other", "x")
    journal.forget("one")
    assert list(journal.entries("one")) == []
    assert [one.number for one in write(journal, "one", "c")] == [1]
    assert journal.last("other") == 1


def test_the_journal_knows_the_entries_of_its_store() -> None:
    store = MemoryStore({"note": Note})
    write(Journal(store), "one", "a", "b")
    journal = Journal(store)
    assert journal.last("one") == 2
    assert journal.workspaces() == ["one"]
    assert [one.number for one in write(journal, "one", "c")] == [3]
    assert not journal.is_durable
    journal.close()


def test_flush_waits_for_the_store() -> None:
    asyncio.run(make().flush())


def test_grown_returns_at_once_when_there_is_more() -> None:
    journal = make()
    write(journal, "one", "a")
    asyncio.run(journal.grown("one", 0))


def test_grown_waits_for_an_entry_of_its_own_workspace() -> None:
    async def main() -> None:
        journal = make()
        tasks = [asyncio.create_task(journal.grown("one", 0)) for _ in range(3)]
        await turn()
        write(journal, "other", "x")
        await turn()
        assert not any(task.done() for task in tasks)
        write(journal, "one", "a")
        async with asyncio.timeout(DEADLINE):
            await asyncio.gather(*tasks)

    asyncio.run(main())


def test_a_cancelled_waiter_is_not_woken_and_leaves_nothing_behind() -> None:
    async def main() -> None:
        journal = make()
        task, other = (asyncio.create_task(journal.grown("one", 0)) for _ in range(2))
        await turn()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert journal.waiting("one") == 1
        write(journal, "one", "a")
        async with asyncio.timeout(DEADLINE):
            await other
        assert journal.waiting("one") == 0

    asyncio.run(main())


def test_a_waiter_that_is_woken_and_cancelled_at_once_does_no_harm() -> None:
    async def main() -> None:
        journal = make()
        task = asyncio.create_task(journal.grown("one", 0))
        await turn()
        task.cancel()
        write(journal, "one", "a")
        (result,) = await asyncio.gather(task, return_exceptions=True)
        assert isinstance(result, asyncio.CancelledError)
        assert journal.waiting("one") == 0

    asyncio.run(main())


def test_until_is_met_at_once_or_when_the_journal_grew() -> None:
    async def main() -> None:
        journal = make()
        assert await journal.until("one", lambda: True, timeout=DEADLINE)
        task = asyncio.create_task(
            journal.until("one", lambda: journal.last("one") == 2, timeout=DEADLINE)
        )
        await turn()
        write(journal, "one", "a")
        await turn()
        assert not task.done()
        write(journal, "one", "b")
        assert await task

    asyncio.run(main())


def test_until_gives_up_in_time_after_one_last_look() -> None:
    async def main() -> None:
        journal = make()
        assert not await journal.until("one", lambda: False, timeout=0.0)
        looks = iter([False, True])
        assert await journal.until("one", lambda: next(looks), timeout=0.0)

    asyncio.run(main())


def test_a_watcher_sees_old_entries_and_each_new_entry_once() -> None:
    async def main() -> None:
        journal = make()
        write(journal, "one", "a", "b")
        seen: list[Entry] = []

        async def watch() -> None:
            async for entry in journal.watch("one", after=1):
                seen.append(entry)  # noqa: PERF401 - looked at while it grows

        task = asyncio.create_task(watch())
        await turn()
        assert [one.number for one in seen] == [2]
        write(journal, "one", "c", "d")
        write(journal, "one", "e")
        await turn()
        assert [one.number for one in seen] == [2, 3, 4, 5]
        assert not task.done()
        journal.forget("one")
        async with asyncio.timeout(DEADLINE):
            await task
        assert [one.number for one in seen] == [2, 3, 4, 5]

    asyncio.run(main())


def test_a_watcher_may_start_before_the_first_entry() -> None:
    async def main() -> None:
        journal = make()
        watching = journal.watch("one")
        first = asyncio.ensure_future(anext(watching))
        await turn()
        write(journal, "one", "a")
        async with asyncio.timeout(DEADLINE):
            assert (await first).number == 1

    asyncio.run(main())
