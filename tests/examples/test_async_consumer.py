"""An async test: workspace and consumer run on the event loop of the test."""

import asyncio

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from emulator import AsyncTestlify


@pytest.mark.asyncio
async def test_invitations_reach_the_queue(testlify: AsyncTestlify) -> None:
    queue: asyncio.Queue[str] = asyncio.Queue()

    async def webhook(request: Request) -> Response:
        await queue.put((await request.json())["data"]["email"])
        return Response()

    app = Starlette(routes=[Route("/", webhook, methods=["POST"])])
    testlify.add_webhook(name="ats", payload_url=app, events=["candidate.invited"])
    job = testlify.create_assessment()
    testlify.invite(job.id, email="ada@example.com")
    testlify.invite(job.id, email="bob@example.com")

    await testlify.expect("candidate.invited", answered=200, count=2)
    assert [queue.get_nowait(), queue.get_nowait()] == ["ada@example.com", "bob@example.com"]
