"""Runs sequences against a consumer as scenarios, and returns their failures."""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import TYPE_CHECKING, Any

import msgspec

from emulator.conformance.fuzzing import sequences
from emulator.conformance.fuzzing.causes import Failure, unexplained
from emulator.conformance.session import Session
from emulator.conformance.target import Subject, check_setup
from emulator.domain.payloads.fields import text
from emulator.paths import ABSENT
from emulator.scenario import comparison, loading
from emulator.scenario.result import NOT_THERE
from emulator.scenario.run import play

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from emulator.conformance.fuzzing.causes import PresumedCause
    from emulator.conformance.fuzzing.sequences import ExpectedEnd
    from emulator.conformance.state import ConsumerState
    from emulator.conformance.target import Target
    from emulator.delivery.records import Delivery
    from emulator.domain.candidate import Candidate
    from emulator.emulator import Emulator
    from emulator.scenario.result import ScenarioResult
    from emulator.scenario.scenario import Scenario
    from emulator.workspace.state import State

_SHORTEST = 0.02
"""Real seconds to wait for a state at least."""


class NobodyThereError(Exception):
    """No delivery was answered, so that there is no evidence about a consumer."""


class Player:
    """Runs sequences against a consumer, each with its own candidates.

    Args:
        target: the consumer.
        emulator: a running emulator.
        invariant: expected output of the probe at the end of a sequence: path -> value.

    Attributes:
        deliveries: how many requests were made.
        is_hasty: wait for a state only as long as `quick`, not as long as the target allows.
        has_no_count: the last state had no number of completions.
    """

    def __init__(self, target: Target, emulator: Emulator, invariant: Mapping[str, str]) -> None:
        self.target, self.invariant = target, dict(invariant)
        self.deliveries = 0
        self.is_hasty = False
        self.has_no_count = False
        self._emulator = emulator
        self._runs = 0
        self._slowest = 0.0  # longest time until a state was right that was wrong at first
        self._was_there = False
        # Not from the seed, because the consumer knows the candidates of an earlier run.
        self._token = secrets.token_hex(4)
        check_setup(target, Subject("", "an e-mail address", "", ""))  # nothing else is known yet

    @property
    def most(self) -> int:
        """The largest number of candidates in a sequence."""
        return min(len(sequences.NAMES), len(self.target.people) or len(sequences.NAMES))

    @property
    def quick(self) -> float:
        """Real seconds in which most states are right: five times what the slowest so far took.

        A state that is right at once does not count, however long the probe took.
        """
        return min(self.target.within, max(_SHORTEST, 5 * self._slowest))

    async def failures(
        self, sequence: Mapping[str, Any], known: Collection[PresumedCause] = ()
    ) -> list[Failure]:
        """Run a sequence, and return its failures.

        Args:
            sequence: a drawn sequence.
            known: causes of earlier findings; there is no wait for a wrong state that they explain.

        Raises:
            NobodyThereError: the consumer has never answered.
        """
        self._runs += 1
        emails = self._emails(sequence)
        settings = msgspec.structs.replace(self._emulator.settings, seed=secrets.randbits(63))
        name = f"fuzz-{self._token}-{self._runs}"
        self._emulator.workspace(name, settings)
        async with Session(self.target, name, self._emulator) as session:
            workspace = session.workspace
            workspace.edit_webhook(session.webhook.id, events=list(sequences.events(sequence)))
            for email in emails.values():
                await session.set_up(Subject("", email, "", ""))
            scenario = scenario_of(sequence, emails)
            result = await play(scenario, self._emulator, workspace)
            deliveries = workspace.deliveries()
            self.deliveries += sum(len(one.attempts) for one in deliveries)
            self._check_presence(deliveries)
            found = _not_accepted(deliveries, emails, workspace.state) or _not_met(result)
            if not found and self.target.has_probe:
                candidates = {one.email: one for one in workspace.state.candidates.values()}

                def is_enough(failures: list[Failure]) -> bool:
                    return not unexplained(sequence, failures, known)

                of_each = await asyncio.gather(*(
                    self._wrong_state(session, one, candidates[emails[one.name]], is_enough)
                    for one in sequences.expected(sequence)
                ))  # fmt: skip
                found = [failure for failures in of_each for failure in failures]
        return found

    async def _wrong_state(
        self,
        session: Session,
        expected: ExpectedEnd,
        candidate: Candidate,
        is_enough: Callable[[list[Failure]], bool],
    ) -> list[Failure]:
        """Return the failures of a candidate's state once they are enough, or when time is over."""
        name, shown = expected.name, expected.shown(self.invariant, self.target.state_map)

        looks: list[list[Failure]] = []

        def failures(seen: ConsumerState) -> list[Failure]:
            if seen.trouble:
                return [Failure("probe", f"{name}: {seen.trouble}")]
            wrong = [one for one in comparison.fields(shown, seen.data) if not one.is_equal]
            return [
                Failure(one.field, f"{name}: {one.field} is {one.actual}, expected {one.expected}")
                for one in wrong
            ]

        def is_done(seen: ConsumerState) -> bool:
            looks.append(failures(seen))
            return is_enough(looks[-1])

        begun = time.perf_counter()
        within = self.quick if self.is_hasty else self.target.within
        seen = await session.state_of(candidate, is_done, within)
        self.has_no_count = seen.is_known and seen.completions is ABSENT
        if len(looks) > 1 and not looks[-1]:
            self._slowest = max(self._slowest, time.perf_counter() - begun)
        return looks[-1]

    def _emails(self, sequence: Mapping[str, Any]) -> dict[str, str]:
        names = sequences.NAMES[: len(sequence["candidates"])]
        people = self.target.people
        if not people:
            return {name: f"{name}.{self._token}.{self._runs}@example.com" for name in names}
        first = self._runs * len(sequences.NAMES)
        return {
            name: people[(first + number) % len(people)].email for number, name in enumerate(names)
        }

    def _check_presence(self, deliveries: list[Delivery]) -> None:
        ends = [one.outcome.reason for each in deliveries for one in each.attempts if one.outcome]
        self._was_there = self._was_there or any(one not in NOT_THERE for one in ends)
        if not self._was_there and ends:
            raise NobodyThereError(", ".join(dict.fromkeys(ends)))


def scenario_of(
    sequence: Mapping[str, Any],
    emails: Mapping[str, str],
    *,
    url: str = "http://127.0.0.1:1/",
    headers: Mapping[str, str] | None = None,
) -> Scenario:
    """Return a sequence as a scenario.

    Args:
        sequence: a drawn sequence.
        emails: name of a candidate -> address.
        url: URL of deliveries; not used in a session, which has its own webhook.
        headers: sent with each delivery.
    """
    consumer: dict[str, Any] = {"payload_url": url, "events": list(sequences.events(sequence))}
    if headers:
        consumer["headers"] = dict(headers)
    steps = sequences.steps(sequence, emails) + sequences.demands(sequence)
    document = {
        "scenario": "A random sequence",
        "webhooks": sequence.get("webhooks", "v1"),
        "consumer": [consumer],
        "steps": steps,
    }
    return loading.of(document)


def _not_met(result: ScenarioResult) -> list[Failure]:
    """Return the expectations that failed.

    Raises:
        AssertionError: the sequence is illegal, which is our bug.
    """
    found = []
    for step in result.steps:
        if step.status == "failed":
            if step.name != "expect":
                message = f"a drawn sequence can't be run: {step.name}: {step.message}"
                raise AssertionError(message)
            found += [Failure("deliveries", line) for line in step.message.splitlines()]
    return found


def _not_accepted(
    deliveries: list[Delivery], emails: Mapping[str, str], state: State
) -> list[Failure]:
    names = {email: name for name, email in emails.items()}
    found = []
    for delivery in deliveries:
        for attempt in delivery.attempts:
            if attempt.outcome and not 200 <= (attempt.outcome.status or 0) <= 299:
                candidate = state.candidates.get(delivery.message.subject)
                name = names.get(candidate.email, "") if candidate else ""
                about = f"{name}: " if name else ""
                status = text(delivery.payload, "candidateStatus")
                sent = f"{delivery.event} ({status}), attempt {attempt.number}"
                answered = f"answered {attempt.answer}"
                found.append(Failure(answered, f"{about}{sent} was {answered}"))
    return found
