"""``replay``: send captured deliveries again, or write them as a scenario."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from emulator.cli import common_options, consumer_options, loop
from emulator.cli.codes import FAILED, NO_EVIDENCE
from emulator.cli.output import say
from emulator.errors import InvalidInputError, file_error

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from emulator.captures.capture import Capture
    from emulator.delivery.records import Outcome
    from emulator.delivery.transports.wire import Wire


@click.command(
    name="replay",
    epilog="Examples: testlify-emulator replay captures --to http://127.0.0.1:9000/hook"
    " --filter 'candidate.*'; testlify-emulator replay captures --as-scenario replay.yaml",
)
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE|DIR..."
)
@click.option("--to", "url", metavar="URL", help="URL of the consumer.")
@click.option(
    "--as-scenario", "scenario", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="Write a scenario that sends the captures, in place of sending them.",
)  # fmt: skip
@common_options.filters
@click.option(
    "--resign",
    "secret",
    metavar="SECRET",
    help="Secret (whsec_... or whsk_...) to sign again with.",
)
@click.option(
    "--speed", type=click.Choice(["real", "fast"]), default="fast", show_default=True,
    help="Keep the pauses between the captures, or send one after the other.",
)  # fmt: skip
@consumer_options.options("headers", *consumer_options.TRANSPORT)
def command(
    files: tuple[Path, ...],
    url: str | None,
    scenario: Path | None,
    filters: tuple[str, ...],
    **options: Any,
) -> int:
    """Send captures to a consumer again, in order, with the same bytes and headers.

    FILE is a HAR file (as 'listen --save' writes it), a JSON payload, a journal or an export of
    Svix messages; DIR is a folder of them.

    Exit 0: all accepted; 1: not all accepted; 2: a usage error, or the consumer did not answer.
    """
    from emulator.captures.capture_files import read
    from emulator.captures.filters import selected

    if (url is None) is (scenario is None):
        message = "expected either --to URL or --as-scenario FILE"
        raise InvalidInputError(message)
    captures = selected(read(files), filters)
    if scenario is not None:
        return _write(captures, scenario)
    assert url is not None  # noqa: S101 - one of the two is given
    headers = consumer_options.headers(options.pop("headers"))
    _check(captures, options["speed"])
    _note_masked(captures, headers, is_signed=options["secret"] is not None)
    wire = consumer_options.wire(options)
    return loop.run(_replay(captures, url, headers, wire, **options))


def _check(captures: Sequence[Capture], speed: str) -> None:
    if speed == "real" and not all(capture.at for capture in captures):
        source = next(capture.source for capture in captures if not capture.at)
        message = f"--speed real: {source} has no time; use --speed fast"
        raise InvalidInputError(message)


def _note_masked(
    captures: Sequence[Capture], headers: Mapping[str, str], *, is_signed: bool
) -> None:
    from emulator.captures.replaying import masked_names

    given = {name.lower() for name in headers}
    if is_signed:
        given |= {"svix-signature", "webhook-signature"}
    masked = [name for name in masked_names(captures) if name.lower() not in given]
    if masked:
        say(
            f"note: masked when saved, so not sent: {', '.join(masked)}; "
            "set them with --header or --resign",
            err=True,
        )


async def _replay(
    captures: Sequence[Capture],
    url: str,
    headers: Mapping[str, str],
    wire: Wire,
    *,
    secret: str | None,
    speed: str,
) -> int:
    from emulator.captures.event_recognition import event_of
    from emulator.captures.replaying import request
    from emulator.scenario.result import NOT_THERE

    outcomes: list[Outcome] = []
    before = None
    try:
        for capture in captures:
            if speed == "real" and before is not None and capture.at is not None:
                await asyncio.sleep(max(0.0, (capture.at - before).total_seconds()))
            before = capture.at
            outcome = await wire.send(request(capture, url, headers, secret, time.time()))
            outcomes.append(outcome)
            is_good = outcome.status is not None and 200 <= outcome.status < 300
            answer = f"-> {outcome.status or outcome.reason}"
            say(f"{event_of(capture)}  ", (answer, "green" if is_good else "red"))
    finally:
        await wire.close()
    accepted = sum(200 <= (outcome.status or 0) < 300 for outcome in outcomes)
    say(f"{accepted} of {len(outcomes)} accepted", err=True)
    if all(outcome.reason in NOT_THERE for outcome in outcomes):
        last = outcomes[-1]
        say(f"error: no answer from {url}: {last.reason}: {last.detail}", err=True)
        return NO_EVIDENCE
    return 0 if accepted == len(outcomes) else FAILED


def _write(captures: Sequence[Capture], file: Path) -> int:
    from emulator.captures.replaying import scenario

    text, bodies = scenario(captures, file.name)
    with file_error(f"can't write {str(file)!r}"):
        for name, body in bodies.items():
            (file.parent / name).parent.mkdir(parents=True, exist_ok=True)
            (file.parent / name).write_bytes(body)
        file.write_text(text, "utf-8")
    say(f"{file}: a scenario that sends {len(captures)} captures")
    return 0
