from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from emulator.server.routing import ExactFirst

if TYPE_CHECKING:
    from starlette.requests import Request


class Named:
    """An endpoint that answers with its name and the parameters of the path."""

    def __init__(self, name: str) -> None:
        self.__name__ = name

    async def __call__(self, request: Request) -> Response:
        return PlainTextResponse(f"{self.__name__} {request.path_params}")


@pytest.mark.parametrize(
    ("method", "path", "answer"),
    [
        ("GET", "/a/b", (200, "exact {}")),
        ("HEAD", "/a/b", (200, "exact {}")),
        ("POST", "/a/b", (200, "posted {}")),
        ("GET", "/a/c", (200, "any {'id': 'c'}")),
        ("DELETE", "/a/b", (405, "Method Not Allowed")),
        ("GET", "/b", (404, "Not Found")),
    ],
)
def test_an_exact_path_precedes_a_path_with_parameters(
    method: str, path: str, answer: tuple[int, str]
) -> None:
    app = Starlette()
    app.router = ExactFirst([
        Route("/a/{id}", Named("any").__call__),
        Route("/a/b", Named("exact").__call__),
        Route("/a/b", Named("posted").__call__, methods=["POST"]),
    ])  # fmt: skip
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": [], "query_string": b""}
    asyncio.run(app(scope, receive, send))
    assert (sent[0]["status"], sent[1]["body"].decode()) == answer


def test_further_routes_are_made_with_the_first_request_that_needs_them() -> None:
    asked: list[str] = []

    def more() -> list[Route]:
        asked.append("more")
        return [Route("/b", Named("more").__call__)]

    async def main() -> None:
        router = ExactFirst([Route("/a", Named("first").__call__)], more=more)
        transport = httpx2.ASGITransport(router)
        async with httpx2.AsyncClient(transport=transport, base_url="http://server") as client:
            assert ((await client.get("/a")).text, asked) == ("first {}", [])
            for _ in range(2):
                assert ((await client.get("/b")).text, asked) == ("more {}", ["more"])

    asyncio.run(main())
