"""The public API as type checkers read it; this file is not executed.

Where `type: ignore` stands there is a mistake, and a checker that does not see it complains.
"""

# pyright: strict, reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from typing import TYPE_CHECKING, assert_type

from emulator import (
    Assessment,
    AsyncTestlify,
    Candidate,
    Delivery,
    Emulator,
    RunningEmulator,
    RunningWorkspace,
    Testlify,
    TestlifyOptions,
    Webhook,
    Workspace,
    running,
)

if TYPE_CHECKING:
    from collections.abc import Sequence


async def with_a_loop() -> None:
    async with Emulator(seed=7, clock="virtual") as emulator:
        workspace = assert_type(emulator.workspace("acme"), Workspace)
        job = assert_type(workspace.create_assessment(title="Cook"), Assessment)
        assert_type(workspace.invite(job.id, email="ada@example.com"), Candidate)
        assert_type(await workspace.settle(timeout=1.0), bool)


def without_a_loop(events: Sequence[str]) -> None:
    with running(seed=7, clock="virtual", port=0) as emulator:
        assert_type(emulator, RunningEmulator)
        workspace = assert_type(emulator.workspace("acme"), RunningWorkspace)
        webhook = workspace.add_webhook(name="ats", payload_url=emulator.url, events=events)
        assert_type(webhook, Webhook)
        assert_type(workspace.settle(timeout=1.0), bool)
        assert_type(workspace.send_test(webhook.id), Delivery)
        assert_type(workspace.read(lambda one: one.state.message_count), int)


def in_a_test(testlify: Testlify, ada: Candidate) -> None:
    found = testlify.expect(
        "candidate.invited", candidate=ada, where={"data.email": ada.email}, count=1, within=5
    )
    assert_type(found, list[Delivery])


async def in_an_async_test(testlify: AsyncTestlify) -> TestlifyOptions:
    testlify.create_assessment()
    assert_type(await testlify.expect("candidate.invited", answered="2xx"), list[Delivery])
    assert_type(await testlify.settle(), bool)
    return TestlifyOptions(seed=7, webhooks="v2")


def mistakes(testlify: Testlify, workspace: RunningWorkspace) -> None:
    running(sede=7)  # type: ignore[call-arg]
    workspace.create_assessment(titel="Cook")  # type: ignore[call-arg]
    workspace.invite()  # type: ignore[call-arg]
    workspace.settle(timeout="1s")  # type: ignore[arg-type]
    testlify.expect("candidate.invited", emial="ada@example.com")  # type: ignore[call-arg]
    TestlifyOptions(webhooks="v3")  # type: ignore[arg-type]
