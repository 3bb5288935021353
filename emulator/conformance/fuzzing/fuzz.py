"""Fuzzes a consumer with payloads and sequences, and saves a scenario file for each finding."""

from __future__ import annotations

import asyncio
import json
import secrets
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from emulator.clock import EPOCH
from emulator.conformance.fuzzing import payloads, saving, sequences, shrinking, single_changes
from emulator.conformance.fuzzing.causes import causes, unexplained
from emulator.conformance.fuzzing.findings import Fuzzed, FuzzFinding, chosen
from emulator.conformance.fuzzing.mutations import changed
from emulator.conformance.fuzzing.sequence_runs import NobodyThereError, Player
from emulator.conformance.session import Session
from emulator.decoding import parsed
from emulator.errors import NotJSONError
from emulator.event_loops import loop_factory
from emulator.scenario.callbacks import serving_api

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from emulator.conformance.fuzzing.causes import Failure, PresumedCause
    from emulator.conformance.fuzzing.from_schema import Generated
    from emulator.conformance.fuzzing.payloads import Base, PayloadSender, RejectedPayload
    from emulator.conformance.target import Target
    from emulator.emulator import Emulator
    from emulator.scenario.callbacks import ApiServer

Part = Literal["payloads", "sequences"]

EXAMPLES = 200
MAX_FINDINGS = 5
SHRINK_TIME = 30.0
"""Real seconds to shrink a failure."""

_SCHEMA_SHARE, _SCHEMA_SECONDS = 10, 15.0
"""Schemathesis is slow: it generates one in ten payloads, and for 15 real seconds at most."""


def fuzz(
    target: Target,
    *,
    seed: int | None = None,
    examples: int = EXAMPLES,
    only: Part | None = None,
    events: Iterable[str] | None = None,
    invariant: Mapping[str, str] | None = None,
    max_findings: int = MAX_FINDINGS,
    shrink_time: float = SHRINK_TIME,
    on_progress: Callable[[str], None] = lambda _: None,
    serve: ApiServer | None = None,
) -> Fuzzed:
    """Fuzz a consumer; no event loop may be running in this thread.

    Args:
        target: the consumer.
        seed: for random choices; random by default.
        examples: how many payloads, and how many sequences, are drawn at most.
        only: draw only payloads or only sequences.
        events: event types whose payloads are changed; by default those that the consumer
            subscribes to.
        invariant: expected output of the probe at the end of a sequence: path -> value, with
            ``{status}`` and ``{completions}`` for the expected values.
        max_findings: how many findings are reported at most, different causes first.
        shrink_time: real seconds to shrink a failure.
        on_progress: called with a description of the current activity.
        serve: serves the provider API to the consumer.

    Raises:
        InvalidInputError: the extra is not installed, or the target is invalid.
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
            call = _Fuzzing(
                target, emulator, runner, examples, max_findings, shrink_time, on_progress
            )
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
    findings = chosen(call.findings, max_findings)
    if len(findings) < len(call.findings):
        left = len(call.findings) - len(findings)
        call.notes.append(f"{left} more findings are left out; --max-findings reports them")
    return Fuzzed(seed, tuple(findings), call.deliveries, tuple(call.notes), call.reason)


class _Fuzzing:
    """A call of `fuzz`, and its result so far.

    Attributes:
        findings, notes, reason, deliveries: as in `Fuzzed`.
    """

    def __init__(
        self,
        target: Target,
        emulator: Emulator,
        runner: asyncio.Runner,
        examples: int,
        most: int,
        shrink_time: float,
        on_progress: Callable[[str], None],
    ) -> None:
        self._target, self._emulator, self._runner = target, emulator, runner
        self._examples, self._most, self._shrink_time = examples, most, shrink_time
        self._on_progress = on_progress
        self.findings: list[FuzzFinding] = []
        self.notes: list[str] = []
        self.reason = ""
        self.deliveries = 0

    # --- payloads ---------------------------------------------------------------------------

    def payloads(self, events: list[str]) -> None:
        """Send every single change, random changes, and payloads of Schemathesis."""
        run = self._runner.run
        session = Session(self._target, "payloads", self._emulator)
        run(session.__aenter__())
        generation = self._target.generation
        contracts = self._emulator.contracts
        sender = payloads.PayloadSender(session, contracts, generation)
        bases = payloads.bases(self._target.seed, EPOCH, generation, events, contracts)
        try:
            single = run(single_changes.all_single(sender, bases, self._on_progress))
            for case, count in single:
                self._keep(case, count)
            refused = {case.base.event for case, _ in single if not case.changes}
            sound = [one for one in bases if one.event not in refused]
            if sound and not sender.is_gone:
                self._draw_changes(sender, sound)
            if not sender.is_gone:
                self._from_schema(sender, bases)
        finally:
            self.deliveries += sender.deliveries
            run(session.__aexit__(None, None, None))
        if sender.is_gone:
            self.notes.append("the consumer has stopped, so the remaining payloads were not sent")

    def _draw_changes(self, sender: PayloadSender, bases: list[Base]) -> None:
        self._on_progress("random changes of payloads")

        def trouble(drawn: tuple[Base, Any]) -> RejectedPayload | None:
            base, changes = drawn
            payload = changed(base.payload, changes)
            case = self._runner.run(sender.sent(base, changes, payload))
            return case if case is not None and sender.is_news(case) else None

        left = self._examples
        for number in range(self._most):
            search = shrinking.Search(
                payloads.drawn_changes(bases), trouble, payloads.size,
                shrink_time=self._shrink_time,
            )  # fmt: skip
            search.run(seed=self._target.seed + number, examples=left)
            left -= search.draws
            if search.worst is None:
                break
            case: RejectedPayload = search.worst.trouble
            sender.note(case)
            self._keep(msgspec.structs.replace(case, is_flaky=search.is_flaky), 1)
            if left <= 0 or sender.is_gone:
                break

    def _from_schema(self, sender: PayloadSender, bases: list[Base]) -> None:
        from emulator.conformance.fuzzing import from_schema

        self._on_progress("payloads of Schemathesis")
        contracts, generation = self._emulator.contracts, self._target.generation
        found: dict[str, RejectedPayload] = {}

        def take(generated: Generated) -> bool:
            body, payload = _encoded(generated.payload)
            case = self._runner.run(sender.judged(payload, body, generated.why))
            if case is not None:
                found.setdefault(case.answer, case)
            return not sender.is_gone

        share = max(2, self._examples // _SCHEMA_SHARE)
        from_schema.each(
            contracts, generation, take, events=self._target.events,
            texts=payloads.texts(bases), seed=self._target.seed, examples=share,
            seconds=_SCHEMA_SECONDS,
        )  # fmt: skip
        known = {answer for _, answer in sender.known}
        for case in found.values():
            if case.answer not in known:  # a known answer most likely has the same cause
                self._keep(case, 1)

    def _keep(self, case: RejectedPayload, count: int) -> None:
        self.findings.append(saving.payload(case, count, self._target))

    # --- sequences --------------------------------------------------------------------------

    def sequences(self, invariant: Mapping[str, str] | None) -> None:
        """Draw and run sequences; shrink the first failure of each cause."""
        self._on_progress("sequences")
        wanted = sequences.changes(self._target.generation)
        if not set(wanted) <= set(self._target.events):
            changes = " and ".join(wanted)
            self.notes.append(f"no sequences: they need a consumer of {changes} (--events)")
            return
        words = self._target.state_map
        player = Player(self._target, self._emulator, invariant or sequences.built_in(words))
        if not self._target.has_probe:
            self.notes.append(
                "no probe: for sequences, only the answers were checked; --probe shows the"
                " consumer's state"
            )
        try:
            plain = _PLAIN | {"webhooks": self._target.generation}
            self._runner.run(player.failures(plain))  # raises if there is no consumer
            if invariant is None and player.has_no_count:
                del player.invariant[words.completions]
                note = (
                    f"the probe's answer has no {words.completions!r}: completions are not checked"
                )
                self.notes.append(note)
            self._search_sequences(player)
        finally:
            self.deliveries += player.deliveries

    def _search_sequences(self, player: Player) -> None:
        known: set[PresumedCause] = set()
        left = self._examples
        for number in range(1, self._most + 1):
            seed = self._target.seed + number - 1
            search = self._searched(player, known, seed, left, is_hasty=True)
            if search.is_flaky:
                # Perhaps the wait for the state was too short.
                search = self._searched(player, known, seed, left, is_hasty=False)
            left -= search.draws
            if search.worst is None:
                break
            drawn, failures = search.worst.drawn, search.worst.trouble
            known |= causes(drawn, failures)
            name = f"found-{self._target.seed}" + (f"-{number}" if number > 1 else "")
            finding = saving.sequence(
                drawn, [one.text for one in failures], self._target, player.invariant,
                name=name, is_flaky=search.is_flaky,
            )  # fmt: skip
            self.findings.append(self._runner.run(finding))
            if left <= 0:
                break

    def _searched(
        self, player: Player, known: set[PresumedCause], seed: int, examples: int, *, is_hasty: bool
    ) -> shrinking.Search[dict[str, Any]]:
        """Search for the smallest sequence that fails for an unknown cause."""
        tries = 0
        kind = ""

        def trouble(sequence: dict[str, Any]) -> list[Failure] | None:
            nonlocal tries, kind
            tries += 1
            self._on_progress(f"sequence {tries}")
            failures = self._runner.run(player.failures(sequence, known))
            kinds = [one.kind for one in unexplained(sequence, failures, known)]
            if not kinds:
                return None
            kind = kind or kinds[0]  # shrink only to failures of the same kind
            return failures if kind in kinds else None

        player.is_hasty = is_hasty
        search = shrinking.Search(
            sequences.drawn(player.most, self._target.generation),
            trouble,
            sequences.size,
            shrink_time=self._shrink_time,
        )
        search.run(seed=seed, examples=examples)
        player.is_hasty = False
        if search.worst is not None:
            again = self._runner.run(player.failures(search.worst.drawn))
            search.is_flaky |= not again
            search.worst = shrinking.Worst(search.worst.drawn, again or search.worst.trouble)
        return search


_PLAIN: dict[str, Any] = {
    "candidates": [[{"do": one, "after": 0} for one in ("invite", "enroll", "start", "complete")]]
}


def _encoded(made: Any) -> tuple[bytes, Any]:
    """Return the bytes of a payload, and their decoded value; the bytes if they are not JSON."""
    try:
        body = made if isinstance(made, bytes) else msgspec.json.encode(made)
    except (UnicodeEncodeError, OverflowError, TypeError):
        body = json.dumps(made, default=str).encode()  # for example with a lone surrogate
    try:
        return body, parsed(body)
    except NotJSONError:
        return body, body
