"""Each section of the page as a person with a browser uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.server.conftest import Server
    from tests.server.ui.conftest import Person

pytestmark = pytest.mark.system


def test_a_person_adds_edits_tests_and_deletes_a_webhook(person: Person, server: Server) -> None:
    page, receiver = person.page, server.receiver()
    page.get_by_label("URL").fill(receiver.url)
    page.get_by_label("Name").fill("ats")
    events = page.get_by_label("Events", exact=True)
    events.get_by_label("candidate.completed").check()
    person.press("Add webhook")
    page.get_by_text("candidate.completed", exact=True).first.wait_for()
    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_label("Name").fill("our ats")
    person.press("Save")
    page.get_by_text("our ats").wait_for()
    person.press("Test Event")
    page.wait_for_url("**/deliveries/1-1")
    assert len(receiver.requests) == 1
    person.go("Webhooks")
    page.get_by_role("link", name="Delete", exact=True).click()
    person.press("Delete")
    page.get_by_text("No v1 webhook yet").wait_for()


def test_a_person_finds_a_failed_delivery_looks_into_it_and_sends_it_again(
    person: Person, server: Server
) -> None:
    page, receiver = person.page, server.receiver(500, 200)
    person.tenant.webhook(receiver.url)
    person.go("Deliveries")
    page.get_by_text("No deliveries here").wait_for()
    candidate = person.tenant.candidate(firstName="Ada", lastName="Example")
    row = page.get_by_role("row", name="Ada Example")
    row.get_by_text("failed").wait_for()  # came by itself
    person.tenant.move(candidate, "enroll")
    page.get_by_role("row").nth(2).wait_for()
    assert page.get_by_text("No deliveries here").is_hidden()
    page.get_by_label("Status").select_option("failed")
    page.get_by_label("Search").fill("ada example")
    person.press("Filter")
    page.wait_for_url("**status=failed**")
    assert page.get_by_role("row").count() == 2
    page.get_by_role("link", name="candidate.status_changed").click()
    page.get_by_role("heading", name="Attempt 1 500").wait_for()
    page.get_by_text("curl", exact=True).click()
    page.get_by_text("curl -X POST").wait_for()
    person.press("Redeliver")
    page.get_by_role("heading", name="Attempt 2 200").wait_for()
    assert page.get_by_text("succeeded").first.is_visible()


def test_a_person_creates_an_assessment_and_moves_a_candidate_by_hand(
    person: Person, server: Server
) -> None:
    page, receiver = person.page, server.receiver()
    person.tenant.webhook(receiver.url)
    person.go("Assessments")
    page.get_by_label("Title").fill("Analyst")
    person.press("Create")
    person.go("Candidates")
    page.get_by_label("Email", exact=True).fill("ada@example.com")
    page.get_by_label("First name").fill("Ada")
    page.get_by_label("Last name").fill("Example")
    person.press("Invite")
    invited = page.get_by_role("region", name="Invited")
    invited.get_by_text("ada@example.com").wait_for()
    person.press("Enroll")
    page.get_by_role("region", name="Enrolled").get_by_text("Ada Example").click()
    person.press("Start")
    page.get_by_text("IN_PROGRESS").wait_for()
    assert not page.get_by_role("button", name="Enroll", exact=True).count()
    complete = page.get_by_role("form", name="Complete")
    complete.get_by_text("Details").click()
    complete.get_by_label("Score").fill("14")
    complete.get_by_label("Of", exact=True).fill("32")
    person.press("Complete")
    page.get_by_text("14 of 32").wait_for()
    page.get_by_role("row", name="candidate.status_changed").nth(3).wait_for()


def test_the_board_moves_by_itself(person: Person) -> None:
    page = person.go("Candidates").page
    candidate = person.tenant.candidate(firstName="Ada", lastName="Example")
    page.get_by_role("region", name="Invited").get_by_text("Ada Example").wait_for()
    person.tenant.move(candidate, "enroll")
    page.get_by_role("region", name="Enrolled").get_by_text("Ada Example").wait_for()
    assert page.get_by_text("Ada Example").count() == 1


def test_a_person_moves_the_clock_to_the_expiry_of_an_invitation(person: Person) -> None:
    person.tenant.candidate(firstName="Ada", lastName="Example")
    page = person.go("Time").page
    page.get_by_role("row", name="invitation expires Ada Example").wait_for()
    person.press("Advance 1 hour")
    page.get_by_text("2026-01-01 01:00:00 UTC").first.wait_for()
    page.get_by_label("By").fill("2d")
    person.press("Advance")
    page.get_by_text("2026-01-03 01:00:00 UTC").first.wait_for()
    person.press("Advance to the next timer")
    page.get_by_text("Nothing is due").wait_for()
    page.get_by_text("2026-01-31 00:00:00 UTC").first.wait_for()


def test_a_person_sets_a_fault_sees_it_fire_and_clears_it(person: Person, server: Server) -> None:
    page = person.go("Faults").page
    page.get_by_role("link", name="duplicate", exact=True).click()
    page.get_by_label("Times").last.fill("2")
    person.press("Set fault")
    row = page.get_by_role("row", name="duplicate")
    row.wait_for()
    person.tenant.webhook(server.receiver().url)
    person.tenant.candidate()
    row.get_by_role("cell", name="1", exact=True).first.wait_for()  # came by itself
    person.press("Clear duplicate f1")
    page.get_by_text("No fault is set").wait_for()


def test_a_person_reads_the_journal_and_changes_the_workspace(person: Person) -> None:
    page = person.go("Journal").page
    person.tenant.assessment()
    page.get_by_text("assessment.created").first.wait_for()  # came by itself
    page.get_by_role("link", name="candidate", exact=True).click()
    page.get_by_text("No entry of this kind").wait_for()
    page.get_by_role("link", name="Change").click()
    page.get_by_label("Name").fill(f"{person.tenant.name}-two")
    person.press("Make workspace")
    page.get_by_text("No v1 webhook yet").wait_for()
    assert f"/ui/{person.tenant.name}-two/" in page.url


def test_a_person_runs_a_scenario_and_opens_its_report(person: Person, server: Server) -> None:
    page, receiver = person.page, server.receiver()
    person.tenant.webhook(receiver.url)
    person.go("Scenarios").press("Run candidate-completes")
    steps = page.get_by_role("list", name="Steps").get_by_role("listitem")
    steps.last.get_by_text("passed").wait_for()  # came by itself
    assert steps.filter(has_text="passed").count() == steps.count() > 10
    page.get_by_role("link", name="Report").click()
    page.get_by_text("A candidate completes").first.wait_for()
    ink = page.evaluate("getComputedStyle(document.body).fontFamily")
    assert "system-ui" in ink  # its style sheet is allowed
