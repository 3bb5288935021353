"""The page as a browser and as a client without scripts see it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any, Self

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx2
    from playwright.sync_api import Browser, BrowserContext, Page

    from tests.server.conftest import Server, Tenant

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


class Forms(HTMLParser):
    """The text of a page, and its forms: action -> fields with their values."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: dict[str, dict[str, list[str]]] = {}
        self.links: list[str] = []
        self._text: list[str] = []
        self._fields: dict[str, list[str]] | None = None
        self.feed(page)

    @property
    def text(self) -> str:
        return " ".join("".join(self._text).split())

    def handle_data(self, data: str) -> None:
        self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._fields = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self._text.append(" " * (tag not in ("a", "b", "code", "span")))
        if tag == "a":
            self.links.append(found.get("href") or "")
        if tag == "form":
            self._fields = self.forms.setdefault(found.get("action") or "", {})
        name = found.get("name")
        if self._fields is None or tag not in ("input", "textarea", "select") or not name:
            return
        values = self._fields.setdefault(name, [])
        if found.get("type") not in ("checkbox", "radio") or "checked" in found:
            values.append(found.get("value") or "")


class Ui:
    """One workspace's page, without a browser: forms are posted as a browser posts them."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.server = tenant.server
        self.base = f"/ui/{tenant.name}"

    def get(self, path: str = "", status: int = 200) -> Forms:
        answer = self.server.client.get(f"{self.base}{path}")
        assert answer.status_code == status, answer.text
        return Forms(answer.text)

    def send(self, path: str, **fields: Any) -> httpx2.Response:
        headers = {"Origin": self.server.url, "Sec-Fetch-Site": "same-origin"}
        return self.server.client.post(f"{self.base}{path}", data=fields, headers=headers)

    def post(self, path: str, **fields: Any) -> str:
        """Post a form that is accepted; return the path to which it leads."""
        answer = self.send(path, **fields)
        assert answer.status_code == 303, answer.text
        location: str = answer.headers["location"]
        return location.removeprefix(self.base)

    def refused(self, path: str, status: int = 400, **fields: Any) -> Forms:
        """Post a form that is refused; return the page with the error."""
        answer = self.send(path, **fields)
        assert answer.status_code == status, answer.text
        assert 'role="alert"' in answer.text
        return Forms(answer.text)


@pytest.fixture
def ui(tenant: Tenant) -> Ui:
    return Ui(tenant)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, one for all tests of a file.

    Not of the session: Playwright keeps an event loop running in the thread of the tests.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=[*FLAGS])
        yield browser
        browser.close()


class Tab:
    """A page in the browser; errors in its console fail the test at the end."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.set_default_timeout(30_000)  # milliseconds, for a machine under load
        page.on("console", lambda one: self._note(one.type, one.text))
        page.on("pageerror", lambda error: self._note("error", str(error)))

    def _note(self, kind: str, text: str) -> None:
        # A form that is refused, and a server that is away, are part of the tests.
        is_ours = re.search(r"Failed to load resource|ERR_CONNECTION|htmx:sse:error", text)
        if kind in ("error", "warning") and not is_ours:
            self.complaints.append(text)


@pytest.fixture
def open_tab(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open a page: ``open_tab(url, width=390)``; it must not complain of anything."""
    contexts: list[BrowserContext] = []
    tabs: list[Tab] = []

    def open_(url: str, width: int = 1280, height: int = 900, **options: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        tab = Tab(context.new_page())
        tabs.append(tab)
        tab.page.goto(url)
        return tab.page

    yield open_
    for context in contexts:
        context.close()
    assert [one.complaints for one in tabs] == [[] for _ in tabs]


class Person:
    """Somebody with a browser, before the page of one workspace."""

    def __init__(self, tenant: Tenant, page: Page) -> None:
        self.tenant = tenant
        self.page = page

    def go(self, section: str) -> Self:
        self.page.get_by_role("navigation", name="Sections").get_by_role(
            "link", name=section, exact=True
        ).click()
        return self

    def press(self, button: str) -> Self:
        self.page.get_by_role("button", name=button, exact=True).first.click()
        return self


@pytest.fixture
def person(tenant: Tenant, server: Server, open_tab: Callable[..., Page]) -> Person:
    return Person(tenant, open_tab(f"{server.url}/ui/{tenant.name}"))
