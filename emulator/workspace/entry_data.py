"""The records of entries about the workspace itself: settings, clock, transitions."""

from __future__ import annotations

from datetime import datetime

import msgspec

from emulator.clock import EPOCH, Mode
from emulator.delivery.faults.registry import AnyFault
from emulator.delivery.profiles import PROFILES, Profile
from emulator.domain.assessment import Assessment
from emulator.domain.candidate import Candidate
from emulator.domain.events import Generation, checked_names
from emulator.domain.ids import chance
from emulator.domain.payloads.variants import checked_variants
from emulator.domain.people import Organisation, organisation
from emulator.domain.team import Member
from emulator.durations import LONGEST
from emulator.errors import InvalidInputError

KEEP = 20_000


class Settings(msgspec.Struct, frozen=True):
    """The settings of a workspace.

    Attributes:
        seed: for random choices.
        clock: ``real`` or ``virtual``.
        now: start of a virtual clock.
        generation: generation of webhooks by default.
        profile: replaces the profile of the generation; None keeps it.
        keep: how many finished deliveries keep their bodies and answers.
        observed: names of the variants that payloads follow.
        event_names: id of an event type -> its name in v2, where it is not that of the table.
        report_delay: seconds from a completion until its report is available.
        public_url: base of links to pages; set by the emulator for all workspaces. Empty for links
            to the documented hosts.
        is_insecure: deliveries accept any certificate; set by the emulator for all workspaces.
        organisation_name: name of its organisation; drawn if empty.
    """

    seed: int
    clock: Mode = "real"
    now: datetime = EPOCH
    generation: Generation = "v1"
    profile: Profile | None = None
    keep: int = KEEP
    observed: tuple[str, ...] = ()
    event_names: dict[str, str] = {}
    report_delay: float = 0.0
    public_url: str = ""
    is_insecure: bool = False
    organisation_name: str = ""

    def __post_init__(self) -> None:
        """Check the names of variants and event types, and sort variants as in their table.

        Raises:
            UnknownNameError: an unknown variant or event type.
            InvalidInputError: a name that an event type cannot have, a negative or too long delay.
        """
        if not 0 <= self.report_delay <= LONGEST:
            message = f"report_delay is {self.report_delay}; expected 0 to {LONGEST} seconds"
            raise InvalidInputError(message)
        msgspec.structs.force_setattr(self, "observed", checked_variants(self.observed))
        msgspec.structs.force_setattr(self, "event_names", checked_names(self.event_names))

    def profile_of(self, generation: Generation) -> Profile:
        """Return the profile for deliveries of a generation."""
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
    """The journal's ``workspace.configured``: the new settings."""

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
    """The journal's ``webhook.configured``: the profile of a webhook.

    Attributes:
        profile: replaces the profile of the workspace; None keeps it.
    """

    id: str
    number: int
    profile: Profile | None


class WebhookDisabled(msgspec.Struct, frozen=True):
    """The journal's ``webhook.disabled``: the webhook gets no messages until it is edited.

    Attributes:
        failing_since: when it had failed several times within a day, without a success since then.
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
    """The journal's ``team.invited``: the members that one call invited."""

    members: tuple[Member, ...]


class ClockMoved(msgspec.Struct, frozen=True):
    """The journal's ``clock.set`` and ``clock.moved``."""

    mode: Mode
    now: datetime
