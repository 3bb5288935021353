"""Finds the steps that a run would refuse, by a dry run of the real commands without any I/O.

The commands change a scratch state, and each step defines how much of its effect is known before a
run. If an effect is not known, because a value is captured, steps run in parallel, or an invitation
may have expired meanwhile, its subjects are forgotten, and later steps on them are not checked.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from emulator.clock import EPOCH, LATEST, Timeline, checked, later
from emulator.errors import EmulatorError, NotFoundError, ScenarioError
from emulator.journal.entry import Entry
from emulator.scenario.problems import Problems
from emulator.scenario.steps.step import Names
from emulator.scenario.steps.table import STEPS
from emulator.scenario.steps.webhooks import registration
from emulator.workspace import fold
from emulator.workspace.commands import subjects, webhooks
from emulator.workspace.commands.candidates import move_candidate
from emulator.workspace.entry_data import CandidateChanged, Opened, Settings
from emulator.workspace.time_control import check_jump

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from emulator.clock import TimerKey
    from emulator.delivery.profiles import Profile
    from emulator.domain.candidate import Candidate
    from emulator.domain.commands import Command
    from emulator.scenario.scenario import PlacedStep, Scenario
    from emulator.scenario.tree import Node
    from emulator.workspace.commands.change import Record

_END = LATEST - timedelta(milliseconds=1)

_OF_A_REAL_RUN = timedelta(hours=1)
"""On a real clock the steps themselves take time: this much at most."""

_ID = re.compile(r"\b[0-9a-f]{24}\b")


def refusals(scenario: Scenario) -> str:
    """Return the steps that would be refused, one problem each; empty when there is none."""
    dry_run = DryRun(scenario)
    for placed in scenario.steps:
        dry_run.play(placed)
    return str(dry_run.problems)


class _UnforeseenError(Exception):
    """A step needs a subject or a value that is not known before the run."""


class DryRun(Names):
    """A scenario's workspace as far as it is known without a run.

    A name is known as long as the state of its subject is.

    Attributes:
        problems: the steps that were refused.
        state: the workspace after the steps so far.
        now: the earliest time that the clock may show.
        unforeseen: kinds of subjects of which a step changed some in a way that is not known.
        removed: name of a removed webhook -> line of the step that removed it.
        line: of the current step.
    """

    def __init__(self, scenario: Scenario) -> None:
        super().__init__()
        document = scenario.document
        settings = Settings(
            seed=document.seed or 0,
            clock=document.clock,
            generation=document.webhooks,  # type: ignore[arg-type]
            observed=tuple(document.observed),
        )
        self.problems = Problems(scenario.file, scenario.text)
        self.state = fold.opened(
            Entry(1, EPOCH, "", "workspace.opened", Opened.drawn(settings, EPOCH))
        )
        self.now = EPOCH
        self.unforeseen: set[str] = set()
        self.removed: dict[str, int] = {}
        self.line = 0
        self._has_seed = document.seed is not None
        self._latest = EPOCH if document.clock == "virtual" else EPOCH + _OF_A_REAL_RUN
        self._timeline = Timeline("virtual", EPOCH)  # when candidates move by themselves
        for consumer in document.consumer:
            asked = registration(consumer, str(consumer.name), document.webhooks, settings)
            self.ids["webhook"][asked["name"]] = self.add_webhook(**asked)

    @property
    def is_drawn_content_known(self) -> bool:
        """Whether a run would draw the same content for assessments."""
        return self._has_seed and "assessment" not in self.unforeseen

    def play(self, placed: PlacedStep) -> None:
        """Execute the known part of a step, and report a refusal."""
        self.line = placed.line
        try:
            if placed.step is None:
                self.forget(placed)
            else:
                placed.step.dry_run(self)
        except _UnforeseenError:
            self.forget(placed)
        except ScenarioError:  # too many problems
            raise
        except EmulatorError as error:
            place = placed.body.place_of(error.path) or placed.place
            self.problems.add(place, self._with_names(error.message))
            self.forget(placed)
        self._fall_due()

    def forget(self, placed: PlacedStep) -> None:
        """Forget the subjects that a step changes, and the time if it passes time."""
        kind = STEPS[placed.name]
        body = placed.body.value if isinstance(placed.body.value, dict) else {}
        for key, subject in kind.changes.items():
            self.unforeseen.add(subject)
            if key in body:
                self._forget(subject, body[key])
        if kind.passes_time:
            self._latest = _END

    # --- for steps ----------------------------------------------------------------------------

    def id_of(self, kind: str, name: str) -> str:
        """Return the id of the *kind* that the scenario calls *name*.

        Raises:
            NotFoundError: it is a webhook that was removed.
        """
        if kind == "webhook" and name in self.removed:
            message = f"the webhook {name!r} is removed at line {self.removed[name]}"
            raise NotFoundError(message)
        if name not in self.ids[kind]:
            raise _UnforeseenError
        return self.ids[kind][name]

    def do(self, command: Command, id_: str, details: Mapping[str, Any]) -> str:
        """Do a command of the table, and return the id of its subject.

        Raises:
            EmulatorError: it is refused.
        """
        given = subjects.details(command, details)
        change = subjects.changed(self.state, self.now, command, id_, given)
        self.commit(change.records)
        subject = change.occurrence.candidate or change.occurrence.assessment
        return subject.id

    def add_webhook(self, *, profile: Profile | None, **asked: Any) -> str:
        """Register a webhook, and return its id.

        Raises:
            EmulatorError: it is refused.
        """
        webhook = webhooks.add_webhook(
            self.state, self.now, webhooks.Registration(**asked), profile
        )
        self.commit(webhooks.added(webhook, profile))
        return webhook.id

    def commit(self, records: Iterable[Record]) -> None:
        """Apply records to the state, at its time."""
        self._commit(records, self.now)

    def pass_time(self, least: float, most: float) -> None:
        """Let between *least* and *most* seconds pass.

        Raises:
            InvalidInputError: beyond the years that a clock can show.
        """
        self.now = checked(later(self.now, least))
        self._latest = min(later(self._latest, most), _END)

    def set_clock(self, now: datetime) -> None:
        """Set the clock, forward or back.

        Raises:
            ConflictError: back, while something waits on the clock.
            InvalidInputError: beyond the years that a clock can show.
        """
        if checked(now) < self.now:
            self._timeline.move_to(self.now)
            check_jump(self._timeline, now)
        uncertain = self._latest - self.now
        if now - uncertain < self.now:
            self._latest = _END
            self._fall_due()
            uncertain = timedelta(0)
        # All times so far may be too early by the uncertain time, and so may this one.
        self.now, self._latest = now - uncertain, now

    # --- knowledge ----------------------------------------------------------------------------

    def _commit(self, records: Iterable[Record], at: datetime) -> None:
        for kind, data in records:
            fold.apply(self.state, Entry(0, at, "", kind, data))
            if isinstance(data, CandidateChanged):
                self._follow(data.candidate)

    def _follow(self, candidate: Candidate) -> None:
        if candidate.falls_due is None:
            self._timeline.cancel(_timer(candidate))
        else:
            self._timeline.set_timer(_timer(candidate), candidate.falls_due[1])

    def _fall_due(self) -> None:
        """Execute the moves that are due for certain, and forget candidates whose move may be."""
        self._timeline.move_to(self._latest)
        while (key := self._timeline.pop_due()) is not None:
            candidate = self.state.candidates[self.state.candidate_numbers[key[1]]]
            assert candidate.falls_due is not None  # noqa: S101 - it has a timer
            command, at = candidate.falls_due
            if at <= self.now:
                self._commit(move_candidate(self.state, at, candidate.id, command).records, at)
            else:
                known = self.ids["candidate"]
                for name in [name for name, id_ in known.items() if id_ == candidate.id]:
                    del known[name]
                self._lose(candidate)

    def _forget(self, kind: str, named: Node) -> None:
        known = self.ids[kind]
        for name in [*known] if named.is_late else [named.plain(as_text=True)]:
            id_ = known.pop(name, "")
            if id_ in self.state.candidates:
                self._lose(self.state.candidates[id_])

    def _lose(self, candidate: Candidate) -> None:
        """Remove a candidate's timer, and the open invitation, so that another is possible."""
        self._timeline.cancel(_timer(candidate))
        self.state.people.pop(candidate.email.casefold(), None)

    def _with_names(self, message: str) -> str:
        """Return *message* with the scenario's names in place of ids."""
        names = {id_: name for known in self.ids.values() for name, id_ in known.items()}
        return _ID.sub(lambda found: names.get(found[0], found[0]), message)


def _timer(candidate: Candidate) -> TimerKey:
    return (0, candidate.number, 0, 0)
