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
    page.go_back()
    page.get_by_role("link", name="Delete", exact=True).click()
    person.press("Delete")
    page.get_by_text("No v1 webhook yet").wait_for()
