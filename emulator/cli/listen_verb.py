"""``listen``: run a receiver that prints the requests it gets."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from emulator import durations
from emulator.cli import loop
from emulator.cli.codes import INTERRUPTED
from emulator.cli.output import say
from emulator.decoding import indented
from emulator.domain.payloads.fields import text
from emulator.errors import NotJSONError
from emulator.printing import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.delivery.records import Headers
    from emulator.delivery.signing import Verdict
    from emulator.receiver import Received

_HTTP_ERROR = 400
_LONGEST_BODY = 1_000_000  # bytes; what is longer is cut, and then no JSON


@click.command(
    name="listen", epilog="Example: testlify-emulator listen --port 9000 --status 500 --delay 2s"
)
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=9000, show_default=True,
    help="Port to listen on; 0 picks a free one.",
)  # fmt: skip
@click.option(
    "--status", "statuses", type=click.IntRange(200, 599), multiple=True, default=(200,),
    help="Status to answer. Repeat it for a sequence; the last status is then repeated.",
)  # fmt: skip
@click.option("--delay", default="0s", show_default=True, help="Pause before each answer.")
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
def command(
    port: int,
    statuses: tuple[int, ...],
    delay: str,
    verify: str | None,
    verify_header: str | None,
    *,
    body: bool,
) -> int:
    """Run a receiver that prints every request and answers with the given status.

    Where it listens and every request go to stdout; Ctrl-C ends it.
    """
    seconds = durations.parse(delay)
    check = _verifier(verify, verify_header)
    is_interrupt = loop.run(_listen(port, statuses, seconds, check, shows_body=body))
    return INTERRUPTED if is_interrupt else 0


def _verifier(secret: str | None, header: str | None) -> Callable[[Headers, bytes], Verdict] | None:
    """Return what looks at signatures; None when nobody has to.

    Raises:
        InvalidInputError: a secret or a header that can't be.
    """
    from emulator.delivery.signing import SigningScheme, checked_secret, prefix_in, verify
    from emulator.errors import InvalidInputError

    if secret is None:
        if header is not None:
            message = "--verify-header says where the signature is; --verify SECRET is missing"
            raise InvalidInputError(message)
        return None
    try:
        fixed = None if header is None else SigningScheme("hmac-sha256-hex", header=header)
    except ValueError as error:
        raise InvalidInputError(str(error), path="--verify-header") from None
    checked_secret(fixed or SigningScheme("standard"), secret, path="--verify")

    def check(headers: Headers, body: bytes) -> Verdict:
        signature = fixed or SigningScheme("standard", prefix=prefix_in(headers))
        return verify(signature, secret, headers, body, now=time.time())

    return check


async def _listen(
    port: int,
    statuses: tuple[int, ...],
    delay: float,
    check: Callable[[Headers, bytes], Verdict] | None,
    *,
    shows_body: bool,
) -> bool:
    from emulator.receiver import Receiver

    def show(received: Received) -> None:
        say(*_line(received))
        if shows_body:
            say(indented(received.body[:_LONGEST_BODY]))

    async with Receiver(
        statuses=statuses, delay=delay, port=port, verify=check, on_request=show
    ) as receiver:
        with loop.stop_signal() as stopped:
            say(f"listening on {receiver.url}/ (any path)")
            return await stopped


def _line(received: Received) -> list[str | tuple[str, str]]:
    payload = _payload(received)
    told = payload if isinstance(payload, dict) else {}
    status = text(told, "candidateStatus")
    words = [received.method, received.path, str(told.get("event", "-")), status]
    shown = "  ".join(word for word in words if word)
    colour = "green" if received.answered < _HTTP_ERROR else "red"
    parts: list[str | tuple[str, str]] = [
        f"{printable(shown)}  ",
        (f"-> {received.answered}", colour),
    ]
    verdict = received.verdict
    if verdict is not None:
        says = "signature holds" if verdict.holds else f"signature does not hold: {verdict.detail}"
        parts += ["  ", (says, "green" if verdict.holds else "red")]
    return parts


def _payload(received: Received) -> Any:
    try:
        return received.payload
    except NotJSONError:
        return None
