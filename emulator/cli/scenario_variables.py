"""The variables of scenarios: from ``--set``, ``--url`` and the environment."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from emulator.cli.common_options import pair

if TYPE_CHECKING:
    from collections.abc import Callable

set_option: Callable[[Any], Any] = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Value of ${KEY}; overrides the environment. Repeatable.",
)


def variables(settings: tuple[str, ...], url: str | None) -> dict[str, str]:
    """Return the variables; *url* is the value of ``CONSUMER_URL``.

    Raises:
        InvalidInputError: a setting that is not ``KEY=VALUE``.
    """
    found = dict(os.environ)
    for setting in settings:
        name, value = pair("--set", setting, "KEY=VALUE")
        found[name] = value
    return found if url is None else found | {"CONSUMER_URL": url}
