"""Selects the messages and attempts that a step refers to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

import msgspec

from emulator.domain.events import EVENT_TYPES, TEST_EVENT
from emulator.domain.payloads import fields as payload_fields
from emulator.errors import InvalidInputError, NotJSONError
from emulator.paths import ABSENT
from emulator.scenario import comparison
from emulator.scenario.matchers import Matcher
from emulator.scenario.steps.step import RunContext, Step
from emulator.scenario.value_types import (
    Answered,
    AssessmentName,
    CandidateName,
    FieldName,
    PayloadPath,
    SentEvent,
    WebhookName,
)
from emulator.workspace import queries

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.delivery.records import Delivery

Number = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class OfMessages(Step, frozen=True):
    """A step about messages; a key that is missing matches all of them."""

    changes: ClassVar[dict[str, str]] = {}

    event: SentEvent | None = None
    candidate: CandidateName | None = None
    assessment: AssessmentName | None = None
    webhook: WebhookName | None = None
    fields: dict[FieldName, Matcher] = msgspec.field(default_factory=dict)
    where: dict[PayloadPath, Matcher] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a combination that no message can match."""
        about = EVENT_TYPES.get(self.event or TEST_EVENT)
        if self.candidate is not None and about is not None and about.subject != "candidate":
            message = f"{self.event!r} is not about a candidate"
            raise InvalidInputError(message, path="$.candidate")

    def compared(
        self, context: RunContext, one: comparison.Sent
    ) -> list[comparison.FieldComparison]:
        """Compare an attempt with the keys of the step, field by field."""
        delivery = one.delivery
        results = []
        if self.event is not None:
            results.append(comparison.same("event", self.event, delivery.event))
        ids = {
            "candidate": delivery.message.subject,
            "assessment": _assessment_of(context, delivery),
            "webhook": delivery.webhook_id,
        }
        for kind, id_ in ids.items():
            name = getattr(self, kind)
            if name is not None:
                context.id_of(kind, name)  # raises for a name without a record
                results.append(comparison.same(kind, name, _name(context.ids[kind], id_)))
        if self.fields or self.where:
            results += self._inside(context, one)
        return results

    def _inside(
        self, context: RunContext, one: comparison.Sent
    ) -> list[comparison.FieldComparison]:
        """Compare values inside the payload."""
        try:
            payload = queries.payload(context.workspace.state, one.delivery, one.attempt)
        except NotJSONError:  # sent on purpose
            return [
                comparison.compared(name, demand, ABSENT, "no JSON")
                for name, demand in self._wanted()
            ]
        named = [
            comparison.compared(name, demand, payload_fields.find(payload, name))
            for name, demand in self.fields.items()
        ]
        return named + comparison.fields(self.where, payload)

    def _wanted(self) -> list[tuple[str, Matcher]]:
        return [*self.fields.items(), *self.where.items()]

    def matching(self, context: RunContext) -> list[comparison.Sent]:
        """Return the attempts of the run so far that match all keys."""
        return [
            one
            for one in comparison.sent(self._likely(context))
            if one.attempt and all(part.is_equal for part in self.compared(context, one))
        ]

    def _likely(self, context: RunContext) -> list[Delivery]:
        # The cheap part first: only payloads that may match are decoded.
        subject = None if self.candidate is None else context.id_of("candidate", self.candidate)
        known = context.deliveries(event=self.event, subject=subject)
        return [one for one in known if self.event in (None, one.event)]

    def nearest(self, context: RunContext) -> list[str]:
        """Return lines that describe the nearest attempts."""
        lines = []
        if self.event in EVENT_TYPES and not context.workspace.state.wanting(str(self.event)):
            lines.append(f"  no webhook subscribes to {self.event!r}")
        every = comparison.sent(context.deliveries())
        return lines + comparison.nearest([(self.compared(context, one), one) for one in every])

    def demanded(self) -> str:
        """Return the conditions on messages, on one line."""
        parts = [str(self.event or "message")]
        for word, name in (("of", self.candidate), ("of", self.assessment), ("to", self.webhook)):
            if name is not None:
                parts.append(f"{word} {name}")
        if self.fields or self.where:
            parts.append("with " + ", ".join(f"{name} {one}" for name, one in self._wanted()))
        return " ".join(parts)


class OfAttempts(OfMessages, frozen=True):
    """A step about attempts: each request is considered separately."""

    attempt: Number | None = None
    answered: Answered | None = None

    def compared(
        self, context: RunContext, one: comparison.Sent
    ) -> list[comparison.FieldComparison]:
        """Compare an attempt with the keys of the step, field by field."""
        results = super().compared(context, one)
        if self.attempt is not None:
            actual = one.attempt.number if one.attempt else ABSENT
            results.append(comparison.same("attempt", self.attempt, actual))
        if self.answered is not None:
            results.append(comparison.answer(self.answered, one.attempt))
        return results

    def demanded(self) -> str:
        """Return the conditions on attempts, on one line."""
        parts = [super().demanded()]
        if self.attempt is not None:
            parts.append(f"in attempt {self.attempt}")
        if self.answered is not None:
            parts.append(f"answered {self.answered}")
        return " ".join(parts)


def _name(names: Mapping[str, str], id_: str) -> str:
    """Return the scenario's name for the record with this id, or the id if there is none."""
    # The last name: in a repeat, a name moves on to the next record.
    return next((name for name in reversed(list(names)) if names[name] == id_), id_)


def _assessment_of(context: RunContext, delivery: Delivery) -> str:
    subject = delivery.message.subject
    candidate = context.workspace.state.candidates.get(subject)
    return candidate.assessment_id if candidate else subject
