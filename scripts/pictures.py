"""Writes a picture of each section of the page: `scripts/pictures [FOLDER]`."""

from __future__ import annotations

import asyncio
import sys
from contextlib import AsyncExitStack
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.async_api import async_playwright

from emulator import Emulator
from emulator.domain.events import EVENT_TYPES
from emulator.faults import Duplicate
from emulator.receiver import Receiver
from emulator.server.app import application
from emulator.serving import listen, serving

if TYPE_CHECKING:
    from playwright.async_api import Browser

    from emulator.workspace.workspace import Workspace

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
WAYS = (
    (), ("enroll",), ("enroll", "start"), ("enroll", "start", "complete"),
    ("enroll", "start", "complete", "reject"), ("enroll", "disqualify"), ("expire",),
)  # fmt: skip
LONG = (
    "A name that is much longer than any name that somebody would give to a webhook, or would they"
)


async def main(folder: Path) -> None:
    """Take the pictures of a filled and of an empty workspace."""
    async with AsyncExitStack() as stack:
        emulator = await stack.enter_async_context(Emulator(seed=7, clock="virtual"))
        receivers = [Receiver(), Receiver(statuses=(500,))]
        urls = [(await stack.enter_async_context(one)).url for one in receivers]
        workspace = emulator.workspace()
        paths = await _filled(workspace, urls)
        emulator.workspace("empty")
        url = await stack.enter_async_context(
            serving(application(emulator), listen("127.0.0.1", 0))
        )
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=[*FLAGS]
        )
        for name, path in paths.items():
            for width, scheme in product((1280, 390), ("light", "dark")):
                file = folder / f"{name}-{width}-{scheme}.png"
                await _picture(browser, f"{url}{path}", width, scheme, file)
        await browser.close()
        await emulator.drain()


async def _filled(workspace: Workspace, urls: list[str]) -> dict[str, str]:
    """Fill a workspace; return the pages: name -> path."""
    workspace.add_webhook(
        name="ats", payload_url=f"{urls[0]}/webhooks/testlify", events=[*EVENT_TYPES]
    )
    workspace.add_webhook(
        name=LONG, payload_url=f"{urls[1]}/hook", events=["candidate.completed"], generation="v1"
    )
    workspace.add_webhook(
        name="public", payload_url="http://203.0.113.7/hook", events=["candidate.rejected"]
    )
    signed = workspace.add_webhook(
        name="signed", payload_url=f"{urls[0]}/v2", events=["candidate.completed"], generation="v2"
    )
    job = workspace.create_assessment(title="Job Analysis Specialist")
    workspace.create_assessment(title="Data Engineer")
    workspace.inject(Duplicate(times=2))
    for number in range(14):
        candidate = workspace.invite(job.id)
        for verb in WAYS[number % len(WAYS)]:
            workspace.move_candidate(candidate.id, verb)
            await workspace.settle()
        await workspace.advance(4_000)
    deliveries = workspace.deliveries(webhook=signed.id, event="candidate.completed")
    sections = (
        "webhooks", "deliveries", "candidates", "assessments", "time", "faults", "scenarios",
        "journal", "workspaces",
    )  # fmt: skip
    return {
        **{name: f"/ui/{workspace.name}/{name}" for name in sections},
        "webhook": f"/ui/{workspace.name}/webhooks/{signed.id}",
        "delivery": f"/ui/{workspace.name}/deliveries/{deliveries[-1].id}",
        "candidate": f"/ui/{workspace.name}/candidates/{candidate.id}",
        "assessment": f"/ui/{workspace.name}/assessments/{job.id}",
        "fault": f"/ui/{workspace.name}/faults?kind=corrupt",
        "refused": f"/ui/{workspace.name}/deliveries?status=gone",
        "empty-deliveries": "/ui/empty/deliveries",
        "empty-candidates": "/ui/empty/candidates",
    }


async def _picture(browser: Browser, url: str, width: int, scheme: str, file: Path) -> None:
    page = await browser.new_page(
        viewport={"width": width, "height": 800},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    await page.goto(url)
    await page.wait_for_timeout(300)  # until the stream has sent its first list
    await page.screenshot(path=file)
    if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        print(f"{file.name}: wider than the window", file=sys.stderr)
    await page.close()


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(target))
