"""The outbox of a workspace: attempts planned, held back, started and finished.

It owns the dispatcher and knows the transports. What an attempt is, pure functions say; what
happened goes to the owner as records.
"""

from __future__ import annotations

import re
import time
from itertools import count
from typing import TYPE_CHECKING, Protocol

from emulator.clock import later
from emulator.delivery.dispatcher import Dispatcher
from emulator.delivery.plan import plan, signed
from emulator.delivery.records import (
    Attempt,
    Dropped,
    Finished,
    Message,
    Outcome,
    Planned,
    RedeliveryAsked,
    Started,
)
from emulator.delivery.redaction import without_secrets
from emulator.delivery.transports.asgi import SCHEME, InProcess, target_of
from emulator.delivery.verdict import finished
from emulator.errors import InvalidInputError
from emulator.workspace.records import WebhookDisabled

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from emulator.delivery.records import Delivery, Key, Request, Transport, Trigger
    from emulator.delivery.transports.asgi import App
    from emulator.domain.webhook import Webhook
    from emulator.workspace.commands import Record
    from emulator.workspace.state import State


_UNFIT = re.compile(r"[^a-z0-9]+")
_LONGEST_NAME = 40


class Owner(Protocol):
    """What the outbox needs of its owner."""

    @property
    def state(self) -> State:
        """What is known of the workspace; changed by `commit` alone."""
        ...

    def now(self) -> datetime:
        """Return the workspace's time."""
        ...

    def commit(self, records: Sequence[Record]) -> None:
        """Note what happened."""
        ...

    def wake_at(self, key: Key, due: datetime) -> None:
        """Call `Outbox.due` with *key* when it is time."""
        ...

    async def flush(self) -> None:
        """Return once all that was noted is as safe as it gets."""
        ...


class Outbox:
    """The deliveries of one workspace on their way; the desk of its dispatcher.

    Args:
        owner: the workspace.
        wire: carries what goes over sockets.
        in_flight: attempts under way at once; 1 is lockstep.
        per_webhook: of these, how many to one webhook.
        is_durable: whether the owner's `flush` has anything to do.
    """

    def __init__(
        self,
        owner: Owner,
        wire: Transport,
        *,
        in_flight: int,
        per_webhook: int,
        is_durable: bool,
    ) -> None:
        self.is_durable = is_durable
        self._owner = owner
        self._wire = wire
        self._apps: dict[str, InProcess] = {}
        self.dispatcher = Dispatcher(self, in_flight=in_flight, per_webhook=per_webhook)

    # --- applications in this process -----------------------------------------------------------

    def mount(self, app: App, name: str) -> str:
        """Have a URL lead to *app*.

        Args:
            app: ASGI 3.
            name: for people; made fit for a URL, and told from those that are taken.

        Returns:
            ``asgi://NAME/``; a path may follow.
        """
        plain = _UNFIT.sub("-", name.lower()).strip("-")[:_LONGEST_NAME] or "app"
        taken = (f"{plain}-{number}" for number in count(2))
        fit = plain if plain not in self._apps else next(n for n in taken if n not in self._apps)
        self._apps[fit] = InProcess(app)
        return f"{SCHEME}{fit}/"

    def check_mounted(self, url: str) -> None:
        """Check that an ``asgi://`` URL leads anywhere; any other is none of our business.

        Raises:
            InvalidInputError: it does not.
        """
        if url.startswith(SCHEME) and (name := target_of(url).host) not in self._apps:
            known = f"; mounted: {', '.join(sorted(self._apps))}" if self._apps else ""
            message = f"no application is mounted as {name!r} in this workspace{known}"
            raise InvalidInputError(message, path="$.payloadUrl")

    async def close(self) -> None:
        """Stop the applications that are at work."""
        for app in self._apps.values():
            await app.close()

    def _transport(self, url: str) -> Transport:
        if not url.startswith(SCHEME):
            return self._wire
        name = target_of(url).host
        return self._apps.get(name) or _Nowhere(name)

    # --- what is due ----------------------------------------------------------------------------

    def take(self, message: Message) -> None:
        """Take the first attempts of a new message."""
        for webhook in message.webhooks:
            self.dispatcher.offer((message.number, webhook, 1), message.subject)

    def due(self, key: Key) -> None:
        """Take an attempt whose time has come."""
        self.dispatcher.offer(key)

    def follow(self, end: Finished) -> None:
        """Have the next attempt made when it is due, if there is one."""
        if end.next_due is not None and end.next_attempt is not None:
            self._schedule((end.message, end.webhook, end.next_attempt), end.next_due)

    def redeliver(self, asked: RedeliveryAsked) -> None:
        """Take a manual attempt."""
        self.dispatcher.offer((asked.message, asked.webhook, asked.attempt))

    def resume(self, delivery: Delivery) -> None:
        """Go on with a pending delivery of the journal: at least once.

        An attempt whose end is not in the journal is noted as interrupted, and made again.
        """
        message, webhook = delivery.message, delivery.webhook_number
        begun = {attempt.number: attempt for attempt in delivery.attempts}
        if delivery.next_due is not None and delivery.next_attempt is not None:
            self._schedule((message.number, webhook, delivery.next_attempt), delivery.next_due)
        if delivery.numbered not in begun:
            if delivery.numbered != delivery.next_attempt:
                subject = message.subject if delivery.numbered == 1 else ""
                self.dispatcher.offer((message.number, webhook, delivery.numbered), subject)
        elif begun[delivery.numbered].outcome is None:
            lost = self._finished(delivery, delivery.numbered, Outcome("interrupted"))
            self._owner.commit([("attempt.finished", lost)])

    def _schedule(self, key: Key, due: datetime) -> None:
        if due <= self._owner.now():
            self.dispatcher.offer(key)
        else:
            self._owner.wake_at(key, due)

    # --- what the dispatcher asks (Desk) --------------------------------------------------------

    def start_attempt(self, key: Key) -> tuple[Transport, Request] | None:
        """Note that an attempt starts; None when there is nothing to send any more.

        That is when the delivery is pending no more, or when the attempt was made already: one
        that is due is offered again when a manual attempt before it ends.
        """
        message_number, webhook_number, number = key
        state, at = self._owner.state, self._owner.now()
        delivery = state.deliveries[message_number, webhook_number]
        is_made = any(attempt.number == number for attempt in delivery.attempts)
        if delivery.status != "pending" or is_made:
            return None
        webhook = state.webhook_numbers[webhook_number]
        profile = state.profile(webhook)
        request = plan(delivery.message, webhook, profile)
        if profile.signature is not None:
            # Over real time: verifiers compare with their own clock.
            secrets = webhook.secrets_at(at)
            request = signed(request, delivery.message, secrets, profile, time.time())
        trigger: Trigger = "manual" if number in delivery.manual else "scheduled"
        attempt = Attempt(number, trigger, at, request.url, request.headers)
        self._owner.commit(
            (
                ("attempt.planned", Planned(message_number, webhook_number, number, trigger, at)),
                ("attempt.started", Started(message_number, webhook_number, attempt)),
            )
        )
        return self._transport(request.url), request

    async def flush(self) -> None:
        """Return once all that was noted is as safe as it gets."""
        await self._owner.flush()

    def finish_attempt(self, key: Key, outcome: Outcome) -> None:
        """Note how an attempt ended, and when the next one is due."""
        message_number, webhook_number, number = key
        state = self._owner.state
        delivery = state.deliveries[message_number, webhook_number]
        webhook = state.webhook_numbers[webhook_number]
        outcome = without_secrets(outcome, webhook)
        end = self._finished(delivery, number, outcome)
        self._owner.commit((("attempt.finished", end),))
        if not end.is_success:
            self._disable(webhook)

    def _disable(self, webhook: Webhook) -> None:
        """Disable a webhook that accepted nothing for as long as its profile lets it."""
        state = self._owner.state
        failures, longest = state.failures.get(webhook.number), state.profile(webhook).disable_after
        since = None if failures is None else failures.since
        if since is None or longest is None or webhook.number in state.disabled:
            return
        if self._owner.now() >= later(since, longest):
            disabled = WebhookDisabled(webhook.id, webhook.number, since)
            pending = drops(state, "webhook disabled", webhook.number)
            self._owner.commit([("webhook.disabled", disabled), *pending])

    def _finished(self, delivery: Delivery, number: int, outcome: Outcome) -> Finished:
        state = self._owner.state
        profile = state.profile(state.webhook_numbers[delivery.webhook_number])
        now = self._owner.now()
        return finished(delivery, number, outcome, profile, now=now, real_now=time.time())


def drops(state: State, reason: str, webhook: int | None = None) -> list[Record]:
    """Return the records that drop what is pending, for one webhook or for all.

    An attempt that is under way still ends as it ends, but is not tried again.
    """
    return [
        ("delivery.dropped", Dropped(message, number, reason))
        for message, number in state.by_status.get("pending", ())
        if webhook in (None, number)
    ]


class _Nowhere:
    """The transport to an application that is not there: its process was another one."""

    def __init__(self, name: str) -> None:
        self._name = name

    async def send(self, _: Request) -> Outcome:
        detail = f"no application is mounted as {self._name!r} in this process"
        return Outcome("unreachable", detail=detail)

    async def close(self) -> None:
        """Do nothing: there is nothing to let go of."""
