"""Candidates and assessments: invited, moved by the commands that are legal now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from emulator.domain import candidate as candidates

if TYPE_CHECKING:
    from tests.server.conftest import Server
    from tests.server.ui.conftest import Ui


def state(ui: Ui, id_: str) -> str:
    found: str = ui.tenant.control("GET", f"/candidates/{id_}").json()["status"]
    return found


def test_an_assessment_is_created_edited_and_moved(ui: Ui) -> None:
    assert ui.post("/assessments", title="Analyst", validity_days="9") == "/assessments"
    (made,) = ui.tenant.control("GET", "/assessments").json()["data"]
    assert (made["title"], made["status"]) == ("Analyst", "DRAFT")
    path = f"/assessments/{made['id']}"
    assert f"{ui.base}{path}/publish" in ui.get("/assessments").forms
    assert ui.post(f"{path}/publish", back="list") == "/assessments"
    assert ui.post(f"{path}/update", **{"update-title": "Senior analyst"}) == path
    text = ui.get(path).text
    assert "Senior analyst PUBLISHED" in text
    assert "Invitations open for 9 days" in text
    assert f"{ui.base}{path}/publish" not in ui.get(path).forms


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"validity_days": "nine"}, "not a number: 'nine'"),
        ({"settings": "{"}, "not JSON"),
    ],
)
def test_an_assessment_that_is_refused_changes_nothing(
    ui: Ui, fields: dict[str, Any], message: str
) -> None:
    page = ui.refused("/assessments", title="kept", **fields)
    assert message in page.text
    assert page.forms[f"{ui.base}/assessments"]["title"] == ["kept"]
    assert ui.tenant.control("GET", "/assessments").json()["total"] == 0


def test_an_invitation_needs_an_assessment(ui: Ui) -> None:
    assert "Create an assessment first" in ui.get("/candidates").text


def test_a_candidate_is_invited(ui: Ui) -> None:
    job = ui.tenant.assessment()
    fields = {"assessment_id": job["id"], "email": "grace@example.com", "first_name": "Grace"}
    assert ui.post("/candidates", **fields) == "/candidates"
    (made,) = ui.tenant.control("GET", "/candidates").json()["data"]
    assert (made["email"], made["firstName"]) == ("grace@example.com", "Grace")
    assert "grace@example.com" in ui.get("/candidates").text
    assert "grace@example.com" in ui.get(f"/candidates?assessment={job['id']}").text
    assert "grace@example.com" not in ui.get("/candidates?assessment=other").text
    assert "grace@example.com" in ui.refused("/candidates", status=409, **fields).text


def test_an_invitation_can_be_scheduled(ui: Ui) -> None:
    job = ui.tenant.assessment()
    ui.post("/candidates", assessment_id=job["id"], scheduled_date="2026-02-01T09:00:00Z")
    (made,) = ui.tenant.control("GET", "/candidates").json()["data"]
    assert made["status"] == "SCHEDULED"
    assert made["invitedAt"] == "2026-02-01T09:00:00.000Z"


def test_a_pasted_list_is_invited_and_failures_are_named(ui: Ui) -> None:
    job = ui.tenant.assessment()
    people = (
        "Ada Example <ada@example.com>\n\nbob@example.com, Bob, Example\n"
        "carol@example.com\nADA@example.com\nnobody\n"
    )
    answer = ui.send("/candidates/list", assessment_id=job["id"], people=people)
    assert answer.status_code == 200
    assert "Invited 3 of 5" in answer.text
    found = ui.tenant.control("GET", "/candidates").json()["data"]
    assert [(one["email"], one["lastName"]) for one in found[:2]] == [
        ("ada@example.com", "Example"),
        ("bob@example.com", "Example"),
    ]


def test_a_list_for_an_unknown_assessment_is_refused(ui: Ui) -> None:
    people = {"assessment_id": "none", "people": "a@example.com"}
    assert "no assessment 'none'" in ui.refused("/candidates/list", status=404, **people).text


@pytest.mark.parametrize("name", candidates.LIFECYCLE.states)
def test_buttons_are_the_commands_that_are_legal(ui: Ui, name: str) -> None:
    way = {
        "SCHEDULED": [], "INVITED": [], "ENROLLED": ["enroll"], "IN_PROGRESS": ["enroll", "start"],
        "COMPLETED": ["enroll", "start", "complete"], "DISQUALIFIED": ["enroll", "disqualify"],
        "INVITATION_EXPIRED": ["expire"], "REJECTED": ["enroll", "start", "complete", "reject"],
    }[name]  # fmt: skip
    scheduled = {"scheduledDate": "2026-02-01T00:00:00Z"} if name == "SCHEDULED" else {}
    found = ui.tenant.candidate(**scheduled)
    for command in way:
        ui.post(f"/candidates/{found['id']}/{command}")
    assert state(ui, found["id"]) == name
    action = f"{ui.base}/candidates/{found['id']}"
    legal = [f"{action}/{command}" for command in candidates.LIFECYCLE.legal(name)]
    for path in ("/candidates", f"/candidates/{found['id']}"):
        forms = [form for form in ui.get(path).forms if form.startswith(f"{action}/")]
        assert forms == legal


def test_a_command_takes_its_details(ui: Ui) -> None:
    id_ = ui.tenant.candidate()["id"]
    for command in ("enroll", "start"):
        assert ui.post(f"/candidates/{id_}/{command}", back="board") == "/candidates"
    path = f"/candidates/{id_}"
    assert set(ui.get(path).forms[f"{ui.base}{path}/complete"]) == {
        "complete-score", "complete-of", "complete-percentage",
    }  # fmt: skip
    ui.post(f"{path}/complete", **{"complete-score": "14", "complete-of": "32"})
    assert "Score 14 of 32" in ui.get(path).text


def test_an_illegal_command_is_refused_with_the_legal_commands(ui: Ui) -> None:
    id_ = ui.tenant.candidate()["id"]
    assert "enroll, expire" in ui.refused(f"/candidates/{id_}/complete", status=409).text
    assert state(ui, id_) == "INVITED"


def test_a_candidate_has_a_timeline_of_messages(ui: Ui, server: Server) -> None:
    ui.tenant.webhook(server.receiver().url)
    first, second = ui.tenant.candidate(), ui.tenant.candidate()
    ui.tenant.settle()
    links = ui.get(f"/candidates/{second['id']}").links
    assert f"{ui.base}/deliveries/2-1" in links
    assert f"{ui.base}/deliveries/1-1" not in links
    assert "No message yet" in ui.get(f"/candidates/{first['id']}").text
