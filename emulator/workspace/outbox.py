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
from emulator.delivery.faults.body import Signature
from emulator.delivery.holds import Holds
from emulator.delivery.plan import signed
from emulator.delivery.records import (
    Attempt,
    Dropped,
    Finished,
    Message,
    Outcome,
    RedeliveryAsked,
    Started,
)
from emulator.delivery.redaction import without_secrets
from emulator.delivery.shape import shaped
from emulator.delivery.transports.asgi import SCHEME, InProcess, target_of
from emulator.delivery.verdict import finished
from emulator.errors import InvalidInputError
from emulator.workspace import views
from emulator.workspace.records import WebhookDisabled

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from emulator.delivery.holds import Freed
    from emulator.delivery.records import Delivery, Key, Request, Transport
    from emulator.delivery.shape import Shape
    from emulator.delivery.transports.asgi import App
    from emulator.domain.webhook import Webhook
    from emulator.workspace.commands.change import Record
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
        seed: of chance that no record holds.
    """

    def __init__(
        self,
        owner: Owner,
        wire: Transport,
        *,
        in_flight: int,
        per_webhook: int,
        is_durable: bool,
        seed: int,
    ) -> None:
        self.is_durable = is_durable
        self._owner = owner
        self._wire = wire
        self._apps: dict[str, InProcess] = {}
        self._holds = Holds(seed)
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

    def abandon(self) -> None:
        """Forget all that waits, is held or is under way."""
        self._holds.clear()
        self.dispatcher.abandon()

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
            self._plan((message.number, webhook, 1), message.subject)

    def due(self, key: Key) -> None:
        """Take an attempt whose time has come."""
        if key in self._owner.state.planned:
            self.dispatcher.offer(key)  # a delay is over
        else:
            self._plan(key)

    def follow(self, end: Finished) -> None:
        """Have the next attempt made when it is due, if there is one."""
        if end.next_due is not None and end.next_attempt is not None:
            self._schedule((end.message, end.webhook, end.next_attempt), end.next_due)

    def redeliver(self, asked: RedeliveryAsked) -> None:
        """Take a manual attempt."""
        self._plan((asked.message, asked.webhook, asked.attempt))

    def resume(self, message: int, webhook: int) -> None:
        """Go on with a pending delivery of the journal: at least once.

        An attempt whose end is not in the journal is noted as interrupted, and made again. What
        a fault held back for others to overtake goes out now.
        """
        state = self._owner.state
        delivery = state.deliveries[message, webhook]
        begun = {attempt.number: attempt for attempt in delivery.attempts}
        if delivery.next_due is not None and delivery.next_attempt is not None:
            self._schedule((message, webhook, delivery.next_attempt), delivery.next_due)
        for number in (1, *delivery.manual, *delivery.duplicates):
            planned = state.planned.get((message, webhook, number))
            if planned is not None:
                self._schedule((message, webhook, number), planned.due)
            elif number not in begun:
                subject = delivery.message.subject if number == 1 else ""
                self._plan((message, webhook, number), subject)
        for number, attempt in begun.items():
            if attempt.outcome is None:
                current = state.deliveries[message, webhook]
                lost = self._finished(current, number, Outcome("interrupted"))
                self._owner.commit([("attempt.finished", lost)])

    def release(self) -> bool:
        """Let go of what waits for others to overtake it; whether there was anything."""
        freed = self._holds.release()
        self._free(freed)
        return bool(freed)

    def _free(self, freed: Iterable[Freed]) -> None:
        for key, after in freed:
            self.dispatcher.offer(key, after=after)

    def _schedule(self, key: Key, due: datetime) -> None:
        if due <= self._owner.now():
            self.due(key)
        else:
            self._owner.wake_at(key, due)

    def _plan(self, key: Key, subject: str = "") -> None:
        """Have an attempt made that is due: as it is, or as the faults that are set shape it."""
        state = self._owner.state
        shape = None
        if state.faults:
            delivery, standing = state.deliveries[key[:2]], state.faults.values()
            shape = shaped(delivery, key[2], standing, state.settings.seed, self._owner.now())
        if shape is not None:
            self._make(key, shape, subject)
        else:
            self.dispatcher.offer(key, subject)
        if self._holds and (shape is None or shape.reorder is None):
            self._free(self._holds.overtaken_by(key))

    def _make(self, key: Key, shape: Shape, subject: str) -> None:
        """Have an attempt made as faults shape it: later, more than once, or not at all."""
        message, webhook, _ = key
        records: list[Record] = [("attempt.planned", planned) for planned in shape.planned]
        if shape.drop:
            records.append(("delivery.dropped", Dropped(message, webhook, f"fault {shape.drop}")))
        self._owner.commit(records)
        for planned in () if shape.drop else shape.planned:
            one = (message, webhook, planned.attempt)
            if shape.is_crowd:
                self.dispatcher.crowd(one)
            if shape.reorder is not None:
                self._free(self._holds.hold(one, *shape.reorder))
            elif planned.due > self._owner.now():
                self._owner.wake_at(one, planned.due)
            else:
                self.dispatcher.offer(one, subject if one == key else "")

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
        planned = state.planned.get(key)
        ids = () if planned is None else planned.faults
        faults = [state.known_faults[id_] for id_ in ids]
        request = views.request(state, delivery, number, ids)
        if profile.signature is not None:
            # Over real time: verifiers compare with their own clock.
            wrong = next((fault for fault in faults if isinstance(fault, Signature)), None)
            secrets = webhook.secrets_at(at)
            request = signed(request, delivery.message, secrets, profile, time.time(), wrong)
        attempt = Attempt(
            number,
            delivery.trigger_of(number),
            at,
            request.url,
            request.headers,
            faults=ids,
            is_deliberate=any(fault.group != "plan" for fault in faults),
        )
        started = Started(message_number, webhook_number, attempt)
        self._owner.commit((("attempt.started", started),))
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
