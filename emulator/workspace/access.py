"""Access to a workspace: tokens, the team, logins with a code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.workspace.commands import access
from emulator.workspace.entry_data import MembersInvited

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from emulator.domain.team import Member
    from emulator.domain.tokens import AccessToken, Login
    from emulator.workspace.engine import Engine


class Access:
    """The commands on who may use one workspace.

    Args:
        engine: of the workspace.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def generate_token(
        self, *, note: str = "", expiration: datetime | None = None
    ) -> tuple[AccessToken, str]:
        """Generate an access token; return it with its text, which is shown this once.

        Args:
            note: what it is for.
            expiration: when it stops to open the workspace, in the workspace's time.

        Raises:
            InvalidInputError: an expiration that has passed.
        """
        record, token = access.generate_token(
            self._engine.state, self._engine.now(), note, expiration
        )
        self._engine.commit([("token.generated", record)])
        return record, token

    def invite_members(self, members: Iterable[Mapping[str, str]]) -> list[Member]:
        """Invite people to the team: all of them, or none.

        Args:
            members: each with ``email``, ``role`` and ``role_id``.

        Raises:
            InvalidInputError: not an address, or an empty role.
            ConflictError: somebody is a member already.
        """
        made = access.invite_members(self._engine.state, self._engine.now(), members)
        self._engine.commit([("team.invited", MembersInvited(tuple(made)))])
        return made

    def send_code(self, email: str) -> Login:
        """Begin a login: the code is in the journal, because nobody reads a mailbox.

        Raises:
            InvalidInputError: not an address.
        """
        login = access.send_code(self._engine.state, self._engine.now(), email)
        self._engine.commit([("login.code_sent", login)])
        return login

    def verify_code(self, email: str, code: str) -> str:
        """Return the access key that a login's code is changed for.

        Raises:
            UnauthorizedError: another code, or too late.
        """
        login, key = access.verify_code(self._engine.state, self._engine.now(), email, code)
        self._engine.commit([("login.verified", login)])
        return key

    def log_in(self, email: str, key: str) -> tuple[AccessToken, str]:
        """Return an access token for the access key of a login.

        Raises:
            UnauthorizedError: another key.
        """
        access.check_key(self._engine.state, email, key)
        return self.generate_token(note=f"Login of {email}")
