"""The settings page: webhooks are added, edited, tested, deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.server.conftest import Server
    from tests.server.ui.conftest import Ui

URL = "http://127.0.0.1:9000/hook"
FIELDS: dict[str, Any] = {
    "url": URL,
    "name": "ats",
    "events": ["candidate.completed", "assessment.created"],
}


def added(ui: Ui, generation: str = "v1", **fields: object) -> str:
    """Add a webhook; return the path of its page."""
    ui.post("/webhooks", **{**FIELDS, "generation": generation, **fields})
    page = ui.get(f"/webhooks?generation={generation}")
    (action,) = [form for form in page.forms if form.endswith("/test")]
    return action.removeprefix(ui.base).removesuffix("/test")


def test_the_root_is_the_page_of_the_default_workspace(server: Server) -> None:
    server.tenant("default")
    answer = server.client.get("/")
    assert answer.status_code == 200
    assert 'action="/ui/default/webhooks"' in answer.text


def test_a_workspace_that_is_not_open_has_no_page(server: Server) -> None:
    answer = server.client.get("/ui/nobody")
    assert answer.status_code == 404
    assert "no workspace" in answer.text


def test_a_webhook_is_added_to_the_generation_of_its_tab(ui: Ui) -> None:
    assert ui.post("/webhooks", **FIELDS, generation="v2") == "/webhooks?generation=v2"
    (webhook,) = ui.tenant.control("GET", "/webhooks").json()["data"]
    assert webhook["payloadUrl"] == URL
    assert webhook["events"] == FIELDS["events"]
    assert webhook["generation"] == "v2"
    assert "ats" in ui.get("/webhooks?generation=v2").text
    assert "No v1 webhook yet" in ui.get("/webhooks?generation=v1").text


def test_events_are_grouped_by_subject(ui: Ui) -> None:
    text = ui.get().text
    assert "Candidate events candidate.status_changed" in text
    assert "Assessment events assessment.created" in text


def test_a_refused_form_is_shown_again_with_its_input(ui: Ui) -> None:
    page = ui.refused("/webhooks", **{**FIELDS, "url": "ftp://x"})
    assert "neither http nor https: 'ftp://x'" in page.text
    fields = page.forms[f"{ui.base}/webhooks"]
    assert fields["url"] == ["ftp://x"]
    assert fields["name"] == ["ats"]
    assert fields["events"] == FIELDS["events"]


def test_a_refused_event_list_of_v2_stays_on_its_tab(ui: Ui) -> None:
    page = ui.refused("/webhooks", url="", name="x", generation="v2")
    assert page.forms[f"{ui.base}/webhooks"]["generation"] == ["v2"]


def test_an_edit_keeps_headers_that_were_masked(ui: Ui) -> None:
    path = added(ui, headers="X-Webhook-Token: s3cret\nAccept: application/json")
    fields = ui.get(path).forms[f"{ui.base}{path}"]
    assert "s3cret" not in str(fields)
    ui.post(path, url=URL, name="new", events=["candidate.invited"],
            headers="X-Webhook-Token: [redacted]\nX-New: 1")  # fmt: skip
    page = ui.get(f"{path}?show=secrets")
    (webhook,) = ui.tenant.control("GET", "/webhooks").json()["data"]
    assert webhook["name"] == "new"
    assert webhook["events"] == ["candidate.invited"]
    assert "X-Webhook-Token: s3cret X-New: 1" in page.text


def test_a_line_that_is_no_header_is_refused(ui: Ui) -> None:
    page = ui.refused("/webhooks", **FIELDS, headers="X-Token")
    assert "not a header: 'X-Token'" in page.text


def test_a_secret_is_masked_until_it_is_asked_for_and_can_be_rotated(ui: Ui) -> None:
    path = added(ui, "v2")
    id_ = path.rpartition("/")[2]
    secret = ui.tenant.control("GET", f"/webhooks/{id_}/secret").json()["secret"]
    assert secret not in ui.get(path).text
    assert secret in ui.get(f"{path}?show=secrets").text
    shown = ui.post(f"{path}/rotate")
    assert shown == f"{path}?show=secrets"
    assert secret not in ui.get(shown).text
    assert "The previous secret signs, too" in ui.get(shown).text


def test_a_url_that_will_be_refused_has_a_warning(ui: Ui) -> None:
    path = added(ui, url="http://203.0.113.9/hook")
    assert "Deliveries will be refused" in ui.get().text
    assert "Deliveries will be refused" in ui.get(path).text


def test_a_webhook_is_deleted_after_a_confirmation(ui: Ui) -> None:
    path = added(ui)
    page = ui.get(f"{path}/delete")
    assert "Delete this webhook?" in page.text
    assert ui.tenant.control("GET", "/webhooks").json()["total"] == 1
    ui.post(f"{path}/delete")
    assert ui.tenant.control("GET", "/webhooks").json()["total"] == 0
    ui.get(f"{path}/delete", status=404)


def test_a_test_event_leads_to_its_delivery(ui: Ui, server: Server) -> None:
    receiver = server.receiver()
    path = added(ui, url=receiver.url)
    assert ui.post(f"{path}/test") == "/deliveries/1-1"
    assert ui.post(f"{path}/test", event="candidate.completed") == "/deliveries/2-1"
    assert len(receiver.requests) == 2


def test_a_form_of_a_foreign_page_changes_nothing(ui: Ui) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        url = f"{ui.base}/webhooks"
        assert ui.server.client.post(url, data=FIELDS, headers=headers).status_code == 403
    assert ui.tenant.control("GET", "/webhooks").json()["total"] == 0
