"""A workspace: the commands and queries of one tenant."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from emulator.delivery.records import Refused
from emulator.domain.commands import command, moving
from emulator.errors import ConflictError, EmulatorError
from emulator.workspace import outbox, time_control
from emulator.workspace.access import Access
from emulator.workspace.commands import deliveries, faults, subjects, webhooks
from emulator.workspace.commands.candidates import Invited, not_invited
from emulator.workspace.entry_data import (
    Configured,
    FaultsCleared,
    WebhookConfigured,
    WebhookRemoved,
)
from emulator.workspace.queries import selected

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from emulator.clock import Mode
    from emulator.delivery.faults.fault import Fault, Standing
    from emulator.delivery.profiles import Profile
    from emulator.delivery.records import Delivery
    from emulator.delivery.transports.asgi import App
    from emulator.domain.assessment import Assessment
    from emulator.domain.candidate import Candidate
    from emulator.domain.events import Generation
    from emulator.domain.webhook import Webhook
    from emulator.journal.entry import Entry
    from emulator.workspace.commands.change import Done, Record
    from emulator.workspace.engine import Engine
    from emulator.workspace.entry_data import Settings
    from emulator.workspace.state import State

_TEST_TIMEOUT = 60.0  # real seconds; an attempt ends long before


class Workspace:
    """One tenant. Commands are plain calls that return records; sending and waiting is async.

    Args:
        engine: moves it; workspaces of one engine are the same tenant.

    Attributes:
        access: who may use it: access tokens, the team, logins.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.access = Access(engine)

    # --- the workspace itself -----------------------------------------------------------------

    @property
    def engine(self) -> Engine:
        """Moves it."""
        return self._engine

    @property
    def name(self) -> str:
        """Its name."""
        return self._engine.name

    @property
    def state(self) -> State:
        """All that is known of the workspace, for reading."""
        return self._engine.state

    def configure(self, settings: Settings) -> None:
        """Set seed, generation and profile from now on; `set_clock` sets the clock."""
        settings = msgspec.structs.replace(settings, clock=self.state.settings.clock)
        webhooks.check_secrets(self.state, settings)
        self._engine.commit([("workspace.configured", Configured(settings))])

    def reset(self) -> None:
        """Start anew with the same settings; what is pending is dropped with the reason reset."""
        self._engine.reset()

    async def replay(self) -> None:
        """Bring the workspace back from its journal, and continue where it stopped."""
        await self._engine.replay()

    async def close(self, grace: float, reason: str = "shutdown") -> None:
        """Let the attempts under way end, drop the rest, stop all timers.

        With a journal on disk, a shutdown drops nothing: pending deliveries continue at the next
        start.

        Args:
            grace: how long to wait, in real seconds.
            reason: why pending deliveries are dropped.
        """
        await self._engine.close(grace, reason)

    @contextmanager
    def out_of_lockstep(self, in_flight: int, per_webhook: int) -> Iterator[None]:
        """Allow several attempts under way at once, inside the context.

        Args:
            in_flight: how many in all.
            per_webhook: how many of them to one webhook.
        """
        before = self._engine.set_limits(in_flight=in_flight, per_webhook=per_webhook)
        try:
            yield
        finally:
            self._engine.set_limits(in_flight=before[0], per_webhook=before[1])

    # --- time ---------------------------------------------------------------------------------

    def now(self) -> datetime:
        """Return the workspace's time."""
        return self._engine.now()

    def set_clock(self, mode: Mode, now: datetime | None = None) -> None:
        """Set the clock's mode and, when it is virtual, its time.

        Left out, *now* is the present, or the settings' own start while nothing happened yet.

        Raises:
            InvalidInputError: a time that is not in UTC, or one for a real clock.
            ConflictError: a virtual clock set back, or past something that is due, while
                timers wait on it; `advance` runs them.
        """
        time_control.set_clock(self._engine, mode, now)

    async def advance(self, seconds: float) -> list[Entry]:
        """Move a virtual clock on, running each due timer in order.

        Returns once nothing due is left: every delivery that became due was attempted. Time
        never moves while an attempt is in flight.

        Args:
            seconds: of the workspace's time.

        Returns:
            The entries of what happened.

        Raises:
            ConflictError: the clock is real.
            InvalidInputError: back in time, or beyond the years that a clock can show.
        """
        return await time_control.advance(self._engine, seconds)

    async def advance_to_next(self, limit: datetime) -> bool:
        """Move a virtual clock to the next timer that is due by *limit*, and settle.

        Returns:
            False when there is none.

        Raises:
            ConflictError: the clock is real.
        """
        return await time_control.advance_to_next(self._engine, limit)

    async def settle(self, timeout: float | None = None) -> bool:
        """Return once nothing is in flight and nothing is due now.

        Args:
            timeout: real seconds; None waits as long as it takes.

        Returns:
            Whether the workspace settled in time.
        """
        return await time_control.settle(self._engine, timeout)

    @property
    def is_closed(self) -> bool:
        """Whether the workspace is closed, or about to be: it takes no more commands."""
        return self._engine.is_stopped

    @property
    def next_due(self) -> datetime | None:
        """When the next timer is due, in the workspace's time; None when none is set."""
        return self._engine.timeline.next_at()

    @property
    def is_idle(self) -> bool:
        """Whether no attempt is under way and none waits to start."""
        return self._engine.queue.is_idle

    # --- the journal --------------------------------------------------------------------------

    @property
    def last_entry(self) -> int:
        """The number of the newest entry."""
        return self._engine.journal.last(self.name)

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """Yield the journal's entries whose number is above *after*."""
        return self._engine.journal.entries(self.name, after)

    async def flush(self) -> None:
        """Return once everything recorded so far is as safe as the journal's store can make it."""
        await self._engine.journal.flush()

    # --- webhooks -----------------------------------------------------------------------------

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
            events: ids of event types, or words of the wire; none for every event (v2 only).
            headers: sent with each attempt.
            secret: to sign with.
            description: for people.
            generation: the workspace's when left out.
            profile: how to deliver; the workspace's when left out.

        Raises:
            InvalidInputError: something is wrong with one of these; the error names it.
        """
        url = self._reachable(payload_url, name)
        asked = webhooks.Registration(name, url, events, headers, secret, description, generation)
        webhook = webhooks.add_webhook(self.state, self.now(), asked, profile)
        records: list[Record] = [("webhook.added", webhook)]
        if profile is not None:
            configured = WebhookConfigured(webhook.id, webhook.number, profile)
            records.append(("webhook.configured", configured))
        self._engine.commit(records)
        return webhook

    def mount(self, app: App, name: str) -> str:
        """Return the URL, ``asgi://NAME/``, by which deliveries reach an ASGI application.

        A path may follow it in a ``payload_url``.
        """
        return self._engine.mounts.mount(app, name)

    def _reachable(self, payload_url: str | App, name: str) -> str:
        url = payload_url if isinstance(payload_url, str) else self.mount(payload_url, name)
        self._engine.mounts.check(url)
        return url

    def configure_webhook(self, id_: str, profile: Profile | None) -> None:
        """Set how deliveries to one webhook are made from now on; None: as the workspace's.

        Raises:
            NotFoundError: no such webhook.
            ConflictError: its secret can't sign in that way.
        """
        webhook = self.state.webhook(id_)
        theirs = self.state.settings.profile_of(webhook.generation)
        webhooks.check_secret(webhook, profile or theirs)
        configured = WebhookConfigured(webhook.id, webhook.number, profile)
        self._engine.commit([("webhook.configured", configured)])

    def edit_webhook(self, /, id_: str, **changes: Any) -> Webhook:
        """Change what *changes* names, as in `add_webhook`; later attempts use it.

        Raises:
            NotFoundError: no such webhook.
            InvalidInputError: something is wrong with one of the changes; the error names it.
        """
        if "payload_url" in changes:
            name = self.state.webhook(id_).name
            changes["payload_url"] = self._reachable(changes["payload_url"], name)
        webhook = webhooks.edit_webhook(self.state, self.now(), id_, changes)
        self._engine.commit([("webhook.edited", webhook)])
        return webhook

    def rotate_secret(self, id_: str, secret: str | None = None) -> Webhook:
        """Give a webhook a new secret; for 24 hours the previous secret signs, too.

        Args:
            id_: of the webhook.
            secret: the new one; made when left out.

        Raises:
            NotFoundError: no such webhook.
            ConflictError: its profile has no signature.
            InvalidInputError: not a secret that it can sign with.
        """
        webhook = webhooks.rotate_secret(self.state, self.now(), id_, secret)
        self._engine.commit([("webhook.secret_rotated", webhook)])
        return webhook

    def remove_webhook(self, id_: str) -> None:
        """Delete a webhook; its pending deliveries are dropped with that reason.

        Raises:
            NotFoundError: no such webhook.
        """
        webhook = self.state.webhook(id_)
        records: list[Record] = [("webhook.removed", WebhookRemoved(id_))]
        records += outbox.drops(self.state, "webhook removed", webhook.number)
        self._engine.commit(records)

    # --- messages of the user -----------------------------------------------------------------

    async def send_test(self, id_: str, event: str | None = None) -> Delivery:
        """Send a test event to one webhook and return its delivery, attempted.

        Args:
            id_: of the webhook.
            event: an event type, sent about a made-up subject; without it the ping that the
                settings page sends.

        Raises:
            NotFoundError: no such webhook.
            UnknownNameError: no such event type.
            ConflictError: the sample does not fit the event type's schema, so it was not sent.
        """
        webhook = self.state.webhook(id_)
        contracts = self._engine.contracts
        message = deliveries.test_event(self.state, self.now(), webhook, event, contracts)
        if isinstance(message, Refused):
            self._engine.commit([("message.refused", message)])
            told = f"the sample of {message.event} does not fit its schema: {message.violations[0]}"
            raise ConflictError(told)
        self._engine.commit([("message.created", message)])
        return await self._attempted(message.number, webhook.number, 1)

    def sample_of(self, event: str) -> Any:
        """Return the payload that `send_test` would send of an event type.

        Raises:
            UnknownNameError: no such event type.
        """
        return deliveries.sample_of(self.state, self.now(), event)

    def send(
        self,
        payload: Any,
        *,
        event: str = "test",
        webhook: str | None = None,
        candidate: str | None = None,
    ) -> list[Delivery]:
        """Send a payload as it is, whether or not it fits a schema.

        Args:
            payload: any JSON value, or bytes, which are sent unchanged.
            event: an event type, or ``test``.
            webhook: send to this webhook alone; left out, to all that want the event type, or
                with ``test`` to all.
            candidate: the candidate that it is about; it waits for their earlier messages.

        Returns:
            The deliveries, pending; `settle` waits for them.

        Raises:
            UnknownNameError: no such event type.
            NotFoundError: no such webhook or candidate.
            ConflictError: no webhook wants it.
        """
        body = payload if isinstance(payload, bytes) else msgspec.json.encode(payload)
        sent = deliveries.deliberate(self.state, self.now(), body, event, webhook, candidate)
        self._engine.commit([("message.created", message) for message in sent])
        return [
            self.state.deliveries[message.number, number]
            for message in sent
            for number in message.webhooks
        ]

    async def redeliver(self, id_: str) -> Delivery:
        """Try a delivery once more, with the same message id, and return it, attempted.

        Raises:
            NotFoundError: no such delivery.
            ConflictError: it was not tried yet, or its webhook was removed.
        """
        record = deliveries.redelivery(self.state, self.state.delivery(id_))
        self._engine.commit([("delivery.redelivery_asked", record)])
        return await self._attempted(record.message, record.webhook, record.attempt)

    def redeliver_failed(self, since: datetime) -> list[Delivery]:
        """Try every failed delivery once more whose message is not older than *since*.

        Args:
            since: the workspace's time.

        Returns:
            The deliveries, pending; `settle` waits for them. Deliveries whose webhook was removed
            or whose body was released are left alone.
        """
        records = deliveries.failed_since(self.state, since)
        self._engine.commit([("delivery.redelivery_asked", record) for record in records])
        return [self.state.deliveries[one.message, one.webhook] for one in records]

    async def _attempted(self, message: int, webhook: int, number: int) -> Delivery:
        """Return a delivery once that attempt ended, or can't be made now."""
        key = (message, webhook, number)
        self._engine.queue.hurry(key)

        def is_ended() -> bool:
            delivery = self.state.deliveries.get((message, webhook))
            if delivery is None or delivery.status == "dropped" or self._engine.is_held_back(key):
                return True
            return any(one.number == number and one.outcome for one in delivery.attempts)

        await self._engine.journal.until(self.name, is_ended, timeout=_TEST_TIMEOUT)
        found = self.state.deliveries.get((message, webhook))
        if found is None:
            gone = f"delivery {message}-{webhook} is gone: the workspace was reset meanwhile"
            raise ConflictError(gone)
        return found

    # --- faults -------------------------------------------------------------------------------

    def inject(self, fault: Fault) -> Standing:
        """Set a fault: attempts that fit its match misbehave from now on.

        Returns:
            The fault with its id and its counts.

        Raises:
            NotFoundError: it names an unknown webhook.
            ConflictError: it is a fault of the wire, and would meet a webhook in this process.
        """
        record = faults.set_fault(self.state, fault)
        self._engine.commit([("fault.set", record)])
        return self.state.faults[record.id]

    def faults(self) -> list[Standing]:
        """Return the faults that are set, with their counts."""
        return list(self.state.faults.values())

    def clear_fault(self, id_: str) -> None:
        """Remove a fault; attempts that it has shaped already stay as they are.

        Raises:
            NotFoundError: there is none of that id.
        """
        self._engine.commit([("fault.cleared", FaultsCleared((self.state.fault(id_).id,)))])

    def clear_faults(self) -> None:
        """Remove all faults."""
        if self.state.faults:
            self._engine.commit([("fault.cleared", FaultsCleared(tuple(self.state.faults)))])

    # --- assessments and candidates -----------------------------------------------------------

    def do(self, name: str, id_: str = "", /, **details: Any) -> Done[Any]:
        """Do a command of the table, and return its subject with the messages that it caused.

        Args:
            name: ``create_assessment``, ``invite``, ``complete``, ...; see ``list commands``.
            id_: of the subject; left out for a command that makes its subject.
            details: as the command takes them; None counts as left out.

        Raises:
            UnknownNameError: no such command.
            NotFoundError: no such subject.
            IllegalCommandError: not legal in the subject's state; names the legal commands.
            ConflictError: the person has an open invitation to the assessment.
            InvalidInputError: details that the command does not take, or wrong ones.
        """
        asked = command(name)
        given = subjects.details(asked, details)
        return self._engine.do(subjects.changed(self.state, self.now(), asked, id_, given))

    def preview(self, name: str, id_: str = "", /, **details: Any) -> Any:
        """Return the subject as `do` would leave it now; nothing is changed or sent."""
        asked = command(name)
        given = subjects.details(asked, details)
        happened = subjects.changed(self.state, self.now(), asked, id_, given).occurrence
        return happened.candidate or happened.assessment

    def create_assessment(
        self,
        *,
        title: str | None = None,
        validity_days: int | None = None,
        tests: Sequence[str] | None = None,
        template: str | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> Assessment:
        """Create an assessment, a draft; the content that is left out is drawn.

        Args:
            title: a job role's when left out.
            validity_days: how long its invitations stay open.
            tests: of the library, by title or id; two are drawn when left out.
            template: a job role with a template, by name or id; gives title and tests.
            settings: by their names in Testlify's API, ``{"skipRegistration": True}``.
        """
        return self._assessment(
            "create_assessment",
            title=title,
            validity_days=validity_days,
            tests=None if tests is None else list(tests),
            template=template,
            settings=None if settings is None else dict(settings),
        )

    def update_assessment(
        self, id_: str, *, title: str | None = None, validity_days: int | None = None
    ) -> Assessment:
        """Edit an assessment; an edit publishes a draft."""
        return self._assessment("update_assessment", id_, title=title, validity_days=validity_days)

    def publish(self, id_: str) -> Assessment:
        """Publish a draft."""
        return self._assessment("publish", id_)

    def archive_assessment(self, id_: str) -> Assessment:
        """Archive an assessment."""
        return self._assessment("archive_assessment", id_)

    def unarchive_assessment(self, id_: str) -> Assessment:
        """Take an assessment out of the archive; nothing is sent (assumed)."""
        return self._assessment("unarchive_assessment", id_)

    def delete_assessment(self, id_: str) -> Assessment:
        """Delete an assessment; its record stays, in the state DELETED."""
        return self._assessment("delete_assessment", id_)

    def move_assessment(self, id_: str, verb: str, /, **details: Any) -> Assessment:
        """Do any command of the assessment's lifecycle, by its word there."""
        return self._assessment(moving("assessment", verb).name, id_, **details)

    def _assessment(self, name: str, id_: str = "", **details: Any) -> Assessment:
        done: Done[Assessment] = self.do(name, id_, **details)
        return done.subject

    def invite(
        self,
        assessment_id: str,
        *,
        email: str | None = None,
        first_name: str | None = None,
        last_name: str | None = None,
        scheduled_date: datetime | None = None,
        source: str | None = None,
    ) -> Candidate:
        """Invite a candidate to an assessment; what is left out of the person is made up."""
        return self._candidate(
            "invite",
            assessment_id=assessment_id,
            email=email,
            first_name=first_name,
            last_name=last_name,
            scheduled_date=scheduled_date,
            source=source,
        )

    def invite_all(
        self,
        assessment_id: str,
        people: Iterable[Mapping[str, str]],
        *,
        scheduled_date: datetime | None = None,
        source: str | None = None,
    ) -> list[Invited]:
        """Invite several people to an assessment; who cannot be invited does not keep the others.

        Args:
            assessment_id: of the assessment.
            people: each with ``email``, ``first_name`` and ``last_name``.
            scheduled_date: when all invitations go out; at once when left out.
            source: where they come from, a label.

        Returns:
            What became of each, in their order.

        Raises:
            NotFoundError: no such assessment.
            IllegalCommandError: it is archived or deleted.
            InvalidInputError: a date that has passed.
        """
        self.state.assessment(assessment_id)
        common: dict[str, Any] = {
            "assessment_id": assessment_id, "scheduled_date": scheduled_date, "source": source
        }  # fmt: skip
        invited: list[Invited] = []
        seen: set[str] = set()
        for person in people:
            email = person["email"].casefold()
            try:
                invited.append(Invited(self._candidate("invite", **person, **common), "VALID"))
            except EmulatorError as error:
                wrong = not_invited(error, is_repeated=email in seen)
                if wrong is None:
                    raise
                invited.append(wrong)
            seen.add(email)
        return invited

    def send_invitation(self, id_: str) -> Candidate:
        """Send a scheduled invitation now, before its date."""
        return self._candidate("send_invitation", id_)

    def enroll(self, id_: str) -> Candidate:
        """Let a candidate open the invitation and enter their details."""
        return self._candidate("enroll", id_)

    def start(self, id_: str) -> Candidate:
        """Let a candidate start to answer."""
        return self._candidate("start", id_)

    def complete(
        self,
        id_: str,
        *,
        score: int | None = None,
        of: int | None = None,
        percentage: int | None = None,
    ) -> Candidate:
        """Let a candidate hand in; what is left out of the result is drawn."""
        return self._candidate("complete", id_, score=score, of=of, percentage=percentage)

    def disqualify(self, id_: str, *, reason: str | None = None) -> Candidate:
        """Disqualify a candidate, for ``qualification`` or ``proctoring``."""
        return self._candidate("disqualify", id_, reason=reason)

    def expire(self, id_: str) -> Candidate:
        """Let an invitation expire now."""
        return self._candidate("expire", id_)

    def reject(self, id_: str) -> Candidate:
        """Reject a candidate who completed."""
        return self._candidate("reject", id_)

    def rescore(
        self,
        id_: str,
        *,
        score: int | None = None,
        of: int | None = None,
        percentage: int | None = None,
    ) -> Candidate:
        """Change a score after completion; the state stays."""
        return self._candidate("rescore", id_, score=score, of=of, percentage=percentage)

    def move_candidate(self, id_: str, verb: str, /, **details: Any) -> Candidate:
        """Do any command of the candidate's lifecycle, by its word there."""
        return self._candidate(moving("candidate", verb).name, id_, **details)

    def _candidate(self, name: str, id_: str = "", **details: Any) -> Candidate:
        done: Done[Candidate] = self.do(name, id_, **details)
        return done.subject

    # --- views --------------------------------------------------------------------------------

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
        selected(self.state, **filters)  # wrong filters raise before any waiting
        least = max(count, 1)
        came = await self._engine.journal.until(
            self.name, lambda: len(selected(self.state, **filters)) >= least, within
        )
        return came if count else not came
