"""Bundled scenarios, run against a webhook from the page."""

from __future__ import annotations

import base64
import re
from hashlib import sha256
from typing import TYPE_CHECKING

from emulator.scenario.discovery import bundled

if TYPE_CHECKING:
    from tests.server.conftest import Server
    from tests.server.ui.conftest import Ui

NAME = "candidate-completes"


def run(ui: Ui, url: str, name: str = NAME, **fields: str) -> str:
    """Run a scenario to its end; return the path of its page."""
    form = {"url": url, "name": "ats", "events": "candidate.completed"}
    ui.post("/webhooks", **{**form, **fields})
    (webhook,) = ui.tenant.control("GET", "/webhooks").json()["data"]
    path = ui.post("/scenarios", scenario=name, webhook=webhook["id"])
    task = ui.server.app.state.runs[int(path.rpartition("/")[2])].task

    async def over() -> None:
        await task

    ui.server.on_loop(over())
    return path


def test_the_bundled_scenarios_are_listed_with_their_descriptions(ui: Ui) -> None:
    text = ui.get("/scenarios").text
    for one in bundled():
        assert one.description
        assert one.name in text
    assert "A candidate is invited, enrolls, starts and completes" in text
    assert "No webhook to run against" in text


def test_a_scenario_runs_in_a_workspace_of_its_own(ui: Ui, server: Server) -> None:
    receiver = server.receiver()
    path = run(ui, receiver.url, headers="X-Mine: yes")
    page = ui.get(path)
    assert "passed" in page.text
    assert "passed create_assessment" in page.text
    assert len(receiver.requests) == 4
    assert {dict(request.headers)["x-mine"] for request in receiver.requests} == {"yes"}
    name = f"{ui.tenant.name}-run-{path.rpartition('/')[2]}"
    assert name in server.workspaces()
    assert ui.tenant.control("GET", "/candidates").json()["total"] == 0
    assert f"{ui.base}{path}" in ui.get("/scenarios").links


def test_failed_steps_show_the_reason(ui: Ui, server: Server) -> None:
    path = run(ui, server.receiver(500).url)
    text = ui.get(path).text
    assert "failed expect" in text
    assert "steps failed; first 'expect' at line" in text


def test_the_report_allows_its_own_style_sheet_and_nothing_else(ui: Ui, server: Server) -> None:
    path = run(ui, server.receiver().url)
    answer = server.client.get(f"{ui.base}{path}/report")
    found = re.search(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    assert found is not None
    digest = base64.b64encode(sha256(found[1].encode()).digest()).decode()
    assert answer.headers["content-security-policy"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'"
    )
    assert not re.search(r"\sstyle=", answer.text)
    assert "A candidate completes" in answer.text


def test_a_signed_webhook_gets_signed_messages(ui: Ui, server: Server) -> None:
    receiver = server.receiver()
    path = run(ui, receiver.url, generation="v2")
    assert "passed" in ui.get(path).text
    assert all("svix-signature" in dict(request.headers) for request in receiver.requests)


def test_a_scenario_that_can_not_run_is_refused(ui: Ui, server: Server) -> None:
    ui.refused("/scenarios", status=404, scenario=NAME, webhook="none")
    webhook = ui.tenant.webhook(server.receiver().url)
    page = ui.refused("/scenarios", scenario="../etc/passwd", webhook=webhook["id"])
    assert "no bundled scenario '../etc/passwd'" in page.text
    ui.get("/scenarios/999", status=404)


def test_the_run_of_another_workspace_is_not_shown(ui: Ui, server: Server) -> None:
    path = run(ui, server.receiver().url)
    server.tenant("elsewhere")
    assert server.client.get(f"/ui/elsewhere{path}").status_code == 404
