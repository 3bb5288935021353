"""Links in payloads and answers: to the candidate's page, and to the organisation's."""

from __future__ import annotations

from base64 import b64encode
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from emulator.domain.ids import short_id

if TYPE_CHECKING:
    from emulator.domain.candidate import Candidate
    from emulator.domain.people import Organisation


def invite_link(candidate: Candidate) -> str:
    """Return the link that the candidate was mailed (documented)."""
    return _invite_link(candidate.email, candidate.invite_key)


def short_link(candidate: Candidate) -> str:
    """Return the short link to the same place; its form is assumed."""
    return f"https://candidate.testlify.com/s/{short_id(candidate.invite_key)}"


@lru_cache(maxsize=1024)  # each payload of a candidate has it
def _invite_link(email: str, invite_key: str) -> str:
    key = {"email": email, "inviteKey": invite_key, "defaultLanguage": "en"}
    encoded = b64encode(msgspec.json.encode(key)).decode()
    return (
        f"https://candidate.testlify.com/candidate/assessment/invite?key={encoded}&isPublic=false"
    )


def workspace_url(organisation: Organisation) -> str:
    """Return where the organisation's users work (documented)."""
    return f"https://{organisation.name}.testlify.com"


def detail_link(organisation: Organisation, candidate: Candidate) -> str:
    """Return the page of a candidate for the organisation's users (documented)."""
    page = f"/assessment/{candidate.assessment_id}/candidate/{candidate.candidate_id}"
    return workspace_url(organisation) + page
