"""The calls of a workspace on access tokens, the team, and logins with a code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.workspace.commands import access
from emulator.workspace.engine_calls import EngineCalls
from emulator.workspace.entry_data import MembersInvited

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from emulator.domain.team import Member
    from emulator.domain.tokens import AccessToken, Login


class Access(EngineCalls):
    """The calls on access to a workspace."""

    def generate_token(
        self, *, note: str = "", expiration: datetime | None = None
    ) -> tuple[AccessToken, str]:
        """Generate an access token; return its record and the token, which is not stored.

        Args:
            note: a text for people.
            expiration: when the token expires, in the workspace's time.

        Raises:
            InvalidInputError: the expiration has passed.
        """
        record, token = access.generate_token(self.state, self.now(), note, expiration)
        self._engine.commit([("token.generated", record)])
        return record, token

    def invite_members(self, members: Iterable[Mapping[str, str]]) -> list[Member]:
        """Invite people to the team: all of them, or none.

        Args:
            members: each with ``email``, ``role`` and ``role_id``.

        Raises:
            InvalidInputError: an invalid address, or an empty role.
            ConflictError: a person is already a member.
        """
        made = access.invite_members(self.state, self.now(), members)
        self._engine.commit([("team.invited", MembersInvited(tuple(made)))])
        return made

    def send_code(self, email: str) -> Login:
        """Begin a login; the journal has the code, as no e-mail is sent.

        Raises:
            InvalidInputError: an invalid address.
        """
        login = access.send_code(self.state, self.now(), email)
        self._engine.commit([("login.code_sent", login)])
        return login

    def verify_code(self, email: str, code: str) -> str:
        """Exchange the code of a login for an access key.

        Raises:
            UnauthorizedError: a wrong or expired code.
        """
        login, key = access.verify_code(self.state, self.now(), email, code)
        self._engine.commit([("login.verified", login)])
        return key

    def log_in(self, email: str, key: str) -> tuple[AccessToken, str]:
        """Exchange the access key of a login for an access token.

        Raises:
            UnauthorizedError: a wrong key.
        """
        access.check_key(self.state, email, key)
        return self.generate_token(note=f"Login of {email}")
