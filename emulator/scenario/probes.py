"""Reads a consumer's state, by HTTP or with a command; never judges it.

Only addresses that the guard lets us dial are dialled, and the very ones that were checked.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import msgspec

from emulator.decoding import parsed
from emulator.delivery.transports.dns import resolve
from emulator.delivery.transports.wire import tls_context
from emulator.delivery.transports.wire_actions import parse_target
from emulator.durations import show

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    import httpx2

    from emulator.delivery.transports.address_guard import Guard
    from emulator.delivery.transports.dns import Resolve
    from emulator.delivery.transports.wire_actions import Destination

LARGEST = 1_000_000
"""Bytes of an answer, or of a command's output, that are looked at."""

LONGEST = 10.0
"""Real seconds that one look may take."""

_FIRST_PAUSE, _GROWTH, _LONGEST_PAUSE = 0.02, 1.6, 1.0


class Look(msgspec.Struct, frozen=True):
    """What one look saw.

    Attributes:
        status: of the answer; None when none came, or when a command was run.
        exit: of the command; None when it did not end, or when it was a request.
        body: of the answer, or what the command printed on stdout.
        trouble: why there is neither; empty else.
    """

    status: int | None = None
    exit: int | None = None
    body: bytes = b""
    trouble: str = ""

    @property
    def text(self) -> str:
        """The body, decoded; what is no UTF-8 is replaced."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """Return the body as JSON.

        Raises:
            NotJSONError: it is no JSON.
        """
        return parsed(self.body)


class ProbeRequest(msgspec.Struct, frozen=True):
    """A request as a look makes it.

    Attributes:
        json: value that is sent as the body; None sends nothing.
    """

    method: str = "GET"
    headers: dict[str, str] = {}
    json: Any = None


async def until(
    look: Callable[[], Awaitable[Look]], is_fine: Callable[[Look], bool], within: float
) -> Look:
    """Look until it is fine, with growing pauses, and return the last look.

    Args:
        look: one look.
        is_fine: whether there is no need for another.
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
    """Request *url* once; what goes wrong is in the look.

    Args:
        url: http or https; redirects are not followed.
        guard: which addresses may be dialled; asked for every one.
        call: how; GET without headers when left out.
        resolve: host name and port to addresses; raises OSError for a name without one.
        longest: how long it may take, in real seconds.

    Raises:
        InvalidInputError: not a URL that can be dialled.
    """
    target = parse_target(url)
    try:
        async with asyncio.timeout(longest):
            return await _requested(target, call or ProbeRequest(), guard, resolve)
    except TimeoutError:
        return Look(trouble=f"no answer within {show(longest)}")


async def in_process(
    app: Any, path: str, call: ProbeRequest | None = None, *, longest: float = LONGEST
) -> Look:
    """Request *path* of an ASGI application once; what goes wrong is in the look.

    Args:
        app: ASGI 3.
        path: begins with a slash; a query may follow.
        call: how; GET without headers when left out.
        longest: how long it may take, in real seconds.
    """
    import httpx2

    call = call or ProbeRequest()
    transport = httpx2.ASGITransport(app=app)
    try:
        async with (
            asyncio.timeout(longest),
            httpx2.AsyncClient(transport=transport, base_url="http://consumer") as client,
        ):
            answer = await client.request(call.method, path, headers=call.headers, json=call.json)
    except TimeoutError:
        return Look(trouble=f"no answer within {show(longest)}")
    except Exception as error:  # noqa: BLE001 - the consumer's, whatever it is
        return Look(trouble=f"the application failed: {type(error).__name__}: {error}")
    return Look(status=answer.status_code, body=answer.content[:LARGEST])


async def command(argv: Sequence[str], folder: Path, *, longest: float = LONGEST) -> Look:
    """Run a command once, without a shell; what goes wrong is in the look.

    Args:
        argv: the program and its arguments.
        folder: to run it in.
        longest: how long it may take, in real seconds; then it is killed.
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


async def _requested(
    target: Destination, call: ProbeRequest, guard: Guard, resolve: Resolve
) -> Look:
    import httpx2

    found = [key[1] for key in target.known]
    try:
        found = found or list(await resolve(target.host, target.port))
    except (OSError, UnicodeError) as error:
        return Look(trouble=f"{target.host} has no address: {error}")
    trouble = f"{target.host} has no address"
    # The system's roots, as for deliveries; loading them takes its time.
    verify = tls_context() if target.scheme == "https" else False
    async with httpx2.AsyncClient(verify=verify, trust_env=False) as client:
        for address in dict.fromkeys(found):
            refusal = guard.refusal(ip_address(address), target.host)
            if refusal is not None:
                trouble = refusal
                continue
            try:
                return await _asked(client, target, address, call)
            except httpx2.HTTPError as error:
                trouble = f"no answer from {address}: {error or type(error).__name__}".lower()
    return Look(trouble=trouble)


async def _asked(
    client: httpx2.AsyncClient, target: Destination, address: str, call: ProbeRequest
) -> Look:
    # The address that was checked stands in the URL, so that nothing is resolved again; the
    # name goes into Host, and into SNI, which the certificate is checked against.
    place = f"[{address}]" if ":" in address else address
    url = f"{target.scheme}://{place}:{target.port}{target.path}"
    ours = {"Host": target.host_header, "Accept-Encoding": "identity"}
    about = {"sni_hostname": target.host}
    headers = {**call.headers, **ours}
    async with client.stream(
        call.method, url, headers=headers, json=call.json, extensions=about
    ) as answer:
        body = b""
        async for chunk in answer.aiter_raw():
            body += chunk
            if len(body) >= LARGEST:
                break
        return Look(status=answer.status_code, body=body[:LARGEST])
