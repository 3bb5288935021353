"""Valid and invalid expectations of a test."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from unittest.mock import ANY

import pytest

from emulator.errors import InvalidInputError, NotFoundError, UnknownNameError
from emulator.pytest_plugin.options import TestlifyOptions
from emulator.pytest_plugin.testlify import AsyncTestlify

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


async def consumer(_: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body"})


async def failing(*_: Any) -> None:
    raise ValueError


def run(work: Callable[[AsyncTestlify], Awaitable[None]], **options: Any) -> None:
    async def main() -> None:
        testlify = AsyncTestlify("test", TestlifyOptions(seed=7, **options))
        try:
            await work(testlify)
        finally:
            await testlify.stop()

    asyncio.run(main())


def test_a_field_can_be_compared_with_any_object() -> None:
    async def work(testlify: AsyncTestlify) -> None:
        testlify.add_webhook(name="a", payload_url=consumer, events=["completed"])
        ada = testlify.invite(testlify.create_assessment().id)
        testlify.enroll(ada.id)
        testlify.start(ada.id)
        testlify.complete(ada.id, score=14, of=32)
        for where in (
            {"data.totalScoreAchieved": pytest.approx(14.1, abs=0.2)},
            {"data.companyId": ANY, "data.testLibrary[0].completed": ANY},
            {"data.testLibrary[0].completed": True},
        ):
            await testlify.expect("candidate.completed", where=where, count=1)
        with pytest.raises(AssertionError) as caught:
            await testlify.expect(
                "candidate.completed", where={"data.totalScoreAchieved": pytest.approx(9)}
            )
        assert "x data.totalScoreAchieved: expected 9 ± 9.0e-06, got 14" in str(caught.value)
        with pytest.raises(AssertionError):
            await testlify.expect("candidate.completed", where={"data.testLibrary[0].completed": 1})

    run(work)


def test_records_and_their_ids_select_subjects_and_webhooks() -> None:
    async def work(testlify: AsyncTestlify) -> None:
        one = testlify.add_webhook(name="a", payload_url=consumer, events=["invited"])
        two = testlify.add_webhook(name="b", payload_url=consumer, events=["invited"])
        job = testlify.create_assessment()
        ada, bob = testlify.invite(job.id), testlify.invite(job.id)
        for candidate in (ada, bob.id):
            await testlify.expect("invited", candidate=candidate, count=2)
        for webhook in (one, two.id):
            await testlify.expect("invited", webhook=webhook, count=2)
        [delivery] = await testlify.expect("invited", candidate=ada, webhook=two, count=1)
        assert (delivery.message.subject, delivery.webhook_id) == (ada.id, two.id)

    run(work)


def test_a_demand_that_can_never_be_met_is_no_failed_assertion() -> None:
    async def work(testlify: AsyncTestlify) -> None:
        with pytest.raises(UnknownNameError, match="no event type 'invite'"):
            await testlify.expect("invite")
        with pytest.raises(NotFoundError, match="no candidate 'ada'"):
            await testlify.expect("candidate.invited", candidate="ada")
        with pytest.raises(NotFoundError, match="no webhook 'ats'"):
            await testlify.expect("candidate.invited", webhook="ats")
        with pytest.raises(InvalidInputError, match=r"not a payload path: 'data\.\.email'"):
            await testlify.expect("candidate.invited", where={"data..email": 1})
        with pytest.raises(InvalidInputError, match="not an answer: 99"):
            await testlify.expect("candidate.invited", answered=99)

    run(work)


def test_within_is_time_of_the_workspace() -> None:
    async def work(testlify: AsyncTestlify) -> None:
        testlify.add_webhook(name="a", payload_url=failing, events=["status_changed"])
        testlify.invite(testlify.create_assessment().id)
        begun = testlify.now()
        with pytest.raises(AssertionError):
            await testlify.expect("status_changed", attempt=2)
        assert testlify.now() == begun
        await testlify.expect("status_changed", attempt=2, within=3_600)
        assert 0 < (testlify.now() - begun).total_seconds() < 3_600

    run(work, webhooks="v2")


def test_up_to_ten_undelivered_messages_are_shown() -> None:
    async def work(testlify: AsyncTestlify) -> None:
        testlify.add_webhook(name="a", payload_url=failing, events=["invited"])
        job = testlify.create_assessment()
        ada, *_ = [testlify.invite(job.id) for _ in range(14)]
        assert len((await testlify.left()).splitlines()) == 12
        await testlify.expect("candidate.invited", candidate=ada)
        first, *shown, last = (await testlify.left()).splitlines()
        assert first == (
            "the test ended with 13 deliveries that were not accepted, and no expect() matched:"
        )
        assert len(shown) == 10
        assert last == "  and 3 more"

    run(work, fail_on_undelivered=True)


def test_fields_are_found_by_name() -> None:
    async def work(testlify: AsyncTestlify) -> None:
        testlify.add_webhook(name="a", payload_url=consumer, events=["invited"])
        testlify.invite(testlify.create_assessment().id, email="ada@example.com")
        await testlify.expect("invited", fields={"email": "ada@example.com", "orgName": ANY})
        with pytest.raises(UnknownNameError, match="near: 'email'"):
            await testlify.expect("invited", fields={"emial": ANY})

    run(work)
