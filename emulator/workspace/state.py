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
    from emulator.delivery.faults.fault import Fault, Standing
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
"""Keys by what the APIs filter by, in the order in which they came."""


class Failures(msgspec.Struct, frozen=True):
    """What a webhook failed since it last accepted something.

    Attributes:
        recent: when, within a day, until there are several.
        since: when there were several; from then on it is said to fail everything.
    """

    recent: tuple[datetime, ...] = ()
    since: datetime | None = None


_MOST_MISFIRES = 1_000


class State:
    """All that is known of one workspace; only ``fold.apply`` changes it.

    Attributes:
        now: where its virtual clock stands.
        webhooks, assessments, candidates: by id.
        webhook_numbers: number -> webhook, the removed ones too.
        profiles: number of a webhook -> its own profile.
        failures: number of a webhook -> what it has failed since it last accepted something.
        disabled: numbers of webhooks that get nothing until they are edited.
        candidate_numbers: number -> id.
        counts: id of an assessment -> state -> how many of its candidates are in it.
        people: e-mail, folded -> an invitation of that person.
        tokens: digest -> access token that was generated.
        members: e-mail, folded -> member of the team who was invited.
        logins: e-mail, folded -> the last login that began, the latest last; login_count: how many
            began.
        deliveries: in the order of their messages.
        finished, released: those with and those without their bodies, the oldest end first.
        faults: id -> fault that is set, with its counts.
        known_faults: id -> fault, the cleared ones too.
        call_count: how many calls of the provider API faults matched.
        planned: attempts that faults shaped and that have not started.
        retired: status -> how many were finished so long ago that only the journal has them.
        refused: payloads that were built and did not fit.
        misfires: event type and reason of the last deliveries that were dropped because a fault
            could not be applied to them; misfire_count: how many there were.
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
        self.tokens: dict[str, AccessToken] = {}
        self.members: dict[str, Member] = {}
        self.logins: OrderedDict[str, Login] = OrderedDict()
        self.login_count = 0
        self.message_count = 0
        self.deliveries: dict[DeliveryKey, Delivery] = {}
        self.by_event: Index = defaultdict(dict)
        self.by_subject: Index = defaultdict(dict)  # subject or person
        self.by_webhook: Index = defaultdict(dict)
        self.by_status: Index = defaultdict(dict)
        self.finished: OrderedDict[DeliveryKey, None] = OrderedDict()
        self.released: OrderedDict[DeliveryKey, None] = OrderedDict()
        self.retired: Counter[str] = Counter()
        self.refused: list[Refused] = []
        self.misfires: deque[tuple[str, str]] = deque(maxlen=_MOST_MISFIRES)
        self.misfire_count = 0
        self.faults: dict[str, Standing] = {}
        self.known_faults: dict[str, Fault] = {}
        self.call_count = 0
        self.planned: dict[Key, Planned] = {}

    @property
    def library(self) -> Library:
        """What its assessments are made from; follows from seed and organisation."""
        return library(self.settings.seed, self.organisation)

    @property
    def owner(self) -> Member:
        """Who acts for the organisation; follows from seed and organisation."""
        return owner(self.settings.seed, self.organisation)

    def webhook(self, id_: str) -> Webhook:
        """Return the webhook with that id.

        Raises:
            NotFoundError: there is none, or it was removed.
        """
        return _get(self.webhooks, "webhook", id_)

    def assessment(self, id_: str) -> Assessment:
        """Return the assessment with that id.

        Raises:
            NotFoundError: there is none.
        """
        return _get(self.assessments, "assessment", id_)

    def candidate(self, id_: str) -> Candidate:
        """Return the candidate with that id, an invitation's.

        Raises:
            NotFoundError: there is none; says so when the id is a person's.
        """
        if id_ not in self.candidates and (invitations := self.invitations.get(id_)):
            message = f"{id_!r} is a person, not an invitation; theirs: {', '.join(invitations)}"
            raise NotFoundError(message)
        return _get(self.candidates, "candidate", id_)

    def delivery(self, id_: str) -> Delivery:
        """Return the delivery with that id, ``12-1``.

        Raises:
            NotFoundError: there is none.
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

    def fault(self, id_: str) -> Standing:
        """Return the fault with that id, which is set.

        Raises:
            NotFoundError: there is none, or it was cleared.
        """
        return _get(self.faults, "fault", id_)

    def profile(self, webhook: Webhook) -> Profile:
        """Return how deliveries to *webhook* are made."""
        own = self.profiles.get(webhook.number)
        return own or self.settings.profile_of(webhook.generation)

    def wanting(self, event: str) -> list[Webhook]:
        """Return the webhooks that want an event type, in the order of their numbers."""
        return [
            webhook
            for webhook in self.webhooks.values()
            if webhook.wants(event) and webhook.number not in self.disabled
        ]


def _get(records: dict[str, _T], what: str, id_: str) -> _T:
    found = records.get(id_)
    if found is None:
        known = f"; the newest is {next(reversed(records))!r}" if records else "; there is none"
        raise NotFoundError(f"no {what} {id_[:80]!r}{known}")
    return found
