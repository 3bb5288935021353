"""A workspace: the commands and the views of one tenant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from emulator.delivery.records import Message, Refused
from emulator.domain.events import TEST_EVENT, event_type
from emulator.domain.ids import chance, message_id
from emulator.domain.payloads import v1
from emulator.domain.sample import sample
from emulator.errors import ConflictError
from emulator.workspace.commands import assessments, candidates, deliveries, faults, webhooks
from emulator.workspace.flow import Flow
from emulator.workspace.messages import MOST_VIOLATIONS
from emulator.workspace.outbox import drops
from emulator.workspace.records import FaultsCleared, WebhookConfigured, WebhookRemoved
from emulator.workspace.views import selected

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from emulator.delivery.faults.fault import Standing
    from emulator.delivery.faults.registry import AnyFault
    from emulator.delivery.profiles import Profile
    from emulator.delivery.records import Delivery
    from emulator.delivery.transports.asgi import App
    from emulator.domain.assessment import Assessment
    from emulator.domain.candidate import Candidate
    from emulator.domain.events import Generation
    from emulator.domain.moves import Details
    from emulator.domain.webhook import Webhook
    from emulator.workspace.commands.change import Change, Record

_TEST_TIMEOUT = 60.0  # real seconds; an attempt ends long before


class Workspace(Flow):
    """One tenant. Commands are plain calls that return records; sending and waiting is async."""

    # --- webhooks ---------------------------------------------------------------------------

    def add_webhook(
        self,
        *,
        name: str,
        payload_url: str | App,
        events: Sequence[str],
        headers: Mapping[str, str] | None = None,
        secret: str | None = None,
        description: str = "",
        generation: Generation | None = None,
        profile: Profile | None = None,
    ) -> Webhook:
        """Register a webhook.

        Args:
            name: for people.
            payload_url: where to post, http or https; or an ASGI application, to which
                deliveries go without leaving the process, as ``asgi://NAME/``.
            events: ids of event types, or words of the wire; at least one.
            headers: sent along with each attempt.
            secret: to sign with.
            description: for people.
            generation: the workspace's when left out.
            profile: how to deliver; the workspace's when left out.

        Raises:
            InvalidInputError: something is wrong with one of these; names it.
        """
        url = payload_url if isinstance(payload_url, str) else self.mount(payload_url, name)
        self._outbox.check_mounted(url)
        asked = webhooks.Registration(name, url, events, headers, secret, description, generation)
        webhook = webhooks.add_webhook(self.state, self.now(), asked, profile)
        records: list[Record] = [("webhook.added", webhook)]
        if profile is not None:
            configured = WebhookConfigured(webhook.id, webhook.number, profile)
            records.append(("webhook.configured", configured))
        self.commit(records)
        return webhook

    def mount(self, app: App, name: str) -> str:
        """Return the URL, ``asgi://NAME/``, by which deliveries reach an ASGI application.

        A path may follow it in a ``payload_url``.
        """
        return self._outbox.mount(app, name)

    def configure_webhook(self, id_: str, profile: Profile | None) -> None:
        """Set how deliveries to one webhook are made from now on; None: as the workspace's.

        Raises:
            NotFoundError: no such webhook.
            ConflictError: its secret can't sign in that way.
        """
        webhook = self.state.webhook(id_)
        webhooks.check_secret(
            webhook, profile or self.state.settings.profile_of(webhook.generation)
        )
        configured = WebhookConfigured(webhook.id, webhook.number, profile)
        self.commit([("webhook.configured", configured)])

    def edit_webhook(self, /, id_: str, **changes: Any) -> Webhook:
        """Change what *changes* names, as in `add_webhook`; later attempts go by it.

        Raises:
            NotFoundError: no such webhook.
            InvalidInputError: something is wrong with one of the changes; names it.
        """
        self._outbox.check_mounted(str(changes.get("payload_url", "")))
        webhook = webhooks.edit_webhook(self.state, self.now(), id_, changes)
        self.commit([("webhook.edited", webhook)])
        return webhook

    def rotate_secret(self, id_: str, secret: str | None = None) -> Webhook:
        """Give a webhook a new secret; for 24 hours the one before signs, too.

        Args:
            id_: of the webhook.
            secret: the new one; made when left out.

        Raises:
            NotFoundError: no such webhook.
            ConflictError: its profile has no signature.
            InvalidInputError: not a secret that it can sign with.
        """
        webhook = webhooks.rotate_secret(self.state, self.now(), id_, secret)
        self.commit([("webhook.secret_rotated", webhook)])
        return webhook

    def remove_webhook(self, id_: str) -> None:
        """Delete a webhook; what is pending for it is dropped, and says so.

        Raises:
            NotFoundError: no such webhook.
        """
        webhook = self.state.webhook(id_)
        records: list[Record] = [("webhook.removed", WebhookRemoved(id_))]
        records += drops(self.state, "webhook removed", webhook.number)
        self.commit(records)

    async def send_test(self, id_: str, event: str | None = None) -> Delivery:
        """Send a test event to one webhook and return its delivery, attempted.

        Args:
            id_: of the webhook.
            event: an event type, sent about somebody made up; without it the ping that the
                settings page sends.

        Raises:
            NotFoundError: no such webhook.
            UnknownNameError: no such event type.
            ConflictError: the sample does not fit the event type's schema, so it was not sent.
        """
        webhook = self.state.webhook(id_)
        message = self._ping(webhook) if event is None else self._sample(webhook, event)
        self.commit([("message.created", message)])
        self._dispatcher.hurry((message.number, webhook.number, 1))
        return await self._attempted(message.number, webhook.number, 1)

    def sample_of(self, event: str) -> Any:
        """Return the payload that `send_test` would send of an event type: of somebody made up.

        Raises:
            UnknownNameError: no such event type.
        """
        event = event_type(event, path="$.event").id
        draw = chance(self.state.settings.seed, "test", self.state.message_count + 1)
        return v1.payload(event, sample(event, self.now(), draw))

    def _ping(self, webhook: Webhook) -> Message:
        # The real ping's body is unknown; it has neither type nor event (observed). An empty
        # object is what a consumer finds hardest (assumed).
        return self._test_message(webhook, TEST_EVENT, b"{}")

    def _sample(self, webhook: Webhook, event: str) -> Message:
        event = event_type(event, path="$.event").id
        payload = self.sample_of(event)
        body = msgspec.json.encode(payload)
        violations = self._contracts.violations(webhook.generation, event, payload)
        if violations:
            told = tuple(map(str, violations[:MOST_VIOLATIONS]))
            refused = Refused(event, webhook.generation, "", "", body, told)
            self.commit([("message.refused", refused)])
            message = f"the sample of {event} does not fit its schema: {told[0]}"
            raise ConflictError(message)
        return self._test_message(webhook, event, body)

    def _test_message(self, webhook: Webhook, event: str, body: bytes) -> Message:
        number = self.state.message_count + 1
        return Message(
            number=number,
            id=message_id(self.state.settings.seed, number),
            event=event,
            generation=webhook.generation,
            subject="",
            person="",
            at=self.now(),
            body=body,
            webhooks=(webhook.number,),
            is_deliberate=event == TEST_EVENT,
        )

    def send(
        self,
        payload: Any,
        *,
        event: str = TEST_EVENT,
        webhook: str | None = None,
        candidate: str | None = None,
    ) -> list[Delivery]:
        """Send a payload as it is, whether or not it fits a schema.

        Args:
            payload: anything that JSON can say, or bytes, which go as they are.
            event: an event type, or ``test``.
            webhook: to this one alone; left out, to all that want the event type, or with
                ``test`` to all.
            candidate: whom it is about; it waits for what was said of them before.

        Returns:
            The deliveries, pending; `settle` waits for them.

        Raises:
            UnknownNameError: no such event type.
            NotFoundError: no such webhook or candidate.
            ConflictError: no webhook wants it.
        """
        body = payload if isinstance(payload, bytes) else msgspec.json.encode(payload)
        sent = deliveries.deliberate(self.state, self.now(), body, event, webhook, candidate)
        self.commit([("message.created", message) for message in sent])
        return [
            self.state.deliveries[message.number, number]
            for message in sent
            for number in message.webhooks
        ]

    async def redeliver(self, id_: str) -> Delivery:
        """Try a delivery once more, same message id, and return it, attempted.

        Raises:
            NotFoundError: no such delivery.
            ConflictError: it was not tried yet, or its webhook was removed.
        """
        record = deliveries.redelivery(self.state, self.state.delivery(id_))
        self.commit([("delivery.redelivery_asked", record)])
        self._dispatcher.hurry((record.message, record.webhook, record.attempt))
        return await self._attempted(record.message, record.webhook, record.attempt)

    def redeliver_failed(self, since: datetime) -> list[Delivery]:
        """Have every delivery tried once more that failed and whose message is not older.

        Args:
            since: the workspace's time.

        Returns:
            The deliveries, pending; `settle` waits for them. Those whose webhook was removed
            or whose body was released are left alone.
        """
        failed = [self.state.deliveries[key] for key in self.state.by_status.get("failed", ())]
        records = [
            deliveries.redelivery(self.state, one)
            for one in failed
            if one.message.at >= since
            and one.webhook_id in self.state.webhooks
            and one.message.digest is None
        ]
        self.commit([("delivery.redelivery_asked", record) for record in records])
        return [self.state.deliveries[one.message, one.webhook] for one in records]

    async def _attempted(self, message: int, webhook: int, number: int) -> Delivery:
        """Return a delivery once the attempt with that number ended, or never will."""

        def is_ended() -> bool:
            delivery = self.state.deliveries.get((message, webhook))
            if delivery is None or delivery.status == "dropped":
                return True
            return any(one.number == number and one.outcome for one in delivery.attempts)

        await self._journal.until(self.name, is_ended, timeout=_TEST_TIMEOUT)
        found = self.state.deliveries.get((message, webhook))
        if found is None:
            gone = f"delivery {message}-{webhook} is gone: the workspace was reset meanwhile"
            raise ConflictError(gone)
        return found

    # --- faults -----------------------------------------------------------------------------

    def inject(self, fault: AnyFault) -> Standing:
        """Set a fault: attempts that fit its match misbehave from now on.

        Returns:
            The fault with its id and its counts.

        Raises:
            NotFoundError: it names a webhook that is not there.
            ConflictError: it is a fault of the wire, and would meet a webhook in this process.
        """
        record = faults.set_fault(self.state, fault)
        self.commit([("fault.set", record)])
        return self.state.faults[record.id]

    def faults(self) -> list[Standing]:
        """Return the faults that are set, with their counts."""
        return list(self.state.faults.values())

    def clear_fault(self, id_: str) -> None:
        """Take a fault away; attempts that it has shaped already stay as they are.

        Raises:
            NotFoundError: there is none of that id.
        """
        self.commit([("fault.cleared", FaultsCleared((self.state.fault(id_).id,)))])

    def clear_faults(self) -> None:
        """Take all faults away."""
        if self.state.faults:
            self.commit([("fault.cleared", FaultsCleared(tuple(self.state.faults)))])

    # --- assessments ------------------------------------------------------------------------

    def create_assessment(
        self, *, title: str | None = None, validity_days: int | None = None
    ) -> Assessment:
        """Make an assessment, a draft; its content is drawn, a title too when none is given.

        Raises:
            InvalidInputError: an empty title, a validity below one day or above ten years.
        """
        return self._assessment(
            assessments.create_assessment(
                self.state, self.now(), title=title, validity_days=validity_days
            )
        )

    def update_assessment(
        self, id_: str, *, title: str | None = None, validity_days: int | None = None
    ) -> Assessment:
        """Edit an assessment; a draft is published by it.

        Raises:
            NotFoundError: no such assessment.
            IllegalCommandError: it is archived or deleted.
            InvalidInputError: an empty title, or a wrong validity.
        """
        return self.move_assessment(id_, "update", title=title, validity_days=validity_days)

    def publish(self, id_: str) -> Assessment:
        """Publish a draft."""
        return self.move_assessment(id_, "publish")

    def archive_assessment(self, id_: str) -> Assessment:
        """Archive an assessment."""
        return self.move_assessment(id_, "archive")

    def unarchive_assessment(self, id_: str) -> Assessment:
        """Take an assessment out of the archive; nobody is told (assumed)."""
        return self.move_assessment(id_, "unarchive")

    def delete_assessment(self, id_: str) -> Assessment:
        """Delete an assessment; its record stays, in the state DELETED."""
        return self.move_assessment(id_, "delete")

    def move_assessment(
        self,
        id_: str,
        command: str,
        *,
        title: str | None = None,
        validity_days: int | None = None,
    ) -> Assessment:
        """Do any command of the assessment's table.

        Raises:
            NotFoundError: no such assessment.
            UnknownNameError: no such command.
            IllegalCommandError: not in its state; names the legal ones.
            InvalidInputError: details that the command does not take.
        """
        return self._assessment(
            assessments.move_assessment(
                self.state, self.now(), id_, command, title=title, validity_days=validity_days
            )
        )

    def _assessment(self, change: Change) -> Assessment:
        self._tell(change)
        assert change.occurrence is not None  # noqa: S101 - these always have one
        return change.occurrence.assessment

    # --- candidates -------------------------------------------------------------------------

    def invite(
        self,
        assessment_id: str,
        *,
        email: str | None = None,
        first_name: str | None = None,
        last_name: str | None = None,
        scheduled_date: datetime | None = None,
    ) -> Candidate:
        """Invite somebody to an assessment; what is left out of the person is made up.

        Args:
            assessment_id: to which.
            email, first_name, last_name: of the person.
            scheduled_date: the invitation goes out then, in the workspace's time; at once when
                left out.

        Raises:
            NotFoundError: no such assessment.
            IllegalCommandError: it is archived or deleted.
            ConflictError: the person has an open invitation to it.
            InvalidInputError: not an e-mail address, or an empty name.
        """
        change = candidates.invite(
            self.state,
            self.now(),
            assessment_id,
            email=email,
            first_name=first_name,
            last_name=last_name,
            scheduled_date=scheduled_date,
        )
        return self._candidate(change)

    def enroll(self, id_: str) -> Candidate:
        """Let a candidate open the invitation and give their details."""
        return self.move_candidate(id_, "enroll")

    def start(self, id_: str) -> Candidate:
        """Let a candidate start answering."""
        return self.move_candidate(id_, "start")

    def complete(
        self,
        id_: str,
        *,
        score: int | None = None,
        of: int | None = None,
        percentage: int | None = None,
    ) -> Candidate:
        """Let a candidate hand in; what is left out of the result is drawn."""
        return self.move_candidate(id_, "complete", score=score, of=of, percentage=percentage)

    def disqualify(self, id_: str, *, reason: str | None = None) -> Candidate:
        """Disqualify a candidate, for ``qualification`` or ``proctoring``."""
        return self.move_candidate(id_, "disqualify", reason=reason)

    def expire(self, id_: str) -> Candidate:
        """Let an invitation run out now."""
        return self.move_candidate(id_, "expire")

    def reject(self, id_: str) -> Candidate:
        """Turn a candidate down who completed."""
        return self.move_candidate(id_, "reject")

    def rescore(
        self,
        id_: str,
        *,
        score: int | None = None,
        of: int | None = None,
        percentage: int | None = None,
    ) -> Candidate:
        """Change a score afterwards; the state stays."""
        return self.move_candidate(id_, "rescore", score=score, of=of, percentage=percentage)

    def move_candidate(self, id_: str, command: str, /, **details: Any) -> Candidate:
        """Do any command of the candidate's table.

        Args:
            id_: of the invitation.
            command: ``enroll``, ``complete``, ...
            details: of the command, as its own method takes them.

        Raises:
            NotFoundError: no such candidate.
            UnknownNameError: no such command.
            IllegalCommandError: not in their state; names the legal ones.
            InvalidInputError: details that the command does not take, or wrong ones.
        """
        checked: Details = candidates.details(command, details)
        return self._candidate(
            candidates.move_candidate(self.state, self.now(), id_, command, checked)
        )

    def _candidate(self, change: Change) -> Candidate:
        self._tell(change)
        assert change.occurrence is not None  # noqa: S101 - these always have one
        assert change.occurrence.candidate is not None  # noqa: S101 - and a candidate
        return change.occurrence.candidate

    # --- views ------------------------------------------------------------------------------

    def deliveries(
        self,
        *,
        event: str | None = None,
        candidate: str | None = None,
        webhook: str | None = None,
        status: str | None = None,
    ) -> list[Delivery]:
        """Return deliveries in the order of their messages.

        Args:
            event: an event type, or ``test``.
            candidate: an invitation's or a person's id.
            webhook: a webhook's id.
            status: ``pending``, ``succeeded``, ``failed`` or ``dropped``.

        Raises:
            UnknownNameError: no such event type or status.
        """
        return selected(
            self.state, event=event, candidate=candidate, webhook=webhook, status=status
        )

    async def wait(
        self,
        *,
        event: str | None = None,
        candidate: str | None = None,
        webhook: str | None = None,
        status: str | None = None,
        count: int = 1,
        within: float = 5.0,
    ) -> bool:
        """Wait for deliveries that fit the filters of `deliveries`, woken by the journal.

        Args:
            event, candidate, webhook, status: the filters.
            count: how many at least; 0 waits for silence, all the time.
            within: real seconds.

        Returns:
            Whether they came in time; for silence, whether none came.

        Raises:
            UnknownNameError: no such event type or status.
        """
        filters = {"event": event, "candidate": candidate, "webhook": webhook, "status": status}
        selected(self.state, **filters)  # wrong filters are told before any waiting
        least = max(count, 1)
        came = await self._journal.until(
            self.name, lambda: len(selected(self.state, **filters)) >= least, within
        )
        return came if count else not came
