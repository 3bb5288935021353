"""``listen``: run a receiver that prints the requests it gets."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from emulator import durations
from emulator.captures.recorder import Recorder
from emulator.cli import consumer_options, loop
from emulator.cli.codes import INTERRUPTED
from emulator.cli.output import say
from emulator.decoding import indented
from emulator.delivery.transports.wire_actions import parse_destination
from emulator.domain.payloads.fields import text
from emulator.errors import InvalidInputError, NotJSONError, file_error, reason_of
from emulator.printing import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.delivery.records import Headers
    from emulator.delivery.signing import Verdict
    from emulator.delivery.transports.wire import Wire
    from emulator.receiver import Answer, Received

_HTTP_ERROR, _INSUFFICIENT_STORAGE = 400, 507
_LONGEST_BODY = 1_000_000  # bytes; a longer body is cut, and not shown as JSON


@click.command(
    name="listen", epilog="Example: testlify-emulator listen --port 9000 --status 500 --delay 2s"
)
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=9000, show_default=True,
    help="Port to listen on; 0 picks a free port.",
)  # fmt: skip
@click.option(
    "--status", "statuses", type=click.IntRange(200, 599), multiple=True,
    help="Status to answer. Repeat it for a sequence; the last status is then repeated."
    "  [default: 200]",
)  # fmt: skip
@click.option(
    "--delay", default="0s", show_default=True, metavar="DURATION", help="Pause before each answer."
)
@click.option("--body/--no-body", default=True, help="Print the payloads.")
@click.option(
    "--verify", metavar="SECRET",
    help="Verify signatures (svix- or webhook- headers; SECRET is whsec_...) and answer 401 if"
    " they are wrong.",
)  # fmt: skip
@click.option(
    "--verify-header", metavar="NAME",
    help="With --verify: header that has the body's HMAC-SHA256 in hex; SECRET is any text.",
)  # fmt: skip
@click.option(
    "--save", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
    help="Save each request as a HAR file in this folder, before it is answered. 'replay', 'drift'"
    " and 'learn' read these files.",
)  # fmt: skip
@click.option(
    "--keep-secrets", is_flag=True,
    help="With --save: keep the values of headers and of the query that may be secrets.",
)  # fmt: skip
@click.option(
    "--forward", metavar="URL",
    help="Forward each request to this URL, and return its answer.",
)  # fmt: skip
@consumer_options.options(*consumer_options.TRANSPORT)
def command(
    port: int,
    delay: str,
    verify: str | None,
    verify_header: str | None,
    save: Path | None,
    *,
    keep_secrets: bool,
    **options: Any,
) -> int:
    """Run a receiver that prints every request and answers with the given status.

    The address and every request are printed on stdout; Ctrl-C ends it. With --save and --forward,
    it records the deliveries of the real service between a tunnel and a running consumer.
    """
    seconds = durations.parse(delay)
    check = _verifier(verify, verify_header)
    recorder = None if save is None else Recorder(_made(save), keeps_secrets=keep_secrets)
    if keep_secrets and recorder is None:
        message = "--keep-secrets needs --save"
        raise InvalidInputError(message)
    if options["forward"] and (options["statuses"] or seconds):
        message = (
            "--status and --delay do not apply with --forward, which returns the answer of its URL"
        )
        raise InvalidInputError(message)
    wire = consumer_options.wire(options)
    is_interrupt = loop.run(_listen(port, seconds, check, recorder, wire, **options))
    return INTERRUPTED if is_interrupt else 0


def _made(folder: Path) -> Path:
    with file_error(f"can't save in {str(folder)!r}", path="--save"):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def _verifier(secret: str | None, header: str | None) -> Callable[[Headers, bytes], Verdict] | None:
    """Return a function that verifies signatures; None without a secret.

    Raises:
        InvalidInputError: the secret cannot verify, or the header cannot be one.
    """
    from emulator.delivery.signing import SigningScheme, checked_key, prefix_in, verify

    if secret is None:
        if header is not None:
            message = "--verify-header needs --verify SECRET"
            raise InvalidInputError(message)
        return None
    try:
        fixed = None if header is None else SigningScheme("hmac-sha256-hex", header=header)
    except ValueError as error:
        raise InvalidInputError(str(error), path="--verify-header") from None
    checked_key(fixed or SigningScheme("standard"), secret, path="--verify")

    def check(headers: Headers, body: bytes) -> Verdict:
        signature = fixed or SigningScheme("standard", prefix=prefix_in(headers))
        return verify(signature, secret, headers, body, now=time.time())

    return check


async def _listen(
    port: int,
    delay: float,
    check: Callable[[Headers, bytes], Verdict] | None,
    recorder: Recorder | None,
    wire: Wire,
    *,
    statuses: tuple[int, ...],
    forward: str | None,
    body: bool,
) -> bool:
    from emulator.receiver import Receiver

    def show(received: Received) -> None:
        say(*_line(received))
        if body:
            say(indented(received.body[:_LONGEST_BODY]))

    async def respond(received: Received) -> Answer | None:
        if recorder is not None and (refusal := await _saved(received, recorder)):
            return refusal
        is_wrong = received.verdict is not None and not received.verdict.holds
        return None if forward is None or is_wrong else await _forwarded(received, forward, wire)

    if forward is not None:
        parse_destination(forward)
    try:
        async with Receiver(
            statuses=statuses or (200,), delay=delay, port=port, verify=check, on_request=show,
            respond=respond,
        ) as receiver:  # fmt: skip
            with loop.stop_signal() as stopped:
                say(f"listening on {receiver.url}/ (any path)")
                return await stopped
    finally:
        await wire.close()


async def _saved(received: Received, recorder: Recorder) -> Answer | None:
    """Save a request; return the answer that refuses it if it cannot be saved."""
    from emulator.receiver import Answer

    try:
        await asyncio.to_thread(recorder.save, received, datetime.now(UTC))
    except OSError as error:
        reason = reason_of(error)
        say(f"error: not saved in {str(recorder.folder)!r}: {reason}; answered 507", err=True)
        return Answer(_INSUFFICIENT_STORAGE, body=b"not saved\n")
    return None


async def _forwarded(received: Received, url: str, wire: Wire) -> Answer:
    from emulator.captures.forwarding import forwarded

    answer, problem = await forwarded(received, url, wire)
    if problem:
        say(f"error: not forwarded: {problem}; answered {answer.status}", err=True)
    return answer


def _line(received: Received) -> list[str | tuple[str, str]]:
    payload = _payload(received)
    known = payload if isinstance(payload, dict) else {}
    status = text(known, "candidateStatus")
    words = [received.method, received.path, str(known.get("event", "-")), status]
    shown = "  ".join(word for word in words if word)
    colour = "green" if received.answered < _HTTP_ERROR else "red"
    parts: list[str | tuple[str, str]] = [
        f"{printable(shown)}  ",
        (f"-> {received.answered}", colour),
    ]
    verdict = received.verdict
    if verdict is not None:
        result = "valid signature" if verdict.holds else f"invalid signature: {verdict.detail}"
        parts += ["  ", (result, "green" if verdict.holds else "red")]
    return parts


def _payload(received: Received) -> Any:
    try:
        return received.payload
    except NotJSONError:
        return None
