"""Fuzzes a consumer with payloads and sequences, and saves a scenario file for each finding."""

from __future__ import annotations

import asyncio
import json
import secrets
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from emulator.clock import EPOCH
from emulator.conformance.fuzzing import payloads, saving, sequences, shrinking
from emulator.conformance.fuzzing.causes import causes, news
from emulator.conformance.fuzzing.findings import Finding, Fuzzed, chosen
from emulator.conformance.fuzzing.mutations import changed
from emulator.conformance.fuzzing.sequence_runs import NobodyThereError, Player
from emulator.conformance.session import Session
from emulator.decoding import parsed
from emulator.errors import NotJSONError
from emulator.event_loops import loop_factory
from emulator.scenario.callbacks import serving_api

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from emulator.conformance.fuzzing.causes import Cause, Wrong
    from emulator.conformance.fuzzing.from_schema import Made
    from emulator.conformance.fuzzing.payloads import Base, Case, Sender
    from emulator.conformance.target import Target
    from emulator.emulator import Emulator
    from emulator.scenario.callbacks import ApiServer

Part = Literal["payloads", "sequences"]

EXAMPLES = 200
MAX_FINDINGS = 5
SHRINK_TIME = 30.0
"""Real seconds that a failure may be made small."""

_SCHEMA_SHARE, _SCHEMA_SECONDS = 10, 15.0
"""One in so many payloads is Schemathesis's, which is slow, and for so many real seconds."""


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
        max_findings: that are reported at most, those of different causes first.
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
            call = _Fuzzing(target, emulator, runner, examples, max_findings, shrink_time, told)
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
        most: int,
        shrink_time: float,
        told: Callable[[str], None],
    ) -> None:
        self._target, self._emulator, self._runner = target, emulator, runner
        self._examples, self._most, self._shrink_time = examples, most, shrink_time
        self._told = told
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
                self._from_schema(sender, bases)
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
            case: Case = search.worst.trouble
            sender.note(case)
            self._keep(case, 1, is_flaky=search.is_flaky)
            if left <= 0 or sender.is_gone:
                break

    def _from_schema(self, sender: Sender, bases: list[Base]) -> None:
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
            contracts, generation, take, events=self._target.events,
            texts=payloads.texts(bases), seed=self._target.seed, examples=share,
            seconds=_SCHEMA_SECONDS,
        )  # fmt: skip
        known = {answer for _, answer in sender.known}
        for case in found.values():
            if case.answer not in known:  # else it is what was found above, buried in noise
                self._keep(case, 1)

    def _keep(self, case: Case, count: int, *, is_flaky: bool = False) -> None:
        self.findings.append(saving.payload(case, count, self._target, is_flaky=is_flaky))

    # --- sequences --------------------------------------------------------------------------

    def sequences(self, invariant: Mapping[str, str] | None) -> None:
        """Draw sequences and play them; make the first that fails small, for each cause."""
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
            self._runner.run(player.wrong(_PLAIN))  # tells whether anybody is there
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
        known: set[Cause] = set()
        left = self._examples
        for number in range(1, self._most + 1):
            seed = self._target.seed + number - 1
            search = self._searched(player, known, seed, left, is_hasty=True)
            if search.is_flaky:
                # Perhaps its state was only waited for too shortly.
                search = self._searched(player, known, seed, left, is_hasty=False)
            left -= search.draws
            if search.worst is None:
                break
            drawn, wrong = search.worst.drawn, search.worst.trouble
            known |= causes(drawn, wrong)
            name = f"found-{self._target.seed}" + (f"-{number}" if number > 1 else "")
            finding = saving.sequence(
                drawn, [one.text for one in wrong], self._target, player.invariant,
                name=name, is_flaky=search.is_flaky,
            )  # fmt: skip
            self.findings.append(self._runner.run(finding))
            if left <= 0:
                break

    def _searched(
        self, player: Player, known: set[Cause], seed: int, examples: int, *, is_hasty: bool
    ) -> shrinking.Search[dict[str, Any]]:
        """Search for the smallest sequence that fails for a cause that is not known."""
        tries = 0
        kind = ""

        def trouble(sequence: dict[str, Any]) -> list[Wrong] | None:
            nonlocal tries, kind
            tries += 1
            self._told(f"sequence {tries}")
            wrong = self._runner.run(player.wrong(sequence))
            kinds = [one.kind for one in news(sequence, wrong, known)]
            if not kinds:
                return None
            kind = kind or kinds[0]  # what is made small stays of that kind
            if is_hasty:
                player.hurry()
            return wrong if kind in kinds else None

        player.patience = self._target.within
        search = shrinking.Search(
            sequences.drawn(player.most), trouble, sequences.size, shrink_time=self._shrink_time
        )
        search.run(seed=seed, examples=examples)
        player.patience = self._target.within
        if search.worst is not None:
            again = self._runner.run(player.wrong(search.worst.drawn))
            search.is_flaky |= not again
            search.worst = shrinking.Worst(search.worst.drawn, again or search.worst.trouble)
        return search


_PLAIN: dict[str, Any] = {
    "candidates": [[{"do": one, "after": 0} for one in ("invite", "enroll", "start", "complete")]]
}


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
