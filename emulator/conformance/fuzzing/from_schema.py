"""Generates payloads with Schemathesis from an OpenAPI document of the consumer."""

from __future__ import annotations

import re
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from emulator.conformance.fuzzing.shrinking import quiet

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from emulator.contracts.validation import Contracts
    from emulator.domain.events import Generation

_PATH = "/consumer"


class Generated(msgspec.Struct, frozen=True):
    """A generated payload.

    Attributes:
        payload: a JSON value, or bytes that are not JSON.
        why: the mistake that Schemathesis made on purpose; empty if the payload should be valid.
    """

    payload: Any
    why: str = ""


def each(
    contracts: Contracts,
    generation: Generation,
    take: Callable[[Generated], bool],
    *,
    events: Collection[str],
    texts: Collection[str],
    seed: int,
    examples: int,
    seconds: float,
) -> None:
    """Generate payloads, half of them invalid, and call *take* with each.

    Schemathesis does not send them, because it knows neither our signature nor our headers.

    Args:
        contracts: the schemas.
        generation: the generation of the schemas.
        take: receives a payload, and returns whether to continue.
        events: ids of the event types.
        texts: strings in valid payloads; used for patterns that they match.
        seed: for random choices.
        examples: how many payloads at most.
        seconds: real seconds after which generation ends.
    """
    import schemathesis
    from hypothesis import Phase, given
    from hypothesis import seed as seeded
    from schemathesis import GenerationMode

    from emulator.contracts.consumer_openapi import as_consumer

    document = as_consumer(contracts, generation, f"http://consumer{_PATH}", events)
    schema = schemathesis.openapi.from_dict(_sampled(document, texts))
    # All characters but surrogates. UTF-8 means the same, but building its table takes seconds.
    schema.config.generation.codec = None
    operation = schema[_PATH]["POST"]
    assert list(operation.body), "references did not resolve"  # noqa: S101 - that is our bug
    ends, is_on = time.monotonic() + seconds, True

    def taken(generated: Generated) -> None:
        nonlocal is_on
        if is_on and time.monotonic() < ends:
            is_on = take(generated)

    for mode in (GenerationMode.NEGATIVE, GenerationMode.POSITIVE):
        strategy = operation.as_strategy(generation_mode=mode)
        payloads = strategy.map(lambda case: Generated(_payload(case.body), _why(case)))
        generate = given(payloads)(taken)
        seeded(seed)(quiet(max(1, examples // 2), Phase.generate)(generate))()


def _sampled(schema: Any, texts: Collection[str]) -> Any:
    """Return *schema* with a format in place of each pattern that any of *texts* matches.

    The format chooses one of the texts. Generating text for a pattern would take most of the time.
    """
    if isinstance(schema, list):
        return [_sampled(one, texts) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _sampled(one, texts) for key, one in schema.items()}
    pattern = made.get("pattern")
    if isinstance(pattern, str) and (format_ := _format(pattern, frozenset(texts))):
        del made["pattern"]
        made["format"] = format_
    return made


@lru_cache
def _format(pattern: str, texts: frozenset[str]) -> str:
    """Return the name of a format for the texts that match a pattern; empty if none does."""
    import schemathesis
    from hypothesis import strategies as st

    fitting = sorted(text for text in texts if re.search(pattern, text))
    if not fitting:
        return ""
    name = f"like {pattern}"
    schemathesis.openapi.format(name, st.sampled_from(fitting))
    return name


def _payload(body: Any) -> Any:
    from schemathesis.core import NotSet

    return b"" if isinstance(body, NotSet) else body


def _why(case: Any) -> str:
    phase = getattr(case.meta, "phase", None)
    return str(getattr(getattr(phase, "data", None), "description", None) or "")
