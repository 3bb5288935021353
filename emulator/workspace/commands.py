"""Commands: a state and what is asked of it give the records to append. Pure.

Each function checks everything before it returns a single record, so a command that is refused
changes nothing. Chance is keyed by the workspace's counters and stands in the records.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from emulator import decoding, durations
from emulator.clock import checked
from emulator.delivery.records import Delivery, Message, RedeliveryAsked
from emulator.delivery.signing import checked_secret, made_secret
from emulator.delivery.transports.asgi import SCHEME, target_of
from emulator.domain import assessment as assessments
from emulator.domain import candidate as candidates
from emulator.domain.assessment import Assessment
from emulator.domain.candidate import Candidate
from emulator.domain.events import TEST_EVENT, Generation, event_type
from emulator.domain.ids import chance, invite_key, message_id, object_id
from emulator.domain.lifecycle import NEW, Transition
from emulator.domain.moves import DETAILS, Details, NoDetails, moved
from emulator.domain.occurrence import Occurrence
from emulator.domain.people import Person, person
from emulator.domain.questions import JOB_ROLES, content
from emulator.domain.webhook import OldSecret, Webhook, checked_headers, checked_url, wanted
from emulator.errors import ConflictError, InvalidInputError, UnknownNameError
from emulator.workspace.records import AssessmentChanged, CandidateChanged, FaultSet

if TYPE_CHECKING:
    from emulator.delivery.faults.registry import AnyFault
    from emulator.delivery.profiles import Profile
    from emulator.workspace.records import Settings
    from emulator.workspace.state import State

Record = tuple[str, msgspec.Struct]
"""Kind and data of an entry to be."""

OVERLAP = timedelta(hours=24)
"""How long a secret that was rotated out still signs (documented by the vendor, Svix)."""

LONGEST_TEXT = 10_000
"""Characters of a name or a title: beyond what any page takes, short of a mistake."""


class Change(msgspec.Struct, frozen=True):
    """What a command comes to.

    Attributes:
        records: to append, in order.
        occurrence: what there is to tell; None when nothing is.
    """

    records: tuple[Record, ...]
    occurrence: Occurrence | None = None


# --- webhooks -------------------------------------------------------------------------------


class Registration(msgspec.Struct, frozen=True):
    """What a customer says of a webhook, as yet unchecked.

    Attributes:
        generation: the workspace's when left out.
    """

    name: str
    payload_url: str
    events: Sequence[str]
    headers: Mapping[str, str] | None = None
    secret: str | None = None
    description: str = ""
    generation: Generation | None = None


def add_webhook(
    state: State, at: datetime, asked: Registration, profile: Profile | None = None
) -> Webhook:
    """Return the webhook to be registered; a secret is made when it has none and has to sign.

    Args:
        profile: of its own.

    Raises:
        InvalidInputError: something is wrong with one of the fields; names it.
        ConflictError: it is in this process, and a fault of the wire would meet it.
    """
    webhook = _checked(state, at, asked)
    for standing in state.faults.values():
        check_wire(standing.fault, webhook)
    return _signing(state, webhook, profile or state.settings.profile_of(webhook.generation))


def _checked(state: State, at: datetime, asked: Registration) -> Webhook:
    number = len(state.webhook_numbers) + 1
    draw = chance(state.settings.seed, "webhook", number)
    return Webhook(
        id=object_id(at, draw),
        number=number,
        name=_text(asked.name, "$.name"),
        payload_url=_url(asked.payload_url),
        events=tuple(asked.events),
        event_types=wanted(asked.events),
        generation=asked.generation or state.settings.generation,
        headers=checked_headers((asked.headers or {}).items()),
        secret=asked.secret,
        description=asked.description,
        endpoint_id=object_id(at, draw),
        subscription_id=object_id(at, draw),
        created_at=at,
        modified_at=at,
    )


def edit_webhook(state: State, at: datetime, id_: str, changes: Mapping[str, Any]) -> Webhook:
    """Return the webhook as the edit leaves it; what *changes* does not name stays.

    Raises:
        NotFoundError: no such webhook.
        InvalidInputError: something is wrong with one of the fields; names it.
    """
    before = state.webhook(id_)
    registered = Registration(
        name=before.name,
        payload_url=before.payload_url,
        events=before.events,
        headers=dict(before.headers),
        secret=before.secret,
        description=before.description,
        generation=before.generation,
    )
    checked = _checked(state, at, msgspec.structs.replace(registered, **changes))
    edited = msgspec.structs.replace(
        checked,
        id=before.id,
        number=before.number,
        endpoint_id=before.endpoint_id,
        subscription_id=before.subscription_id,
        created_at=before.created_at,
        old_secrets=before.old_secrets if checked.secret == before.secret else (),
    )
    for standing in state.faults.values():
        check_wire(standing.fault, edited)
    return _signing(state, edited, state.profile(edited))


def rotate_secret(state: State, at: datetime, id_: str, secret: str | None = None) -> Webhook:
    """Return the webhook with a new secret; the one before signs, too, for `OVERLAP`.

    Raises:
        NotFoundError: no such webhook.
        ConflictError: its profile has no signature.
        InvalidInputError: not a secret that it can sign with.
    """
    before = state.webhook(id_)
    signature = state.profile(before).signature
    if signature is None:
        message = f"webhook {id_} signs nothing: its profile has no signature"
        raise ConflictError(message)
    if secret is None:
        # Keyed by the one before, so that no two rotations draw the same.
        draw = chance(state.settings.seed, f"secret/{before.secret}", before.number)
        secret = made_secret(signature, draw)
    old = before.old_secrets
    if before.secret is not None:
        old = (OldSecret(before.secret, at + OVERLAP), *old)
    return msgspec.structs.replace(
        before,
        secret=checked_secret(signature, secret),
        old_secrets=tuple(one for one in old if at < one.until),
        modified_at=at,
    )


def check_secrets(state: State, settings: Settings) -> None:
    """Check that what *settings* say of signing goes with the secrets that there are.

    Raises:
        ConflictError: a webhook has a secret that its profile could not sign with.
    """
    for webhook in state.webhooks.values():
        if webhook.number not in state.profiles:
            check_secret(webhook, settings.profile_of(webhook.generation))


def check_secret(webhook: Webhook, profile: Profile) -> None:
    """Check that what *profile* says of signing goes with the secret that there is.

    Raises:
        ConflictError: it could not sign with it.
    """
    if profile.signature is None or webhook.secret is None:
        return
    try:
        checked_secret(profile.signature, webhook.secret)
    except InvalidInputError as error:
        message = f"webhook {webhook.id}: {error.message}"
        raise ConflictError(message) from None


def _signing(state: State, webhook: Webhook, profile: Profile) -> Webhook:
    """Return *webhook* with a secret that *profile* can sign with."""
    signature = profile.signature
    if signature is None:
        return webhook
    if webhook.secret is None:
        draw = chance(state.settings.seed, "secret", webhook.number)
        return msgspec.structs.replace(webhook, secret=made_secret(signature, draw))
    checked_secret(signature, webhook.secret)
    return webhook


# --- deliveries ----------------------------------------------------------------------------


def redelivery(state: State, delivery: Delivery) -> RedeliveryAsked:
    """Return the record that has *delivery* tried once more.

    Raises:
        ConflictError: it was not tried yet, its webhook was removed, or its body released.
    """
    if delivery.webhook_id not in state.webhooks:
        message = f"the webhook of delivery {delivery.id} was removed"
        raise ConflictError(message)
    if not delivery.attempts:
        message = f"delivery {delivery.id} was not tried yet: it is {delivery.status}"
        raise ConflictError(message)
    if delivery.message.digest is not None:
        message = (
            f"the body of delivery {delivery.id} was released; serve --keep keeps more of them"
        )
        raise ConflictError(message)
    return RedeliveryAsked(delivery.message.number, delivery.webhook_number, delivery.numbered + 1)


def deliberate(
    state: State, at: datetime, body: bytes, event: str, webhook: str | None, candidate: str | None
) -> list[Message]:
    """Return messages that hold *body* as it is: one a generation of those who get it.

    Raises:
        UnknownNameError: no such event type.
        NotFoundError: no such webhook or candidate.
        ConflictError: no webhook wants the event type.
    """
    event = event if event == TEST_EVENT else event_type(event).id
    about = None if candidate is None else state.candidate(candidate)
    wanting = list(state.webhooks.values()) if event == TEST_EVENT else state.wanting(event)
    wanting = wanting if webhook is None else [state.webhook(webhook)]
    if not wanting:
        message = f"no webhook wants {event!r}"
        raise ConflictError(message)
    numbers: dict[Generation, list[int]] = {}
    for one in wanting:
        numbers.setdefault(one.generation, []).append(one.number)
    return [
        Message(
            number=number,
            id=message_id(state.settings.seed, number),
            event=event,
            generation=generation,
            subject=about.id if about else "",
            person=about.candidate_id if about else "",
            at=at,
            body=body,
            webhooks=tuple(found),
            is_deliberate=True,
        )
        for number, (generation, found) in enumerate(numbers.items(), state.message_count + 1)
    ]


# --- faults ----------------------------------------------------------------------------------


def set_fault(state: State, fault: AnyFault) -> FaultSet:
    """Return the record that sets *fault*.

    Raises:
        NotFoundError: it names a webhook that is not there.
        ConflictError: it is a fault of the wire, and would meet a webhook in this process.
    """
    webhooks = list(state.webhooks.values())
    if fault.on.webhook is not None:
        webhooks = [state.webhook(fault.on.webhook)]
    for webhook in webhooks:
        check_wire(fault, webhook)
    return FaultSet(f"f{len(state.known_faults) + 1}", fault)


def check_wire(fault: AnyFault, webhook: Webhook) -> None:
    """Check that a fault of the wire does not meet a webhook that has no wire.

    Raises:
        ConflictError: it would.
    """
    meets = fault.on.webhook in (None, webhook.id) and webhook.payload_url.startswith(SCHEME)
    if fault.group == "wire" and meets:
        message = (
            f"the fault {fault.kind!r} needs a socket, and webhook {webhook.id} is in this "
            "process; 'on' can name another webhook"
        )
        raise ConflictError(message)


# --- assessments ----------------------------------------------------------------------------


def create_assessment(
    state: State, at: datetime, *, title: str | None = None, validity_days: int | None = None
) -> Change:
    """Make a draft; its content is drawn, a title too when none is given.

    Raises:
        InvalidInputError: an empty title, a validity below one day or above ten years.
    """
    row = assessments.LIFECYCLE.transition(NEW, "create")
    number = len(state.assessments) + 1
    draw = chance(state.settings.seed, "assessment", number)
    made = Assessment(
        id=object_id(at, draw),
        number=number,
        title=draw.choice(JOB_ROLES) if title is None else _text(title, "$.title"),
        state=row.next_state,
        created_at=at,
        modified_at=at,
        validity_days=_validity(
            assessments.VALIDITY_DAYS if validity_days is None else validity_days
        ),
        content=content(draw, at, state.organisation.id),
    )
    return _assessment_change(state, at, row, made, "assessment.created")


def move_assessment(
    state: State,
    at: datetime,
    id_: str,
    command: str,
    *,
    title: str | None = None,
    validity_days: int | None = None,
) -> Change:
    """Do *command* to an assessment.

    Raises:
        NotFoundError: no such assessment.
        UnknownNameError: no such command.
        IllegalCommandError: not in its state.
        InvalidInputError: details that the command does not take, or wrong ones.
    """
    known = [one for one in assessments.LIFECYCLE.commands if one != "invite"]
    if command not in known:
        raise UnknownNameError("assessment command", command, known, show_all=True)
    before = state.assessment(id_)
    row = assessments.LIFECYCLE.transition(before.state, command, name=id_)
    if command != "update" and (title is not None or validity_days is not None):
        message = f"{command!r} takes no details; only 'update' does"
        raise InvalidInputError(message, path="$")
    after = msgspec.structs.replace(
        before,
        state=row.next_state,
        modified_at=at,
        title=before.title if title is None else _text(title, "$.title"),
        validity_days=_validity(before.validity_days if validity_days is None else validity_days),
    )
    kind = "assessment.edited" if command == "update" else "assessment.moved"
    return _assessment_change(state, at, row, after, kind)


def _assessment_change(
    state: State, at: datetime, row: Transition, after: Assessment, kind: str
) -> Change:
    record = (kind, AssessmentChanged(row.command, after))
    return Change((record,), Occurrence(row.command, at, row.events, state.organisation, after))


# --- candidates -----------------------------------------------------------------------------


def invite(
    state: State,
    at: datetime,
    assessment_id: str,
    *,
    email: str | None = None,
    first_name: str | None = None,
    last_name: str | None = None,
    scheduled_date: datetime | None = None,
) -> Change:
    """Invite somebody to an assessment; what is left out of the person is made up.

    Args:
        scheduled_date: the invitation goes out then; at once when left out.

    Raises:
        NotFoundError: no such assessment.
        IllegalCommandError: it is archived or deleted.
        ConflictError: the person has an open invitation to it (assumed).
        InvalidInputError: not an e-mail address, or an empty name.
    """
    assessment = state.assessment(assessment_id)
    shown = assessments.LIFECYCLE.transition(assessment.state, "invite", name=assessment_id)
    number = len(state.candidates) + 1
    draw = chance(state.settings.seed, "candidate", number)
    id_, key, person_id = object_id(at, draw), invite_key(draw), object_id(at, draw)
    known = state.people.get(email.casefold()) if email else None
    if known is not None:
        person_id = known.candidate_id
        _refuse_second(state, known, assessment)
    needs_person = known is None and not (email and first_name and last_name)
    stand_in = person(draw) if needs_person else known
    row = candidates.LIFECYCLE.transition(NEW, "schedule" if scheduled_date else "invite")
    invited_at = _scheduled(scheduled_date, at) if scheduled_date else at
    invited = Candidate(
        id=id_,
        number=number,
        candidate_id=person_id,
        assessment_id=assessment.id,
        assessment_title=assessment.title,
        email=_email(_given(email, stand_in, "email")),
        first_name=_text(_given(first_name, stand_in, "first_name"), "$.firstName"),
        last_name=_text(_given(last_name, stand_in, "last_name"), "$.lastName"),
        invite_key=key,
        state=row.next_state,
        invited_at=invited_at,
        valid_until=invited_at + timedelta(days=assessment.validity_days),
    )
    records: list[Record] = []
    if shown.next_state != assessment.state:
        assessment = msgspec.structs.replace(assessment, state=shown.next_state)
        records.append(("assessment.moved", AssessmentChanged("invite", assessment)))
    records.append(("candidate.invited", CandidateChanged(row.command, invited)))
    happened = Occurrence(row.command, at, row.events, state.organisation, assessment, invited)
    return Change(tuple(records), happened)


def _scheduled(date: datetime, at: datetime) -> datetime:
    if not at < date <= at + timedelta(seconds=durations.LONGEST):
        message = (
            f"scheduled for {durations.instant(date)}; expected a time after "
            f"{durations.instant(at)}, ten years at most"
        )
        raise InvalidInputError(message, path="$.scheduledDate")
    return checked(date, path="$.scheduledDate")


def move_candidate(
    state: State, at: datetime, id_: str, command: str, details: Details | None = None
) -> Change:
    """Do *command* to a candidate.

    Args:
        details: of the type that ``DETAILS`` has for the command.

    Raises:
        NotFoundError: no such candidate.
        UnknownNameError: no such command.
        IllegalCommandError: not in their state.
        InvalidInputError: details that contradict themselves.
    """
    _check_command(command)
    before = state.candidate(id_)
    row = candidates.LIFECYCLE.transition(before.state, command, name=id_)
    assessment = state.assessments[before.assessment_id]
    after = moved(
        before,
        command,
        row.next_state,
        content=assessment.content,
        at=at,
        details=details or DETAILS.get(command, NoDetails)(),
        draw=chance(state.settings.seed, f"{command}/{before.moves}", before.number),
    )
    kind = "candidate.scored" if command == "rescore" else "candidate.moved"
    happened = Occurrence(command, at, row.events, state.organisation, assessment, after)
    return Change(((kind, CandidateChanged(command, after)),), happened)


def details(command: str, given: Mapping[str, object]) -> Details:
    """Return the details of a candidate's command, checked; None counts as left out.

    Raises:
        UnknownNameError: no such command.
        InvalidInputError: one that the command does not take, or of the wrong type or size.
    """
    _check_command(command)
    kind = DETAILS.get(command, NoDetails)
    return decoding.convert({key: one for key, one in given.items() if one is not None}, kind)


def _check_command(command: str) -> None:
    known = candidates.LIFECYCLE.commands
    if command not in known:
        raise UnknownNameError("candidate command", command, known, show_all=True)


def _refuse_second(state: State, known: Candidate, assessment: Assessment) -> None:
    for id_ in state.invitations[known.candidate_id]:
        other = state.candidates[id_]
        if other.assessment_id == assessment.id and other.is_open:
            message = f"{known.email!r} is already invited to {assessment.id}: {id_}, {other.state}"
            raise ConflictError(message)


def _url(url: str) -> str:
    if not url.startswith(SCHEME):  # the outbox knows which applications there are
        checked_url(url)
    try:
        target_of(url)  # what the wire can't dial must not become a webhook
    except InvalidInputError as error:
        raise InvalidInputError(error.message, path="$.payloadUrl") from None
    return url


def _given(value: str | None, stand_in: Person | Candidate | None, field: str) -> str:
    found: str = getattr(stand_in, field) if value is None else value
    return found


def _text(text: str, path: str) -> str:
    if not text.strip():
        message = "empty; expected some text"
        raise InvalidInputError(message, path=path)
    if len(text) > LONGEST_TEXT:
        message = f"{len(text)} characters; the longest is {LONGEST_TEXT}"
        raise InvalidInputError(message, path=path)
    if any("\ud800" <= sign <= "\udfff" for sign in text):
        message = "half a surrogate pair, which can't be sent; expected Unicode text"
        raise InvalidInputError(message, path=path)
    return text


def _email(email: str) -> str:
    if not candidates.EMAIL.fullmatch(email):
        message = f"not an e-mail address: {email[:80]!r}; expected one like 'ada@example.com'"
        raise InvalidInputError(message, path="$.email")
    return email


def _validity(days: int) -> int:
    if not 1 <= days <= assessments.LONGEST_VALIDITY_DAYS:
        message = f"a validity of {days} days; expected 1 to {assessments.LONGEST_VALIDITY_DAYS}"
        raise InvalidInputError(message, path="$.invitationEmailLinkValidity")
    return days
