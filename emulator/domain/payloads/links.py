"""Links in payloads and answers: to the candidate's pages and reports, and to the organisation's.

Those that take *base* lead to pages of the emulator below that URL; with an empty base, to the
hosts that are documented.
"""

from __future__ import annotations

from base64 import b64encode
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from emulator.domain.ids import short_id

if TYPE_CHECKING:
    from emulator.domain.assessment import Assessment
    from emulator.domain.candidate import Candidate
    from emulator.domain.people import Organisation

INVITE_PATH = "/candidate/assessment/invite"
_CANDIDATES = "https://candidate.testlify.com"
_CDN = "https://cdn-global.net"


def invite_link(candidate: Candidate, base: str) -> str:
    """Return the link that the candidate was mailed (documented)."""
    key = _key(candidate.email, candidate.invite_key)
    return f"{base or _CANDIDATES}{INVITE_PATH}?key={key}&isPublic=false"


def short_link(candidate: Candidate, base: str) -> str:
    """Return the short link to the same place; its form is assumed."""
    return f"{base or _CANDIDATES}/s/{short_id(candidate.invite_key)}"


def public_invite_link(assessment: Assessment, base: str) -> str:
    """Return the link by which people can invite themselves.

    It is empty without a base, as in the documented examples; its form is assumed.
    """
    return f"{base}/public/{assessment.id}" if base else ""


def result_link(candidate: Candidate, base: str) -> str:
    """Return the link to the report of a candidate who completed (documented)."""
    return f"{base or _CDN}/{report_path(candidate)}"


def report_path(candidate: Candidate) -> str:
    """Return the path of that link, which some payloads have in its place (documented)."""
    return f"reports/pdf/assessment-candidate-report/{candidate.id}.pdf"


@lru_cache(maxsize=1024)  # each payload of a candidate has it
def _key(email: str, invite_key: str) -> str:
    key = {"email": email, "inviteKey": invite_key, "defaultLanguage": "en"}
    return b64encode(msgspec.json.encode(key)).decode()


def workspace_url(organisation: Organisation) -> str:
    """Return where the organisation's users work (documented)."""
    return f"https://{organisation.name}.testlify.com"


def detail_link(organisation: Organisation, candidate: Candidate) -> str:
    """Return the page of a candidate for the organisation's users (documented)."""
    page = f"/assessment/{candidate.assessment_id}/candidate/{candidate.candidate_id}"
    return workspace_url(organisation) + page
