"""The options that describe how to reach a consumer, shared by several verbs."""

from __future__ import annotations

import importlib
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from emulator.cli import common_options
from emulator.domain.webhook import checked_headers, checked_url
from emulator.errors import InvalidInputError, error_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from emulator.conformance.consumer_file import Config
    from emulator.conformance.target import Target
    from emulator.delivery.transports.wire import Wire
    from emulator.domain.events import Generation

_OPTIONS: Mapping[str, Callable[..., Any]] = {
    "url": click.argument("url", metavar="CONSUMER_URL", required=False, default=""),
    "config": click.option(
        "--config", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
        help="File with the same settings, such as testlify-consumer.yaml; options override it.",
    ),
    "app": click.option(
        "--app", metavar="MODULE:NAME",
        help="ASGI application to call in this process; CONSUMER_URL and --probe are then paths.",
    ),
    "webhooks": click.option(
        "--webhooks", type=common_options.GENERATIONS,
        help="Generation of the webhooks; v2 is signed.  [default: v1]",
    ),
    "headers": click.option(
        "--header", "headers", multiple=True, metavar="'NAME: VALUE'",
        help="Header to send, for example with a token. Repeatable.",
    ),
    "secret": click.option("--secret", help="Secret (whsec_...) or key (whsk_...) to sign with."),
    "events": click.option(
        "--events", multiple=True, metavar="TYPE",
        help="Event type that the consumer subscribes to; others are left out."
        " Repeatable; default: all.",
    ),
    "probe": click.option(
        "--probe", metavar="URL",
        help="URL that returns the consumer's state of a candidate, a JSON object with 'status' and"
        " 'completions'. {email}, {id}, {candidate_id} and {assessment_id} are"
        " replaced.",
    ),
    "probe_command": click.option(
        "--probe-command", metavar="COMMAND", help="Command that prints this state. No shell."
    ),
    "setup": click.option(
        "--setup", metavar="URL",
        help="URL to call (GET) before the first event of a candidate; {email}, {id},"
        " {candidate_id} and {assessment_id} are replaced.",
    ),
    "setup_command": click.option(
        "--setup-command", metavar="COMMAND", help="Command for the same purpose. No shell."
    ),
    "data": click.option(
        "--data", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
        help="JSON file of people that the consumer knows, to use in place of generated people: a"
        " list of {email, first_name, last_name}, or {people: [...], title: ...}.",
    ),
    "overlay": click.option(
        "--overlay", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="DIR",
        help="Folder that 'learn' wrote: payloads have the shape of its captures.",
    ),
    "timeout": click.option(
        "--timeout", type=click.FloatRange(0.01), default=5.0, show_default=True,
        metavar="SECONDS", help="Time limit for the consumer to answer.",
    ),
    "within": click.option(
        "--within", type=click.FloatRange(0), default=2.0, show_default=True,
        metavar="SECONDS", help="Time limit for its state to change.",
    ),
    "allow_host": click.option(
        "--allow-host", multiple=True,
        help="Public host or CIDR that may receive deliveries. Repeatable.",
    ),
    "ca": click.option(
        "--ca", type=click.Path(dir_okay=False, path_type=Path),
        help="File of certificates (PEM) to trust in place of the system's.",
    ),
    "insecure": click.option(
        "--insecure", is_flag=True, help="Accept any certificate of the consumer."
    ),
}  # fmt: skip
"""Parameter of a verb -> its argument or option, in the order of ``--help``."""

_ABSENT: Mapping[str, Any] = {
    "headers": (), "events": (), "timeout": 5.0, "within": 2.0, "allow_host": (), "insecure": False,
}  # fmt: skip
"""Parameter that a verb does not have -> its value, if not None."""

GRADING = tuple(_OPTIONS)
"""Parameters of the verbs that grade a consumer."""

TRANSPORT = ("allow_host", "ca", "insecure")
"""Parameters of the verbs that send requests without an emulator."""

MESSAGE = (
    "config", "webhooks", "headers", "secret", "setup", "setup_command", "overlay", *TRANSPORT,
)  # fmt: skip
"""Parameters of the verb that sends one message."""

SCENARIO = (*(name for name in MESSAGE if name != "webhooks"), "events")
"""Parameters of the verb that runs scenarios, whose files specify the generation."""


def options(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the decorator that adds the named options to a verb.

    Args:
        names: the names of the parameters, such as `GRADING`.
    """

    def decorated(verb: Callable[..., Any]) -> Callable[..., Any]:
        for name in reversed(GRADING):
            verb = _OPTIONS[name](verb) if name in names else verb
        return verb

    return decorated


def target(
    given: dict[str, Any],
    *,
    seed: int = 0,
    claims: tuple[str, ...] = (),
    restart_command: str | None = None,
    linger: float = 0.0,
    url_name: str = "CONSUMER_URL",
    is_optional: bool = False,
) -> Target:
    """Return the consumer that the options describe, and remove them from *given*.

    Args:
        given: the options; the file of ``--config`` has the values of options that are missing.
        seed: the seed of generated data.
        claims: claims in addition to those in the file.
        restart_command: the command that restarts the consumer.
        linger: real seconds to wait after the last request.
        url_name: the argument or option that has the URL, for the error.
        is_optional: the URL of the consumer is optional.

    Raises:
        InvalidInputError: an option is invalid.
    """
    from emulator.conformance import consumer_file
    from emulator.conformance.claims import claimed
    from emulator.conformance.target import Target, check

    asked = {name: given.pop(name, _ABSENT.get(name)) for name in _OPTIONS}
    common_options.warn_if_insecure(asked["insecure"])
    file = asked["config"]
    config = consumer_file.Config() if file is None else consumer_file.read(file, os.environ)
    folder = Path() if file is None else file.parent
    people = asked["data"] or (folder / config.data if config.data else None)
    data = consumer_file.Data() if people is None else consumer_file.data(people)

    generation: Generation = asked["webhooks"] or config.webhooks or "v1"  # type: ignore[assignment]
    found = Target(
        generation=generation,
        headers=headers(asked["headers"], config.headers),
        secret=_secret(asked["secret"] or config.secret),
        events=_events(asked["events"] or config.events, generation),
        claims=claimed((*config.claims, *claims)),
        restart_command=_words("restart_command", restart_command) or tuple(config.restart_command),
        people=data.people,
        title=data.title,
        timeout=asked["timeout"],
        within=asked["within"],
        linger=linger,
        overlay=_overlay(asked["overlay"]),
        allow_hosts=asked["allow_host"],
        ca=asked["ca"],
        is_insecure=asked["insecure"],
        seed=seed,
        **_address(asked, config, url_name),
        **_probe(asked, config),
        **_setup(asked, config),
    )
    if not is_optional:
        check(found)
    return found


def wire(given: dict[str, Any]) -> Wire:
    """Return the transport that the `TRANSPORT` options describe, and remove them from *given*.

    Raises:
        InvalidInputError: an option is invalid.
    """
    from emulator.delivery.transports.address_guard import Guard
    from emulator.delivery.transports.trust import trusting
    from emulator.delivery.transports.wire import Wire

    allow_hosts, ca, is_insecure = (given.pop(name) for name in TRANSPORT)
    common_options.warn_if_insecure(is_insecure)
    return Wire(Guard(allow_hosts), tls=trusting(ca, is_insecure=is_insecure))


def _address(asked: dict[str, Any], config: Config, url_name: str) -> dict[str, Any]:
    """Return the attributes of a `Target` about its URL and application."""
    from emulator.delivery.transports.asgi import destination_of

    url = asked["url"] or config.url or ""
    app = asked["app"] or (None if asked["url"] and config.url else config.app)
    if url and app is None:
        with error_at(url_name):
            destination_of(checked_url(url))
    return {"url": url, "app": _imported(app)}


def _probe(asked: dict[str, Any], config: Config) -> dict[str, Any]:
    """Return the attributes of a `Target` about the probe."""
    from emulator.conformance.consumer_file import Probe

    found = config.probe or Probe()
    url, command = found.url, tuple(config.probe_command)
    if asked["probe"] or asked["probe_command"]:
        url, command = asked["probe"], _words("probe_command", asked["probe_command"])
    return {"probe": url, "probe_command": command, "state_map": found}


def _setup(asked: dict[str, Any], config: Config) -> dict[str, Any]:
    """Return the attributes of a `Target` about the set-up hook."""
    if asked["setup"] or asked["setup_command"]:
        command = _words("setup_command", asked["setup_command"])
        return {"setup": asked["setup"], "setup_command": command}
    found: dict[str, Any] = {"setup_command": tuple(config.setup_command)}
    if (call := config.setup) is not None:
        found |= {"setup": call.url, "setup_method": call.method, "setup_json": call.json}
    return found


def _words(name: str, text: str | None) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text or ""))
    except ValueError as error:
        message = f"--{name.replace('_', '-')} {text!r}: {str(error).lower()}"
        raise InvalidInputError(message) from None


def headers(texts: tuple[str, ...], from_file: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the headers of the options, and those of the file that the options do not replace.

    Args:
        texts: each ``NAME: VALUE``.
        from_file: the headers in the file.

    Raises:
        InvalidInputError: an invalid header.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, colon, value = text.partition(":")
        if not colon:  # without the text: it may be a secret
            message = "a --header without a colon; expected 'NAME: VALUE'"
            raise InvalidInputError(message)
        name = name.strip()
        if name.lower() in map(str.lower, found):
            message = f"--header {name!r} is given twice"
            raise InvalidInputError(message)
        found[name] = value.strip()
    with error_at("--header"):
        checked_headers(found.items())
    given = {name.lower() for name in found}
    return {
        name: value for name, value in (from_file or {}).items() if name.lower() not in given
    } | found


def _overlay(folder: Path | None) -> Path | None:
    if folder is not None:
        from emulator.contracts.user_schemas import check_folder

        check_folder(folder)
    return folder


def _secret(secret: str | None) -> str | None:
    from emulator.delivery.signing import SigningScheme, checked_secret

    if secret is None:
        return None
    return checked_secret(SigningScheme("standard"), secret, path="--secret")


def _events(names: Iterable[str], generation: Generation) -> tuple[str, ...]:
    """Return the ids of event types, in the order of the table."""
    from emulator.domain.events import EVENTS_OF, event_type

    wanted = {event_type(name, generation=generation, path="--events").id for name in names}
    return tuple(id_ for id_ in EVENTS_OF[generation] if id_ in wanted)


def _imported(place: str | None) -> Any:
    """Return the application at ``module:name``; modules may be in the working directory."""
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
