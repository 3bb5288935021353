"""Commands on access: tokens, members of the team, logins with a code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from emulator import durations
from emulator.clock import checked
from emulator.domain.ids import chance, invite_key, object_id
from emulator.domain.team import INVITED, Member
from emulator.domain.tokens import (
    CODE_VALIDITY,
    AccessToken,
    Login,
    access_key,
    access_token,
    digest_of,
)
from emulator.errors import ConflictError, InvalidInputError, UnauthorizedError
from emulator.workspace.commands.change import checked_email, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from emulator.workspace.state import State


def generate_token(
    state: State, at: datetime, note: str, expiration: datetime | None
) -> tuple[AccessToken, str]:
    """Return the record of a new access token, and the token.

    Raises:
        InvalidInputError: the expiration has passed, or the note is too long.
    """
    number = len(state.tokens) + 1
    draw = chance(state.settings.seed, "token", number)
    made = access_token(draw)
    if expiration is not None and checked(expiration, path="$.expiration") <= at:
        message = (
            f"expires at {durations.instant(expiration)}; expected a time after "
            f"{durations.instant(at)}"
        )
        raise InvalidInputError(message, path="$.expiration")
    record = AccessToken(
        id=object_id(at, draw),
        number=number,
        digest=digest_of(made),
        note=text(note, "$.note") if note else "",
        created_at=at,
        expires_at=expiration,
    )
    return record, made


def invite_members(state: State, at: datetime, asked: Iterable[Mapping[str, str]]) -> list[Member]:
    """Return new members of the team.

    Args:
        state: the state of the workspace.
        at: the workspace's time.
        asked: people, each with ``email``, ``role`` and ``role_id``.

    Raises:
        InvalidInputError: an invalid address, or an empty role.
        ConflictError: a person is already a member, or is in the list twice.
    """
    known = {state.owner.email.casefold(), *state.members}
    made: list[Member] = []
    for index, one in enumerate(asked):
        path = f"$.members[{index}]"
        email = checked_email(one["email"], f"{path}.email")
        if email.casefold() in known:
            message = f"{email!r} is already in the team"
            raise ConflictError(message, path=f"{path}.email")
        known.add(email.casefold())
        draw = chance(state.settings.seed, "member", len(state.members) + index + 1)
        made.append(
            Member(
                id=object_id(at, draw),
                user_id=object_id(at, draw),
                email=email,
                first_name="",
                last_name="",
                role=text(one["role"], f"{path}.role"),
                role_id=text(one["role_id"], f"{path}.userRoleId"),
                status=INVITED,
                invite_key=invite_key(draw),
                created_at=at,
            )
        )
    return made


def send_code(state: State, at: datetime, email: str) -> Login:
    """Return a new login with the code that is sent to *email*.

    Raises:
        InvalidInputError: an invalid address.
    """
    number = state.login_count + 1
    draw = chance(state.settings.seed, "login", number)
    email = checked_email(email, "$.email")
    return Login(number, email, f"{draw.randrange(1_000_000):06d}", at)


def verify_code(state: State, at: datetime, email: str, code: str) -> tuple[Login, str]:
    """Return a login whose code was verified, and its access key.

    Raises:
        UnauthorizedError: a wrong or expired code.
    """
    login = state.logins.get(email.casefold())
    if login is None or login.code != code or at >= login.sent_at + CODE_VALIDITY:
        message = "a wrong or expired code"
        raise UnauthorizedError(message)
    key = access_key(chance(state.settings.seed, "access key", login.number))
    return msgspec.structs.replace(login, key_digest=digest_of(key), code=""), key


def check_key(state: State, email: str, key: str) -> None:
    """Check that *key* is the access key of a login of *email*.

    Raises:
        UnauthorizedError: a wrong key.
    """
    login = state.logins.get(email.casefold())
    if login is None or not login.key_digest or login.key_digest != digest_of(key):
        message = "not the access key of a login"
        raise UnauthorizedError(message)
