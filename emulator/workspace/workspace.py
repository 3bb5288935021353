"""A workspace: the commands, the waits and the views of one tenant.

It owns the state, the timeline and the dispatcher. Every change goes one way: pure functions
give records, the journal takes them, the fold applies them, and what follows from them
(deliveries due, timers) is set from the entries.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from emulator.clock import EPOCH, Mode, Timeline
from emulator.delivery.dispatcher import Dispatcher
from emulator.delivery.plan import plan
from emulator.delivery.records import (
    Attempt,
    Dropped,
    Finished,
    Message,
    Planned,
    Started,
)
from emulator.domain.events import TEST_EVENT, event_type
from emulator.domain.ids import chance, message_id
from emulator.domain.payloads import v1
from emulator.domain.people import organisation
from emulator.domain.sample import sample
from emulator.errors import ConflictError, InvalidInputError
from emulator.workspace import commands, fold
from emulator.workspace.messages import messages
from emulator.workspace.records import (
    CandidateChanged,
    ClockMoved,
    Configured,
    Opened,
    Settings,
    WebhookRemoved,
)
from emulator.workspace.views import selected

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from emulator.clock import TimerKey
    from emulator.contracts.schemas import Contracts
    from emulator.delivery.records import Delivery, Key, Outcome, Request, Transport, Trigger
    from emulator.domain.assessment import Assessment
    from emulator.domain.candidate import Candidate
    from emulator.domain.events import Generation
    from emulator.domain.moves import Details
    from emulator.domain.webhook import Webhook
    from emulator.journal.entry import Entry
    from emulator.journal.journal import Journal
    from emulator.workspace.commands import Change, Record

# Ranks of timers at one instant: a candidate expires before a delivery is tried again.
_EXPIRY, _ATTEMPT = 1, 2


class Workspace:
    """One tenant. Commands are plain calls that return records; sending and waiting is async.

    Args:
        name: of the workspace.
        journal: where its entries go.
        contracts: what its payloads have to fit.
        transport: carries its deliveries.
        in_flight: attempts under way at once; 1 is lockstep.
        per_webhook: of these, how many to one webhook.
    """

    def __init__(
        self,
        name: str,
        *,
        journal: Journal,
        contracts: Contracts,
        transport: Transport,
        settings: Settings,
        in_flight: int,
        per_webhook: int,
    ) -> None:
        self.name = name
        self._journal = journal
        self._contracts = contracts
        self._transport = transport
        self._timeline = Timeline(settings.clock, settings.now)
        self._dispatcher = Dispatcher(self, in_flight=in_flight, per_webhook=per_webhook)
        self._advancing = asyncio.Lock()
        self._alarm: asyncio.TimerHandle | None = None
        first = journal.append(name, self.now(), [("workspace.opened", self._opened(settings))])
        self.state = fold.opened(first[0])

    # --- webhooks ---------------------------------------------------------------------------

    def add_webhook(
        self,
        *,
        name: str,
        payload_url: str,
        events: Sequence[str],
        headers: Mapping[str, str] | None = None,
        secret: str | None = None,
        description: str = "",
        generation: Generation | None = None,
    ) -> Webhook:
        """Register a webhook.

        Args:
            name: for people.
            payload_url: where to post, http or https.
            events: ids of event types, or words of the wire; at least one.
            headers: sent along with each attempt.
            secret: to sign with.
            description: for people.
            generation: the workspace's when left out.

        Raises:
            InvalidInputError: something is wrong with one of these; names it.
        """
        webhook = commands.add_webhook(
            self.state,
            self.now(),
            name=name,
            payload_url=payload_url,
            events=events,
            headers=headers,
            secret=secret,
            description=description,
            generation=generation,
        )
        self._commit([("webhook.added", webhook)])
        return webhook

    def edit_webhook(self, id_: str, **changes: Any) -> Webhook:
        """Change what *changes* names, as in `add_webhook`; later attempts go by it.

        Raises:
            NotFoundError: no such webhook.
            InvalidInputError: something is wrong with one of the changes; names it.
        """
        webhook = commands.edit_webhook(self.state, self.now(), id_, changes)
        self._commit([("webhook.edited", webhook)])
        return webhook

    def remove_webhook(self, id_: str) -> None:
        """Delete a webhook; what is pending for it is dropped, and says so.

        Raises:
            NotFoundError: no such webhook.
        """
        webhook = self.state.webhook(id_)
        records: list[Record] = [("webhook.removed", WebhookRemoved(id_))]
        records += self._drops("webhook removed", webhook.number)
        self._commit(records)

    async def send_test(self, id_: str, event: str | None = None) -> Delivery:
        """Send a test event to one webhook and return its delivery, attempted.

        Args:
            id_: of the webhook.
            event: an event type, sent about somebody made up; without it the ping that the
                settings page sends.

        Raises:
            NotFoundError: no such webhook.
            UnknownNameError: no such event type.
        """
        message = self._test_message(self.state.webhook(id_), event)
        self._commit([("message.created", message)])
        key = (message.number, message.webhooks[0])
        await self._journal.until(self.name, lambda: self._is_attempted(key), timeout=60.0)
        return self.state.deliveries[key]

    def _test_message(self, webhook: Webhook, event: str | None) -> Message:
        number, at = self.state.message_count + 1, self.now()
        # The real ping's body is unknown; it has neither type nor event (observed). An empty
        # object is what a consumer finds hardest (assumed).
        body: object = {}
        if event is not None:
            event = event_type(event, path="$.event").id
            draw = chance(self.state.settings.seed, "test", number)
            body = v1.payload(event, sample(event, at, draw))
        return Message(
            number=number,
            id=message_id(chance(self.state.settings.seed, "message", number)),
            event=event or TEST_EVENT,
            generation=webhook.generation,
            subject="",
            person="",
            at=at,
            body=msgspec.json.encode(body),
            webhooks=(webhook.number,),
            is_deliberate=event is None,
        )

    def _is_attempted(self, key: tuple[int, int]) -> bool:
        delivery = self.state.deliveries.get(key)
        return delivery is None or delivery.status != "pending" or delivery.next_due is not None

    # --- assessments ------------------------------------------------------------------------

    def create_assessment(
        self, *, title: str | None = None, validity_days: int | None = None
    ) -> Assessment:
        """Make an assessment, a draft; its content is drawn, a title too when none is given.

        Raises:
            InvalidInputError: an empty title, a validity below one day or above ten years.
        """
        return self._assessment(
            commands.create_assessment(
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
            commands.move_assessment(
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
    ) -> Candidate:
        """Invite somebody to an assessment; what is left out of the person is made up.

        Raises:
            NotFoundError: no such assessment.
            IllegalCommandError: it is archived or deleted.
            ConflictError: the person has an open invitation to it.
            InvalidInputError: not an e-mail address, or an empty name.
        """
        change = commands.invite(
            self.state,
            self.now(),
            assessment_id,
            email=email,
            first_name=first_name,
            last_name=last_name,
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

    def move_candidate(self, id_: str, command: str, **details: Any) -> Candidate:
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
        checked: Details = commands.details(command, details)
        return self._candidate(
            commands.move_candidate(self.state, self.now(), id_, command, checked)
        )

    def _candidate(self, change: Change) -> Candidate:
        self._tell(change)
        assert change.occurrence is not None  # noqa: S101 - these always have one
        assert change.occurrence.candidate is not None  # noqa: S101 - and a candidate
        return change.occurrence.candidate

    # --- the workspace itself ---------------------------------------------------------------

    def configure(self, settings: Settings) -> None:
        """Set seed, clock, generation and profile from now on."""
        self._commit([("workspace.configured", Configured(settings))])
        if settings.clock != self._timeline.mode or settings.clock == "virtual":
            self.set_clock(settings.clock, settings.now)

    def reset(self) -> None:
        """Be as new: same settings, nothing else; what is pending is dropped, and says so."""
        self._commit(self._drops("reset"))
        self._dispatcher.abandon()
        self._timeline.clear()
        settings = self.state.settings
        self._timeline = Timeline(settings.clock, settings.now)
        self._commit([("workspace.reset", self._opened(settings))])
        self._arm()

    async def close(self, grace: float, reason: str = "shutdown") -> None:
        """Let what is under way end, drop the rest, stop all timers.

        Args:
            grace: how long to wait, in real seconds.
            reason: why the rest is dropped.
        """
        if self._alarm is not None:
            self._alarm.cancel()
        try:
            await self._dispatcher.stop(grace)
        finally:
            self._commit(self._drops(reason))
            await self._journal.flush()

    def _opened(self, settings: Settings) -> Opened:
        return Opened(settings, organisation(chance(settings.seed, "organisation", 0), self.now()))

    # --- time -------------------------------------------------------------------------------

    def now(self) -> datetime:
        """Return the workspace's time."""
        return self._timeline.now()

    def set_clock(self, mode: Mode, now: datetime | None = None) -> None:
        """Set the clock's mode and, when virtual, where it stands.

        Raises:
            InvalidInputError: a time that is not in UTC.
            ConflictError: a virtual clock set back while timers stand on it.
        """
        if now is not None and now.utcoffset() != timedelta(0):
            message = (
                f"not a UTC time: {now.isoformat()!r}; expected one like '2026-01-01T00:00:00Z'"
            )
            raise InvalidInputError(message, path="$.now")
        if mode == "virtual":
            now = now or (self.now() if self._timeline.mode == "virtual" else EPOCH)
            if self._timeline.mode == "virtual" and now < self.now() and len(self._timeline):
                message = "the clock can't go back while something waits on it; reset first"
                raise ConflictError(message)
        else:
            now = datetime.now(UTC)
        self._timeline.mode = mode
        self._timeline.move_to(now)
        self._commit([("clock.set", ClockMoved(mode, now))])
        self._arm()

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
        """
        self._check_virtual()
        seen = self._journal.last(self.name)
        async with self._advancing:
            target = self.now() + timedelta(seconds=seconds)
            await self._dispatcher.idle()
            while (at := self._timeline.next_at()) is not None and at <= target:
                self._timeline.move_to(max(at, self.now()))
                self._run_due()
                await self._dispatcher.idle()
            self._timeline.move_to(target)
            self._commit([("clock.moved", ClockMoved("virtual", target))])
        return list(self._journal.entries(self.name, seen))

    async def advance_to_next(self, limit: datetime) -> bool:
        """Move a virtual clock to the next timer that is due by *limit*, and let it play out.

        Returns:
            False when there is none.

        Raises:
            ConflictError: the clock is real.
        """
        self._check_virtual()
        at = self._timeline.next_at()
        if at is None or at > limit:
            return False
        await self.advance(max(0.0, (at - self.now()).total_seconds()))
        return True

    async def settle(self, timeout: float | None = None) -> bool:
        """Return once nothing is in flight and nothing is due now.

        Args:
            timeout: real seconds; None waits as long as it takes.

        Returns:
            Whether it came to that in time.
        """
        try:
            async with asyncio.timeout(timeout):
                await self._dispatcher.idle()
                await self._journal.flush()
        except TimeoutError:
            return False
        return True

    def _check_virtual(self) -> None:
        if self._timeline.mode != "virtual":
            message = "the clock is real; set it to virtual before you advance it"
            raise ConflictError(message)

    def _run_due(self) -> None:
        while (key := self._timeline.pop_due()) is not None:
            rank, *numbers = key
            if rank == _ATTEMPT:
                message, webhook, attempt = numbers
                self._dispatcher.offer((message, webhook, attempt))
            else:
                self._expire(numbers[0])

    def _expire(self, number: int) -> None:
        self.move_candidate(self.state.candidate_numbers[number], "expire")

    def _arm(self) -> None:
        """Have the event loop wake us when the next timer of a real clock is due."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        at = self._timeline.next_at()
        if self._timeline.mode == "real" and at is not None:
            delay = max(0.0, (at - datetime.now(UTC)).total_seconds())
            # An event loop's longest sleep is bounded; a later look costs nothing.
            delay = min(delay, 3_600.0)
            self._alarm = asyncio.get_running_loop().call_later(delay, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        self._run_due()
        self._arm()

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

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """Yield the journal's entries whose number is above *after*."""
        return self._journal.entries(self.name, after)

    async def flush(self) -> None:
        """Return once all that the workspace was told is as safe as its store can make it."""
        await self._journal.flush()

    @property
    def last_entry(self) -> int:
        """The number of the newest entry."""
        return self._journal.last(self.name)

    # --- what the dispatcher asks (Desk) ----------------------------------------------------

    def start_attempt(self, key: Key) -> tuple[Transport, Request] | None:
        """Note that an attempt starts; None when the delivery is pending no more."""
        message_number, webhook_number, number = key
        delivery = self.state.deliveries[message_number, webhook_number]
        if delivery.status != "pending":
            return None
        webhook = self.state.webhook_numbers[webhook_number]
        request = plan(delivery.message, webhook, self.state.profile(webhook))
        trigger: Trigger = "scheduled"
        at = self.now()
        attempt = Attempt(number, trigger, at, request.url, request.headers)
        self._commit(
            [
                ("attempt.planned", Planned(message_number, webhook_number, number, trigger, at)),
                ("attempt.started", Started(message_number, webhook_number, attempt)),
            ]
        )
        return self._transport, request

    def finish_attempt(self, key: Key, outcome: Outcome) -> None:
        """Note how an attempt ended, and when the next one is due."""
        message_number, webhook_number, number = key
        delivery = self.state.deliveries[message_number, webhook_number]
        profile = self.state.profile(self.state.webhook_numbers[webhook_number])
        is_success = profile.is_success(outcome)
        status, reason, next_due = delivery.status, delivery.reason, None
        if status == "pending":
            pause = None if is_success else profile.pause_after(number)
            if is_success:
                status = "succeeded"
            elif outcome.reason == "shutdown":
                reason = "shutdown"
            elif pause is None:
                status = "failed"
                reason = f"answered {outcome.status}" if outcome.status else outcome.reason
            else:
                next_due = self.now() + timedelta(seconds=pause)
        finished = Finished(
            message_number, webhook_number, number, outcome, is_success, status, reason, next_due
        )
        self._commit([("attempt.finished", finished)])

    # --- the one way in ---------------------------------------------------------------------

    def _tell(self, change: Change) -> None:
        """Commit a command and the messages that it causes, all together."""
        told = messages(self.state, change.occurrence, self._contracts) if change.occurrence else []
        self._commit([*change.records, *told])

    def _commit(self, records: Sequence[tuple[str, msgspec.Struct]]) -> None:
        entries = self._journal.append(self.name, self.now(), records)
        for entry in entries:
            fold.apply(self.state, entry)
        for entry in entries:
            self._follow(entry.data)

    def _follow(self, data: msgspec.Struct) -> None:
        """Set what follows from an entry: deliveries that are due, timers."""
        if isinstance(data, Message):
            for webhook in data.webhooks:
                self._dispatcher.offer((data.number, webhook, 1), data.subject)
        elif isinstance(data, Finished):
            if data.next_due is not None:
                key = (_ATTEMPT, data.message, data.webhook, data.attempt + 1)
                self._set_timer(key, data.next_due)
        elif isinstance(data, CandidateChanged):
            key = (_EXPIRY, data.candidate.number, 0, 0)
            if data.command == "invite":
                self._set_timer(key, data.candidate.valid_until)
            else:
                self._timeline.cancel(key)

    def _set_timer(self, key: TimerKey, at: datetime) -> None:
        earliest = self._timeline.next_at()
        self._timeline.set_timer(key, at)
        if self._timeline.mode == "real" and (earliest is None or at < earliest):
            self._arm()

    def _drops(self, reason: str, webhook: int | None = None) -> list[Record]:
        """Return the records that drop what is pending, for one webhook or for all.

        An attempt that is under way still ends as it ends, but is not tried again.
        """
        return [
            ("delivery.dropped", Dropped(message, number, reason))
            for message, number in self.state.by_status["pending"]
            if webhook in (None, number)
        ]
