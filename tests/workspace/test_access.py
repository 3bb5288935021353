"""Access tokens, the team and logins of a workspace: replayed from the journal, and bounded."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from emulator.clock import EPOCH
from emulator.emulator import Emulator
from emulator.errors import UnauthorizedError

if TYPE_CHECKING:
    from pathlib import Path

    from emulator.domain.tokens import AccessToken
    from tests.conftest import MakeWorkspace


def test_tokens_team_and_logins_are_restored_from_the_journal(tmp_path: Path) -> None:
    file = tmp_path / "journal.db"

    async def before() -> tuple[AccessToken, str, str]:
        async with Emulator(seed=7, clock="virtual", journal=file) as emulator:
            access = emulator.workspace("acme").access
            record, token = access.generate_token(note="CI", expiration=EPOCH + timedelta(days=1))
            access.invite_members([{"email": "a@example.com", "role": "ADMIN", "role_id": "x"}])
            login = access.send_code("a@example.com")
            return record, token, access.verify_code("a@example.com", login.code)

    async def after(record: AccessToken, token: str, key: str) -> None:
        async with Emulator(seed=7, clock="virtual", journal=file) as emulator:
            found = emulator.by_token(token)
            assert found.name == "acme"
            assert list(found.state.tokens.values()) == [record]
            assert list(found.state.members) == ["a@example.com"]
            other, _ = found.access.log_in("a@example.com", key)
            assert other.number == 2
            await found.advance(86_400)
            with pytest.raises(UnauthorizedError, match="the access token has expired"):
                emulator.by_token(token)

    asyncio.run(after(*asyncio.run(before())))


def test_tokens_and_codes_are_unique(make_workspace: MakeWorkspace) -> None:
    access = make_workspace().access
    tokens = [access.generate_token()[1] for _ in range(20)]
    assert len(set(tokens)) == 20
    keys = set()
    for _ in range(20):
        keys.add(access.verify_code("a@example.com", access.send_code("a@example.com").code))
    assert len(keys) == 20


def test_only_the_latest_logins_are_kept(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace()
    first = workspace.access.send_code("first@example.com")
    for number in range(1_000):
        workspace.access.send_code(f"person{number}@example.com")
    assert len(workspace.state.logins) == 1_000
    assert workspace.state.login_count == 1_001
    with pytest.raises(UnauthorizedError):
        workspace.access.verify_code("first@example.com", first.code)


def test_a_new_code_invalidates_the_previous_code(make_workspace: MakeWorkspace) -> None:
    access = make_workspace().access
    old = access.send_code("a@example.com").code
    new = access.send_code("a@example.com").code
    assert old != new
    with pytest.raises(UnauthorizedError):
        access.verify_code("a@example.com", old)
    assert access.verify_code("a@example.com", new)
