"""Templates, security headers, forms and static files, as every page uses them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import jinja2
import pytest
from starlette.requests import Request

from emulator.errors import InvalidInputError, TooLargeError
from emulator.server import html

if TYPE_CHECKING:
    from starlette.types import Message

    from tests.server.conftest import Server


def rendered(source: str, **context: object) -> str:
    return html.environment().from_string(source).render(context)


def request(body: bytes) -> Request:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return Request({"type": "http", "method": "POST", "headers": []}, receive)


def test_text_is_escaped() -> None:
    assert rendered("{{ a }}", a="<script>alert('x')</script>") == (
        "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"
    )


def test_control_characters_and_overrides_are_shown_as_escapes() -> None:
    assert rendered("{{ a }}", a="a\x00b\u202ec\ud800\x1b\n\td") == (
        r"a\x00b\u202ec\ud800\x1b" + "\n\td"
    )


def test_the_value_of_a_field_is_escaped_and_otherwise_as_it_is() -> None:
    assert rendered("{{ a | as_is }}", a='"\u202e<') == "&#34;\u202e&lt;"


def test_a_macro_is_not_escaped_twice() -> None:
    source = "{% macro m(a) %}<b>{{ a }}</b>{% endmacro %}{{ m('<\u202e') }}"
    assert rendered(source) == r"<b>&lt;\u202e</b>"


def test_an_unknown_variable_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError):
        rendered("{{ a }}")


def test_a_page_allows_nothing_inline_nothing_foreign_and_no_frame() -> None:
    answer = html.error(404, "no page '<b>'")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert b"<h1>Not Found</h1>" in bytes(answer.body)
    assert b"&lt;b&gt;" in bytes(answer.body)


def test_a_form_is_answered_with_the_page_to_load() -> None:
    answer = html.see_other("/ui/default")
    assert (answer.status_code, answer.headers["location"]) == (303, "/ui/default")
    assert "content-security-policy" in answer.headers


def test_a_form_is_read_with_its_repeated_and_empty_fields() -> None:
    form = asyncio.run(html.form_of(request(b"a=1&b=x+y&b=%C3%A9&c=")))
    assert form.multi_items() == [("a", "1"), ("b", "x y"), ("b", "é"), ("c", "")]


@pytest.mark.parametrize("body", [b"a=%ff", b"\xff=1", b"&".join([b"a=1"] * 1_001)])
def test_a_form_that_is_not_utf_8_or_has_too_many_fields_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidInputError, match="not a form"):
        asyncio.run(html.form_of(request(body)))


def test_a_form_beyond_the_limit_of_bodies_is_refused() -> None:
    with pytest.raises(TooLargeError):
        asyncio.run(html.form_of(request(b"a=" + b"x" * 1024 * 1024)))


def test_a_static_file_is_kept_by_browsers_under_the_digest_of_its_content(server: Server) -> None:
    url = html.static_url("page.css")
    answer = server.client.get(url)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("name", ["none.css", "html.py", "htmx.LICENSE"])
def test_only_static_files_are_given(server: Server, name: str) -> None:
    answer = server.client.get(f"/static/{name}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_a_post_of_a_foreign_page_is_refused_with_a_page(server: Server) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = server.client.post("/static/page.css", headers=headers)
        assert answer.status_code == 403
        assert b"<h1>Forbidden</h1>" in answer.content
