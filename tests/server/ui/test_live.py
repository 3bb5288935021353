"""Lists that follow the journal: what a stream sends is what a page has to swap."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from emulator.server.ui.live import PAUSE, Row, _all, _changes, _event
from tests import plain_http

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx2

    from tests.server.ui.conftest import Ui


def render(row: Row) -> str:
    return f"<p id={row.id}>{row.record}</p>"


@contextmanager
def streaming(ui: Ui) -> Iterator[httpx2.Response]:
    """Open the stream of deliveries; with a client of its own, since the server's reads all."""
    url = f"{ui.server.url}{ui.base}/deliveries/live"
    with plain_http.stream("GET", url, timeout=10) as stream:
        yield stream


def rows(*names: str, place: str = "list") -> list[Row]:
    return [Row(name[0], place, name) for name in names]


def page(before: list[Row], now: list[Row]) -> list[str]:
    """Return the ids of a list after the changes, as htmx applies them: targets are found first."""
    shown = [row.id for row in before]
    for part in _changes(before, now, render).split("<hx-partial ")[1:]:
        target, swap = part.split('"')[1].removeprefix("#"), part.split('"')[3]
        new = re.findall("<p id=(.)>", part)
        assert target == "list" or target in {row.id for row in before}
        match swap:
            case "delete":
                shown.remove(target)
            case "afterbegin":
                shown[:0] = new
            case "afterend":
                place = shown.index(target) + 1
                shown[place:place] = new
            case _:
                assert [target] == new
    return shown


def test_a_stream_begins_with_the_whole_of_every_list() -> None:
    assert _all(["list", "other"], rows("a"), render) == (
        '<hx-partial hx-target="#list" hx-swap="innerHTML"><p id=a>a</p></hx-partial>'
        '<hx-partial hx-target="#other" hx-swap="innerHTML"></hx-partial>'
    )


def test_nothing_is_sent_when_nothing_changed() -> None:
    before = rows("a", "b")
    assert _changes(before, list(before), render) == ""


def test_only_a_changed_row_is_swapped() -> None:
    a, b = rows("a", "b")
    changed = b._replace(record="b2")
    assert _changes([a, b], [a, changed], render) == (
        '<hx-partial hx-target="#b" hx-swap="outerHTML"><p id=b>b2</p></hx-partial>'
    )


def test_new_rows_are_inserted_in_place_and_old_rows_removed() -> None:
    a, b, c, d, e = rows("a", "b", "c", "d", "e")
    assert page([c, d], [a, b, c]) == ["a", "b", "c"]
    assert page([a, e], [a, c, d, e]) == ["a", "c", "d", "e"]
    assert page([], [a, b]) == ["a", "b"]
    assert page([c], [a, b, c, d, e]) == ["a", "b", "c", "d", "e"]
    assert page([b, d], [a, b._replace(record="b2"), c]) == ["a", "b", "c"]
    assert page([a, b], []) == []


def test_a_row_that_changes_its_list_is_moved() -> None:
    (a,) = rows("a")
    assert _changes([a], [a._replace(place="other")], render) == (
        '<hx-partial hx-target="#other" hx-swap="afterbegin"><p id=a>a</p></hx-partial>'
        '<hx-partial hx-target="#a" hx-swap="delete"></hx-partial>'
    )


def test_every_line_of_an_update_is_a_line_of_data() -> None:
    assert _event("a\r\nb\rc\n") == b"data: a\ndata: b\ndata: c\ndata: \n\n"


def test_an_update_escapes_lone_surrogates() -> None:
    assert _event("\ud800") == b"data: \\ud800\n\n"


def test_a_stream_sends_updates_at_most_four_times_a_second(ui: Ui) -> None:
    ui.tenant.webhook("http://127.0.0.1:9/hook")
    with streaming(ui) as stream:
        assert stream.headers["content-type"] == "text/event-stream; charset=utf-8"
        lines = stream.iter_lines()
        assert (
            next(lines) == 'data: <hx-partial hx-target="#rows" hx-swap="innerHTML"></hx-partial>'
        )
        for _ in range(20):
            ui.tenant.candidate()
        ui.tenant.settle()
        events = 0
        for line in lines:
            events += line == ""
            if 'id="d20-1"' in line or 'id="d39-1"' in line:
                break
        assert events <= 10
    assert PAUSE == 0.25


def test_a_stream_with_wrong_filters_is_refused(ui: Ui) -> None:
    answer = ui.server.client.get(f"{ui.base}/deliveries/live?status=gone")
    assert answer.status_code == 400


def test_a_stream_ends_with_its_workspace(ui: Ui) -> None:
    with streaming(ui) as stream:
        lines = stream.iter_lines()
        next(lines)
        assert ui.tenant.control("DELETE").status_code == 204
        assert "".join(lines) == ""
    assert json.dumps(ui.server.workspaces()).count(ui.tenant.name) == 0
