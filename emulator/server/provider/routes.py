"""The provider's calls, in one table, and their routes."""

from __future__ import annotations

from emulator.server.provider import assessments, candidates, library, questions, webhooks
from emulator.server.provider.access import workspace_of

OPERATIONS = (
    *assessments.OPERATIONS,
    *candidates.OPERATIONS,
    *library.OPERATIONS,
    *questions.OPERATIONS,
    *webhooks.OPERATIONS,
)

ROUTES = [one.route(workspace_of) for one in OPERATIONS]
