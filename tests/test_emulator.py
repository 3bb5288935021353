from __future__ import annotations

import asyncio
import hashlib
import socket
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

import emulator
from emulator.emulator import Emulator
from emulator.errors import InvalidInputError, NotFoundError, StoppingError, UnauthorizedError
from emulator.receiver import Receiver
from emulator.workspace.entry_data import Settings
from emulator.workspace.names import workspace_name

if TYPE_CHECKING:
    from pathlib import Path

    from emulator.workspace.workspace import Workspace


def test_the_package_hands_out_its_public_names() -> None:
    assert emulator.Emulator is Emulator
    with pytest.raises(AttributeError, match=r"^module 'emulator' has no attribute 'Emulater'$"):
        _ = emulator.Emulater


def test_a_waiting_call_ends_once_when_the_emulator_stops() -> None:
    async def main() -> None:
        provider = Emulator(seed=7)
        unwinding, release = asyncio.Event(), asyncio.Event()

        async def wait() -> None:
            async with provider.unless_stopping():
                try:
                    await asyncio.Event().wait()
                finally:
                    unwinding.set()
                    await release.wait()

        task = asyncio.create_task(wait())
        await asyncio.sleep(0)
        await provider.drain()
        await unwinding.wait()
        await provider.stop()
        release.set()
        with pytest.raises(StoppingError, match=r"^the emulator is stopping$"):
            await task
        with pytest.raises(StoppingError):
            await wait()
        assert provider.is_stopping

    asyncio.run(main())


def test_a_time_out_of_the_caller_stays_a_time_out() -> None:
    async def main() -> None:
        async with Emulator(seed=7) as provider:
            with pytest.raises(TimeoutError):
                async with provider.unless_stopping(), asyncio.timeout(0):
                    await asyncio.Event().wait()

    asyncio.run(main())


def test_it_reports_which_urls_it_would_refuse() -> None:
    provider = Emulator(allow_hosts=("192.0.2.0/24", "consumer.example.com"))
    for url in ("http://127.0.0.1/", "http://192.0.2.1/", "https://any.example.com/"):
        assert provider.refusal(url) is None
    assert provider.refusal("http://198.51.100.1/") == (
        "198.51.100.1 is neither loopback nor private; "
        "to dial it allow '198.51.100.1/32' with --allow-host"
    )
    assert provider.refusal("http://169.254.169.254/") == (
        "169.254.169.254 is a cloud's metadata address, never dialled; "
        "expected a loopback or private address"
    )
    with pytest.raises(InvalidInputError, match="can't post to"):
        provider.refusal("nowhere")


def test_its_workspaces_keep_as_many_entries_as_it_says() -> None:
    async def main() -> None:
        for provider, keep in ((Emulator(), 20_000), (Emulator(keep=5), 5)):
            async with provider:
                assert provider.workspace().state.settings.keep == keep

    asyncio.run(main())


def test_all_workspaces_of_an_insecure_emulator_are_marked() -> None:
    async def main() -> None:
        async with Emulator(is_insecure=True) as provider:
            assert provider.workspace("a").state.settings.is_insecure
            assert provider.workspace("b", Settings(9)).state.settings.is_insecure
        async with Emulator() as provider:
            lying = Settings(9, is_insecure=True)
            assert not provider.workspace("c", lying).state.settings.is_insecure

    asyncio.run(main())


def test_a_workspace_is_opened_once() -> None:
    async def main() -> None:
        async with Emulator(seed=7, clock="virtual") as provider:
            one = provider.workspace()
            assert one.name == "default"
            assert provider.workspace("default") is one
            assert provider.existing("default") is one
            assert provider.workspaces == {"default": one}
            other = provider.workspace("acme", Settings(9))
            assert (other.state.settings.seed, one.state.settings.seed) == (9, 7)

    asyncio.run(main())


@pytest.mark.parametrize(("in_flight", "most"), [(1, 1), (2, 2), (None, 3)])
def test_a_workspace_can_have_fewer_under_way_at_once(in_flight: int | None, most: int) -> None:
    async def main() -> int:
        under_way: list[None] = []
        seen = 0

        async def consumer(_: Any, receive: Any, send: Any) -> None:
            nonlocal seen
            under_way.append(None)
            seen = max(seen, len(under_way))
            await receive()
            await asyncio.sleep(0)  # the others get their turn
            under_way.pop()
            await send({"type": "http.response.start", "status": 200})
            await send({"type": "http.response.body"})

        async with Emulator(clock="virtual", in_flight=3) as provider:
            workspace = provider.workspace("acme", in_flight=in_flight)
            workspace.add_webhook(name="a", payload_url=consumer, events=["invited"])
            workspace.add_webhook(name="b", payload_url=consumer, events=["invited"])
            job = workspace.create_assessment()
            for _ in range(4):
                workspace.invite(job.id)
            await workspace.settle()
        return seen

    assert asyncio.run(main()) == most


def test_new_workspaces_take_the_settings_of_the_emulator() -> None:
    async def main() -> None:
        now = datetime(2027, 2, 3, tzinfo=UTC)
        async with Emulator(seed=7, clock="virtual", now=now) as provider:
            workspace = provider.workspace()
            assert workspace.now() == now
            assert workspace.state.settings == Settings(7, "virtual", now)
            other = provider.workspace("acme").state.settings
            assert other == Settings(other.seed, "virtual", now)
            assert other.seed == Emulator(seed=7).settings_of("acme").seed != 7

    asyncio.run(main())


def test_a_seed_is_drawn_when_none_is_given() -> None:
    assert Emulator().settings.seed != Emulator().settings.seed


@pytest.mark.parametrize("name", ["", "-x", ".x", "a b", "a/b", "x" * 65, "a\n", "é"])
def test_a_workspace_has_a_plain_name(name: str) -> None:
    async def main() -> str:
        async with Emulator() as provider:
            with pytest.raises(InvalidInputError) as caught:
                provider.workspace(name)
            assert provider.workspaces == {}
        return str(caught.value)

    message = f"not a workspace name: {name!r}; expected letters, digits, _ . -"
    assert asyncio.run(main()) == message


def test_an_unknown_workspace_is_refused_with_the_open_workspaces() -> None:
    async def main() -> None:
        async with Emulator() as provider:
            with pytest.raises(NotFoundError) as caught:
                provider.existing("acme")
            assert str(caught.value) == "no workspace 'acme'; open: none"
            provider.workspace("two")
            provider.workspace("one")
            with pytest.raises(NotFoundError) as caught:
                provider.existing("acme")
            assert str(caught.value) == "no workspace 'acme'; open: one, two"
            with pytest.raises(NotFoundError) as caught:
                await provider.remove("acme")
            assert str(caught.value) == "no workspace 'acme'; open: one, two"

    asyncio.run(main())


def test_a_removed_workspace_is_forgotten() -> None:
    async def main() -> None:
        async with Emulator() as provider:
            old = provider.workspace("acme")
            old.create_assessment(title="Cook")
            await provider.remove("acme")
            assert provider.workspaces == {}
            new = provider.workspace("acme")
            assert new is not old
            assert (len(new.state.assessments), new.last_entry) == (0, 1)

    asyncio.run(main())


@pytest.mark.parametrize("token", ["default", "acme-1", "A.b_c", "k" * 64])
def test_a_plain_word_names_its_workspace(token: str) -> None:
    assert workspace_name(token) == token


@pytest.mark.parametrize("token", ["a b", "x/y", "k" * 65, "-x", "é"])
def test_of_any_other_token_a_hash_names_it(token: str) -> None:
    name = workspace_name(token)
    assert name == f"token-{hashlib.sha256(token.encode()).hexdigest()[:16]}"
    assert workspace_name(name) == name


def test_a_token_opens_its_workspace_unless_tokens_are_strict() -> None:
    async def main() -> None:
        async with Emulator() as provider:
            assert provider.by_token("acme") is provider.workspace("acme")
        async with Emulator(is_strict=True) as strict:
            with pytest.raises(UnauthorizedError) as caught:
                strict.by_token("acme")
            message = "unknown access token; the workspace has to be opened first"
            assert str(caught.value) == message
            assert strict.workspaces == {}
            workspace = strict.workspace("acme")
            assert strict.by_token("acme") is workspace

    asyncio.run(main())


def test_stopping_waits_for_attempts_under_way_and_drops_the_rest() -> None:
    async def main() -> None:
        async with Receiver(delay=0.05) as receiver:
            async with Emulator(in_flight=1) as provider:
                workspace = provider.workspace()
                workspace.add_webhook(name="a", payload_url=receiver.url, events=["invited"])
                job = workspace.create_assessment()
                workspace.invite(job.id)
                workspace.invite(job.id)
                assert await provider.journal.until(
                    "default", lambda: len(workspace.deliveries()[0].attempts) == 1, timeout=10
                )
            ends = [(delivery.status, delivery.reason) for delivery in workspace.deliveries()]
            assert ends == [("succeeded", ""), ("dropped", "shutdown")]
            assert len(receiver.requests) == 1

    asyncio.run(main())


def test_stopping_waits_for_its_grace_and_no_longer() -> None:
    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as hanging:
            provider = Emulator()
            url = f"http://127.0.0.1:{hanging.getsockname()[1]}/"
            workspace = provider.workspace()
            workspace.add_webhook(name="a", payload_url=url, events=["invited"])
            workspace.invite(workspace.create_assessment().id)
            assert await provider.journal.until(
                "default", lambda: len(workspace.deliveries()[0].attempts) == 1, timeout=10
            )
            async with asyncio.timeout(10):
                await provider.stop(grace=0.01)
            (delivery,) = workspace.deliveries()
            assert (delivery.status, delivery.attempts[0].answer) == ("dropped", "shutdown")

    asyncio.run(main())


def test_a_journal_on_disk_brings_everything_back(tmp_path: Path) -> None:
    file = tmp_path / "journal.db"

    async def main() -> None:
        async with Emulator(seed=7, journal=file) as first:
            assert first.is_ready
            settings = first.workspace("acme").state.settings
            made = first.workspace("acme").create_assessment(title="Cook")
        second = Emulator(seed=8, journal=file)
        was_ready = [second.is_ready]
        async with second:
            was_ready.append(second.is_ready)
            assert was_ready == [False, True]
            workspace = second.existing("acme")
            assert workspace.state.assessments == {made.id: made}
            assert workspace.state.settings == settings

    asyncio.run(main())


def test_a_schema_folder_overrides_the_bundled_schemas(tmp_path: Path) -> None:
    (tmp_path / "v1").mkdir()
    (tmp_path / "v1/candidate.invited.json").write_text("false")
    with pytest.raises(InvalidInputError) as caught:
        Emulator(overlay=tmp_path)
    message = "v1/candidate.invited.json: $: a schema document must be an object"
    assert str(caught.value) == message


class Bug(BaseException):
    """No Exception, so the transport does not take it for a failure of the application."""


def with_a_bug(provider: Emulator, name: str) -> Workspace:
    """Return a workspace whose one delivery meets a bug as soon as it is settled."""

    async def app(*_: Any) -> None:
        raise Bug(name)

    workspace = provider.workspace(name)
    workspace.add_webhook(name="x", payload_url=app, events=["created"])
    workspace.create_assessment()
    return workspace


def test_a_workspace_that_met_a_bug_can_be_reset_and_removed() -> None:
    async def main() -> None:
        async with Emulator(seed=7, clock="virtual") as provider:
            workspace = with_a_bug(provider, "acme")
            with pytest.raises(Bug, match=r"^acme$"):
                await workspace.settle()
            workspace.reset()
            assert await workspace.settle()
            with_a_bug(provider, "acme")
            with pytest.raises(Bug):
                await workspace.settle()
            with pytest.raises(Bug):
                await provider.remove("acme")
            assert provider.journal.last("acme") == 0
            assert provider.workspace("acme").state.deliveries == {}

    asyncio.run(main())


def test_a_bug_in_one_workspace_leaves_no_other_open() -> None:
    async def main() -> None:
        provider = Emulator(seed=7, clock="virtual")
        workspaces = [with_a_bug(provider, name) for name in ("one", "two", "three")]
        for workspace in workspaces:
            with pytest.raises(Bug):
                await workspace.settle()
        with pytest.raises(Bug, match=r"^one$"):
            await provider.stop()
        for workspace in workspaces:
            (delivery,) = workspace.deliveries()
            assert (delivery.status, delivery.reason) == ("dropped", "shutdown")

    asyncio.run(main())


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"clock": "fast"}, "no clock 'fast'; known: real, virtual"),
        ({"generation": "v3"}, "no generation 'v3'; known: v1, v2"),
        ({"in_flight": 0}, "in_flight is 0; expected at least 1"),
        ({"keep": -1}, "keep is -1; expected at least 0"),
        ({"now": datetime(1999, 1, 1, tzinfo=UTC)}, "expected a year from 2002 to 2099"),
    ],
)
def test_an_argument_that_can_t_be_used_is_named(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        Emulator(**wrong)


def test_a_journal_can_be_named_by_text(tmp_path: Path) -> None:
    async def main() -> None:
        async with Emulator(journal=str(tmp_path / "a.db")) as emulator:
            emulator.workspace("acme")
        async with Emulator(journal=tmp_path / "a.db") as emulator:
            assert list(emulator.workspaces) == ["acme"]

    asyncio.run(main())
