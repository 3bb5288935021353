"""Sequences, played against a consumer by the function that plays a scenario file."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from emulator.conformance.fuzzing import scenario_yaml, sequences
from emulator.conformance.session import Session, subject_of
from emulator.conformance.target import Subject, check_setup, filled
from emulator.paths import ABSENT
from emulator.scenario import matching
from emulator.scenario.loading import read
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

_PROBE_PLACES = ("{id}", "{candidate_id}", "{assessment_id}")
"""Of a probe, what only a run of the scenario tells."""


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

    async def trouble(self, sequence: Mapping[str, Any]) -> tuple[str, ...] | None:
        """Play a sequence; return what was wrong, a line each, None when nothing was.

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
            scenario = _scenario(sequence, emails)
            result = await play(scenario, self._emulator, workspace)
            deliveries = workspace.deliveries()
            self.deliveries += sum(len(one.attempts) for one in deliveries)
            self._look_for_anybody(deliveries)
            wrong = _not_accepted(deliveries, emails, workspace.state) or _not_met(result)
            if not wrong and self.target.has_probe:
                wrong = await self._wrong_states(session, sequence, emails)
        return tuple(wrong) or None

    async def _wrong_states(
        self, session: Session, sequence: Mapping[str, Any], emails: Mapping[str, str]
    ) -> list[str]:
        candidates = {one.email: one for one in session.workspace.state.candidates.values()}
        wrong = []
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
                wrong.append(f"{expected.name}: {seen.trouble}")
            elif not is_right(seen):
                wrong += [
                    f"{expected.name}: {one.field} is {one.came}, expected {one.expected}"
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


async def saved(
    sequence: Mapping[str, Any], target: Target, invariant: Mapping[str, str], *, title: str
) -> dict[str, Any]:
    """Return the scenario of a sequence as plain data, its probes included, fit for a file.

    Nobody has heard of its candidates yet; ``RUN`` and a seed make others of them.
    """
    tag, seed = secrets.token_hex(4), secrets.randbits(32)
    names = [one.name for one in sequences.expected(sequence)]
    plain = {name: f"{name}.{tag}@example.com" for name in names}
    emails = {name: f"{name}.${{RUN:-{tag}}}@example.com" for name in names}
    if target.people:
        emails = plain = {name: one.email for name, one in zip(names, target.people, strict=False)}
    document: dict[str, Any] = {"scenario": title, "seed": seed}
    if target.generation == "v2":
        document["webhooks"] = "v2"
    document["consumer"] = [consumer(target, sequences.events(sequence))]
    document["steps"] = sequences.steps(sequence, emails) + sequences.demands(sequence)
    if target.has_probe:
        subjects = await _subjects(sequence, plain, target, seed)
        for one in sequences.expected(sequence):
            if shown := one.plain(invariant, target.state_map):
                step = {**_place(target, subjects[one.name]), "expect": {"json": shown}}
                tagged = step if target.people else _tagged(step, tag)
                document["steps"].append({"probe": tagged})
    return document


def consumer(target: Target, events: tuple[str, ...]) -> dict[str, Any]:
    """Return the consumer of a scenario file; what may be a secret is a variable."""
    found: dict[str, Any] = {"payload_url": "${CONSUMER_URL}", "events": list(events)}
    if target.headers:
        found["headers"] = {name: f"${{{variable(name)}}}" for name in target.headers}
    if target.secret:
        found["secret"] = "${CONSUMER_SECRET}"  # noqa: S105 - a variable
    return found


def variables(target: Target) -> tuple[str, ...]:
    """Return what a scenario file wants to be told, beside the consumer's URL."""
    names = tuple(variable(name) for name in target.headers)
    names += ("CONSUMER_SECRET",) if target.secret else ()
    return names + (("CONSUMER_ROOT",) if (target.probe or "").startswith("/") else ())


def variable(header: str) -> str:
    """Return the variable that holds a header's value."""
    name = "".join(sign if sign.isalnum() else "_" for sign in header).upper()
    return name if name[:1].isalpha() else f"H_{name}"


def _scenario(sequence: Mapping[str, Any], emails: Mapping[str, str]) -> Scenario:
    # The consumer is the session's; the file has to name one.
    consumer = {"payload_url": "http://127.0.0.1:1/", "events": list(sequences.events(sequence))}
    steps = sequences.steps(sequence, emails) + sequences.demands(sequence)
    document = {"scenario": "fuzz", "consumer": [consumer], "steps": steps}
    return read("fuzz", scenario_yaml.text(document).encode(), {})


def _not_met(result: ScenarioResult) -> list[str]:
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
            wrong += step.message.splitlines()
    return wrong


def _not_accepted(deliveries: list[Delivery], emails: Mapping[str, str], known: Any) -> list[str]:
    names = {email: name for name, email in emails.items()}
    wrong = []
    for delivery in deliveries:
        for attempt in delivery.attempts:
            if attempt.outcome and not 200 <= (attempt.outcome.status or 0) <= 299:
                candidate = known.candidates.get(delivery.message.subject)
                who = names.get(candidate.email, "") if candidate else ""
                about = f"{who}: " if who else ""
                said = delivery.payload["data"].get("candidateStatus", "")
                which = f"{delivery.event} ({said}), attempt {attempt.number}"
                wrong.append(f"{about}{which} was answered {attempt.answer}")
    return wrong


async def _subjects(
    sequence: Mapping[str, Any], emails: Mapping[str, str], target: Target, seed: int
) -> dict[str, Subject]:
    """Return whom the scenario is about when it is run with that seed."""
    templates = (target.probe or "", *target.probe_command)
    if not any(place in text for text in templates for place in _PROBE_PLACES):
        return {name: Subject("", email, "", "") for name, email in emails.items()}
    # Ids follow from the seed: a run against nobody tells them.
    from emulator.emulator import Emulator

    async with Emulator(seed=seed, clock="virtual", in_flight=1) as emulator:
        workspace = emulator.workspace(settings=emulator.settings)
        events = list(sequences.events(sequence))
        workspace.add_webhook(name="consumer", payload_url=_nobody, events=events)
        await play(_scenario(sequence, emails), emulator, workspace)
        by_email = {one.email: subject_of(one) for one in workspace.state.candidates.values()}
    return {name: by_email[email] for name, email in emails.items()}


async def _nobody(_: Any, receive: Any, send: Any) -> None:
    """Accept everything."""
    await receive()
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def _place(target: Target, subject: Subject) -> dict[str, Any]:
    """Return where a probe step looks."""
    if target.probe_command:
        return {"command": [filled(word, subject) for word in target.probe_command]}
    assert target.probe is not None  # noqa: S101 - there is a probe
    url = filled(target.probe, subject, lambda value: quote(value, safe=""))
    return {"get": f"${{CONSUMER_ROOT}}{url}" if url.startswith("/") else url}


def _tagged(step: dict[str, Any], tag: str) -> dict[str, Any]:
    """Return a probe with a variable in place of what makes its candidates new."""
    found = dict(step)
    if "get" in found:
        found["get"] = found["get"].replace(tag, f"${{RUN:-{tag}}}")
    else:
        found["command"] = [word.replace(tag, f"${{RUN:-{tag}}}") for word in found["command"]]
    return found
