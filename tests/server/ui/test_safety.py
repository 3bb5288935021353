"""Hostile text, secrets and headers on every page that links lead to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.server.ui.conftest import Forms
from tests.server.ui.filling import HOSTILE, SECRET, filled, pages

if TYPE_CHECKING:
    import httpx2

    from tests.server.conftest import Server
    from tests.server.ui.conftest import Ui


def crawled(ui: Ui) -> dict[str, httpx2.Response]:
    """Return every page of a workspace that links lead to: path -> answer."""
    found: dict[str, httpx2.Response] = {}
    left = [f"{ui.base}{path}" for path in pages(ui.tenant)]
    while left:
        path = left.pop().partition("#")[0]
        if path in found or not path.startswith(f"{ui.base}") or "show=secrets" in path:
            continue
        found[path] = ui.server.client.get(path)
        left += Forms(found[path].text).links
    return found


@pytest.fixture
def answers(ui: Ui, server: Server) -> dict[str, httpx2.Response]:
    filled(server, ui.tenant, HOSTILE)
    return crawled(ui)


@pytest.mark.slow
def test_every_link_leads_to_a_safe_page_without_secrets(
    answers: dict[str, httpx2.Response],
) -> None:
    assert len(answers) > 40
    for path, answer in answers.items():
        assert answer.status_code == 200, path
        assert answer.headers["content-security-policy"].startswith("default-src 'none';"), path
        assert answer.headers["x-content-type-options"] == "nosniff", path
        assert answer.headers["cache-control"] == "no-store", path
        assert SECRET not in answer.text, path


@pytest.mark.slow
def test_hostile_text_is_escaped_on_every_page(answers: dict[str, httpx2.Response]) -> None:
    pages_ = {path: one for path, one in answers.items() if not path.endswith("/body")}
    shown = 0
    for path, answer in pages_.items():
        for broken in ("<script>window", "<img src=x", "<hx-partial hx-target='body'", "49}"):
            assert broken not in answer.text, path
        assert not any(link.startswith("javascript:") for link in Forms(answer.text).links)
        shown += "&lt;script&gt;" in answer.text
    assert shown > 10


def test_no_page_has_anything_inline(answers: dict[str, httpx2.Response]) -> None:
    for path, answer in answers.items():
        if not path.endswith("/body"):
            assert " style=" not in answer.text, path
            assert "<style" not in answer.text, path
            assert answer.text.count("<script") == answer.text.count("<script src="), path


def test_values_of_a_megabyte_leave_pages_small(ui: Ui, server: Server) -> None:
    filled(server, ui.tenant, "a", long=880_000)
    for path in ("", "/deliveries", "/candidates", "/journal", "/time", "/scenarios"):
        answer = server.client.get(f"{ui.base}{path}")
        assert answer.status_code == 200
        assert len(answer.content) < 300_000, path
