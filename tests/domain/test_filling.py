"""Values take the kind that captures have, or are made up."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from emulator.domain.payloads.filling import converted, filled
from emulator.domain.payloads.shapes import Order, Shape, merged
from emulator.domain.payloads.value_kinds import PATTERNS, kind_of
from emulator.paths import ABSENT

AT = datetime(2026, 6, 2, 7, 2, 4, 323_000, tzinfo=UTC)
ISO = "2026-06-02T07:02:04.323Z"


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "null"), (True, "boolean"), (3, "integer"), (12_345, "serial"),
        (1_767_225_600, "epoch_seconds"),
        (1_767_225_600_000, "epoch_milliseconds"), (0.5, "number"), ({}, "object"), ([], "list"),
        ("", "empty"), ("6955b900c148f066dda4e34f", "object_id"),
        ("b6c57cb3-6657-490f-aceb-6261927e61fb", "uuid"), (ISO, "datetime"),
        ("2026-06-02T07:02:04Z", "datetime_seconds"),
        ("2026-06-02T07:02:04.323+00:00", "datetime_offset"), ("2026-06-02", "date"),
        ("-1.5", "numeric"), ("ada@example.com", "email"), ("https://example.com/a", "url"),
        ("reports/a.pdf", "path"), ("IN_PROGRESS", "word"), ("Ada", "word"), ("a b", "text"),
    ],
)  # fmt: skip
def test_a_value_has_a_kind(value: Any, kind: str) -> None:
    assert kind_of(value) == kind


@pytest.mark.parametrize(
    ("value", "wanted", "expected"),
    [
        (ISO, "epoch_milliseconds", 1_780_383_724_323),
        (ISO, "epoch_seconds", 1_780_383_724),
        (ISO, "date", "2026-06-02"),
        (ISO, "datetime_seconds", "2026-06-02T07:02:04Z"),
        (ISO, "datetime_offset", "2026-06-02T07:02:04.323+00:00"),
        (1_780_383_724_323, "datetime", ISO),
        (1_780_383_724, "datetime", "2026-06-02T07:02:04.000Z"),
        ("2026-06-02", "datetime", "2026-06-02T00:00:00.000Z"),
        (43, "numeric", "43"),
        ("43", "integer", 43),
        (43.5, "integer", 43),
        (True, "word", "true"),
        ("https://example.com/a/b", "path", "a/b"),
        ("ada@example.com", "text", "ada@example.com"),
        (5, "null", None),
        ("a b", "integer", ABSENT),
        ("", "text", ABSENT),
        ([], "object_id", ABSENT),
    ],
)
def test_a_value_is_converted_where_it_can_be(value: Any, wanted: str, expected: Any) -> None:
    assert converted(value, wanted) == expected


def test_an_id_becomes_an_id_of_the_other_kind_and_always_the_same() -> None:
    id_ = "6955b900c148f066dda4e34f"
    assert kind_of(converted(id_, "uuid")) == "uuid"
    assert converted(id_, "uuid") == converted(id_, "uuid") != converted(id_[::-1], "uuid")


@pytest.mark.parametrize(
    "kind", [*PATTERNS, "null", "boolean", "integer", "serial", "number", "text"]
)
def test_a_made_up_value_has_its_kind(kind: str) -> None:
    shape = Shape(1, {"object": 1}, (Order(("thing",), 1),), {"thing": Shape(1, {kind: 1})})
    made = filled(shape, {"data": {"email": "ada@example.com"}}, "candidate.completed", AT)
    assert list(made) == ["thing"]
    assert kind_of(made["thing"]) == kind
    assert made == filled(shape, {"data": {"email": "ada@example.com"}}, "candidate.invited", AT)


def test_a_scalar_becomes_a_list_and_an_object() -> None:
    email = Shape(1, {"email": 1}, source=("data", "email"))
    item = Shape(1, {"email": 1}, source=())
    shape = Shape(
        1, {"object": 1}, (Order(("to", "by"), 1),),
        {
            "to": Shape(1, {"list": 1}, items=item, source=("data", "email")),
            "by": Shape(1, {"object": 1}, (Order(("mail",), 1),), {"mail": email}),
        },
    )  # fmt: skip
    made = filled(shape, {"data": {"email": "ada@example.com"}}, "candidate.completed", AT)
    assert made == {"to": ["ada@example.com"], "by": {"mail": "ada@example.com"}}


def test_the_most_frequent_keys_are_sent_and_of_equals_the_latest() -> None:
    one = Shape(1, {"object": 1}, (Order(("a", "b"), 1),), {"a": Shape(1), "b": Shape(1)})
    other = Shape(1, {"object": 1}, (Order(("b", "c"), 1),), {"b": Shape(1), "c": Shape(1)})
    assert merged(one, other).order == ("b", "c")
    assert merged(merged(one, other), one).order == ("a", "b")
    assert merged(one, other).keys["b"].count == 2
