"""``listen``: a receiver that prints what it gets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from emulator import durations
from emulator.cli import loop

if TYPE_CHECKING:
    from emulator.receiver import Received

_HTTP_ERROR, _INTERRUPTED = 400, 130


@click.command(
    name="listen", epilog="Example: testlify-emulator listen --port 9000 --status 500 --delay 2s"
)
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=9000, show_default=True,
    help="Port to listen on; 0 picks a free one.",
)  # fmt: skip
@click.option(
    "--status", "statuses", type=click.IntRange(200, 599), multiple=True, default=(200,),
    help="Status to answer. Repeat it to answer one after the other, the last one from then on.",
)  # fmt: skip
@click.option("--delay", default="0s", show_default=True, help="Pause before each answer.")
@click.option("--body/--no-body", default=True, help="Print the payloads.")
def command(port: int, statuses: tuple[int, ...], delay: str, *, body: bool) -> int:
    """Print what is posted, and answer as told.

    Where it listens and every request go to stdout; Ctrl-C ends it.
    """
    seconds = durations.parse(delay)
    is_interrupt = loop.run(_listen(port, statuses, seconds, shows_body=body))
    return _INTERRUPTED if is_interrupt else 0


async def _listen(port: int, statuses: tuple[int, ...], delay: float, *, shows_body: bool) -> bool:
    from emulator.receiver import Receiver

    def show(received: Received) -> None:
        click.echo(_line(received))
        if shows_body:
            click.echo(_pretty(received))

    async with Receiver(statuses=statuses, delay=delay, port=port, on_request=show) as receiver:
        with loop.stop_signal() as stopped:
            click.echo(f"listening on {receiver.url}/ (any path)")
            return await stopped


def _line(received: Received) -> str:
    payload = _payload(received)
    told = payload if isinstance(payload, dict) else {}
    data = told.get("data")
    status = data.get("candidateStatus", "") if isinstance(data, dict) else ""
    words = [received.method, received.path, str(told.get("event", "-")), str(status)]
    line = "  ".join(word for word in words if word)
    colour = "green" if received.answered < _HTTP_ERROR else "red"
    return f"{line}  {click.style(f'-> {received.answered}', fg=colour)}"


def _payload(received: Received) -> Any:
    import msgspec

    try:
        return received.payload
    except msgspec.DecodeError:
        return None


def _pretty(received: Received) -> str:
    import msgspec

    if _payload(received) is None:
        return repr(received.body[:2_000])
    return msgspec.json.format(received.body, indent=2).decode()
