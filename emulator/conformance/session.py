"""One consumer in its own workspace: moves candidates, sends payloads, reads the state."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, urlsplit

from emulator.conformance.outcomes import SkippedError
from emulator.conformance.target import KnownPerson, Subject, Target, check_setup, filled
from emulator.domain.events import EVENT_TYPES, TEST_EVENT
from emulator.domain.ids import chance
from emulator.domain.payloads.fields import text
from emulator.domain.people import person
from emulator.errors import InvalidInputError
from emulator.scenario import probes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from emulator.conformance.state import State
    from emulator.delivery.records import Delivery
    from emulator.delivery.transports.address_guard import Guard
    from emulator.domain.assessment import Assessment
    from emulator.domain.candidate import Candidate
    from emulator.emulator import Emulator
    from emulator.scenario.probes import Look
    from emulator.workspace.workspace import Workspace

SETTLED = 60.0
"""Real seconds after which nothing is waited for any more; wire time-outs end long before."""

RESTARTED = 30.0
"""Real seconds that a restart may take."""


class Session:
    """An open workspace with the consumer as its one webhook, for what it subscribes to.

    Args:
        target: the consumer.
        name: of the workspace; what is made up in it, e-mail addresses too, follows from the
            target's seed and from this.
        emulator: that is open; one of its own when left out.

    Attributes:
        workspace, webhook: for whatever there is no method for.
    """

    def __init__(self, target: Target, name: str, emulator: Emulator | None = None) -> None:
        self.target, self.name = target, name
        self._stack = AsyncExitStack()
        self._given = emulator
        self._invited = 0
        self._rehearsal: Workspace | None = None

    async def __aenter__(self) -> Self:
        """Open the workspace."""
        if self._given is None:
            self.emulator: Emulator = await self._stack.enter_async_context(self.target.emulator())
        else:
            self.emulator = self._given
        self.workspace = self.emulator.workspace(self.name)
        target = self.target
        self.webhook = self.workspace.add_webhook(
            name="consumer",
            payload_url=target.address(self.workspace),
            events=list(target.events),
            headers=target.headers,
            secret=target.secret,
            profile=target.profile,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close it; in an emulator of somebody else's, forget it."""
        if self._given is not None:
            await self._given.remove(self.name)
            if self._rehearsal is not None:
                await self._given.remove(self._rehearsal.name)
        await self._stack.aclose()

    # --- what happens -----------------------------------------------------------------------

    def assessment(self, title: str | None = None) -> Assessment:
        """Create an assessment; the consumer is told, once settled."""
        return self.workspace.create_assessment(title=title or self.target.title)

    async def candidate(
        self, job: Assessment | None = None, *, who: KnownPerson | None = None, commands: str = ""
    ) -> Candidate:
        """Invite somebody, after the set-up hook made them known to the consumer.

        Args:
            job: to which assessment; a new one when left out.
            who: the next of the target's people, or somebody made up, when left out.
            commands: done after that, as in ``enroll start``.
        """
        job = job or self.assessment()
        who = who or self.person()
        workspace = self.workspace
        # Nobody is told of an invitation before its date, so the hook comes before the message.
        at = workspace.now() + timedelta(seconds=1) if self.target.has_setup else None
        one = workspace.invite(
            job.id, email=who.email, first_name=who.first_name, last_name=who.last_name,
            scheduled_date=at,
        )  # fmt: skip
        if at is not None:
            await self.set_up(subject_of(one))
            await workspace.advance(1.0)
        return self.move(one, commands)

    def rehearsal(self) -> Workspace:
        """Return a workspace whose messages the consumer never gets: to take payloads from."""
        if self._rehearsal is None:
            self._rehearsal = self.emulator.workspace(f"{self.name}.rehearsal")
            self._rehearsal.add_webhook(
                name="rehearsal", payload_url=_deaf, events=list(EVENT_TYPES)
            )
        return self._rehearsal

    def person(self) -> KnownPerson:
        """Return the next person to tell of."""
        self._invited += 1
        people = self.target.people
        if people:
            return people[(_start(self.name) + self._invited) % len(people)]
        number = self._invited
        made = person(chance(self.workspace.state.settings.seed, "conformance", number))
        return KnownPerson(f"{number}.{self.name}.{self.target.seed}@example.com",
                      made.first_name, made.last_name)  # fmt: skip

    def move(self, candidate: Candidate, commands: str) -> Candidate:
        """Do *commands*, as in ``enroll start complete``; nothing is awaited."""
        for command in commands.split():
            candidate = self.workspace.move_candidate(candidate.id, command)
        return candidate

    async def settle(self) -> list[Delivery]:
        """Wait until all that is due was delivered; return all deliveries so far."""
        await self.workspace.settle(SETTLED)
        return self.workspace.deliveries()

    async def send(
        self, payload: Any, event: str = TEST_EVENT, *, is_settled: bool = True
    ) -> Delivery:
        """Send a payload, or bytes, as it is, and return its delivery, attempted.

        Args:
            payload: anything that JSON can say, or bytes.
            event: what it is called in reports.
            is_settled: False returns at once, the delivery pending.

        Raises:
            SkippedError: the consumer does not subscribe to the event type.
        """
        if event == CHANGED and not self.wants(event):
            event = event_told(payload, self.target.events)
        self.check_wants(event)
        (sent,) = self.workspace.send(payload, event=event, webhook=self.webhook.id)
        if not is_settled:
            return sent
        await self.workspace.settle(SETTLED)
        return self.delivery(sent.id)

    def wants(self, event: str) -> bool:
        """Return whether the consumer subscribes to an event type; everybody gets a test ping."""
        return event == TEST_EVENT or event in self.target.events

    def check_wants(self, event: str) -> None:
        """Check that the consumer subscribes to an event type.

        Raises:
            SkippedError: it does not.
        """
        if not self.wants(event):
            message = f"it does not subscribe to {event} (--events)"
            raise SkippedError(message)

    def delivery(self, id_: str) -> Delivery:
        """Return a delivery as it is now."""
        return self.workspace.state.delivery(id_)

    # --- what the consumer is, and what it needs ----------------------------------------------

    async def set_up(self, subject: Subject) -> None:
        """Have the hook make somebody known to the consumer, if there is a hook.

        Raises:
            InvalidInputError: it failed.
        """
        if self.target.has_setup:
            await set_up(self.target, subject, self.emulator.guard)

    async def restart(self) -> None:
        """Have the consumer restarted.

        Raises:
            InvalidInputError: the command failed.
        """
        target = self.target
        if target.restart is not None:
            await asyncio.to_thread(target.restart)
            return
        seen = await probes.command(target.restart_command, target.folder, longest=RESTARTED)
        if seen.exit != 0:
            message = f"the restart command failed: {_told(seen)}"
            raise InvalidInputError(message)

    async def state_of(
        self,
        candidate: Candidate | Subject,
        until: Callable[[State], bool] | None = None,
    ) -> State:
        """Return what the consumer knows of somebody, by its probe.

        Args:
            candidate: who.
            until: look again until this holds, for as long as the target has; at once without.
        """
        subject = candidate if isinstance(candidate, Subject) else subject_of(candidate)
        target, state = self.target, self.target.state_map.state

        async def look() -> Look:
            if target.probe_command:
                return await _ran(target, target.probe_command, subject)
            return await _called(target, _url(target.probe, subject), self.emulator.guard)

        if until is None:
            return state(await look())
        return state(await probes.until(look, lambda seen: until(state(seen)), target.within))


async def set_up(target: Target, subject: Subject, guard: Guard) -> None:
    """Have the target's hook make somebody known to the consumer.

    Args:
        target: has a hook.
        subject: who.
        guard: says where the hook may call.

    Raises:
        InvalidInputError: it failed, or needs more than is known.
    """
    check_setup(target, subject)
    if target.setup_command:
        seen = await _ran(target, target.setup_command, subject)
    else:
        call = probes.Call(target.setup_method, json=filled(target.setup_json, subject))
        seen = await _called(target, _url(target.setup, subject), guard, call)
    is_fine = seen.exit == 0 or (seen.status is not None and 200 <= seen.status <= 299)
    if not is_fine:
        message = f"the set-up hook failed for {subject.email!r}: {_told(seen)}"
        raise InvalidInputError(message)


async def _ran(target: Target, command: tuple[str, ...], subject: Subject) -> Look:
    argv = [filled(word, subject) for word in command]
    return await probes.command(argv, target.folder, longest=target.timeout)


async def _called(target: Target, url: str, guard: Guard, call: probes.Call | None = None) -> Look:
    if target.app is not None and not urlsplit(url).scheme:
        return await probes.in_process(target.app, url, call, longest=target.timeout)
    return await probes.request(url, guard, call, longest=target.timeout)


def _url(template: str | None, subject: Subject) -> str:
    assert template is not None  # noqa: S101 - the caller knows that there is one
    return filled(template, subject, lambda value: quote(value, safe=""))


CHANGED = "candidate.status_changed"

TOLD = {
    "INVITED": "candidate.invited",
    "ENROLLED": "candidate.enrolled",
    "IN_PROGRESS": "candidate.in_progress",
    "COMPLETED": "candidate.completed",
    "REJECTED": "candidate.rejected",
    "DISQUALIFIED": "candidate.disqualified",
    "INVITATION_EXPIRED": "candidate.invitation_expired",
}
"""Status of a candidate -> the event type of its own that tells of it."""


def event_told(payload: Any, events: Sequence[str]) -> str:
    """Return which of the *events* tells of the status in a payload; the first without any."""
    own = TOLD.get(text(payload, "candidateStatus"))
    return own if own is not None and own in events else events[0]


def subject_of(candidate: Candidate) -> Subject:
    """Return what of a candidate probes and hooks can name."""
    return Subject(
        candidate.id,
        candidate.email,
        candidate.candidate_id,
        candidate.assessment_id,
        candidate.first_name,
        candidate.last_name,
    )


async def _deaf(_scope: Any, receive: Any, send: Any) -> None:
    """Take everything, as an ASGI application."""
    await receive()
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def _told(seen: Look) -> str:
    if seen.trouble:
        return seen.trouble
    return f"answered {seen.status}" if seen.status else f"ended with {seen.exit}"


def _start(name: str) -> int:
    # Other checks begin with others, so that few are told of by two checks at once.
    return sum(name.encode())
