"""Options that several verbs have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import click

from emulator.cli.output import say
from emulator.domain.events import Generation
from emulator.errors import InvalidInputError

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

filters = click.option(
    "--filter", "filters", multiple=True, metavar="TYPE|PATH=VALUE",
    help="Only captures of this event type, such as 'candidate.*', or with this value, such as"
    " data.candidateStatus=COMPLETED. Repeatable; a capture has to match all.",
)  # fmt: skip


def seed(text: str = "Repeats a run; random by default.") -> Callable[[Any], Any]:
    """Return the decorator that adds ``--seed`` with this help text."""
    return click.option("--seed", type=SEEDS, help=text)


def pair(option: str, text: str, form: str) -> tuple[str, str]:
    """Return key and value of an option's ``KEY=VALUE``.

    Raises:
        InvalidInputError: no key, or no ``=``; the message shows *form*.
    """
    key, equals, value = text.partition("=")
    if not (key and equals):
        message = f"{option} {text!r}: expected {form}"
        raise InvalidInputError(message)
    return key, value


def warn_if_insecure(is_insecure: bool) -> None:
    """Warn on stderr if certificates are not checked."""
    if is_insecure:
        say("warning: --insecure: every certificate is accepted", err=True)
