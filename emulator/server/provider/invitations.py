"""Invitations as the provider's API has them: several at once, and the link of one candidate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from emulator.domain.candidate import INVITATION_EXPIRED
from emulator.domain.ids import short_id
from emulator.domain.payloads.links import invite_link, short_link
from emulator.durations import instant, parse_instant
from emulator.errors import NotFoundError
from emulator.server.field_types import Email, Instant
from emulator.server.operations import NoQuery, Operation, Record
from emulator.server.provider.candidates import VIA
from emulator.workspace import provider_queries

if TYPE_CHECKING:
    from emulator.domain.candidate import Candidate
    from emulator.server.operations import Call
    from emulator.workspace.commands.candidates import Invited


MOST_INVITES = 1_000
"""People in one call (assumed)."""


class Invitee(Record, frozen=True):
    """A person to invite; known clients also send phone numbers and groups, without effect."""

    email: str
    first_name: str
    last_name: str


class Invite(Record, frozen=True):
    """The body of an invitation; unknown keys are ignored."""

    assessment_id: str
    candidate_invites: Annotated[list[Invitee], msgspec.Meta(max_length=MOST_INVITES)]
    source: str | None = None
    metadata: dict[str, Any] | None = None
    scheduled_date: Annotated[
        Instant | None, msgspec.Meta(description="When the invitations go out, ISO 8601.")
    ] = None


class InvitedView(Record, frozen=True):
    """The result for a person, who was not invited if *candidate_id* is null."""

    email: str
    first_name: str
    last_name: str
    status: Annotated[str, msgspec.Meta(description="VALID, or a word for the problem.")]
    message: str
    candidate_id: str | None
    short_link: str | None
    invitation_expiry: str | None
    is_not_enough_credits: bool


class Invitations(Record, frozen=True):
    """The results for all people."""

    total_invalid: int
    data: list[InvitedView]


class LinkBody(Record, frozen=True):
    """Whose link is asked for."""

    email: Email


class Link(Record, frozen=True):
    """The link of a candidate, without ``data`` around it."""

    id: str
    org_id: str
    user_id: str
    assessment_id: str
    assessment_candidate_id: str
    email: str
    short_id: str
    invite_key: str
    invite_link: str
    is_expired: bool
    last_modified_by: str
    is_public: bool
    type: str
    time_object: dict[str, Any] | None
    invitation_link_validity_start_date: str
    invitation_link_validity_end_date: str
    source: str | None
    is_preview: bool
    created: str
    modified: str
    deleted: str | None


async def invite(call: Call[NoQuery, Invite]) -> Invitations:
    """Invite several people; always 200, with a status for each person."""
    asked = await call.body()
    date = asked.scheduled_date
    people = asked.candidate_invites
    invited = call.workspace.invite_all(
        asked.assessment_id,
        (msgspec.structs.asdict(person) for person in people),
        scheduled_date=None if date is None else parse_instant(date, path="$.scheduledDate"),
        source=asked.source or None,
    )
    await call.workspace.flush()
    base = call.workspace.state.settings.public_url
    rows = [_view(*pair, base) for pair in zip(people, invited, strict=True)]
    return Invitations(sum(one.candidate is None for one in invited), rows)


async def link(call: Call[NoQuery, LinkBody]) -> Link:
    """Return the link of the last invitation of a person."""
    state = call.workspace.state
    assessment = provider_queries.kept_assessment(state, call.path("assessmentId"))
    email = (await call.body()).email
    person = state.people.get(email.casefold())
    invitations = provider_queries.invitations_of(state, person.candidate_id) if person else []
    found = [invitation for invitation in invitations if invitation.assessment_id == assessment.id]
    if not found:
        message = f"{email[:80]!r} was not invited to {assessment.id}"
        raise NotFoundError(message)
    candidate, user_id = found[-1], state.organisation.user_id
    return Link(
        id=_link_id(candidate),
        org_id=state.organisation.id,
        user_id=user_id,
        assessment_id=candidate.assessment_id,
        assessment_candidate_id=candidate.id,
        email=candidate.email,
        short_id=short_id(candidate.invite_key),
        invite_key=candidate.invite_key,
        invite_link=invite_link(candidate, state.settings.public_url),
        is_expired=candidate.state == INVITATION_EXPIRED,
        last_modified_by=user_id,
        is_public=False,
        type=VIA,
        time_object=None,
        invitation_link_validity_start_date=instant(candidate.invited_at),
        invitation_link_validity_end_date=instant(candidate.valid_until),
        source=candidate.source,
        is_preview=False,
        created=instant(candidate.invited_at),
        modified=instant(candidate.invited_at),
        deleted=None,
    )


def _link_id(candidate: Candidate) -> str:
    """Return the id of a candidate's link: of the same second, and of the key."""
    return candidate.id[:8] + candidate.invite_key.replace("-", "")[:16]


def _view(person: Invitee, invited: Invited, base: str) -> InvitedView:
    candidate = invited.candidate
    return InvitedView(
        email=person.email,
        first_name=person.first_name,
        last_name=person.last_name,
        status=invited.status,
        message=invited.message,
        candidate_id=candidate.candidate_id if candidate else None,
        short_link=short_link(candidate, base) if candidate else None,
        invitation_expiry=instant(candidate.valid_until) if candidate else None,
        is_not_enough_credits=False,
    )


OPERATIONS = (
    Operation(
        "inviteCandidates", "POST", "/v1/assessment/candidate/invites", invite,
        "Invite people to an assessment; an invalid person does not stop the others.",
        Invitations, body=Invite, page="invite_candidates", is_wrapped=False,
    ),
    Operation(
        "createCandidateLink", "POST", "/v1/assessment/{assessmentId}/candidate/link", link,
        "Return the link of an invited candidate.",
        Link, body=LinkBody, provenance="observed", is_wrapped=False,
    ),
)  # fmt: skip
