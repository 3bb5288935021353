"""The records of entries about the workspace itself: settings, clock, transitions."""

from __future__ import annotations

from datetime import datetime

import msgspec

from emulator.clock import EPOCH, Mode
from emulator.delivery.faults.registry import AnyFault
from emulator.delivery.profiles import PROFILES, Profile
from emulator.domain.assessment import Assessment
from emulator.domain.candidate import Candidate
from emulator.domain.events import Generation
from emulator.domain.ids import chance
from emulator.domain.payloads.variants import checked_variants
from emulator.domain.people import Organisation, organisation
from emulator.domain.team import Member
from emulator.durations import LONGEST
from emulator.errors import InvalidInputError

KEEP = 20_000


class Settings(msgspec.Struct, frozen=True):
    """How a workspace is set.

    Attributes:
        seed: of all chance in it.
        clock: ``real`` or ``virtual``.
        now: where a virtual clock starts.
        generation: of webhooks that do not say otherwise.
        profile: takes the place of the generation's own; None leaves that.
        keep: how many finished deliveries keep their bodies and answers.
        observed: names of the variants that payloads follow; none by default.
        report_delay: seconds from a completion until its report is available.
        public_url: the base of links to pages; the emulator's, not its own. Empty for links to the
            documented hosts.
        is_insecure: deliveries trust whatever certificate comes; the emulator's, not its own.
        organisation_name: of its organisation; drawn when empty.
    """

    seed: int
    clock: Mode = "real"
    now: datetime = EPOCH
    generation: Generation = "v1"
    profile: Profile | None = None
    keep: int = KEEP
    observed: tuple[str, ...] = ()
    report_delay: float = 0.0
    public_url: str = ""
    is_insecure: bool = False
    organisation_name: str = ""

    def __post_init__(self) -> None:
        """Check the names of the variants, and bring them into the order of their table.

        Raises:
            UnknownNameError: there is no such variant.
            InvalidInputError: a negative or too long delay.
        """
        if not 0 <= self.report_delay <= LONGEST:
            message = f"report_delay is {self.report_delay}; expected 0 to {LONGEST} seconds"
            raise InvalidInputError(message)
        msgspec.structs.force_setattr(self, "observed", checked_variants(self.observed))

    def profile_of(self, generation: Generation) -> Profile:
        """Return how deliveries of a generation are made."""
        return self.profile or PROFILES[generation]


class Opened(msgspec.Struct, frozen=True):
    """The journal's ``workspace.opened`` and ``workspace.reset``."""

    settings: Settings
    organisation: Organisation

    @classmethod
    def drawn(cls, settings: Settings, now: datetime) -> Opened:
        """Return the record of a workspace that opens at *now*; its organisation is drawn."""
        made = organisation(chance(settings.seed, "organisation", 0), now)
        name = settings.organisation_name or made.name
        return cls(settings, msgspec.structs.replace(made, name=name))


class Configured(msgspec.Struct, frozen=True):
    """The journal's ``workspace.configured``: the settings from now on."""

    settings: Settings


class FaultSet(msgspec.Struct, frozen=True):
    """The journal's ``fault.set``.

    Attributes:
        id: ``f1``, ``f2``, ...
    """

    id: str
    fault: AnyFault


class FaultsCleared(msgspec.Struct, frozen=True):
    """The journal's ``fault.cleared``: these apply to no later attempt or call."""

    ids: tuple[str, ...]


class CallReceived(msgspec.Struct, frozen=True):
    """The journal's ``call.received``: a call of the provider API that faults match.

    Any other call has no entry of its own.

    Attributes:
        route: method and path of the operation.
        path: as it was called, without the query.
        matched: ids of the faults that match it; each counts one match more.
        faults: ids of those that apply to it; of these each counts one use more.
    """

    route: str
    path: str
    matched: tuple[str, ...]
    faults: tuple[str, ...]


class WebhookConfigured(msgspec.Struct, frozen=True):
    """The journal's ``webhook.configured``: how deliveries to it are made from now on.

    Attributes:
        profile: takes the place of the workspace's; None leaves that.
    """

    id: str
    number: int
    profile: Profile | None


class WebhookDisabled(msgspec.Struct, frozen=True):
    """The journal's ``webhook.disabled``: it gets no more messages until it is edited.

    Attributes:
        failing_since: when it had failed several times in a day; nothing was accepted since.
    """

    id: str
    number: int
    failing_since: datetime


class WebhookRemoved(msgspec.Struct, frozen=True):
    """The journal's ``webhook.removed``."""

    id: str


class AssessmentChanged(msgspec.Struct, frozen=True):
    """The journal's ``assessment.created``, ``.edited`` and ``.moved``: the new record."""

    command: str
    assessment: Assessment


class CandidateChanged(msgspec.Struct, frozen=True, gc=False):
    """The journal's ``candidate.invited``, ``.moved`` and ``.scored``: the new record."""

    command: str
    candidate: Candidate


class MembersInvited(msgspec.Struct, frozen=True):
    """The journal's ``team.invited``: who was invited in one call."""

    members: tuple[Member, ...]


class ClockMoved(msgspec.Struct, frozen=True):
    """The journal's ``clock.set`` and ``clock.moved``."""

    mode: Mode
    now: datetime
