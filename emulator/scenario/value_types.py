"""The types of values in scenario files, each with its reader.

What a word names in the domain is asked there; nothing here knows YAML or places.
"""

from __future__ import annotations

import re
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NewType, get_args

from emulator import paths
from emulator.delivery.faults.reading import fault_from
from emulator.delivery.transports.asgi import destination_of
from emulator.domain.calls import route
from emulator.domain.candidate import REASONS
from emulator.domain.events import TEST_EVENT, Generation, checked_names, event_type
from emulator.domain.payloads.fields import checked_field
from emulator.domain.payloads.variants import checked_variants
from emulator.domain.webhook import checked_url
from emulator.durations import parse, parse_instant
from emulator.errors import InvalidInputError, UnknownNameError
from emulator.scenario.matchers import Matcher, demand
from emulator.scenario.variables import NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from emulator.delivery.records import Outcome

_CLASS = re.compile(r"([1-5])xx", re.IGNORECASE)
_WITHOUT_ANSWER: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "timeout": ("connect_timeout", "answer_timeout"),
        "refused": ("refused",),
        "broken": ("reset", "closed", "bad_answer", "app_failed"),
    }
)


Duration = NewType("Duration", float)
"""Seconds; written with a unit, ``150ms``, ``2h``."""

EventName = NewType("EventName", str)
"""The id of an event type; the word of a payload is accepted, too."""

RouteName = NewType("RouteName", str)
"""Method and path of a provider API call; the name of the operation is accepted, too."""

FaultWords = NewType("FaultWords", object)
"""A fault with its settings, without `on`."""

SentEvent = NewType("SentEvent", str)
"""The id of an event type, or ``test`` for the ping."""

EventWord = NewType("EventWord", str)
"""An event type that a webhook subscribes to, as written in the file."""

PayloadUrl = NewType("PayloadUrl", str)
"""The URL of a webhook."""

ProbeUrl = NewType("ProbeUrl", str)
"""The URL of a probe."""

Instant = NewType("Instant", datetime)
"""A time in UTC; written with a zone, ``2026-02-01T00:00:00Z``."""

VariableName = NewType("VariableName", str)
"""The name of a variable."""

GenerationName = NewType("GenerationName", str)
"""A generation of webhooks."""

VariantName = NewType("VariantName", str)
"""A variant of payloads."""

Reason = NewType("Reason", str)
"""Why a candidate is disqualified."""

NewAssessment = NewType("NewAssessment", str)
"""A name that the step gives to an assessment."""

NewCandidate = NewType("NewCandidate", str)
"""A name that the step gives to a candidate."""

AssessmentName = NewType("AssessmentName", str)
"""The name of an assessment that an earlier step made."""

CandidateName = NewType("CandidateName", str)
"""The name of a candidate whom an earlier step invited."""

NewWebhook = NewType("NewWebhook", str)
"""A name that the step gives to a webhook."""

WebhookName = NewType("WebhookName", str)
"""The name of a consumer, or of a webhook that an earlier step added."""

DataFile = NewType("DataFile", bytes)
"""The content of a file, whose path is relative to the scenario file."""


class EventNames(dict[str, str]):
    """Other names of event types in v2: id of an event type -> its name."""

    __slots__ = ()


FieldName = NewType("FieldName", str)
"""The name of a payload field, in either generation."""


class PayloadPath(str):
    """A path in JSON: ``data.testLibrary[1].elapsedTime``, ``[0].email``."""

    __slots__ = ()

    @property
    def parts(self) -> paths.Path:
        """The keys and indexes, in order."""
        return paths.parse(self)


class Answered(str):
    """A consumer's answer: ``2xx``, ``409``, ``timeout``, ``refused``, ``broken``."""

    __slots__ = ()

    def fits(self, outcome: Outcome | None) -> bool:
        """Return whether an attempt ended with this answer."""
        if outcome is None:
            return False
        if self in _WITHOUT_ANSWER:
            return outcome.reason in _WITHOUT_ANSWER[self]
        return self.fits_status(outcome.status or 0)

    def fits_status(self, status: int) -> bool:
        """Return whether *status* is this answer."""
        return self in (str(status), f"{status // 100}xx")


class StatusWord(Answered):
    """The status of an answer: ``200`` or ``2xx``."""

    __slots__ = ()


def _text(value: Any) -> str:
    if not isinstance(value, str):
        message = f"expected text, got {_kind(value)}"
        raise InvalidInputError(message)
    return value


def _duration(value: Any) -> Duration:
    if isinstance(value, int | float) and not isinstance(value, bool):
        message = f"a duration without a unit: {value!r}; expected one as in 150ms 10s 5m 2h 30d"
        raise InvalidInputError(message)
    return Duration(parse(_text(value)))


def _event(value: Any) -> EventName:
    return EventName(event_type(_text(value)).id)


def _event_names(value: Any) -> EventNames:
    if not isinstance(value, dict):
        message = f"expected event types and names, got {_kind(value)}"
        raise InvalidInputError(message)
    return EventNames(checked_names({_text(key): _text(name) for key, name in value.items()}))


def _route(value: Any) -> RouteName:
    return RouteName(route(_text(value)))


def _fault(value: Any) -> FaultWords:
    return FaultWords(fault_from(value))


def _sent_event(value: Any) -> SentEvent:
    return SentEvent(value if value == TEST_EVENT else _event(value))


def _event_word(value: Any) -> EventWord:
    event_type(_text(value))
    return EventWord(value)


def _url(value: Any) -> PayloadUrl:
    url = PayloadUrl(checked_url(_text(value)))
    destination_of(url)  # refuses addresses with a zone, which no delivery can reach
    return url


def _generation(value: Any) -> GenerationName:
    if _text(value) not in get_args(Generation):
        raise UnknownNameError("generation of webhooks", value, get_args(Generation), show_all=True)
    return GenerationName(value)


def _variant(value: Any) -> VariantName:
    return VariantName(*checked_variants([_text(value)]))


def _reason(value: Any) -> Reason:
    if _text(value) not in REASONS:
        raise UnknownNameError("reason", value, REASONS, show_all=True)
    return Reason(value)


def _path(value: Any) -> PayloadPath:
    paths.parse(_text(value))
    return PayloadPath(value)


def _field(value: Any) -> FieldName:
    return FieldName(checked_field(_text(value)))


def _answered(value: Any) -> Answered:
    is_status = isinstance(value, int) and not isinstance(value, bool) and 100 <= value <= 599
    if is_status or (isinstance(value, str) and value in _WITHOUT_ANSWER):
        return Answered(value)
    if isinstance(value, str) and _CLASS.fullmatch(value):
        return Answered(value.lower())
    known = "a status like 409, 2xx, timeout, refused or broken"
    message = f"not an answer: {value!r}; expected {known}"
    raise InvalidInputError(message)


def _status(value: Any) -> StatusWord:
    word = _answered(value)
    if word in _WITHOUT_ANSWER:
        message = f"not a status: {value!r}; expected one like 200 or 2xx"
        raise InvalidInputError(message)
    return StatusWord(word)


def _probe_url(value: Any) -> ProbeUrl:
    return ProbeUrl(checked_url(_text(value)))


def _instant(value: Any) -> Instant:
    return Instant(parse_instant(_text(value)))


def _variable(value: Any) -> VariableName:
    if not isinstance(value, str) or not NAME.fullmatch(value):
        message = f"not the name of a variable: {value!r}; expected letters, digits and _"
        raise InvalidInputError(message)
    return VariableName(value)


def _kind(value: Any) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", list: "a list"}
    return names.get(type(value), "a mapping" if isinstance(value, dict) else "nothing")


READERS: Mapping[Any, Callable[[Any], Any]] = MappingProxyType(
    {
        Duration: _duration,
        EventName: _event,
        EventNames: _event_names,
        EventWord: _event_word,
        PayloadUrl: _url,
        GenerationName: _generation,
        VariantName: _variant,
        Reason: _reason,
        RouteName: _route,
        FaultWords: _fault,
        SentEvent: _sent_event,
        ProbeUrl: _probe_url,
        Instant: _instant,
        VariableName: _variable,
        PayloadPath: _path,
        FieldName: _field,
        Answered: _answered,
        StatusWord: _status,
        Matcher: demand,
    }
)
"""Type -> function that reads it, or raises InvalidInputError; names are read by the loader."""
