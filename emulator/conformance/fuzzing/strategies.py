"""The Hypothesis strategy for property tests of users."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from emulator.conformance.fuzzing import sequences
from emulator.conformance.fuzzing.sequence_runs import scenario_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hypothesis.strategies import SearchStrategy

    from emulator.domain.events import Generation
    from emulator.scenario.scenario import Scenario


def testlify_sequences(
    consumer_url: str,
    *,
    headers: Mapping[str, str] | None = None,  # noqa: PT028 - not a test, despite its name
    most: int = len(sequences.NAMES),  # noqa: PT028
    webhooks: Generation = "v1",  # noqa: PT028
) -> SearchStrategy[Scenario]:
    """Return a strategy for the scenarios that `fuzz` draws: lifecycles with disturbances.

    Each scenario has its own people, and expects that every delivery is accepted.
    `scenario.run.run` runs it. Needs the extra ``fuzz``.

    Args:
        consumer_url: URL of deliveries.
        headers: sent with each delivery.
        most: candidates in a scenario at most.
        webhooks: generation of the webhooks.
    """

    def scenario(sequence: dict[str, Any]) -> Scenario:
        run = secrets.token_hex(4)  # so that the consumer does not know the candidates
        emails = {name: f"{name}.{run}@example.com" for name in sequences.NAMES}
        return scenario_of(sequence, emails, url=consumer_url, headers=headers)

    return sequences.drawn(most, webhooks).map(scenario)


testlify_sequences.__test__ = False  # type: ignore[attr-defined]  # pytest would collect it
