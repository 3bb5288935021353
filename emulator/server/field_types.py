"""Types of fields whose JSON Schema says more than their type; the workspace checks the values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, get_args

import msgspec

from emulator import durations
from emulator.delivery.records import Status
from emulator.domain.candidate import EMAIL
from emulator.domain.events import EVENT_TYPES, TEST_EVENT

if TYPE_CHECKING:
    from collections.abc import Iterable


def schema(**keywords: Any) -> msgspec.Meta:
    """Return metadata that adds *keywords* to the JSON Schema of a type, and checks nothing."""
    return msgspec.Meta(extra_json_schema=keywords)


def one_of(names: Iterable[str]) -> msgspec.Meta:
    """Return metadata that lists the allowed texts."""
    return schema(enum=[*names])


_WORDS = [one.v1_word for one in EVENT_TYPES.values() if one.v1_word]

Text = Annotated[str, schema(minLength=1, pattern=r"[^\s\x1c-\x1f]")]
"""A name or a title."""

Email = Annotated[str, schema(pattern=f"^{EMAIL.pattern}$")]

Url = Annotated[str, schema(format="uri")]
"""Where deliveries go: http or https."""

EventName = Annotated[str, one_of([*EVENT_TYPES, *_WORDS])]
"""An event type by its id, or by its word in v1."""

SentEvent = Annotated[str, one_of([*EVENT_TYPES, *_WORDS, TEST_EVENT])]
"""The event of a delivery, test events included."""

StatusName = Annotated[str, one_of(get_args(Status))]

Instant = Annotated[str, schema(format="date-time")]
"""A time, ISO 8601 with a zone."""

Duration = Annotated[
    str,
    msgspec.Meta(
        description="A duration with its unit, as in 150ms, 10s, 5m, 2h, 30d; ten years at most.",
        extra_json_schema={"format": "duration-with-unit", "pattern": durations.PATTERN},
    ),
]
