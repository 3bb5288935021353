"""A workspace with something in every section of the page, and where each section is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.receiver import Answer
from emulator.workspace.commands.change import LONGEST_TEXT

if TYPE_CHECKING:
    from emulator.receiver import Received, Receiver
    from tests.server.conftest import Server, Tenant

HOSTILE = (
    "<script>window.owned=1</script><img src=x onerror=window.owned=1>\"'>&{{7*7}}</textarea>"
    "</title></pre><hx-partial hx-target='body'>\u202egnp.exe javascript:window.owned=1"
)
"""Text that runs, breaks out, or turns around, wherever it is not escaped."""

SECRET = "s3cret-of-the-page"


def pages(tenant: Tenant) -> list[str]:
    """Return the paths of all kinds of pages of a filled workspace."""
    (webhook, *_) = tenant.control("GET", "/webhooks").json()["data"]
    (candidate, *_) = tenant.control("GET", "/candidates").json()["data"]
    (assessment, *_) = tenant.control("GET", "/assessments").json()["data"]
    (delivery, *_) = tenant.control("GET", "/deliveries").json()["data"]
    return [
        "", "/webhooks?generation=v2", f"/webhooks/{webhook['id']}",
        f"/webhooks/{webhook['id']}/delete", "/deliveries", "/deliveries?text=nothing",
        f"/deliveries/{delivery['id']}", "/candidates", f"/candidates/{candidate['id']}",
        "/assessments", f"/assessments/{assessment['id']}", "/time", "/faults",
        "/faults?kind=mutate", "/scenarios", "/journal", "/workspaces", "/workspaces/reset",
    ]  # fmt: skip


def filled(server: Server, tenant: Tenant, text: str, *, long: int = 0) -> Receiver:
    """Fill a workspace, with *text* in every place where text enters, *long* characters more."""

    async def respond(_: Received) -> Answer:
        headers = (("content-type", "text/html"), ("x-echo", SECRET))
        return Answer(500, headers, (text + "\x00" * 9 + "x" * long).encode())

    receiver = server.receiver(respond=respond)
    name = (text + "x" * long)[:LONGEST_TEXT]
    webhook = {
        "name": name, "payloadUrl": f"{receiver.url}/hook?{'long' * 300}", "description": text,
        "events": ["candidate.status_changed"], "headers": {"X-Token": SECRET},
    }  # fmt: skip
    assert tenant.provider("POST", "/v1/webhook", json=webhook).status_code == 201
    job = tenant.control("POST", "/assessments", json={"title": text}).json()
    ada = {"assessmentId": job["id"], "firstName": text, "lastName": name, "source": text}
    candidate = tenant.control("POST", "/candidates", json=ada).json()
    tenant.move(candidate, "enroll")
    mutate = {"mutate": {"set": {"data.note": text}}, "on": {"candidate": text}}
    tenant.control("POST", "/faults", json=mutate)
    workspace = server.emulator.existing(tenant.name)

    async def send() -> None:
        for body in (text.encode() + b"\x00\xff", {text: text + "x" * long}):
            workspace.send(body, event="candidate.status_changed", candidate=candidate["id"])

    server.on_loop(send())
    tenant.settle()
    return receiver
