"""The team of a workspace as the provider's API has it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import msgspec

from emulator.domain.payloads.links import workspace_url
from emulator.domain.team import OWNER
from emulator.server.field_types import Email, Text
from emulator.server.operations import NoQuery, Operation, Record
from emulator.server.provider.listing import Sorted, column_of, searched, sorted_page

if TYPE_CHECKING:
    from emulator.domain.team import Member
    from emulator.server.operations import Call
    from emulator.workspace.state import State

MOST_MEMBERS = 100
"""People in one call (assumed)."""


class TeamQuery(Sorted, frozen=True):
    """The query of the list of the team."""

    col_name: _MemberRowColumn | None = None
    query: str | None = None
    user_status: Annotated[str | None, msgspec.Meta(description="ACTIVE or INVITED.")] = None
    user_role: str | None = None
    user_role_id: str | None = None


class MemberRow(Record, frozen=True):
    """A member of the team."""

    id: str
    user_id: str
    email: str
    first_name: str
    last_name: str
    role: str
    user_role_id: str
    user_status: str
    is_super_admin: bool
    invite_link: str | None
    last_seen_at: Annotated[str | None, msgspec.Meta(description="Not kept: always null.")]
    other_job_role: str
    phone_ext: int | None


_MemberRowColumn = Annotated[str, column_of(MemberRow)]


class NewMember(Record, frozen=True):
    """A person to invite to the team."""

    email: Email
    role: Text
    user_role_id: Text


class InviteMembers(Record, frozen=True):
    """The body of an invitation to the team."""

    members: Annotated[list[NewMember], msgspec.Meta(min_length=1, max_length=MOST_MEMBERS)]


async def list_all(call: Call[TeamQuery, None]) -> list[MemberRow]:
    """List the team, its owner first."""
    query, state = call.query, call.workspace.state
    team = (state.owner, *state.members.values())
    wanted = (
        one
        for one in searched(team, query.query, lambda one: (one.email, one.name))
        if query.user_status in (None, one.status)
        and query.user_role in (None, one.role)
        and query.user_role_id in (None, one.role_id)
    )
    return sorted_page(query, wanted, partial(_row, state), MemberRow)


async def invite(call: Call[NoQuery, InviteMembers]) -> list[MemberRow]:
    """Invite people to the team, all of them or none: 201."""
    asked, workspace = await call.body(), call.workspace
    made = workspace.access.invite_members(
        {"email": member.email, "role": member.role, "role_id": member.user_role_id}
        for member in asked.members
    )
    await workspace.flush()
    return [_row(workspace.state, one) for one in made]


def _row(state: State, member: Member) -> MemberRow:
    link = f"{workspace_url(state.organisation)}/invite?key={member.invite_key}"
    return MemberRow(
        id=member.id,
        user_id=member.user_id,
        email=member.email,
        first_name=member.first_name,
        last_name=member.last_name,
        role=member.role,
        user_role_id=member.role_id,
        user_status=member.status,
        is_super_admin=member.role == OWNER,
        invite_link=link if member.invite_key else None,
        last_seen_at=None,
        other_job_role="",
        phone_ext=None,
    )


OPERATIONS = (
    Operation(
        "listWorkspaceUsers", "GET", "/v1/workspace/team", list_all,
        "List the team, its owner first.",
        list[MemberRow], query=TeamQuery, page="get_workspace_users",
    ),
    Operation(
        "inviteWorkspaceUsers", "POST", "/v1/workspace/invite/user", invite,
        "Invite people to the team, all of them or none.",
        list[MemberRow], body=InviteMembers, status=201, page="invite_workspace_users",
    ),
)  # fmt: skip
