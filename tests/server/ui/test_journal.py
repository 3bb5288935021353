"""The journal, and the workspaces."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.server.conftest import Tenant

if TYPE_CHECKING:
    from tests.server.ui.conftest import Forms, Ui


def kinds(page: Forms) -> list[str]:
    return re.findall(r"\d\d:\d\d:\d\d ([a-z]+\.[a-z_]+)", page.text)


def test_the_newest_entry_is_first_and_kinds_can_be_chosen(ui: Ui) -> None:
    ui.tenant.candidate()
    assert kinds(ui.get("/journal"))[::-1] == [
        "workspace.opened", "assessment.created", "assessment.moved", "candidate.invited",
    ]  # fmt: skip
    assert kinds(ui.get("/journal?about=candidate")) == ["candidate.invited"]
    assert "No entry of this kind" in ui.get("/journal?about=fault").text


def test_older_entries_are_on_the_next_page(ui: Ui) -> None:
    for _ in range(205):
        ui.tenant.control("POST", "/clock/advance", json={"by": "1s"})
    page = ui.get("/journal")
    assert len(kinds(page)) == 200
    (older,) = [link for link in page.links if "before=" in link]
    assert len(kinds(ui.get(older.removeprefix(ui.base)))) == 6


def test_a_wrong_number_is_refused(ui: Ui) -> None:
    ui.get("/journal?before=x", status=400)


def test_secrets_are_redacted(ui: Ui) -> None:
    ui.post("/webhooks", url="http://127.0.0.1:9", name="a", events="candidate.invited",
            headers="X-Token: s3cret-of-mine")  # fmt: skip
    assert "webhook.added" in ui.get("/journal").text
    assert "s3cret-of-mine" not in ui.get("/journal").text


def test_a_workspace_is_made_and_chosen(ui: Ui) -> None:
    name = f"{ui.tenant.name}-made"
    form = {"name": name, "seed": "3", "clock": "virtual", "generation": "v2"}
    assert ui.post("/workspaces", **form) == f"/../{name}/webhooks"
    made = Tenant(ui.server, name).control("GET").json()
    assert (made["seed"], made["clock"]["mode"], made["generation"]) == (3, "virtual", "v2")
    assert f"/ui/{name}" in ui.get("/workspaces").links
    assert "already open" in ui.refused("/workspaces", status=409, **form).text


def test_a_workspace_that_can_not_be_made_is_refused(ui: Ui) -> None:
    assert "not a workspace name: 'a b'" in ui.refused("/workspaces", name="a b").text
    assert "not a seed: '-1'" in ui.refused("/workspaces", name="ab", seed="-1").text
    assert "ab" not in ui.server.workspaces()


def test_a_workspace_is_reset_after_a_confirmation(ui: Ui) -> None:
    ui.tenant.assessment()
    assert "1 assessments" in ui.get("/workspaces/reset").text
    assert ui.post("/workspaces/reset") == "/webhooks"
    assert ui.tenant.control("GET", "/assessments").json()["total"] == 0
