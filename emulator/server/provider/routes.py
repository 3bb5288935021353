"""The provider's calls, in one table, and their routes."""

from __future__ import annotations

from emulator.server.provider import (
    assessments,
    candidates,
    composing,
    invitations,
    library,
    login,
    questions,
    team,
    tokens,
    webhooks,
)
from emulator.server.provider.answering import route

OPERATIONS = (
    *assessments.OPERATIONS,
    *composing.OPERATIONS,
    *candidates.OPERATIONS,
    *invitations.OPERATIONS,
    *library.OPERATIONS,
    *questions.OPERATIONS,
    *tokens.OPERATIONS,
    *team.OPERATIONS,
    *login.OPERATIONS,
    *webhooks.OPERATIONS,
)

ROUTES = [route(one) for one in OPERATIONS]
