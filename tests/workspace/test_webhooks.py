"""Webhooks with a profile of their own, in this process, and those that are disabled."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from emulator.delivery.profiles import PROFILES, Profile
from emulator.delivery.signing import SigningScheme
from emulator.errors import ConflictError, InvalidInputError

if TYPE_CHECKING:
    from starlette.requests import Request

    from emulator.workspace.workspace import Workspace
    from tests.conftest import MakeJournal, MakeWorkspace, Scripted

ONE, TWO = "http://example.com/one", "http://example.com/two"
DAY = 86_400.0


class Consumer:
    """An ASGI consumer that notes the paths and bodies that it gets."""

    def __init__(self) -> None:
        self.got: list[tuple[str, bytes]] = []
        self.app = Starlette(routes=[Route("/{path:path}", self.take, methods=["POST"])])

    async def take(self, request: Request) -> Response:
        self.got.append((request.url.path, await request.body()))
        return Response(status_code=202)


def add(workspace: Workspace, url: str = ONE, profile: Profile | None = None) -> str:
    return workspace.add_webhook(
        name="ats", payload_url=url, events=["created"], profile=profile
    ).id


# --- a profile of its own ---------------------------------------------------------------------


def test_a_webhook_s_own_profile_applies_only_to_it(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        transport.statuses = {ONE: [500], TWO: [500]}
        workspace = make_workspace(transport)
        add(workspace, ONE, Profile(retries=(1.0, 1.0)))
        add(workspace, TWO)
        workspace.create_assessment()
        await workspace.advance(10)
        assert [len(delivery.attempts) for delivery in workspace.deliveries()] == [3, 1]

    asyncio.run(main())


def test_a_profile_can_be_set_and_removed_later(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        transport.statuses = {ONE: [404]}
        workspace = make_workspace(transport)
        id_ = add(workspace)
        workspace.configure_webhook(id_, Profile(success=(404, 404)))
        workspace.create_assessment()
        await workspace.settle()
        workspace.configure_webhook(id_, None)
        workspace.create_assessment()
        await workspace.settle()
        assert [delivery.status for delivery in workspace.deliveries()] == ["succeeded", "failed"]
        assert [entry.kind for entry in workspace.entries()].count("webhook.configured") == 2

    asyncio.run(main())


def test_a_profile_that_its_secret_could_not_sign_for_is_refused(
    make_workspace: MakeWorkspace,
) -> None:
    async def main() -> None:
        workspace = make_workspace()
        id_ = workspace.add_webhook(
            name="ats", payload_url=ONE, events=["created"], secret="no key"
        ).id
        last = workspace.last_entry
        with pytest.raises(ConflictError, match=f"webhook {id_}: "):
            workspace.configure_webhook(id_, Profile(signature=SigningScheme("standard")))
        assert workspace.last_entry == last

    asyncio.run(main())


def test_a_webhook_with_a_profile_that_signs_gets_a_secret(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        workspace = make_workspace(transport)
        add(workspace, ONE, PROFILES["v2"])
        workspace.create_assessment()
        await workspace.settle()
        assert "svix-signature" in dict(transport.requests[0].headers)

    asyncio.run(main())


# --- an application in this process -----------------------------------------------------------


def test_an_asgi_application_is_delivered_to_without_a_socket(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        consumer = Consumer()
        workspace = make_workspace(transport)
        webhook = workspace.add_webhook(
            name="My ATS!", payload_url=consumer.app, events=["created"]
        )
        workspace.create_assessment()
        await workspace.settle()
        (delivery,) = workspace.deliveries()
        assert webhook.payload_url == "asgi://my-ats/"
        assert delivery.succeeded
        assert delivery.attempts[0].url == "asgi://my-ats/"
        assert delivery.attempts[0].answer == "202"
        assert consumer.got == [("/", delivery.message.body)]
        assert transport.requests == []

    asyncio.run(main())


def test_two_applications_of_one_name_are_distinguished_and_take_a_path(
    make_workspace: MakeWorkspace,
) -> None:
    async def main() -> None:
        one, two = Consumer(), Consumer()
        workspace = make_workspace()
        add(workspace, workspace.mount(one.app, "ats") + "hooks/a?b=c")
        second = add(workspace, workspace.mount(two.app, "ats"))
        workspace.create_assessment()
        await workspace.settle()
        assert [path for path, _ in one.got] == ["/hooks/a"]
        assert [path for path, _ in two.got] == ["/"]
        assert workspace.state.webhook(second).payload_url == "asgi://ats-2/"

    asyncio.run(main())


def test_an_application_that_is_not_mounted_is_refused(make_workspace: MakeWorkspace) -> None:
    async def main() -> None:
        workspace = make_workspace()
        with pytest.raises(InvalidInputError) as caught:
            add(workspace, "asgi://ats/")
        assert str(caught.value) == (
            "no application is mounted as 'ats' in this workspace (at $.payloadUrl)"
        )
        id_ = add(workspace, workspace.mount(Consumer().app, "crm"))
        with pytest.raises(InvalidInputError, match="'ats' in this workspace; mounted: crm"):
            workspace.edit_webhook(id_, payload_url="asgi://ats/")

    asyncio.run(main())


def test_an_application_of_another_process_is_unreachable(
    make_workspace: MakeWorkspace, transport: Scripted, make_journal: MakeJournal
) -> None:
    """After a replay, the journal knows the name, but no application is mounted."""

    async def main() -> None:
        journal = make_journal()
        before = make_workspace(transport, journal=journal)
        add(before, before.mount(Consumer().app, "ats"))
        workspace = make_workspace(transport, journal=journal)
        await workspace.engine.replay()
        workspace.create_assessment()
        await workspace.settle()
        (attempt,) = workspace.deliveries()[0].attempts
        assert attempt.outcome is not None
        assert attempt.outcome.reason == "unreachable"
        assert attempt.outcome.detail == "no application is mounted as 'ats' in this process"

    asyncio.run(main())


# --- disabled -----------------------------------------------------------------------------------


def test_a_webhook_that_fails_for_five_days_is_disabled_with_a_reason(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        transport.statuses = {ONE: [500]}
        workspace = make_workspace(transport, profile=PROFILES["v2"])
        id_ = add(workspace)
        workspace.create_assessment()
        await workspace.advance(4 * DAY)
        workspace.create_assessment()
        await workspace.advance(0.5 * DAY)
        assert workspace.state.disabled == set()
        workspace.create_assessment()
        await workspace.advance(2 * DAY)
        (disabled,) = [entry for entry in workspace.entries() if entry.kind == "webhook.disabled"]
        # The third failure is 5 min 5 s after the first: from then on it counts.
        assert (disabled.at - workspace.state.settings.now).total_seconds() >= 5 * DAY + 305
        dropped = workspace.deliveries(status="dropped")
        assert {one.reason for one in dropped} == {"webhook disabled"}
        assert workspace.deliveries(status="pending") == []
        before = len(workspace.deliveries())
        workspace.create_assessment()
        assert len(workspace.deliveries()) == before

        workspace.edit_webhook(id_, description="mended")
        transport.statuses = {ONE: [200]}
        workspace.create_assessment()
        await workspace.settle()
        assert workspace.deliveries()[-1].succeeded

    asyncio.run(main())


def test_a_success_restarts_the_five_days(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        transport.statuses = {ONE: [500]}
        profile = msgspec.structs.replace(PROFILES["v1"], disable_after=5 * DAY)
        workspace = make_workspace(transport, profile=profile)
        add(workspace)
        for day in range(12):
            for _ in range(3):
                transport.statuses = {ONE: [200 if day == 4 else 500]}
                workspace.create_assessment()
                await workspace.advance(60)
            await workspace.advance(DAY - 180)
            assert bool(workspace.state.disabled) is (day >= 10)

    asyncio.run(main())


def test_failures_far_apart_start_no_clock(
    make_workspace: MakeWorkspace, transport: Scripted
) -> None:
    async def main() -> None:
        transport.statuses = {ONE: [500]}
        profile = msgspec.structs.replace(PROFILES["v1"], disable_after=5 * DAY)
        workspace = make_workspace(transport, profile=profile)
        add(workspace)
        for _ in range(20):
            workspace.create_assessment()
            await workspace.advance(DAY)
        assert workspace.state.disabled == set()

    asyncio.run(main())
