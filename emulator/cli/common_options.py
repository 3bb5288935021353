"""Options that several verbs have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import click

from emulator.domain.events import Generation

if TYPE_CHECKING:
    from collections.abc import Callable

GENERATIONS = click.Choice(get_args(Generation))
SEEDS = click.IntRange(0, 2**63 - 1)

generation = click.option(
    "--webhooks", type=GENERATIONS, default="v1", show_default=True,
    help="Generation of the webhooks.",
)  # fmt: skip
"""The generation of webhooks that a verb prints or checks."""

generation_of_captures = click.option(
    "--webhooks",
    type=GENERATIONS,
    help="Generation of all captures; by default it follows from each.",
)


def seed(text: str = "Repeats a run; random by default.") -> Callable[[Any], Any]:
    """Return the decorator that adds ``--seed`` with this help text."""
    return click.option("--seed", type=SEEDS, help=text)
