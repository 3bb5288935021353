"""Access tokens as the provider's API has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from emulator.domain.payloads.links import workspace_url
from emulator.durations import instant, parse_instant
from emulator.server.field_types import Instant
from emulator.server.operations import NoQuery, Operation, Record
from emulator.server.provider.listing import searched

if TYPE_CHECKING:
    from emulator.domain.tokens import AccessToken
    from emulator.server.operations import Call
    from emulator.workspace.workspace import Workspace


class GenerateToken(Record, frozen=True):
    """The body of generate."""

    note: str | None = None
    expiration: Annotated[
        Instant | None, msgspec.Meta(description="ISO 8601; a token without expires never.")
    ] = None


class TokenQuery(Record, frozen=True):
    """The query of the list of access tokens; *q* searches the notes."""

    q: str | None = None
    created_by: str | None = None
    status: Literal["ACTIVE", "EXPIRED"] | None = None


class TokenRow(Record, frozen=True):
    """An access token in the list, which never shows the token itself."""

    id: str
    note: str
    expiration: str | None
    status: str
    last_used: Annotated[str | None, msgspec.Meta(description="Not kept: always null.")]
    org_id: str
    workspace_url: str
    created: str
    created_by: str
    modified: str


class TokenView(Record, frozen=True):
    """An access token that was just generated."""

    id: str
    access_token: Annotated[str, msgspec.Meta(description="Shown this once.")]
    note: str
    expiration: str | None
    status: str
    org_id: str
    user_identifier_id: str
    user_workspace_profile_id: str
    workspace_url: str
    created: str
    created_by: str
    modified: str


async def generate(call: Call[NoQuery, GenerateToken]) -> TokenView:
    """Generate an access token: 201."""
    asked, workspace = await call.body(), call.workspace
    date = asked.expiration
    record, token = workspace.access.generate_token(
        note=asked.note or "",
        expiration=parse_instant(date, path="$.expiration") if date else None,
    )
    await workspace.flush()
    owner = workspace.state.owner
    return TokenView(
        **_common(workspace, record),
        access_token=token,
        user_identifier_id=owner.user_id,
        user_workspace_profile_id=owner.id,
    )


async def list_all(call: Call[TokenQuery, None]) -> list[TokenRow]:
    """List the access tokens that were generated, newest first."""
    query, workspace = call.query, call.workspace
    owner, now = workspace.state.owner, workspace.now()
    found = searched(reversed(workspace.state.tokens.values()), query.q, lambda one: (one.note,))
    is_any = query.created_by in (None, owner.name, owner.email, owner.user_id)
    return [
        TokenRow(**_common(workspace, one), last_used=None)
        for one in found
        if is_any and query.status in (None, one.status(now))
    ]


def _common(workspace: Workspace, token: AccessToken) -> dict[str, Any]:
    """Return the fields that both answers have."""
    state = workspace.state
    return {
        "id": token.id,
        "note": token.note,
        "expiration": instant(token.expires_at) if token.expires_at else None,
        "status": token.status(workspace.now()),
        "org_id": state.organisation.id,
        "workspace_url": workspace_url(state.organisation),
        "created": instant(token.created_at),
        "created_by": state.owner.name,
        "modified": instant(token.created_at),
    }


OPERATIONS = (
    Operation(
        "generateAccessToken", "POST", "/v1/workspace/accesstoken/generate", generate,
        "Generate an access token, which is shown this once.",
        TokenView, body=GenerateToken, status=201, page="generate_access_token",
    ),
    Operation(
        "listAccessTokens", "GET", "/v1/workspace/accesstokens", list_all,
        "List the access tokens that were generated, newest first.",
        list[TokenRow], query=TokenQuery, page="get_access_tokens",
    ),
)  # fmt: skip
