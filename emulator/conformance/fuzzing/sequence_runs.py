"""Runs sequences against a consumer in the same way as scenario files."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any

import msgspec

from emulator.conformance.fuzzing import sequences
from emulator.conformance.fuzzing.causes import Wrong
from emulator.conformance.session import Session
from emulator.conformance.target import Subject, check_setup
from emulator.domain.payloads.fields import text
from emulator.paths import ABSENT
from emulator.scenario import loading, matching
from emulator.scenario.result import NOT_THERE
from emulator.scenario.run import play

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.conformance.state import State
    from emulator.conformance.target import Target
    from emulator.delivery.records import Delivery
    from emulator.emulator import Emulator
    from emulator.scenario.result import ScenarioResult
    from emulator.scenario.scenario import Scenario

_SHORTEST = 0.05
"""Real seconds that a state is waited for at least while a failure is made small."""


class NobodyThereError(Exception):
    """No delivery was answered: nothing can be said about a consumer."""


class Player:
    """Plays sequences against one consumer, each with candidates of its own.

    Args:
        target: the consumer.
        emulator: open, for all runs.
        invariant: what the probe has to show at the end: path -> value.

    Attributes:
        deliveries: requests that were made.
        patience: real seconds that a state is waited for.
        has_no_count: the state that was seen last has no number of completions.
    """

    def __init__(self, target: Target, emulator: Emulator, invariant: Mapping[str, str]) -> None:
        self.target, self.invariant = target, dict(invariant)
        self.deliveries = 0
        self.patience = target.within
        self.has_no_count = False
        self._emulator = emulator
        self._runs = 0
        self._slowest = 0.0  # how long a state took to be right
        self._was_there = False
        # Not from the seed: a second call has to meet a consumer that has never heard of them.
        self._token = secrets.token_hex(4)
        check_setup(target, Subject("", "an e-mail address", "", ""))  # no more is known

    @property
    def most(self) -> int:
        """Candidates in a sequence."""
        return min(len(sequences.NAMES), len(self.target.people) or len(sequences.NAMES))

    def hurry(self) -> None:
        """Wait no longer than ten times as long as any state took so far: a failure is found."""
        self.patience = min(self.target.within, max(_SHORTEST, 10 * self._slowest))

    async def wrong(self, sequence: Mapping[str, Any]) -> list[Wrong]:
        """Play a sequence; return what was wrong, empty when nothing was.

        Raises:
            NobodyThereError: nobody ever answered.
        """
        self._runs += 1
        emails = self._emails(sequence)
        settings = msgspec.structs.replace(self._emulator.settings, seed=secrets.randbits(63))
        name = f"fuzz-{self._token}-{self._runs}"
        self._emulator.workspace(name, settings)
        target = msgspec.structs.replace(self.target, within=self.patience)
        async with Session(target, name, self._emulator) as session:
            workspace = session.workspace
            workspace.edit_webhook(session.webhook.id, events=list(sequences.events(sequence)))
            for email in emails.values():
                await session.set_up(Subject("", email, "", ""))
            scenario = scenario_of(sequence, emails)
            result = await play(scenario, self._emulator, workspace)
            deliveries = workspace.deliveries()
            self.deliveries += sum(len(one.attempts) for one in deliveries)
            self._look_for_anybody(deliveries)
            wrong = _not_accepted(deliveries, emails, workspace.state) or _not_met(result)
            if not wrong and self.target.has_probe:
                wrong = await self._wrong_states(session, sequence, emails)
        return wrong

    async def _wrong_states(
        self, session: Session, sequence: Mapping[str, Any], emails: Mapping[str, str]
    ) -> list[Wrong]:
        candidates = {one.email: one for one in session.workspace.state.candidates.values()}
        wrong: list[Wrong] = []
        for expected in sequences.expected(sequence):
            shown = expected.shown(self.invariant, self.target.state_map)

            def is_right(seen: State, shown: Any = shown) -> bool:
                return not seen.trouble and all(
                    one.is_equal for one in matching.fields(shown, seen.data)
                )

            candidate = candidates[emails[expected.name]]
            begun = time.perf_counter()
            seen = await session.state_of(candidate, is_right)
            self.has_no_count = seen.is_known and seen.completions is ABSENT
            if is_right(seen):
                self._slowest = max(self._slowest, time.perf_counter() - begun)
            if seen.trouble:
                wrong.append(Wrong("probe", f"{expected.name}: {seen.trouble}"))
            elif not is_right(seen):
                wrong += [
                    Wrong(
                        one.field,
                        f"{expected.name}: {one.field} is {one.came}, expected {one.expected}",
                    )
                    for one in matching.fields(shown, seen.data)
                    if not one.is_equal
                ]
        return wrong

    def _emails(self, sequence: Mapping[str, Any]) -> dict[str, str]:
        names = sequences.NAMES[: len(sequence["candidates"])]
        people = self.target.people
        if not people:
            return {name: f"{name}.{self._token}.{self._runs}@example.com" for name in names}
        first = self._runs * len(sequences.NAMES)
        return {
            name: people[(first + number) % len(people)].email for number, name in enumerate(names)
        }

    def _look_for_anybody(self, deliveries: list[Delivery]) -> None:
        ends = [one.outcome.reason for each in deliveries for one in each.attempts if one.outcome]
        self._was_there = self._was_there or any(one not in NOT_THERE for one in ends)
        if not self._was_there and ends:
            raise NobodyThereError(", ".join(dict.fromkeys(ends)))


def scenario_of(sequence: Mapping[str, Any], emails: Mapping[str, str]) -> Scenario:
    """Return a sequence as a scenario, to be played in a session with the consumer.

    Args:
        sequence: as drawn.
        emails: name of a candidate -> address.
    """
    # The consumer is the session's; a scenario has to name one.
    consumer = {"payload_url": "http://127.0.0.1:1/", "events": list(sequences.events(sequence))}
    steps = sequences.steps(sequence, emails) + sequences.demands(sequence)
    document = {"scenario": "fuzz", "consumer": [consumer], "steps": steps}
    return loading.of(document)


def _not_met(result: ScenarioResult) -> list[Wrong]:
    """Return what expectations say that failed.

    Raises:
        AssertionError: a drawn sequence can't be played, which is a bug of ours.
    """
    wrong = []
    for step in result.steps:
        if step.status == "failed":
            if step.name != "expect":
                message = f"a drawn sequence can't be played: {step.name}: {step.message}"
                raise AssertionError(message)
            wrong += [Wrong("deliveries", line) for line in step.message.splitlines()]
    return wrong


def _not_accepted(deliveries: list[Delivery], emails: Mapping[str, str], known: Any) -> list[Wrong]:
    names = {email: name for name, email in emails.items()}
    wrong = []
    for delivery in deliveries:
        for attempt in delivery.attempts:
            if attempt.outcome and not 200 <= (attempt.outcome.status or 0) <= 299:
                candidate = known.candidates.get(delivery.message.subject)
                who = names.get(candidate.email, "") if candidate else ""
                about = f"{who}: " if who else ""
                said = text(delivery.payload, "candidateStatus")
                which = f"{delivery.event} ({said}), attempt {attempt.number}"
                answered = f"answered {attempt.answer}"
                wrong.append(Wrong(answered, f"{about}{which} was {answered}"))
    return wrong
