"""``serve``: run the emulator."""

from __future__ import annotations

import gc
import logging
import secrets
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from emulator import __version__, durations
from emulator.cli import common_options, loop
from emulator.cli.codes import INTERRUPTED
from emulator.cli.output import document
from emulator.domain.events import checked_names

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.emulator import Emulator

_log = logging.getLogger("emulator.cli")

_FILE = click.Path(dir_okay=False, path_type=Path)


def _option(*names: str, **settings: Any) -> Callable[[Any], Any]:
    """Return a click option that can also be set by an environment variable."""
    options = [name.split("/")[0].removeprefix("--") for name in names if name.startswith("--")]
    variables = [f"TESTLIFY_EMULATOR_{option.upper().replace('-', '_')}" for option in options]
    if "port" in options:
        variables.append("PORT")
    return click.option(*names, envvar=variables, show_envvar=True, **settings)


@click.command(
    name="serve",
    epilog="Example: testlify-emulator serve --port 4800 --clock virtual --seed 7",
)
@_option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on. Outside loopback, such as 0.0.0.0, a control token is required.",
)
@_option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=4800,
    show_default=True,
    help="Port to listen on; 0 picks a free port.",
)
@_option(
    "--webhooks",
    type=common_options.GENERATIONS,
    default="v1",
    show_default=True,
    help="Default generation of webhooks.",
)
@_option(
    "--clock",
    type=click.Choice(["real", "virtual"]),
    default="real",
    show_default=True,
    help="Clock of new workspaces; a virtual clock only moves when it is advanced.",
)
@_option(
    "--seed",
    type=common_options.SEEDS,
    help="Seed of all random values; random by default.",
)
@_option(
    "--overlay",
    "--schemas",
    "overlay",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of schemas (v1/EVENT.json) that override the bundled schemas, such as 'learn'"
    " writes; payloads are then sent in the shape of its captures.",
)
@_option(
    "--journal",
    type=_FILE,
    help="File for the journal, from which a restart continues. In memory by default.",
)
@_option(
    "--keep",
    type=click.IntRange(0),
    default=20_000,
    show_default=True,
    help="Number of finished deliveries that keep their bodies and answers.",
)
@_option(
    "--event-name",
    multiple=True,
    metavar="EVENT=NAME",
    help="Name of an event type in v2, where it is assumed, such as"
    " candidate.status_changed=candidate.moved. Repeatable.",
)
@_option(
    "--report-delay",
    default="0s",
    show_default=True,
    metavar="DURATION",
    help="Workspace time from a completion until the report behind resultLink is available.",
)
@_option(
    "--public-url",
    metavar="URL",
    default="",
    help="URL at which others reach this server; links in payloads and answers then lead to it.",
)
@_option(
    "--strict-tokens",
    is_flag=True,
    help="Reject access tokens of unknown workspaces; always on outside loopback.",
)
@_option(
    "--control-token",
    metavar="TOKEN",
    help="Token that calls below /_emulator need, except livez and readyz:"
    " 'Authorization: Bearer TOKEN'. Prefer the variable, since command lines are visible.",
)
@_option(
    "--hostname",
    multiple=True,
    help="Host name of this server, for the Host check. Repeatable.",
)
@_option(
    "--allow-host",
    multiple=True,
    help="Public host or CIDR that may receive deliveries. Repeatable.",
)
@_option("--ca", type=_FILE, help="File of certificates (PEM) to trust in place of the system's.")
@_option("--insecure", is_flag=True, help="Accept any certificate of consumers.")
@_option("--open", is_flag=True, help="Open the page in the browser once ready.")
def command(**options: Any) -> int:
    """Run the emulator.

    \b
    Once ready, it prints one line of JSON on stdout:
      {"url": "http://127.0.0.1:4800", "ui": "http://127.0.0.1:4800/", "token": "default",
       "version": "..."}

    \b
    Use the token as you would use one of the real service:
      curl -X POST http://127.0.0.1:4800/v1/webhook -H 'Authorization: Bearer default' \\
        -d '{"name": "ats", "payloadUrl": "http://127.0.0.1:9000/hook",
             "events": ["candidateStatusChanged"]}'
    The control API below /_emulator has calls that the real service does not have: invite a
    candidate and change its state, advance the clock, see each delivery. Ctrl-C ends it.

    Outside loopback (--host 0.0.0.0), other machines can reach it. There, the control API requires
    a token: --control-token, or a generated token, which the line has as "control_token". Access
    tokens of unknown workspaces are rejected, and requests have to name the server by an address, a
    loopback name or a --hostname.
    """  # noqa: D301 - click's own mark
    common_options.warn_if_insecure(options["insecure"])
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(message)s")
    return loop.run(_serve(options))


async def _serve(options: dict[str, Any]) -> int:
    from emulator.delivery.transports.address_guard import is_loopback
    from emulator.server.app import application
    from emulator.server.request_guard import ControlToken
    from emulator.serving import listen, serving

    is_exposed = not is_loopback(options["host"])
    made = secrets.token_urlsafe(24) if is_exposed and options["control_token"] is None else None
    token = made if options["control_token"] is None else options["control_token"]
    async with AsyncExitStack() as stack:
        listening = stack.enter_context(listen(options["host"], options["port"]))
        emulator = _emulator(options, is_exposed=is_exposed)
        # Served while the journal is replayed, so that livez answers; stopped after the server.
        stack.push_async_callback(emulator.stop)
        app = application(
            emulator,
            hostnames=_hostnames(options),
            control_token=None if token is None else ControlToken(token),
            is_exposed=is_exposed,
        )
        url = await stack.enter_async_context(serving(app, listening))
        stack.callback(gc.unfreeze)
        await _started(emulator)
        emulator.workspace()
        await emulator.journal.flush()
        with loop.stop_signal() as stopped:
            _say_ready(url, made)
            if options["open"]:
                await _open(f"{url}/")
            is_interrupt = await stopped
        await emulator.drain()  # while the server still answers
    return INTERRUPTED if is_interrupt else 0


async def _started(emulator: Emulator) -> None:
    """Start the emulator; replayed records are permanent, so the garbage collector skips them."""
    gc.disable()
    try:
        await emulator.start()
        gc.freeze()
    finally:
        gc.enable()


def _emulator(options: dict[str, Any], *, is_exposed: bool) -> Emulator:
    from emulator.emulator import Emulator

    if options["overlay"] is not None:
        from emulator.contracts.user_schemas import check_folder

        check_folder(options["overlay"])
    return Emulator(
        seed=options["seed"],
        clock=options["clock"],
        generation=options["webhooks"],
        overlay=options["overlay"],
        allow_hosts=options["allow_host"],
        journal=options["journal"],
        is_strict=options["strict_tokens"] or is_exposed,
        ca=options["ca"],
        is_insecure=options["insecure"],
        keep=options["keep"],
        event_names=_event_names(options["event_name"]),
        report_delay=durations.parse(options["report_delay"]),
        public_url=options["public_url"],
    )


def _event_names(pairs: tuple[str, ...]) -> dict[str, str]:
    names = [common_options.pair("--event-name", pair, "EVENT=NAME") for pair in pairs]
    return checked_names(dict(names), path="--event-name")


def _hostnames(options: dict[str, Any]) -> list[str]:
    named = urlsplit(options["public_url"]).hostname
    return [*options["hostname"], *([named] if named else [])]


async def _open(page: str) -> None:
    import asyncio
    import webbrowser

    if not await asyncio.to_thread(webbrowser.open, page):
        _log.warning("no browser to open %s in", page)


def _say_ready(url: str, control_token: str | None) -> None:
    import msgspec

    ready = {"url": url, "ui": f"{url}/", "token": "default", "version": __version__}
    if control_token is not None:  # a generated token is shown nowhere else
        ready["control_token"] = control_token
    document(msgspec.json.encode(ready))
    sys.stdout.flush()
