"""Hypothesis strategies for users' own property tests."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from emulator.conformance.fuzzing import sequences
from emulator.scenario import loading

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hypothesis.strategies import SearchStrategy

    from emulator.scenario.scenario import Scenario


def testlify_sequences(
    consumer_url: str,
    *,
    headers: Mapping[str, str] | None = None,  # noqa: PT028 - no test, whatever its name begins with
    most: int = len(sequences.NAMES),  # noqa: PT028
) -> SearchStrategy[Scenario]:
    """Return the strategy of scenarios that `fuzz` draws: whole lives, with mischief on the way.

    Each has people of its own and expects every delivery to be accepted; `scenario.run.run` plays
    it. Needs the extra ``fuzz``.

    Args:
        consumer_url: where deliveries go.
        headers: sent along with each.
        most: candidates in one.
    """

    def scenario(sequence: dict[str, Any]) -> Scenario:
        run = secrets.token_hex(4)  # the consumer has heard of nobody in it
        emails = {name: f"{name}.{run}@example.com" for name in sequences.NAMES}
        consumer: dict[str, Any] = {
            "payload_url": consumer_url,
            "events": list(sequences.events(sequence)),
        }
        if headers:
            consumer["headers"] = dict(headers)
        document = {
            "scenario": "A sequence that was drawn",
            "consumer": [consumer],
            "steps": sequences.steps(sequence, emails) + sequences.demands(sequence),
        }
        return loading.of(document)

    return sequences.drawn(most).map(scenario)


testlify_sequences.__test__ = False  # type: ignore[attr-defined]  # not one of pytest's
