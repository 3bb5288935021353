"""The state of a workspace: the result of folding its journal, with indexes."""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict, deque
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

import msgspec

from emulator.domain.library import Library, library
from emulator.domain.team import Member, owner
from emulator.errors import NotFoundError

if TYPE_CHECKING:
    from emulator.delivery.faults.fault import ActiveFault, Fault
    from emulator.delivery.profiles import Profile
    from emulator.delivery.records import Delivery, Key, Planned, Refused
    from emulator.domain.assessment import Assessment
    from emulator.domain.candidate import Candidate
    from emulator.domain.people import Organisation
    from emulator.domain.tokens import AccessToken, Login
    from emulator.domain.webhook import Webhook
    from emulator.workspace.entry_data import Settings

_T = TypeVar("_T")

DeliveryKey = tuple[int, int]
"""Message number and webhook number."""

Index = defaultdict[str, dict[DeliveryKey, None]]
"""Value of a filter -> keys of deliveries in the order of their messages."""


class Failures(msgspec.Struct, frozen=True):
    """The failures of a webhook since its last success.

    Attributes:
        recent: times of the failures within a day, until there are several.
        since: when there were several; the webhook is considered failing from then on.
    """

    recent: tuple[datetime, ...] = ()
    since: datetime | None = None


_MOST_MISFIRES = 1_000


class State:
    """The state of one workspace; changed by ``fold.apply`` only.

    Attributes:
        now: time of the last entry.
        webhooks, assessments, candidates: by id.
        webhook_numbers: number -> webhook, including removed webhooks.
        profiles: number of a webhook -> its own profile.
        failures: number of a webhook -> its failures since its last success.
        disabled: numbers of webhooks that get no messages until they are edited.
        candidate_numbers: number -> id.
        counts: id of an assessment -> state -> number of its candidates in this state.
        people: casefolded e-mail address -> an invitation of the person.
        short_ids: id in the short link of an invitation -> its id.
        tokens: digest -> generated access token.
        members: casefolded e-mail address -> invited member of the team.
        logins: casefolded e-mail address -> the last login, newest last.
        login_count: how many logins began.
        deliveries: deliveries in the order of their messages.
        finished, released: finished deliveries with and without their bodies, oldest end first.
        faults: id -> active fault with its counts.
        known_faults: id -> fault, including removed faults.
        call_count: how many calls of the provider API matched a fault.
        planned: attempts with faults that have not started.
        retired: status -> number of old deliveries that only the journal has.
        refused: payloads that did not fit their schema.
        misfires: event type and reason of the last deliveries that were dropped because a fault
            could not be applied.
        misfire_count: how many such deliveries there were.
    """

    def __init__(self, settings: Settings, organisation: Organisation) -> None:
        self.settings = settings
        self.organisation = organisation
        self.now: datetime = settings.now
        self.webhooks: dict[str, Webhook] = {}
        self.webhook_numbers: dict[int, Webhook] = {}
        self.profiles: dict[int, Profile] = {}
        self.failures: dict[int, Failures] = {}
        self.disabled: set[int] = set()
        self.assessments: dict[str, Assessment] = {}
        self.candidates: dict[str, Candidate] = {}
        self.candidate_numbers: dict[int, str] = {}
        self.counts: dict[str, Counter[str]] = defaultdict(Counter)
        self.people: dict[str, Candidate] = {}
        self.invitations: dict[str, list[str]] = defaultdict(list)  # person or assessment -> ids
        self.short_ids: dict[str, str] = {}
        self.tokens: dict[str, AccessToken] = {}
        self.members: dict[str, Member] = {}
        self.logins: OrderedDict[str, Login] = OrderedDict()
        self.login_count = 0
        self.message_count = 0
        self.deliveries: dict[DeliveryKey, Delivery] = {}
        self.by_event: Index = defaultdict(dict)
        self.by_subject: Index = defaultdict(dict)
        self.by_status: Index = defaultdict(dict)
        self.finished: OrderedDict[DeliveryKey, None] = OrderedDict()
        self.released: OrderedDict[DeliveryKey, None] = OrderedDict()
        self.retired: Counter[str] = Counter()
        self.refused: list[Refused] = []
        self.misfires: deque[tuple[str, str]] = deque(maxlen=_MOST_MISFIRES)
        self.misfire_count = 0
        self.faults: dict[str, ActiveFault] = {}
        self.known_faults: dict[str, Fault] = {}
        self.call_count = 0
        self.planned: dict[Key, Planned] = {}

    @property
    def library(self) -> Library:
        """The tests, questions and job roles; determined by seed and organisation."""
        return library(self.settings.seed, self.organisation)

    @property
    def owner(self) -> Member:
        """The owner of the workspace; determined by seed and organisation."""
        return owner(self.settings.seed, self.organisation)

    def webhook(self, id_: str) -> Webhook:
        """Return a webhook by its id.

        Raises:
            NotFoundError: no such webhook, or it was removed.
        """
        return _get(self.webhooks, "webhook", id_)

    def assessment(self, id_: str) -> Assessment:
        """Return an assessment by its id.

        Raises:
            NotFoundError: no such assessment.
        """
        return _get(self.assessments, "assessment", id_)

    def candidate(self, id_: str) -> Candidate:
        """Return a candidate by the id of the invitation.

        Raises:
            NotFoundError: no such candidate; for the id of a person, names their invitations.
        """
        if id_ not in self.candidates and (invitations := self.invitations.get(id_)):
            message = f"{id_!r} is a person, not an invitation; theirs: {', '.join(invitations)}"
            raise NotFoundError(message)
        return _get(self.candidates, "candidate", id_)

    def delivery(self, id_: str) -> Delivery:
        """Return a delivery by its id, ``12-1``.

        Raises:
            NotFoundError: no such delivery.
        """
        message, _, webhook = id_.partition("-")
        if message.isdecimal() and webhook.isdecimal() and len(id_) < 40:
            found = self.deliveries.get((int(message), int(webhook)))
            if found is not None:
                return found
        known = f"; there are {len(self.deliveries)}"
        if self.retired:
            known += f", and {self.retired.total()} older ones in the journal alone"
        raise NotFoundError(f"no delivery {id_[:80]!r}{known}")

    def fault(self, id_: str) -> ActiveFault:
        """Return an active fault by its id.

        Raises:
            NotFoundError: no such fault, or it was removed.
        """
        return _get(self.faults, "fault", id_)

    def profile(self, webhook: Webhook) -> Profile:
        """Return the profile for deliveries to *webhook*."""
        own = self.profiles.get(webhook.number)
        return own or self.settings.profile_of(webhook.generation)

    def wanting(self, event: str) -> list[Webhook]:
        """Return the webhooks that receive an event type, in the order of their numbers."""
        return [
            webhook
            for webhook in self.webhooks.values()
            if webhook.wants(event) and webhook.number not in self.disabled
        ]


def _get(records: dict[str, _T], kind: str, id_: str) -> _T:
    found = records.get(id_)
    if found is None:
        known = f"; the newest is {next(reversed(records))!r}" if records else "; none exists yet"
        raise NotFoundError(f"no {kind} {id_[:80]!r}{known}")
    return found
