"""``serve``: run the emulator."""

from __future__ import annotations

import logging
import sys
from contextlib import AsyncExitStack
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from emulator import __version__
from emulator.cli import loop
from emulator.cli.codes import INTERRUPTED
from emulator.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable


def _option(*names: str, **settings: Any) -> Callable[[Any], Any]:
    """Return a click option that its environment variable can set, too."""
    name = next(one for one in names if one.startswith("--")).split("/")[0].removeprefix("--")
    variables = [f"TESTLIFY_EMULATOR_{name.upper().replace('-', '_')}"]
    if name == "port":
        variables.append("PORT")
    return click.option(*names, envvar=variables, show_envvar=True, **settings)


@click.command(
    name="serve",
    epilog="Example: testlify-emulator serve --port 4800 --clock virtual --seed 7",
)
@_option("--host", default="127.0.0.1", show_default=True, help="Loopback address to listen on.")
@_option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=4800,
    show_default=True,
    help="Port to listen on; 0 picks a free one.",
)
@_option(
    "--webhooks",
    type=click.Choice(["v1", "v2"]),
    default="v1",
    show_default=True,
    help="Generation of webhooks that do not say otherwise.",
)
@_option(
    "--clock",
    type=click.Choice(["real", "virtual"]),
    default="real",
    show_default=True,
    help="Clock of new workspaces; a virtual one stands until it is advanced.",
)
@_option("--seed", type=click.IntRange(0, 2**63 - 1), help="Of all chance; drawn when left out.")
@_option(
    "--schemas",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of schemas (v1/EVENT.json) laid over the bundled ones.",
)
@_option(
    "--journal",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to keep the journal in; what stands in it goes on. In memory when left out.",
)
@_option("--strict-tokens", is_flag=True, help="Refuse access tokens of unknown workspaces.")
@_option("--hostname", multiple=True, help="A name under which we are called. Repeatable.")
@_option(
    "--allow-host",
    multiple=True,
    help="A host or CIDR beyond this machine and private networks to deliver to. Repeatable.",
)
def command(**options: Any) -> int:
    """Run the emulator.

    \b
    Once ready, one line of JSON on stdout tells where:
      {"url": "http://127.0.0.1:4800", "token": "default", "version": "..."}

    \b
    Then, with that token, as with the real service:
      curl -X POST http://127.0.0.1:4800/v1/webhook -H 'Authorization: Bearer default' \\
        -d '{"name": "ats", "payloadUrl": "http://127.0.0.1:9000/hook",
             "events": ["candidateStatusChanged"]}'
    And under /_emulator, what the real service does not have: invite a candidate and move it,
    advance the clock, see each delivery. Ctrl-C ends it.
    """  # noqa: D301 - click's own mark
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(message)s")
    return loop.run(_serve(options))


async def _serve(options: dict[str, Any]) -> int:
    from emulator.emulator import Emulator
    from emulator.server.app import application
    from emulator.serving import listen, serving

    _check_loopback(options["host"])
    if options["schemas"] is not None:
        from emulator.contracts.folder import check_folder

        check_folder(options["schemas"])
    listening = listen(options["host"], options["port"])
    emulator = Emulator(
        seed=options["seed"],
        clock=options["clock"],
        generation=options["webhooks"],
        schemas=options["schemas"],
        allow_hosts=options["allow_host"],
        journal=options["journal"],
        is_strict=options["strict_tokens"],
    )
    app = application(emulator, hostnames=options["hostname"])
    # Served while the journal is replayed, so that livez answers; closed before it is.
    async with AsyncExitStack() as stack:
        stack.push_async_callback(emulator.stop)
        url = await stack.enter_async_context(serving(app, listening))
        await emulator.start()
        emulator.workspace()
        with loop.stop_signal() as stopped:
            _say_ready(url)
            is_interrupt = await stopped
        await emulator.drain()  # while the server still answers who asks
    return INTERRUPTED if is_interrupt else 0


def _say_ready(url: str) -> None:
    import msgspec

    ready = {"url": url, "token": "default", "version": __version__}
    click.echo(msgspec.json.encode(ready).decode())
    sys.stdout.flush()


def _check_loopback(host: str) -> None:
    try:
        is_loopback = ip_address(host).is_loopback
    except ValueError:
        is_loopback = host == "localhost"
    if not is_loopback:
        # The control API has no token yet, so nobody else may reach it.
        message = f"--host {host!r} is beyond loopback; expected one like 127.0.0.1 or ::1"
        raise InvalidInputError(message)
