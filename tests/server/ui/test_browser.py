"""The page in a real browser: safe, accessible, without scripts, under load, after a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.server.conftest import Tenant
from tests.server.ui.conftest import Person
from tests.server.ui.filling import HOSTILE, filled, pages

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.server.conftest import OpenServer, Server

pytestmark = [pytest.mark.system, pytest.mark.slow]

OPEN = "document.querySelectorAll('details').forEach(one => { one.open = true })"
TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.mark.parametrize("width", [1280, 360])
def test_hostile_text_runs_nowhere_and_breaks_no_layout(
    tenant: Tenant, server: Server, open_tab: Callable[..., Page], width: int
) -> None:
    filled(server, tenant, HOSTILE, long=20_000)
    page = open_tab(server.url, width=width)
    page.on("dialog", lambda _: pytest.fail("a dialog"))
    for path in pages(tenant):
        page.goto(f"{server.url}/ui/{tenant.name}{path}")
        page.evaluate(OPEN)
        assert page.evaluate("window.owned") is None, path
        assert not page.evaluate(TOO_WIDE), path
        assert page.locator("img[src=x], a[href^='javascript:' i]").count() == 0, path


def test_hostile_text_in_a_live_row_is_not_executed(
    tenant: Tenant, server: Server, open_tab: Callable[..., Page]
) -> None:
    page = open_tab(f"{server.url}/ui/{tenant.name}/deliveries")
    filled(server, tenant, HOSTILE)
    page.get_by_role("row").nth(4).wait_for()
    page.get_by_role("row", name="<script>window").first.wait_for()
    assert page.evaluate("window.owned") is None
    assert page.locator("img[src=x]").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_labels_roles_and_contrast_pass_axe(
    tenant: Tenant, server: Server, open_tab: Callable[..., Page], scheme: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    filled(server, tenant, "Some text")
    page, axe = open_tab(server.url, color_scheme=scheme), Axe()
    for path in pages(tenant):
        page.goto(f"{server.url}/ui/{tenant.name}{path}")
        page.evaluate(OPEN)
        result = axe.run(page)
        assert result.violations_count == 0, f"{path}: {result.generate_report()}"


def test_everything_works_without_scripts(
    tenant: Tenant, server: Server, open_tab: Callable[..., Page]
) -> None:
    url, receiver = f"{server.url}/ui/{tenant.name}", server.receiver()
    person = Person(tenant, open_tab(url, java_script_enabled=False))
    page = person.page
    page.get_by_label("URL").fill(receiver.url)
    page.get_by_label("Name").fill("ats")
    page.get_by_label("candidate.status_changed").check()
    person.press("Add webhook").go("Assessments").press("Create")
    person.go("Candidates").press("Invite")
    person.press("Enroll")
    person.go("Time").press("Advance 1 hour")
    person.go("Deliveries")
    page.get_by_role("row", name="candidate.status_changed").nth(1).wait_for()
    page.get_by_role("link", name="candidate.status_changed").first.click()
    person.press("Redeliver")
    page.get_by_role("heading", name="Attempt 2 200").wait_for()
    assert page.get_by_role("button", name="Copy").count() == 0  # it needs a script


def test_the_keyboard_reaches_and_presses_every_button(person: Person) -> None:
    page = person.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.get_by_label("URL").focus()
    page.keyboard.type("http://127.0.0.1:9")
    page.keyboard.press("Tab")
    page.keyboard.type("by keyboard")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Add webhook").focus()
    page.keyboard.press("Enter")
    page.get_by_text("by keyboard").wait_for()


def test_two_tabs_show_two_workspaces(
    make_tenant: Callable[[], Tenant], server: Server, open_tab: Callable[..., Page]
) -> None:
    tenants = [make_tenant(), make_tenant()]
    tabs = [open_tab(f"{server.url}/ui/{one.name}/candidates") for one in tenants]
    for tenant, name in zip(tenants, ("Ada", "Bob"), strict=True):
        tenant.candidate(firstName=name, lastName="Example")
    for tab, name, other in zip(tabs, ("Ada", "Bob"), ("Bob", "Ada"), strict=True):
        tab.get_by_text(f"{name} Example").wait_for()
        assert tab.get_by_text(f"{other} Example").count() == 0


def test_a_page_comes_back_after_a_restart_on_a_journal_file(
    open_server: OpenServer, open_tab: Callable[..., Page], tmp_path: Path
) -> None:
    journal = tmp_path / "journal.db"
    with open_server(journal=journal) as server:
        tenant = server.tenant("kept")
        page = open_tab(f"{server.url}/ui/kept/candidates")
        tenant.candidate(firstName="Before", lastName="Example")
        page.get_by_text("Before Example").wait_for()
        port = int(server.url.rpartition(":")[2])
    with open_server(journal=journal, port=port) as server:
        Tenant(server, "kept").candidate(firstName="After", lastName="Example")
        page.get_by_text("After Example").wait_for()
        assert page.get_by_text("Before Example").count() == 1


def test_five_thousand_deliveries_leave_a_short_list_and_small_updates(
    tenant: Tenant, server: Server, open_tab: Callable[..., Page]
) -> None:
    tenant.webhook(server.receiver().url)
    page = open_tab(f"{server.url}/ui/{tenant.name}/deliveries")
    page.evaluate("""() => {
        window.updates = 0; window.most = 0; window.start = performance.now();
        document.addEventListener("htmx:sse:after:message", () => { window.updates += 1; });
        new MutationObserver(changes => {
            const added = changes.flatMap(one => [...one.addedNodes]);
            const rows = added.filter(one => one.nodeName === "TR").length;
            window.most = Math.max(window.most, rows);
        }).observe(document.body, {childList: true, subtree: true});
    }""")
    workspace = server.emulator.existing(tenant.name)

    async def send() -> None:
        for _ in range(5_000):
            workspace.send({"a": 1}, event="candidate.status_changed")

    server.on_loop(send())
    tenant.settle()
    newest = page.locator("#rows tr").first
    newest.locator("a[href$='/5000-1']").wait_for()
    newest.get_by_text("succeeded").wait_for()
    assert page.locator("#rows tr").count() == 200
    seconds = page.evaluate("(performance.now() - window.start) / 1000")
    assert 0 < page.evaluate("window.updates") <= 4 * seconds + 2
    assert 0 < page.evaluate("window.most") <= 200  # rows that an update draws
