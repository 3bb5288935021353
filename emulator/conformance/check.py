"""What a check is and what it can come to; never a check itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Literal

import msgspec

from emulator.conformance.claims import CLAIMS
from emulator.conformance.session import Session
from emulator.domain.events import EVENT_TYPES

if TYPE_CHECKING:
    from emulator.conformance.target import Target

Severity = Literal["error", "warning"]
"""``error``: production would show it. ``warning``: it is asking for trouble. Both fail a run."""

Outcome = Literal["passed", "failed", "skipped", "incomplete"]
"""``incomplete``: there is no evidence, neither for nor against."""

Family = Literal["accepts", "tolerates", "effects", "refuses", "withstands", "retries"]

BOUND = 20.0
"""Real seconds that a check may take."""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One question to a consumer.

    Attributes:
        name: what follows the family in its `id`.
        title: a sentence that is true of a consumer that passes.
        sends: what goes out.
        demands: what has to come back.
        why: it matters, in one sentence.
        run: asks it, in a session of its own; raises one of the errors above.
        requires: names of `NEEDS` and of claims; one that is missing skips the check.
        seconds: real ones that it may take.
        is_alone: nothing else is asked meanwhile, because it may hold up the consumer.
    """

    family: Family
    name: str
    title: str
    sends: str
    demands: str
    why: str
    run: Callable[[Session], Awaitable[None]]
    requires: tuple[str, ...] = ()
    severity: Severity = "error"
    tags: tuple[str, ...] = ()
    seconds: float = BOUND
    is_alone: bool = False

    @property
    def id(self) -> str:
        """Its stable name, ``effects.late-in-progress``."""
        return f"{self.family}.{self.name}"

    @property
    def all_tags(self) -> tuple[str, ...]:
        """Its tags, its family among them."""
        return (self.family, *self.tags)

    def missing(self, target: Target) -> str:
        """Return why *target* can't be asked; empty when it can."""
        for need in self.requires:
            if need in NEEDS:
                reason, has = NEEDS[need]
                if not has(target):
                    return reason
            elif need not in target.claims:
                return f"it does not claim {need!r} ({CLAIMS[need]}); --claim {need}"
        return ""


NEEDS: dict[str, tuple[str, Callable[[Target], bool]]] = {
    "probe": (
        "its state can't be seen; --probe or --probe-command",
        lambda target: target.has_probe,
    ),
    "every_event": (
        "it subscribes to some event types, so that no other reaches it (--events)",
        lambda target: len(target.events) == len(EVENT_TYPES),
    ),
    "secret": (
        "deliveries are not signed; --secret",
        lambda target: target.secret is not None,
    ),
    "header": (
        "there is no header that it could require; --header",
        lambda target: bool(target.headers),
    ),
    "socket": (
        "it needs a socket; an application in this process has none",
        lambda target: target.app is None,
    ),
    "v2": (
        "v1 webhooks are not tried again by themselves; --webhooks v2",
        lambda target: target.generation == "v2",
    ),
    "restart": (
        "it can't be restarted; --restart-command",
        lambda target: target.can_restart,
    ),
}
"""What a check can need of a target, beside claims: why it is skipped, and whether it is there."""
