"""``ready``: wait until a server is ready."""

from __future__ import annotations

import time

import click

from emulator import durations
from emulator.cli.output import say
from emulator.errors import InvalidInputError

_PAUSE = 0.05  # seconds between two looks


@click.command(
    name="ready",
    epilog="Example: testlify-emulator serve & testlify-emulator ready http://127.0.0.1:4800",
)
@click.argument("url")
@click.option(
    "--wait", default="10s", show_default=True, metavar="DURATION", help="How long to wait."
)
def command(url: str, wait: str) -> int:
    """Wait until the emulator at URL is ready; exit with 1 if it is not ready in time.

    Any other server is ready when it answers at URL with a status below 500.
    """
    import httpx2

    ends = time.monotonic() + durations.parse(wait)
    seen = "nothing"
    has_tls = not url.lower().startswith("http://")  # loading certificates is slow
    try:
        with httpx2.Client(timeout=2.0, trust_env=False, verify=has_tls) as client:
            while True:
                seen = _look(client, url)
                if not seen:
                    return 0
                if time.monotonic() >= ends:
                    break
                time.sleep(_PAUSE)
    except (httpx2.InvalidURL, httpx2.UnsupportedProtocol):
        message = f"not a URL: {url!r}; expected one like 'http://127.0.0.1:4800'"
        raise InvalidInputError(message) from None
    say(f"error: {url} is not ready after {wait}: {seen}", err=True)
    return 1


def _look(client: httpx2.Client, url: str) -> str:  # type: ignore[name-defined]  # noqa: F821
    """Return why the server is not ready, or an empty string."""
    import httpx2

    try:
        answer = client.get(url.rstrip("/") + "/_emulator/readyz")
        if answer.status_code == 404:
            answer = client.get(url)
    except (httpx2.InvalidURL, httpx2.UnsupportedProtocol):
        raise
    except httpx2.HTTPError as error:
        return type(error).__name__
    return "" if answer.status_code < 500 else f"answered {answer.status_code}"
