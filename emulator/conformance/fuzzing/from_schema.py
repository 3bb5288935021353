"""Payloads that Schemathesis generates from the consumer's OpenAPI document."""

from __future__ import annotations

import re
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from emulator.contracts.validation import Contracts
    from emulator.domain.events import Generation

_PATH = "/consumer"


class Made(msgspec.Struct, frozen=True):
    """A payload that was made up.

    Attributes:
        payload: JSON, or bytes that are none.
        why: what Schemathesis broke in it; empty when it should fit.
    """

    payload: Any
    why: str = ""


def each(
    contracts: Contracts,
    generation: Generation,
    take: Callable[[Made], bool],
    *,
    events: Collection[str],
    texts: Collection[str],
    seed: int,
    examples: int,
    seconds: float,
) -> None:
    """Have payloads made, half of them broken, and hand each over.

    Only the making is Schemathesis's: it knows neither our signature nor our headers.

    Args:
        contracts, generation: of the schemas.
        take: gets a payload; returns whether to go on.
        events: ids of the event types whose payloads are made.
        texts: of payloads; what has to match a pattern is one of them, if any does.
        seed: gives the same payloads again.
        examples: how many, at most.
        seconds: real ones, after which no more are made.
    """
    import schemathesis
    from hypothesis import HealthCheck, Phase, Verbosity, given, settings
    from hypothesis import seed as seeded
    from schemathesis import GenerationMode

    from emulator.contracts.openapi import as_consumer

    document = as_consumer(contracts, generation, f"http://consumer{_PATH}", events)
    schema = schemathesis.openapi.from_dict(_sampled(document, texts))
    # All but surrogates, as with UTF-8, whose table of characters takes seconds to make.
    schema.config.generation.codec = None
    operation = schema[_PATH]["POST"]
    assert list(operation.body), "references did not resolve"  # noqa: S101 - a bug of ours else
    ends, is_on = time.monotonic() + seconds, True

    def taken(payload: Any, why: str) -> None:
        nonlocal is_on
        if is_on and time.monotonic() < ends:
            is_on = take(Made(payload, why))

    for mode in (GenerationMode.NEGATIVE, GenerationMode.POSITIVE):
        strategy = operation.as_strategy(generation_mode=mode)
        cases = strategy.map(lambda case: (_payload(case.body), _why(case)))

        @seeded(seed)
        @settings(
            max_examples=max(1, examples // 2),
            deadline=None,
            database=None,
            print_blob=False,
            verbosity=Verbosity.quiet,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(cases)
        def make(made: tuple[Any, str]) -> None:
            taken(*made)

        make()


def _sampled(schema: Any, texts: Collection[str]) -> Any:
    """Return *schema* with a format of given texts in place of each pattern that any of them fits.

    Texts that are drawn from a pattern take most of the time of a payload.
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
    """Return the name of the format of the texts that fit a pattern; empty if none does."""
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
