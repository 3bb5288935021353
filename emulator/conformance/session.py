"""A consumer's own workspace: moves candidates, sends payloads, reads the consumer's state."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, urlsplit

from emulator.conformance.outcomes import SkippedError
from emulator.conformance.target import KnownPerson, Subject, Target, check_setup, filled
from emulator.domain.candidate import LIFECYCLE
from emulator.domain.events import EVENTS_OF, TEST_EVENT
from emulator.domain.ids import chance
from emulator.domain.payloads.fields import text
from emulator.domain.people import person
from emulator.errors import InvalidInputError
from emulator.faults import Drop
from emulator.scenario import probes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from emulator.conformance.state import ConsumerState
    from emulator.delivery.faults.fault import Fault
    from emulator.delivery.records import Delivery
    from emulator.delivery.transports.address_guard import Guard
    from emulator.domain.assessment import Assessment
    from emulator.domain.candidate import Candidate
    from emulator.domain.events import Generation
    from emulator.emulator import Emulator
    from emulator.scenario.probes import Look
    from emulator.workspace.workspace import Workspace

SETTLED = 60.0
"""Real seconds to wait for deliveries; longer than any time-out of an attempt."""

RESTARTED = 30.0
"""Real seconds that a restart may take."""


class Session:
    """An open workspace whose only webhook is the consumer.

    Args:
        target: the consumer.
        name: name of the workspace; together with the seed of the target, it determines all
            made-up data, such as e-mail addresses.
        emulator: a running emulator; by default, the session starts its own.

    Attributes:
        workspace: the workspace.
        webhook: the consumer's webhook.
    """

    def __init__(self, target: Target, name: str, emulator: Emulator | None = None) -> None:
        self.target, self.name = target, name
        self._stack = AsyncExitStack()
        self._given = emulator
        self._invited = 0
        self._rehearsal: Workspace | None = None

    async def __aenter__(self) -> Self:
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
        if self._given is not None:
            await self._given.remove(self.name)
            if self._rehearsal is not None:
                await self._given.remove(self._rehearsal.name)
        await self._stack.aclose()

    def assessment(self, title: str | None = None) -> Assessment:
        """Create an assessment."""
        return self.workspace.create_assessment(title=title or self.target.title)

    async def candidate(
        self,
        job: Assessment | None = None,
        *,
        person: KnownPerson | None = None,
        commands: str = "",
    ) -> Candidate:
        """Invite a candidate, after the set-up hook has made them known to the consumer.

        Args:
            job: the assessment; by default a new assessment.
            person: the person; by default the next of `person`.
            commands: commands after the invitation, as in ``enroll start``.
        """
        job = job or self.assessment()
        person = person or self.person()
        workspace = self.workspace
        # No message is sent before the date of an invitation, so the hook runs before the message.
        at = workspace.now() + timedelta(seconds=1) if self.target.has_setup else None
        invited = workspace.invite(
            job.id, email=person.email, first_name=person.first_name, last_name=person.last_name,
            scheduled_date=at,
        )  # fmt: skip
        if at is not None:
            await self.set_up(subject_of(invited))
            await workspace.advance(1.0)
        return self.move(invited, commands)

    def rehearsal(self) -> Workspace:
        """Return a second workspace, for payloads; its messages are made, but never sent."""
        if self._rehearsal is None:
            self._rehearsal = self.emulator.workspace(f"{self.name}.rehearsal")
            self._rehearsal.add_webhook(
                name="rehearsal",
                payload_url="http://127.0.0.1:1/",
                events=list(EVENTS_OF[self.target.generation]),
            )
            self._rehearsal.inject(Drop())
        return self._rehearsal

    def person(self) -> KnownPerson:
        """Return the next of the target's people; without people, a made-up person."""
        self._invited += 1
        people = self.target.people
        if people:
            return people[(_start(self.name) + self._invited) % len(people)]
        number = self._invited
        made = person(chance(self.workspace.state.settings.seed, "conformance", number))
        return KnownPerson(f"{number}.{self.name}.{self.target.seed}@example.com",
                      made.first_name, made.last_name)  # fmt: skip

    def move(self, candidate: Candidate, commands: str) -> Candidate:
        """Execute *commands*, as in ``enroll start complete``, without waiting for deliveries."""
        for command in commands.split():
            candidate = self.workspace.move_candidate(candidate.id, command)
        return candidate

    async def settle(self) -> list[Delivery]:
        """Wait until no delivery is due, and return all deliveries so far."""
        await self.workspace.settle(SETTLED)
        return self.workspace.deliveries()

    async def send(
        self,
        payload: Any,
        event: str = TEST_EVENT,
        *,
        fault: Fault | None = None,
        is_settled: bool = True,
    ) -> Delivery:
        """Send a payload unchanged, and return its delivery after the attempt.

        Args:
            payload: any JSON value, or bytes.
            event: the event type that reports show.
            fault: applies to this delivery alone.
            is_settled: False returns the pending delivery at once.

        Raises:
            SkippedError: the consumer does not subscribe to the event type.
        """
        if event == CHANGED and not self.wants(event):
            event = event_of(payload, self.target.events)
        self.check_wants(event)
        if fault is not None:
            self.workspace.inject(fault)
        (sent,) = self.workspace.send(payload, event=event, webhook=self.webhook.id)
        if not is_settled:
            return sent
        await self.workspace.settle(SETTLED)
        if fault is not None:
            self.workspace.clear_faults()
        return self.delivery(sent.id)

    def wants(self, event: str) -> bool:
        """Return whether the consumer subscribes to an event type; all consumers get test pings."""
        return event == TEST_EVENT or event in self.target.events

    def check_wants(self, event: str) -> None:
        """Check that the consumer subscribes to an event type.

        Raises:
            SkippedError: it does not.
        """
        if not self.wants(event):
            raise SkippedError(why_not(event, self.target.generation))

    def delivery(self, id_: str) -> Delivery:
        """Return the current state of a delivery."""
        return self.workspace.state.delivery(id_)

    async def set_up(self, subject: Subject) -> None:
        """Run the set-up hook for a candidate, if there is a hook.

        Raises:
            InvalidInputError: the hook failed.
        """
        if self.target.has_setup:
            await set_up(self.target, subject, self.emulator.guard)

    async def restart(self) -> None:
        """Restart the consumer.

        Raises:
            InvalidInputError: the command failed.
        """
        target = self.target
        if target.restart is not None:
            await asyncio.to_thread(target.restart)
            return
        seen = await probes.command(target.restart_command, target.folder, longest=RESTARTED)
        if seen.exit != 0:
            message = f"the restart command failed: {_result(seen)}"
            raise InvalidInputError(message)

    async def state_of(
        self,
        candidate: Candidate | Subject,
        until: Callable[[ConsumerState], bool] | None = None,
        within: float | None = None,
    ) -> ConsumerState:
        """Return the consumer's state of a candidate, as its probe shows it.

        Args:
            candidate: the candidate.
            until: probe again until this returns true; None probes once.
            within: real seconds to wait for it; by default as long as the target allows.
        """
        subject = candidate if isinstance(candidate, Subject) else subject_of(candidate)
        target, state = self.target, self.target.state_map.state

        async def look() -> Look:
            if target.probe_command:
                return await _ran(target, target.probe_command, subject)
            return await _called(target, _url(target.probe, subject), self.emulator.guard)

        if until is None:
            return state(await look())
        within = target.within if within is None else within
        return state(await probes.until(look, lambda seen: until(state(seen)), within))


async def set_up(target: Target, subject: Subject, guard: Guard) -> None:
    """Run the target's set-up hook, which makes a candidate known to the consumer.

    Args:
        target: a target with a hook.
        subject: the candidate.
        guard: decides which addresses the hook may call.

    Raises:
        InvalidInputError: the hook failed, or needs more than is known of the candidate.
    """
    check_setup(target, subject)
    if target.setup_command:
        seen = await _ran(target, target.setup_command, subject)
    else:
        call = probes.ProbeRequest(target.setup_method, json=filled(target.setup_json, subject))
        seen = await _called(target, _url(target.setup, subject), guard, call)
    is_fine = seen.exit == 0 or (seen.status is not None and 200 <= seen.status <= 299)
    if not is_fine:
        message = f"the set-up hook failed for {subject.email!r}: {_result(seen)}"
        raise InvalidInputError(message)


async def _ran(target: Target, command: tuple[str, ...], subject: Subject) -> Look:
    argv = [filled(word, subject) for word in command]
    return await probes.command(argv, target.folder, longest=target.timeout)


async def _called(
    target: Target, url: str, guard: Guard, call: probes.ProbeRequest | None = None
) -> Look:
    if target.app is not None and not urlsplit(url).scheme:
        return await probes.in_process(target.app, url, call, longest=target.timeout)
    return await probes.request(url, guard, call, longest=target.timeout)


def _url(template: str | None, subject: Subject) -> str:
    assert template is not None  # noqa: S101 - the caller has checked it
    return filled(template, subject, lambda value: quote(value, safe=""))


CHANGED = "candidate.status_changed"

STATUS_EVENTS = {
    row.next_state: event
    for row in LIFECYCLE.rows
    if CHANGED in row.events
    for event in row.events
    if event != CHANGED
}
"""Status of a candidate -> the event type for this status alone."""


def why_not(event: str, generation: Generation) -> str:
    """Return why a consumer never receives an event type."""
    if event not in EVENTS_OF[generation]:
        return f"{generation} has no event type {event}"
    return f"it does not subscribe to {event} (--events)"


def event_of(payload: Any, events: Sequence[str]) -> str:
    """Return the event type for the status in a payload if it is in *events*, else the first."""
    own = STATUS_EVENTS.get(text(payload, "candidateStatus"))
    return own if own is not None and own in events else events[0]


def subject_of(candidate: Candidate) -> Subject:
    """Return the data of a candidate that probes and hooks can use."""
    return Subject(
        candidate.id,
        candidate.email,
        candidate.candidate_id,
        candidate.assessment_id,
        candidate.first_name,
        candidate.last_name,
    )


async def accept_everything(_scope: Any, receive: Any, send: Any) -> None:
    """Answer every request with 204; an ASGI application."""
    await receive()
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def _result(seen: Look) -> str:
    if seen.trouble:
        return seen.trouble
    return f"answered {seen.status}" if seen.status else f"ended with {seen.exit}"


def _start(name: str) -> int:
    # Checks start with different people, so that concurrent checks rarely share a person.
    return sum(name.encode())
