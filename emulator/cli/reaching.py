"""How a consumer is reached: the options that ``test`` and ``fuzz`` share; never what is asked."""

from __future__ import annotations

import importlib
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from emulator.cli import tls
from emulator.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.conformance.target import Target

_OPTIONS = (
    click.argument("url", metavar="CONSUMER_URL", required=False, default=""),
    click.option(
        "--app", metavar="MODULE:NAME",
        help="An ASGI application to import and call in this process; CONSUMER_URL is its path.",
    ),
    click.option(
        "--webhooks", type=click.Choice(["v1", "v2"]), default="v1", show_default=True,
        help="Generation: v2 is signed.",
    ),
    click.option(
        "--header", "headers", multiple=True, metavar="'NAME: VALUE'",
        help="To send along, a token say. Repeatable.",
    ),
    click.option("--secret", help="To sign with, whsec_..., whatever the generation."),
    click.option(
        "--probe", metavar="URL",
        help="Answers with what the consumer knows of a candidate, a JSON object with 'status' and"
        " 'completions'. {email}, {id}, {candidate_id}, {assessment_id} are filled in. A path with"
        " --app.",
    ),
    click.option(
        "--probe-command", metavar="COMMAND", help="Prints that, in place of a URL; no shell."
    ),
    click.option(
        "--setup", metavar="URL",
        help="Called (GET) before a candidate is first told of; as --probe takes it.",
    ),
    click.option("--setup-command", metavar="COMMAND", help="Run before that; no shell."),
    click.option(
        "--timeout", type=click.FloatRange(0.01), default=5.0, show_default=True,
        metavar="SECONDS", help="In which the consumer has to answer.",
    ),
    click.option(
        "--within", type=click.FloatRange(0), default=2.0, show_default=True,
        metavar="SECONDS", help="In which its state has to follow.",
    ),
    click.option(
        "--allow-host", multiple=True,
        help="A host or CIDR beyond this machine and private networks to deliver to. Repeatable.",
    ),
    click.option(
        "--ca", type=click.Path(dir_okay=False, path_type=Path),
        help="Certificates (PEM) to trust in place of the system's.",
    ),
    click.option(
        "--insecure", is_flag=True, help="Deliver whatever certificate the consumer shows."
    ),
)  # fmt: skip

NAMES = (
    "url", "app", "webhooks", "headers", "secret", "probe", "probe_command", "setup",
    "setup_command", "timeout", "within", "allow_host", "ca", "insecure",
)  # fmt: skip
"""Of the parameters that `target` takes."""


def options(verb: Callable[..., Any]) -> Callable[..., Any]:
    """Give a verb the argument and the options that say how a consumer is reached."""
    for one in reversed(_OPTIONS):
        verb = one(verb)
    return verb


def target(given: dict[str, Any], *, seed: int) -> Target:
    """Return the consumer that the options describe; they are taken out of *given*.

    Raises:
        InvalidInputError: something is wrong with one of them.
    """
    from emulator.conformance.target import Target, check

    asked = {name: given.pop(name) for name in NAMES}
    tls.warn_if(asked["insecure"])
    found = Target(
        url=asked["url"],
        app=_imported(asked["app"]),
        generation=asked["webhooks"],
        headers=_headers(asked["headers"]),
        secret=asked["secret"],
        probe=asked["probe"],
        probe_command=tuple(shlex.split(asked["probe_command"] or "")),
        setup=asked["setup"],
        setup_command=tuple(shlex.split(asked["setup_command"] or "")),
        timeout=asked["timeout"],
        within=asked["within"],
        allow_hosts=asked["allow_host"],
        ca=asked["ca"],
        is_insecure=asked["insecure"],
        seed=seed,
    )
    check(found)
    return found


def _headers(texts: tuple[str, ...]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for text in texts:
        name, colon, value = text.partition(":")
        if not colon:  # without the text: it may be a secret
            message = "a --header without a colon; expected 'NAME: VALUE'"
            raise InvalidInputError(message)
        headers[name.strip()] = value.strip()
    return headers


def _imported(place: str | None) -> Any:
    """Return the application at ``module:name``, looked for in the working directory too."""
    if place is None:
        return None
    module, colon, name = place.partition(":")
    if not (module and colon and name):
        message = f"--app {place!r}: expected MODULE:NAME, as in shop.web:app"
        raise InvalidInputError(message)
    sys.path.insert(0, str(Path.cwd()))
    try:
        found = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        message = f"--app {place!r}: {error}"
        raise InvalidInputError(message) from None
    return found
