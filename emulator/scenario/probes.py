"""Reads the state of a consumer over HTTP or with a command.

Only addresses that the guard allows are dialled, and exactly those that were checked.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec

from emulator.decoding import parsed
from emulator.delivery.records import Request, Timeouts
from emulator.delivery.transports.asgi import SCHEME, InProcess
from emulator.delivery.transports.dns import resolve
from emulator.delivery.transports.wire import Wire
from emulator.durations import show

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from emulator.delivery.records import Transport
    from emulator.delivery.transports.address_guard import Guard
    from emulator.delivery.transports.dns import Resolve

LARGEST = 1_000_000
"""The most bytes of an answer or of a command's output that are read."""

LONGEST = 10.0
"""The most real seconds of a request or a command."""

_FIRST_PAUSE, _GROWTH, _LONGEST_PAUSE = 0.02, 1.6, 1.0


class Look(msgspec.Struct, frozen=True):
    """The result of a request or a command.

    Attributes:
        status: the status of the answer; None without an answer.
        exit: the exit code of the command; None if it did not end.
        body: the body of the answer, or the command's output.
        trouble: why there is neither status nor exit code; empty if there is.
    """

    status: int | None = None
    exit: int | None = None
    body: bytes = b""
    trouble: str = ""

    @property
    def text(self) -> str:
        """The body as text; bytes that are not UTF-8 are replaced."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """Return the body as JSON.

        Raises:
            NotJSONError: the body is not JSON.
        """
        return parsed(self.body)


class ProbeRequest(msgspec.Struct, frozen=True):
    """A request of a probe.

    Attributes:
        json: the body as a JSON value; None sends no body.
    """

    method: str = "GET"
    headers: dict[str, str] = {}
    json: Any = None


async def until(
    look: Callable[[], Awaitable[Look]], is_fine: Callable[[Look], bool], within: float
) -> Look:
    """Call *look* with growing pauses until its result is fine, and return the last result.

    Args:
        look: makes a request or runs a command.
        is_fine: returns whether to stop.
        within: real seconds.
    """
    loop = asyncio.get_running_loop()
    ends, pause = loop.time() + within, _FIRST_PAUSE
    while True:
        seen = await look()
        left = ends - loop.time()
        if is_fine(seen) or left <= 0:
            return seen
        await asyncio.sleep(min(pause, left))
        pause = min(pause * _GROWTH, _LONGEST_PAUSE)


async def request(
    url: str,
    guard: Guard,
    call: ProbeRequest | None = None,
    *,
    resolve: Resolve = resolve,
    longest: float = LONGEST,
) -> Look:
    """Request *url* once; a failure is part of the result.

    Args:
        url: http or https; redirects are not followed.
        guard: decides about each address before it is dialled.
        call: how; GET without headers when left out.
        resolve: resolves a host name and port to addresses; raises OSError if there are none.
        longest: how long it may take, in real seconds.

    Raises:
        InvalidInputError: not a URL that can be dialled, or an invalid header.
    """
    return await _asked(Wire(guard, resolve=resolve), url, call or ProbeRequest(), longest)


async def in_process(
    app: Any, path: str, call: ProbeRequest | None = None, *, longest: float = LONGEST
) -> Look:
    """Request *path* of an ASGI application once; a failure is part of the result.

    Args:
        app: ASGI 3.
        path: begins with a slash; a query may follow.
        call: how; GET without headers when left out.
        longest: how long it may take, in real seconds.
    """
    url = f"{SCHEME}consumer{path}"
    return await _asked(InProcess(app), url, call or ProbeRequest(), longest)


async def _asked(transport: Transport, url: str, call: ProbeRequest, longest: float) -> Look:
    headers, body = call.headers, b""
    if call.json is not None:
        headers = {"Content-Type": "application/json", **headers}
        body = msgspec.json.encode(call.json)
    timeouts = Timeouts(longest, longest, longest)
    request = Request(url, tuple(headers.items()), body, timeouts, method=call.method, most=LARGEST)
    try:
        outcome = await transport.send(request)
    finally:
        await transport.close()
    if outcome.status is not None:
        return Look(status=outcome.status, body=outcome.body)
    if outcome.reason in ("connect_timeout", "answer_timeout"):
        return Look(trouble=f"no answer within {show(longest)}")
    trouble = outcome.detail or outcome.reason
    if outcome.reason == "app_failed":
        trouble = f"the application failed: {trouble}"
    if outcome.address is not None:
        trouble = f"no answer from {outcome.address}: {trouble}"
    return Look(trouble=trouble)


async def command(argv: Sequence[str], folder: Path, *, longest: float = LONGEST) -> Look:
    """Run a command once, without a shell; a failure is part of the result.

    Args:
        argv: the program and its arguments.
        folder: the working directory.
        longest: real seconds after which it is killed.
    """
    pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    try:
        process = await asyncio.create_subprocess_exec(
            *argv, stdin=nothing, stdout=pipe, stderr=nothing, cwd=folder
        )
    except (OSError, ValueError) as error:
        return Look(trouble=f"can't be run: {getattr(error, 'strerror', None) or error}".lower())
    try:
        async with asyncio.timeout(longest):
            assert process.stdout is not None  # noqa: S101 - it is a pipe
            body = await _up_to(process.stdout)
            await process.wait()
    except TimeoutError:
        return Look(trouble=f"did not end within {show(longest)}")
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return Look(exit=process.returncode, body=body)


async def _up_to(stream: asyncio.StreamReader) -> bytes:
    kept, size = [], 0
    while chunk := await stream.read(65_536):  # to its end, so that the command can go on
        if size < LARGEST:
            kept.append(chunk[: LARGEST - size])
        size += len(chunk)
    return b"".join(kept)
