"""Delivery straight to an ASGI application."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import pytest
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request as Asked  # noqa: TC002 - Starlette looks at run time
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from emulator import faults
from emulator.delivery.records import MOST_BODY, Outcome, Request, Timeouts
from emulator.delivery.transports.asgi import InProcess
from emulator.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from emulator.delivery.transports.asgi import App
    from tests.delivery.transports.conftest import Run


def request(url: str = "http://consumer/hook", *, total: float = 5.0) -> Request:
    headers = (("Content-Type", "application/json"), ("X-Webhook-ID", "msg_1"))
    return Request(url, headers, b'{"a":1}', Timeouts(total=total))


async def sent(app: App, what: Request | None = None) -> Outcome:
    transport = InProcess(app)
    outcome = await transport.send(what or request())
    await transport.close()
    return outcome


def script(*events: dict[str, Any]) -> App:
    """Make an application that sends these events."""

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        for event in events:
            await send(event)

    return app


def start(status: int = 200, **fields: Any) -> dict[str, Any]:
    return {"type": "http.response.start", "status": status, **fields}


def part(body: bytes = b"", *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": more}


def test_an_application_sees_the_request_as_from_a_server(run: Run) -> None:
    async def hook(asked: Asked) -> Response:
        return JSONResponse(
            {
                "url": str(asked.url),
                "raw": asked.scope["raw_path"].decode(),
                "query": dict(asked.query_params),
                "headers": dict(asked.headers),
                "body": (await asked.body()).decode(),
            },
            status_code=202,
        )

    app = Starlette(routes=[Route("/höök/{name}", hook, methods=["POST"])])
    outcome = run(sent(app, request("https://consumer:81/höök/a?x=1&y=%20")))
    assert (outcome.reason, outcome.status) == ("answered", 202)
    assert outcome.body == (
        b'{"url":"https://consumer:81/h\xc3\xb6\xc3\xb6k/a?x=1&y=%20",'
        b'"raw":"/h%C3%B6%C3%B6k/a","query":{"x":"1","y":" "},'
        b'"headers":{"host":"consumer:81","content-type":"application/json",'
        b'"x-webhook-id":"msg_1","content-length":"7"},"body":"{\\"a\\":1}"}'
    )
    assert dict(outcome.headers)["content-type"] == "application/json"
    assert outcome.address is None


def test_a_middleware_that_watches_for_the_client_works(run: Run) -> None:
    async def hook(asked: Asked) -> Response:
        return PlainTextResponse(await asked.body())

    async def pass_on(asked: Asked, call_next: RequestResponseEndpoint) -> Response:
        return await call_next(asked)

    app = Starlette(
        routes=[Route("/hook", hook, methods=["POST"])],
        middleware=[Middleware(BaseHTTPMiddleware, dispatch=pass_on)],
    )
    outcome = run(sent(app))
    assert (outcome.status, outcome.body) == (200, b'{"a":1}')


def test_background_work_is_part_of_the_attempt(run: Run) -> None:
    done: list[str] = []

    async def work() -> None:
        await asyncio.sleep(0)
        done.append("work")

    async def hook(_: Asked) -> Response:
        return PlainTextResponse("ok", background=BackgroundTask(work))

    app = Starlette(routes=[Route("/hook", hook, methods=["POST"])])
    assert run(sent(app)).status == 200
    assert done == ["work"]


def test_an_application_that_listens_on_learns_that_the_client_has_gone(run: Run) -> None:
    received: list[Any] = []

    async def app(_scope: Any, receive: Any, send: Any) -> None:
        received.append(await receive())
        listening = asyncio.create_task(receive())
        await send(start())
        await send(part(b"ok"))
        received.append(await listening)

    assert run(sent(app)).status == 200
    assert received == [
        {"type": "http.request", "body": b'{"a":1}', "more_body": False},
        {"type": "http.disconnect"},
    ]


def test_a_body_in_parts_is_put_together(run: Run) -> None:
    app = script(start(headers=[(b"x-a", b"b")]), part(b"a", more=True), part(b"b"))
    outcome = run(sent(app))
    assert (outcome.headers, outcome.body) == ((("x-a", "b"),), b"ab")


@pytest.mark.parametrize("size", [MOST_BODY, MOST_BODY + 1])
def test_a_body_is_cut_at_64_kib(run: Run, size: int) -> None:
    outcome = run(sent(script(start(), part(b"x" * size))))
    assert (outcome.reason, outcome.body[:MOST_BODY]) == ("answered", b"x" * MOST_BODY)
    assert outcome.is_cut is (size > MOST_BODY)


@pytest.mark.parametrize("is_streaming_by_hand", [False, True])
def test_a_body_without_end_is_cut(run: Run, *, is_streaming_by_hand: bool) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 10_000

    async def hook(_: Asked) -> Response:
        return StreamingResponse(endless())

    async def by_hand(_scope: Any, _receive: Any, send: Any) -> None:
        await send(start())
        async for piece in endless():
            await send(part(piece, more=True))

    routes = [Route("/hook", hook, methods=["POST"])]
    outcome = run(sent(by_hand if is_streaming_by_hand else Starlette(routes=routes)))
    assert (outcome.reason, outcome.body[:MOST_BODY]) == ("answered", b"x" * MOST_BODY)
    assert outcome.is_cut


def test_an_application_that_raises_failed(run: Run) -> None:
    async def app(*_: Any) -> None:
        message = "no database"
        raise RuntimeError(message)

    outcome = run(sent(app))
    assert (outcome.reason, outcome.detail) == ("app_failed", "RuntimeError: no database")
    assert (outcome.status, outcome.body) == (None, b"")


def test_a_time_out_of_the_applications_own_is_its_failure(run: Run) -> None:
    async def app(*_: Any) -> None:
        raise TimeoutError

    outcome = run(sent(app))
    assert (outcome.reason, outcome.detail) == ("app_failed", "TimeoutError: ")


def test_an_application_that_raises_within_its_answer_failed(run: Run) -> None:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send(start())
        await send(part(b"a", more=True))
        raise KeyError("id")

    outcome = run(sent(app))
    assert (outcome.reason, outcome.status, outcome.detail) == (
        "app_failed",
        None,
        "KeyError: 'id'",
    )


def test_an_application_that_raises_after_its_answer_has_answered(run: Run) -> None:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send(start())
        await send(part(b"ok"))
        raise KeyError("id")

    outcome = run(sent(app))
    assert (outcome.reason, outcome.status, outcome.detail) == ("answered", 200, "KeyError: 'id'")


@pytest.mark.parametrize(
    ("app", "detail"),
    [
        (script(), "the application returned without an answer"),
        (script(start()), "the application returned before the end of its answer"),
        (
            script(start(), part(b"a", more=True)),
            "the application returned before the end of its answer",
        ),
    ],
)
def test_an_application_that_returns_too_early_gave_a_bad_answer(
    run: Run, app: App, detail: str
) -> None:
    outcome = run(sent(app))
    assert (outcome.reason, outcome.detail) == ("bad_answer", detail)


@pytest.mark.parametrize(
    ("app", "kind"),
    [
        (script(part(b"a")), "http.response.body"),
        (script(start(), start()), "http.response.start"),
        (script({"type": "websocket.accept"}), "websocket.accept"),
    ],
)
def test_an_application_that_breaks_asgi_is_reported(run: Run, app: App, kind: str) -> None:
    outcome = run(sent(app))
    assert outcome.reason == "app_failed"
    assert outcome.detail == f"RuntimeError: unexpected ASGI event {kind!r}"


def test_an_application_that_takes_too_long_is_given_up(run: Run) -> None:
    ended: list[str] = []

    async def app(*_: Any) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cancelled")

    outcome = run(sent(app, request(total=0.05)))
    assert outcome.reason == "answer_timeout"
    assert outcome.detail == "the application did not end in time"
    assert ended == ["cancelled"]


def test_an_application_that_ignores_its_end_leaves_the_task_uncancelled(run: Run) -> None:
    async def app(*_: Any) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()

    async def main() -> None:
        outcome = await sent(app, request(total=0.05))
        assert outcome.reason == "bad_answer"
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0

    run(main())


def test_background_work_that_takes_too_long_does_not_change_the_answer(run: Run) -> None:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send(start(204))
        await send(part())
        await asyncio.Event().wait()

    outcome = run(sent(app, request(total=0.05)))
    assert (outcome.reason, outcome.status) == ("answered", 204)
    assert outcome.detail == "the application did not end in time"


def test_closing_ends_requests_under_way_with_shutdown(run: Run) -> None:
    called = asyncio.Event()

    async def app(*_: Any) -> None:
        called.set()
        await asyncio.Event().wait()

    async def main() -> None:
        transport = InProcess(app)
        sending = transport.send(request())
        await called.wait()
        await transport.close()
        outcome = await sending
        assert (outcome.reason, outcome.detail) == ("shutdown", "stopped meanwhile")
        outcome = await transport.send(request())
        assert (outcome.reason, outcome.detail) == ("shutdown", "stopped")

    run(main())


def test_cancelling_passes(run: Run) -> None:
    called = asyncio.Event()

    async def app(*_: Any) -> None:
        called.set()
        await asyncio.Event().wait()

    async def main() -> None:
        transport = InProcess(app)
        sending = transport.send(request())
        await called.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        await transport.close()  # ends what is under way, and fails if it has ended

    run(main())


def test_a_fault_that_needs_a_socket_is_refused(run: Run) -> None:
    async def main() -> None:
        transport = InProcess(script())
        wire = (faults.Chunked(), faults.Reset())
        with pytest.raises(InvalidInputError) as refusal:
            await transport.send(Request("http://consumer/", (), b"", wire=wire))
        assert str(refusal.value) == (
            "'chunked', 'reset' needs a socket; an application in this process has none"
        )

    run(main())


def test_the_transport_refuses_requests_that_the_wire_refuses(run: Run) -> None:
    async def main() -> None:
        transport = InProcess(script())
        with pytest.raises(InvalidInputError):
            await transport.send(Request("http://consumer/", (("X", "a\r\nY: b"),), b""))
        with pytest.raises(InvalidInputError):
            await transport.send(Request("consumer", (), b""))

    run(main())
