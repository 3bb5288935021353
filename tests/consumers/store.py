"""What a sample consumer knows: invitations, in memory and, if wanted, in a file."""

from __future__ import annotations

import json
import re
import threading
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_REPORT = re.compile(r"([0-9a-f]{24})\.pdf\Z")


@dataclass(frozen=True)
class Invitation:
    """One invitation of one person.

    Attributes:
        completions: how often it was completed; more than one is a bug.
        counted_by: the event type that counts completions; None in all consumers but one.
        person: the person's id, once a message named it.
        report: path of the report; its file is named after the invitation's id.
        facts: what happened, each once.
    """

    key: str
    email: str
    assessment: str
    invited_at: str
    first_name: str
    last_name: str
    status: str
    completions: int = 0
    counted_by: str | None = None
    person: str | None = None
    report: str | None = None
    facts: list[str] = field(default_factory=list)

    @property
    def id(self) -> str | None:
        """Testlify's assessment-candidate id; known from the report on."""
        found = _REPORT.search(self.report or "")
        return found[1] if found else None

    def shown(self) -> dict[str, Any]:
        """Return it as JSON for who asks."""
        return {
            "id": self.id,
            "candidateId": self.person,
            "assessmentId": self.assessment,
            "status": self.status,
            "completions": self.completions,
        }


class Store:
    """All invitations.

    Args:
        path: a file of JSON lines, one for each change, the last one of a key counts. A change is
            in it before `keep` returns.

    Attributes:
        lock: to be held from `get` to `keep`.
    """

    def __init__(self, path: Path | None) -> None:
        self.lock = threading.Lock()
        self._path = path
        self._known: dict[str, Invitation] = {}
        if path is not None and path.exists():
            for line in path.read_text().splitlines():
                self._remember(Invitation(**json.loads(line)))

    def get(self, key: str) -> Invitation | None:
        """Return an invitation, None when nothing was heard of it."""
        return self._known.get(key)

    def all(self) -> Iterable[Invitation]:
        """Return all invitations."""
        return list(self._known.values())

    def keep(self, invitation: Invitation) -> None:
        """Keep an invitation as it is now."""
        if self._path is not None:
            with self._path.open("a") as file:
                file.write(json.dumps(asdict(invitation)) + "\n")
        self._remember(invitation)

    def _remember(self, invitation: Invitation) -> None:
        self._known[invitation.key] = invitation
