"""The record of a check, its possible outcomes and requirements; never a check itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Literal

import msgspec

from emulator.conformance.claims import CLAIMS
from emulator.conformance.session import Session
from emulator.domain.events import EVENTS_OF

if TYPE_CHECKING:
    from emulator.conformance.target import Target

Severity = Literal["error", "warning"]
"""``error``: it fails in production. ``warning``: a risk. A failed check of either fails a run."""

Outcome = Literal["passed", "failed", "skipped", "incomplete"]
"""``incomplete``: no evidence, neither for nor against."""

Family = Literal["accepts", "tolerates", "effects", "refuses", "withstands", "retries"]

BOUND = 20.0
"""Real seconds that a check may take, unless it says otherwise."""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One requirement that a consumer is tested for.

    Attributes:
        name: the part of `id` after the family.
        title: the behaviour of a consumer that passes: "rejects an empty body".
        sends: the requests that the check makes.
        expects: how the consumer has to respond.
        why: the reason why it matters, in one sentence.
        run: runs the check in a session of its own; raises an exception of `outcomes` unless it
            passes.
        requires: names of `NEEDS` and of claims; the check is skipped when one is missing.
        seconds: real seconds that it may take.
        is_alone: no other check runs at the same time, because this one may block the consumer.
    """

    family: Family
    name: str
    title: str
    sends: str
    expects: str
    why: str
    run: Callable[[Session], Awaitable[None]]
    requires: tuple[str, ...] = ()
    severity: Severity = "error"
    tags: tuple[str, ...] = ()
    seconds: float = BOUND
    is_alone: bool = False

    @property
    def id(self) -> str:
        """The stable id, as in ``effects.late-in-progress``."""
        return f"{self.family}.{self.name}"

    @property
    def all_tags(self) -> tuple[str, ...]:
        """The tags, and the family as a tag."""
        return (self.family, *self.tags)

    @property
    def lingers(self) -> bool:
        """Whether it waits for as long as the target says, and then looks at the consumer."""
        return "linger" in self.requires

    def bound(self, target: Target) -> float:
        """Return how long it may take with *target*, in real seconds."""
        return self.seconds + (target.linger if self.lingers else 0.0)

    def missing(self, target: Target) -> str:
        """Return why the check does not apply to *target*; empty when it does."""
        for need in self.requires:
            if need in NEEDS:
                reason, has = NEEDS[need]
                if not has(target):
                    return reason
            elif need not in target.claims:
                return f"the consumer does not claim {need!r}: {CLAIMS[need]} (--claim {need})"
        return ""


NEEDS: dict[str, tuple[str, Callable[[Target], bool]]] = {
    "probe": (
        "the consumer's state is not visible (--probe or --probe-command)",
        lambda target: target.has_probe,
    ),
    "every_event": (
        "the consumer subscribes to some event types only (--events)",
        lambda target: len(target.events) == len(EVENTS_OF[target.generation]),
    ),
    "secret": (
        "deliveries are not signed (--secret)",
        lambda target: target.secret is not None,
    ),
    "header": (
        "no header is configured that the consumer could require (--header)",
        lambda target: bool(target.headers),
    ),
    "socket": (
        "the check needs a socket, and an application in this process has none (--app)",
        lambda target: target.app is None,
    ),
    "v2": (
        "v1 webhooks are not retried automatically (--webhooks v2)",
        lambda target: target.generation == "v2",
    ),
    "linger": (
        "no time is given to wait after the last request (--linger)",
        lambda target: target.linger > 0,
    ),
    "restart": (
        "the consumer can't be restarted (--restart-command)",
        lambda target: target.can_restart,
    ),
}
"""Requirements beside claims: name -> why a check is skipped without it, and a test for it."""
