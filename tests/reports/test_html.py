"""The page: it loads nothing, executes nothing, and starts with the findings."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from emulator.reports import html
from emulator.reports.report import Case, report

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.reports.report import Report
    from emulator.workspace.delivery_view import DeliveryView

VOID = {"meta", "line", "circle", "rect", "path"}


class Page(HTMLParser):
    """A page, read: its tags in order, its attributes, its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def values(self, name: str) -> list[str]:
        return [value for _, known, value in self.attributes if known == name]


@pytest.fixture(scope="module")
def page(sample: Report) -> Page:
    return Page(html.document(sample).decode())


def test_every_element_is_closed(page: Page) -> None:
    assert page.open == []
    assert page.tags[0] == "html"


def test_nothing_is_loaded_and_nothing_runs(sample: Report, page: Page) -> None:
    assert not {"script", "link", "img", "iframe", "object", "embed", "base"} & {*page.tags}
    names = {name for _, name, _ in page.attributes}
    assert not {"src", "srcset", "style", "action", "background"} & names
    assert not [name for name in names if name.startswith("on")]
    assert all(value.startswith("#") for value in page.values("href"))
    [style] = re.findall(r"<style>(.*?)</style>", html.document(sample).decode(), re.DOTALL)
    assert "url(" not in style
    assert "@import" not in style
    policy = page.values("content")[2]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"


def test_a_consumer_s_answer_stays_text(page: Page) -> None:
    text = "".join(page.text)
    assert text.count("</script></pre></title>]]><script>document.title = 'pwned'</script>") > 5
    assert "{{ 7 * 7 }}" in text
    assert '"firstName": "<b>Ada</b>"' in text
    assert "bell \\x07, escape \\x1b[31m, null \\x00, half \\ud800" in text


def test_each_link_leads_somewhere_and_each_place_has_one_name(page: Page) -> None:
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    links = {value.removeprefix("#") for value in page.values("href")}
    assert len(links) > 10
    assert links <= set(ids)
    assert set(page.values("aria-labelledby")) <= set(ids)


def test_findings_precede_the_cases(page: Page) -> None:
    ids = page.values("id")
    assert ids.index("findings") < ids.index("case-1")
    text = "".join(page.text)
    assert text.index("expected 1; got 0") < text.index("create_assessment")
    assert "4 failures, 3 deliveries not accepted" in text


def test_a_run_without_findings_has_a_notice(passing: Report) -> None:
    page = Page(html.document(passing).decode())
    text = "".join(page.text)
    assert "None: every expectation was met, and every delivery was accepted." in text
    assert "Passed: Scenarios · Testlify emulator" in text
    assert "svg" not in page.tags


def test_an_interrupted_run_is_marked(sample: Report) -> None:
    case = Case("It was stopped", "incomplete", is_interrupted=True)
    made = report(
        "Scenarios", [case], started=sample.started, duration_ms=0, is_interrupted=True
    )  # fmt: skip
    text = "".join(Page(html.document(made).decode()).text)
    assert "Interrupted: Scenarios" in text
    assert "interrupted, with the results so far" in text


def test_many_deliveries_leave_those_that_failed_in_full(
    sample: Report, delivery: Callable[..., DeliveryView]
) -> None:
    deliveries = [delivery(n, 200, body='"plain"') for n in range(html.MOST_BODIES + 20)]
    deliveries.append(delivery(9_999, 500, body='"the last one"'))
    case = Case("Many", "passed", deliveries=tuple(deliveries))
    made = report("Scenarios", [case], started=sample.started, duration_ms=0)
    text = "".join(Page(html.document(made).decode()).text)
    assert text.count('"plain"') == html.MOST_BODIES - 1
    assert '"the last one"' in text
    assert text.count("Request and response are in report.json.") == 21
    assert "521 accepted attempts" not in text


@pytest.mark.parametrize(
    ("body", "shown"),
    [('{"a":[1]}', '{\n  "a": [\n    1\n  ]\n}'), ("no json", "no json"), ("", ""), ("{", "{")],
)
def test_a_body_is_indented_when_it_is_json(body: str, shown: str) -> None:
    assert html.pretty(body) == shown


def test_a_long_body_is_cut() -> None:
    assert html.pretty("x" * html.LONGEST_BODY) == "x" * html.LONGEST_BODY
    shown = html.pretty("x" * (html.LONGEST_BODY + 7))
    assert shown == "x" * html.LONGEST_BODY + "\n... and 7 more characters"


@pytest.mark.parametrize(
    ("milliseconds", "shown"),
    [(0.04, "0ms"), (0.4, "0.4ms"), (9.91, "9.9ms"), (12.4, "12ms"), (61_000, "61s")],
)
def test_short_times_have_a_fraction(milliseconds: float, shown: str) -> None:
    assert html.took(milliseconds) == shown
