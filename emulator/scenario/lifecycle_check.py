"""Finds commands of a scenario that the lifecycles would refuse, without a run. Pure.

The steps are walked over the tables, the clock included. What can't be known (a name that a
capture gives, the order inside of `parallel`, an invitation that may or may not have run out) is
unknown from then on, and nothing is said of it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from emulator.clock import EPOCH
from emulator.domain import assessment as assessments
from emulator.domain import candidate as candidates
from emulator.domain.commands import COMMANDS
from emulator.errors import IllegalCommandError
from emulator.scenario.problems import Problems
from emulator.scenario.scenario import every
from emulator.scenario.steps.expectations import Expect, ExpectNone
from emulator.scenario.steps.messages import Send
from emulator.scenario.steps.subjects import (
    CreateAssessment,
    Invite,
    MoveAssessment,
    MoveCandidate,
)
from emulator.scenario.steps.table import STEPS
from emulator.scenario.steps.waiting import SetClock, Wait
from emulator.scenario.steps.webhooks import AddWebhook, EditWebhook, RemoveWebhook, TestWebhook

if TYPE_CHECKING:
    from emulator.domain.lifecycle import Lifecycle
    from emulator.scenario.scenario import PlacedStep, Scenario
    from emulator.scenario.steps.step import Step

    _OfWebhook = EditWebhook | RemoveWebhook | Send | TestWebhook


def illegal(scenario: Scenario) -> str:
    """Return what would be refused, one problem each with its place; empty when nothing is."""
    walk = _Walk(scenario)
    walk.steps(scenario.steps)
    return str(walk.problems)


class _Subject(msgspec.Struct):
    """What is known of an assessment or a candidate.

    Attributes:
        state: None when it is unknown.
        falls_due: the earliest and the latest instant at which an invitation runs out by itself,
            or goes out that is scheduled; None when it does not, or nobody knows.
        validity: days that an assessment's invitations stay open; None when it is unknown.
    """

    state: str | None
    falls_due: tuple[datetime, datetime] | None = None
    validity: int | None = assessments.VALIDITY_DAYS


class _Walk:
    def __init__(self, scenario: Scenario) -> None:
        self.problems = Problems(scenario.file, scenario.text)
        self._is_virtual = scenario.document.clock == "virtual"
        self._now: tuple[datetime, datetime] | None = (EPOCH, EPOCH)  # at least and at most
        self._assessments: dict[str, _Subject] = {}
        self._candidates: dict[str, _Subject] = {}
        self._removed: dict[str | None, int] = {}  # webhook -> line

    def steps(self, steps: tuple[PlacedStep, ...] | list[PlacedStep]) -> None:
        """Walk over steps that are done one after the other."""
        for placed in steps:
            if placed.name == "repeat" and placed.step is not None:
                self.steps(placed.step.steps)  # type: ignore[attr-defined]
            elif placed.name == "parallel":
                for inner in every([placed]):
                    self._forget(inner)
            elif placed.step is None:
                self._forget(placed)
            else:
                self._step(placed, placed.step)

    def _step(self, placed: PlacedStep, step: Step) -> None:
        if STEPS[placed.name].is_settling:
            self._time(placed, step)
        elif isinstance(step, AddWebhook):
            self._removed.pop(step.as_, None)  # in a repeat, the name moves on
        elif isinstance(step, CreateAssessment):
            validity = step.validity_days or assessments.VALIDITY_DAYS
            if step.as_ is not None:
                self._assessments[step.as_] = _Subject(assessments.DRAFT, validity=validity)
        elif isinstance(step, Invite):
            self._invite(placed, step)
        elif isinstance(step, MoveAssessment):
            subject = self._assessments.setdefault(step.assessment, _Subject(None, validity=None))
            self._move(placed, assessments.LIFECYCLE, step.assessment, subject)
            subject.validity = step.details().get("validity_days") or subject.validity
        elif isinstance(step, RemoveWebhook | EditWebhook | TestWebhook | Send):
            self._reach(placed, step)
        elif isinstance(step, MoveCandidate):
            subject = self._candidates.setdefault(step.candidate, _Subject(None))
            self._fall_due(subject)
            self._move(placed, candidates.LIFECYCLE, step.candidate, subject)

    def _reach(self, placed: PlacedStep, step: _OfWebhook) -> None:
        """Complain of a webhook that was removed before."""
        if step.webhook in self._removed:
            line = self._removed[step.webhook]
            message = f"the webhook {step.webhook!r} is removed at line {line}"
            self.problems.add(placed.place, message)
        elif isinstance(step, RemoveWebhook):
            self._removed[step.webhook] = placed.line

    def _invite(self, placed: PlacedStep, step: Invite) -> None:
        to = self._assessments.setdefault(step.to, _Subject(None, validity=None))
        self._move(placed, assessments.LIFECYCLE, step.to, to)
        if step.as_ is None:
            return
        if to.validity is None or self._now is None:
            self._candidates[step.as_] = _Subject(None)
            return
        if step.scheduled:
            due = _later(self._now, timedelta(seconds=step.scheduled))
            self._candidates[step.as_] = _Subject(candidates.SCHEDULED, due, to.validity)
        else:
            due = _later(self._now, timedelta(days=to.validity))
            self._candidates[step.as_] = _Subject(candidates.INVITED, due)

    def _move(self, placed: PlacedStep, lifecycle: Lifecycle, name: str, subject: _Subject) -> None:
        if subject.state is None:
            return
        verb = COMMANDS[placed.name].verb
        try:
            subject.state = lifecycle.transition(subject.state, verb, name=name).next_state
        except IllegalCommandError as error:
            self.problems.add(placed.place, error.message)
            subject.state = None  # one complaint is enough

    def _fall_due(self, subject: _Subject) -> None:
        """Let an invitation go out, or run out, whose time has come for sure, or may have."""
        while subject.state in (candidates.SCHEDULED, candidates.INVITED):
            if self._now is None or subject.falls_due is None:
                subject.state = None
            elif self._now[0] >= subject.falls_due[1] and subject.state == candidates.INVITED:
                subject.state = candidates.INVITATION_EXPIRED
            elif self._now[0] >= subject.falls_due[1] and subject.validity is not None:
                subject.state = candidates.INVITED
                subject.falls_due = _later(subject.falls_due, timedelta(days=subject.validity))
            elif self._now[1] >= subject.falls_due[0]:
                subject.state = None
            else:
                return

    def _time(self, placed: PlacedStep, step: Step) -> None:
        if isinstance(step, Wait):
            self._pass(step.duration, step.duration)
        elif isinstance(step, SetClock):
            self._set(placed, step)
        elif isinstance(step, Expect):
            self._pass(0, step.within)  # it stops at the match
        elif isinstance(step, ExpectNone):
            self._pass(step.for_, step.for_)

    def _pass(self, least: float, most: float) -> None:
        if self._now is not None:
            first, last = self._now
            self._now = (first + timedelta(seconds=least), last + timedelta(seconds=most))

    def _set(self, placed: PlacedStep, step: SetClock) -> None:
        if not self._is_virtual:
            self.problems.add(placed.place, "the clock is real; only a virtual one can be set")
        self._now = (step.now, step.now)

    def _forget(self, placed: PlacedStep) -> None:
        """Make unknown what a step may have done that nobody can foresee."""
        kind = STEPS[placed.name]
        names = placed.body.value if isinstance(placed.body.value, dict) else {}
        if issubclass(kind, MoveAssessment | Invite):
            key = "to" if kind is Invite else "assessment"
            self._unknown(self._assessments, names[key].value, is_late=names[key].is_late)
        if issubclass(kind, MoveCandidate):
            node = names["candidate"]
            self._unknown(self._candidates, node.value, is_late=node.is_late)
        if issubclass(kind, CreateAssessment | Invite) and "as" in names:
            known = self._candidates if kind is Invite else self._assessments
            known[names["as"].value] = _Subject(None, validity=None)
        if kind.is_settling and kind is not STEPS["capture"]:
            self._now = None

    def _unknown(self, known: dict[str, _Subject], name: str, *, is_late: bool) -> None:
        for one in [*known] if is_late else [name]:
            known[one] = _Subject(None, validity=None)


def _later(at: tuple[datetime, datetime], by: timedelta) -> tuple[datetime, datetime]:
    return at[0] + by, at[1] + by
