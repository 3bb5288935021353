"""A consumer, fuzzed: payloads and sequences, and for each thing found a file that shows it."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from emulator.clock import EPOCH
from emulator.conformance.fuzzing import (
    payloads,
    scenario_yaml,
    sequence_runs,
    sequences,
    shrinking,
)
from emulator.conformance.fuzzing.findings import Finding, Fuzzed
from emulator.conformance.fuzzing.mutations import changed
from emulator.conformance.fuzzing.sequence_runs import NobodyThereError, Player
from emulator.conformance.session import Session
from emulator.decoding import parsed
from emulator.errors import NotJSONError, ScenarioError
from emulator.event_loops import loop_factory
from emulator.scenario.callbacks import serving_api

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from emulator.conformance.fuzzing.from_schema import Made
    from emulator.conformance.fuzzing.payloads import Base, Case, Sender
    from emulator.conformance.target import Target
    from emulator.emulator import Emulator
    from emulator.scenario.callbacks import ApiServer

Part = Literal["payloads", "sequences"]

EXAMPLES = 200
SHRINK_TIME = 30.0
"""Real seconds that a failure may be made small."""

_SCHEMA_SHARE, _SCHEMA_SECONDS = 10, 15.0
"""One in so many payloads is Schemathesis's, which is slow, and for so many real seconds."""

_ANSWERED = {"timeout": ("connect_timeout", "answer_timeout"), "refused": ("refused",)}


def fuzz(
    target: Target,
    *,
    seed: int | None = None,
    examples: int = EXAMPLES,
    only: Part | None = None,
    events: Iterable[str] | None = None,
    invariant: Mapping[str, str] | None = None,
    shrink_time: float = SHRINK_TIME,
    told: Callable[[str], None] = lambda _: None,
    serve: ApiServer | None = None,
) -> Fuzzed:
    """Fuzz a consumer; an event loop must not be running in this thread.

    Args:
        target: the consumer.
        seed: of all that is drawn; drawn itself when left out.
        examples: how many payloads and how many sequences are drawn, at most.
        only: one of the two; both when left out.
        events: the event types whose payloads are changed; those that the consumer subscribes to
            when left out.
        invariant: what the probe has to show at the end of a sequence: path -> value, with
            ``{status}`` and ``{completions}`` for what is expected.
        shrink_time: real seconds for making one failure small.
        told: called with what goes on.
        serve: serves the provider API to the consumer.

    Raises:
        InvalidInputError: the extra is not installed, or something is wrong with the target.
    """
    shrinking.need(*(("hypothesis",) if only == "sequences" else ("hypothesis", "schemathesis")))
    seed = secrets.randbits(32) if seed is None else seed
    target = msgspec.structs.replace(target, seed=seed)
    with asyncio.Runner(loop_factory=loop_factory()) as runner, shrinking.no_traces():
        emulator = target.emulator()
        runner.run(emulator.start())
        served = serving_api(serve, emulator)
        calls = runner.run(served.__aenter__())
        try:
            call = _Fuzzing(target, emulator, runner, examples, shrink_time, told)
            if only != "sequences":
                call.payloads(list(target.events if events is None else events))
            if only != "payloads":
                call.sequences(invariant)
        except NobodyThereError as error:
            call.reason = f"the consumer never answered: {error}"
        finally:
            runner.run(served.__aexit__(None, None, None))
            runner.run(emulator.stop())
    if failed := [one for one in calls if one.is_failure]:
        call.notes.append(f"callbacks that failed: {len(failed)}, the first: {failed[0]}")
    return Fuzzed(seed, tuple(call.findings), call.deliveries, tuple(call.notes), call.reason)


class _Fuzzing:
    """One call.

    Attributes:
        findings, notes, reason, deliveries: as `Fuzzed` has them.
    """

    def __init__(
        self,
        target: Target,
        emulator: Emulator,
        runner: asyncio.Runner,
        examples: int,
        shrink_time: float,
        told: Callable[[str], None],
    ) -> None:
        self._target, self._emulator, self._runner = target, emulator, runner
        self._examples, self._shrink_time, self._told = examples, shrink_time, told
        self.findings: list[Finding] = []
        self.notes: list[str] = []
        self.reason = ""
        self.deliveries = 0

    # --- payloads ---------------------------------------------------------------------------

    def payloads(self, events: list[str]) -> None:
        """Change payloads, in three stages."""
        run = self._runner.run
        session = Session(self._target, "payloads", self._emulator)
        run(session.__aenter__())
        sender = payloads.Sender(session, self._emulator.contracts, self._target.generation)
        bases = payloads.bases(self._target.seed, EPOCH, events)
        try:
            single = run(payloads.all_single(sender, bases, self._told))
            for case, count in single:
                self._keep(case, count)
            refused = {case.base.event for case, _ in single if not case.changes}
            sound = [one for one in bases if one.event not in refused]
            if sound and not sender.is_gone:
                self._draw_changes(sender, sound)
            if not sender.is_gone:
                self._from_schema(sender)
        finally:
            self.deliveries += sender.deliveries
            run(session.__aexit__(None, None, None))
        if sender.is_gone:
            self.notes.append("the consumer is gone: what comes after that was not tried")

    def _draw_changes(self, sender: Sender, bases: list[Base]) -> None:
        self._told("drawn changes of payloads")

        def trouble(drawn: tuple[Base, Any]) -> Case | None:
            base, changes = drawn
            payload = changed(base.payload, changes)
            case = self._runner.run(sender.sent(base, changes, payload))
            return case if case is not None and sender.is_news(case) else None

        search = shrinking.Search(
            payloads.drawn_changes(bases), trouble, payloads.size, shrink_time=self._shrink_time
        )
        worst = search.run(seed=self._target.seed, examples=self._examples)
        if worst is not None:
            case: Case = worst.trouble
            sender.note(case)
            self._keep(case, 1, is_flaky=search.is_flaky)

    def _from_schema(self, sender: Sender) -> None:
        from emulator.conformance.fuzzing import from_schema

        self._told("payloads that Schemathesis makes")
        contracts, generation = self._emulator.contracts, self._target.generation
        found: dict[str, Case] = {}

        def take(made: Made) -> bool:
            body, payload = _encoded(made.payload)
            case = self._runner.run(sender.judged(payload, body, made.why))
            if case is not None:
                found.setdefault(case.answer, case)
            return not sender.is_gone

        share = max(2, self._examples // _SCHEMA_SHARE)
        from_schema.each(
            contracts, generation, take, events=self._target.events, seed=self._target.seed,
            examples=share, seconds=_SCHEMA_SECONDS,
        )  # fmt: skip
        known = {answer for _, answer in sender.known}
        for case in found.values():
            if case.answer not in known:  # else it is what was found above, buried in noise
                self._keep(case, 1)

    def _keep(self, case: Case, count: int, *, is_flaky: bool = False) -> None:
        self.findings.append(_payload_finding(case, count, self._target, is_flaky=is_flaky))

    # --- sequences --------------------------------------------------------------------------

    def sequences(self, invariant: Mapping[str, str] | None) -> None:
        """Draw sequences and play them; make the first that fails small."""
        self._told("sequences")
        if not set(sequences.CHANGES) <= set(self._target.events):
            changes = " and ".join(sequences.CHANGES)
            self.notes.append(f"no sequences: they need a consumer of {changes} (--events)")
            return
        words = self._target.state_map
        player = Player(self._target, self._emulator, invariant or sequences.built_in(words))
        if not self._target.has_probe:
            self.notes.append(
                "no probe: of sequences, only that each delivery is accepted was looked at;"
                " --probe says where the consumer's state is"
            )
        try:
            self._runner.run(player.trouble(_PLAIN))  # tells whether anybody is there
            if invariant is None and player.has_no_count:
                del player.invariant[words.completions]
                note = (
                    f"the probe's answer has no {words.completions!r}: completions are not checked"
                )
                self.notes.append(note)
            worst, is_flaky = self._searched(player, is_hasty=True)
            if worst is not None and is_flaky:
                # Perhaps its state was only waited for too shortly.
                worst, is_flaky = self._searched(player, is_hasty=False)
            if worst is not None:
                self._keep_sequence(worst, player.invariant, is_flaky=is_flaky)
        finally:
            self.deliveries += player.deliveries

    def _searched(self, player: Player, *, is_hasty: bool) -> tuple[shrinking.Worst | None, bool]:
        """Return the smallest sequence that fails, and whether it does so only now and then."""
        tries = 0

        def trouble(sequence: dict[str, Any]) -> Any:
            nonlocal tries
            tries += 1
            self._told(f"sequence {tries}")
            wrong = self._runner.run(player.trouble(sequence))
            if wrong is not None and is_hasty:
                player.hurry()
            return wrong

        player.patience = self._target.within
        search = shrinking.Search(
            sequences.drawn(player.most), trouble, sequences.size, shrink_time=self._shrink_time
        )
        worst = search.run(seed=self._target.seed, examples=self._examples)
        player.patience = self._target.within
        if worst is None:
            return None, False
        again = self._runner.run(player.trouble(worst.drawn))
        if again is None:
            return worst, True
        return shrinking.Worst(worst.drawn, again), search.is_flaky

    def _keep_sequence(
        self, worst: shrinking.Worst, invariant: Mapping[str, str], *, is_flaky: bool
    ) -> None:
        title = worst.trouble[0]
        made = sequence_runs.saved(worst.drawn, self._target, invariant, title=title)
        document = self._runner.run(made)
        lines = (*worst.trouble, *(_step(one) for one in document["steps"]))
        flaky = "the same deliveries gave two different results: "
        file = f"found-{self._target.seed}.yaml"
        comments = (
            *worst.trouble,
            f"Found by fuzz, seed {self._target.seed}.",
            "For a consumer that has seen it: --seed N --set RUN=N makes other candidates of them.",
        )
        self.findings.append(
            Finding(
                "flaky" if is_flaky else "sequence",
                f"{flaky if is_flaky else ''}{title}",
                lines,
                file,
                scenario_yaml.text(document, comments),
                variables=sequence_runs.variables(self._target),
            )
        )


_PLAIN: dict[str, Any] = {
    "candidates": [[{"do": one, "after": 0} for one in ("invite", "enroll", "start", "complete")]]
}


def _payload_finding(case: Case, count: int, target: Target, *, is_flaky: bool) -> Finding:
    changes = [one.text for one in case.changes] or [case.why or "unchanged"]
    title = f"{case.base.name}, {'; '.join(changes)}: {case.problem}"
    more = f"{count} changes at {case.place} are answered so, this is the first"
    lines = (*([more] if count > 1 else []), f"answer: {case.answer}", *changes)
    place = re.sub(r"[^A-Za-z0-9]+", "-", case.place).strip("-").lower()[:60] or "all"
    stem = f"payload-{case.base.event}-{place}-{case.answer}"
    data = None
    document = _send(case, target, {"payload": case.payload}, title)
    if not _reads_back(document, case.payload):
        data = (f"{stem}.body", case.body)
        document = _send(case, target, {"data": data[0]}, title)
    comments = (title, f"Found by fuzz, seed {target.seed}.")
    return Finding(
        "flaky" if is_flaky else "payload",
        title,
        lines,
        f"{stem}.yaml",
        scenario_yaml.text(document, comments),
        data,
        tuple(one for one in sequence_runs.variables(target) if one != "CONSUMER_ROOT"),
    )


def _send(case: Case, target: Target, what: Mapping[str, Any], title: str) -> dict[str, Any]:
    """Return the scenario that sends a payload and demands an answer that is right."""
    event = case.base.event
    demand: dict[str, Any] = {"expect": {"event": event, "answered": "2xx", "count": 1}}
    steps: list[dict[str, Any]] = [{"send": {"event": event, **what}}]
    if not case.is_valid:
        demand = {"expect_none": {"event": event, "answered": _answered(case.answer)}}
        if case.answer == "answer_timeout":
            # Who never answers gives no evidence; this one answers other payloads.
            ping = {"send": {"event": event, "payload": case.base.payload}}
            steps.insert(0, ping)
    document: dict[str, Any] = {"scenario": title[:900]}
    if target.generation == "v2":
        document["webhooks"] = "v2"
    document["consumer"] = [sequence_runs.consumer(target, (event,))]
    return {**document, "steps": [*steps, demand]}


def _answered(answer: str) -> str:
    if answer.isdecimal():
        return "5xx"
    return next((word for word, ends in _ANSWERED.items() if answer in ends), "broken")


def _reads_back(document: dict[str, Any], payload: Any) -> bool:
    """Whether a scenario file says the payload as it is."""
    from emulator.scenario.loading import read
    from emulator.scenario.matchers import is_same
    from emulator.scenario.steps.messages import Send

    names = dict.fromkeys(re.findall(r"\$\{(\w+)\}", str(document["consumer"])), "x")
    names |= {"CONSUMER_URL": "http://127.0.0.1:1/", "CONSUMER_SECRET": f"whsec_{'QUJD' * 8}"}
    try:
        scenario = read("made", scenario_yaml.text(document).encode(), names)
    except (ScenarioError, UnicodeEncodeError, TypeError):
        return False
    steps = [one.step for one in scenario.steps if isinstance(one.step, Send)]
    return is_same(steps[-1].payload, payload)


def _encoded(made: Any) -> tuple[bytes, Any]:
    """Return the bytes of a payload, and what a consumer reads from them; bytes when nothing."""
    try:
        body = made if isinstance(made, bytes) else msgspec.json.encode(made)
    except (UnicodeEncodeError, OverflowError, TypeError):
        body = json.dumps(made, default=str).encode()  # half a surrogate pair, say
    try:
        return body, parsed(body)
    except NotJSONError:
        return body, body


def _step(step: dict[str, Any]) -> str:
    ((name, body),) = step.items()
    return f"{name}: {scenario_yaml.flow(body)}"
