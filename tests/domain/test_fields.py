"""Fields of payloads by name: in v1 at their key, in v2 in their group."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.domain.payloads import fields
from emulator.errors import UnknownNameError
from emulator.paths import ABSENT

V1: Any = {"data": {"candidateStatus": "INVITED", "status": "INVITED", "email": "a@example.com"}}
V2: Any = {
    "data": {"candidate": {"email": "a@example.com"}, "status": {"candidateStatus": "INVITED"}}
}


@pytest.mark.parametrize("payload", [V1, V2])
def test_a_field_is_found_in_either_generation(payload: Any) -> None:
    assert fields.find(payload, "email") == "a@example.com"
    assert fields.find(payload, "resultLink") is ABSENT
    assert fields.text(payload, "assessmentStatus", "candidateStatus") == "INVITED"


@pytest.mark.parametrize("payload", [{}, [], "x", None, {"data": 7}, {"data": {"status": None}}])
def test_a_value_that_is_no_payload_has_no_fields(payload: Any) -> None:
    assert fields.generation_of(payload) == "v1"
    assert fields.find(payload, "email") is ABSENT
    assert fields.text(payload, "candidateStatus") == ""


def test_a_field_is_set_and_removed() -> None:
    payload: Any = {"data": {"candidate": {}, "status": {}}}
    fields.put(payload, "email", "b@example.com")
    assert payload["data"]["candidate"] == {"email": "b@example.com"}
    fields.put(payload, "email", ABSENT)
    fields.put(payload, "email", ABSENT)
    assert payload["data"]["candidate"] == {}


def test_an_unknown_field_is_refused_with_similar_fields() -> None:
    assert fields.checked_field("email") == "email"
    with pytest.raises(UnknownNameError, match=r"no field of payloads 'emial'; near: 'email'"):
        fields.checked_field("emial")
