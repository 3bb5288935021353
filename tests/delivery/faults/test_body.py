"""Faults that change a request before it is signed."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator import faults
from emulator.delivery.faults.mutate import JsonType, type_of
from emulator.delivery.plan import plan
from emulator.delivery.profiles import Profile
from emulator.delivery.records import Message, Request
from emulator.domain.ids import ObjectId
from emulator.domain.webhook import Webhook
from emulator.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emulator.delivery.faults.fault import Fault

AT = datetime(2026, 1, 1, tzinfo=UTC)
WEBHOOK = Webhook(
    ObjectId("a" * 24), 1, "mine", "http://example.com/hook", ("completed",),
    frozenset({"candidate.completed"}), "v1", (("X-Token", "t"),), None, "", "", "", AT, AT,
)  # fmt: skip


def request_with(
    body: bytes, applied: Sequence[Fault], *, seed: int = 7, attempt: int = 1, number: int = 1
) -> Request:
    message = Message(number, "msg_1", "test", "v1", "", "", AT, body, (1,))
    return plan(message, WEBHOOK, Profile(), applied, seed=seed, attempt=attempt)


def edited(body: bytes, *applied: Fault) -> bytes:
    return request_with(body, applied).body


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=20,
)
bodies = st.builds(
    lambda value, space: (json.dumps(value, ensure_ascii=False) + space).encode(),
    values,
    st.sampled_from(["", "\n"]),
)


# --- corrupt --------------------------------------------------------------------------------


@given(bodies)
def test_invalid_json_is_json_to_nobody(body: bytes) -> None:
    damaged = edited(body, faults.Corrupt())
    with pytest.raises(json.JSONDecodeError):
        json.loads(damaged)
    with pytest.raises(json.JSONDecodeError):
        json.JSONDecoder().raw_decode(damaged.decode())  # which stops at the first whole value
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(damaged)
    assert damaged.decode()  # it is text all the same


@given(bodies, st.none() | st.integers(0, 200))
def test_a_cut_body_is_a_true_beginning(body: bytes, at: int | None) -> None:
    damaged = edited(body, faults.Corrupt(how="cut", at=at))
    assert body.startswith(damaged)
    assert len(damaged) == min(len(body) // 2 if at is None else at, len(body) - 1)


@given(bodies, st.integers(1, 50))
def test_exactly_that_many_bytes_are_flipped(body: bytes, flips: int) -> None:
    damaged = edited(body, faults.Corrupt(how="flip", flips=flips))
    assert len(damaged) == len(body)
    changed = [one ^ other for one, other in zip(body, damaged, strict=True) if one != other]
    assert len(changed) == min(flips, len(body))
    assert {difference.bit_count() for difference in changed} <= {1}


@given(bodies)
def test_invalid_utf_8_is_text_to_nobody(body: bytes) -> None:
    damaged = edited(body, faults.Corrupt(how="invalid_utf8"))
    with pytest.raises(UnicodeDecodeError):
        damaged.decode()
    with pytest.raises(UnicodeDecodeError):
        json.loads(damaged)
    assert damaged.replace(b"\xff", b"") == body


def test_invalid_utf_8_is_inserted_into_a_text_if_there_is_one() -> None:
    damaged = edited(b'{"a":"b","c":1}', faults.Corrupt(how="invalid_utf8"))
    assert damaged == b'{"a":"b","c\xff":1}'


@given(bodies, st.integers(1, 300))
def test_an_oversized_body_keeps_its_content(body: bytes, size: int) -> None:
    damaged = edited(body, faults.Corrupt(how="oversize", size=size))
    assert len(damaged) == max(size, len(body))
    before, after = json.loads(body), json.loads(damaged)
    if isinstance(before, dict):
        extra = after.keys() - before.keys()
        assert {key: value for key, value in after.items() if key not in extra} == before
        assert all(set(after[key]) <= {"x"} for key in extra)
        assert len(extra) <= 1
    else:
        assert before == after


def test_an_oversized_body_has_25_mib_by_default() -> None:
    damaged = edited(b'{"a":1,"padding":2} ', faults.Corrupt(how="oversize"))
    assert len(damaged) == 25 * 2**20
    assert damaged.startswith(b'{"a":1,"padding":2,"padding_":"xxx')
    assert json.loads(damaged).keys() == {"a", "padding", "padding_"}
    assert edited(b"{}", faults.Corrupt(how="oversize", size=16)) == b'{"padding":"xx"}'


@pytest.mark.parametrize("how", ["invalid_json", "cut", "flip", "invalid_utf8", "oversize"])
@pytest.mark.parametrize("body", [b"", b"x", b"\xff\xfe", b"[" * 100_000])
def test_a_body_that_is_no_json_can_be_damaged_too(how: Any, body: bytes) -> None:
    damaged = edited(body, faults.Corrupt(how=how))
    assert damaged != body or (body == b"" and how in ("cut", "flip"))


def test_the_flipped_bit_depends_on_seed_message_attempt_and_place() -> None:
    body = bytes(range(256))
    flip = faults.Corrupt(how="flip")
    assert request_with(body, [flip]) == request_with(body, [flip])
    found = {
        request_with(body, [flip]).body,
        request_with(body, [flip], seed=8).body,
        request_with(body, [flip], attempt=2).body,
        request_with(body, [flip], number=2).body,
        request_with(body, [faults.Chunked(), flip]).body,
    }
    assert len(found) == 5
    assert request_with(body, [flip, flip]).body != body  # the second does not undo the first


# --- mutate ---------------------------------------------------------------------------------

PAYLOAD = b'{"event":"completed","data":{"email":"a@example.com","score":14,"tests":[{"n":"x"},2]}}'


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (faults.Mutate(set={"event": None}), {"event": None}),
        (faults.Mutate(set={"$.data.tests[0].n": {"m": [1]}}), {"tests": [{"n": {"m": [1]}}, 2]}),
        (faults.Mutate(remove=["data.email"]), {"email": ...}),
        (faults.Mutate(remove=("data.tests[0]",)), {"tests": [2]}),
        (faults.Mutate(retype={"data.score": "string"}), {"score": "14"}),
        (faults.Mutate(retype={"data.tests": "object"}), {"tests": {"value": [{"n": "x"}, 2]}}),
        (faults.Mutate(add={"data.note": [1]}), {"note": [1]}),
        (faults.Mutate(add={"note": 1}), {"$note": 1}),
        (faults.Mutate(add={"data.tests[0].m": 1}), {"tests": [{"n": "x", "m": 1}, 2]}),
        (
            faults.Mutate(set={"data.score": 15}, remove=("data.email",),
                          retype={"data.score": "array"}, add={"data.email": "b@example.com"}),
            {"score": [15], "email": "b@example.com"},
        ),
    ],
)  # fmt: skip
def test_a_payload_is_changed_where_the_paths_lead(
    fault: faults.Mutate, expected: dict[str, Any]
) -> None:
    payload = json.loads(PAYLOAD)
    for key, value in expected.items():
        at = payload if key in ("event", "$note") else payload["data"]
        if value is ...:
            del at[key]
        else:
            at[key.removeprefix("$")] = value
    assert json.loads(edited(PAYLOAD, fault)) == payload


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (
            faults.Mutate(set={"data.score": 1, "dta.score": 1}),
            "no 'dta.score' in the payload; near: 'data.score'",
        ),
        (
            faults.Mutate(set={"data.tests[2]": 1}),
            ("no 'data.tests[2]' in the payload; near: 'data.tests[1]', 'data.tests[0]',"
            " 'data.tests'"),
        ),
        (faults.Mutate(set={"event.x": 1}), "no 'event.x' in the payload; near: 'event'"),
        (faults.Mutate(remove=["scores"]), "no 'scores' in the payload; near: 'data.score'"),
        (
            faults.Mutate(retype={"scores": "null"}),
            "no 'scores' in the payload; near: 'data.score'",
        ),
        (faults.Mutate(add={"xyz.x": 1}), "no 'xyz.x' in the payload; it has: event, data"),
        (
            faults.Mutate(add={"data.email": 1}),
            "'data.email' is already in the payload; expected a new key",
        ),
    ],
)  # fmt: skip
def test_a_change_that_a_payload_has_no_place_for_is_an_error(
    fault: faults.Mutate, why: str
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        edited(PAYLOAD, fault)
    assert caught.value.message == f"the fault 'mutate' can't be applied: {why}"


def test_a_last_key_that_is_missing_is_created() -> None:
    changed = json.loads(edited(PAYLOAD, faults.Mutate(set={"data.new": {}, "data.new['a b']": 1})))
    assert changed["data"]["new"] == {"a b": 1}


def test_all_of_a_payload_can_be_another() -> None:
    assert edited(PAYLOAD, faults.Mutate(set={"$": [1]})) == b"[1]"
    assert edited(PAYLOAD, faults.Mutate(retype={"$": "array"})) == b"[" + PAYLOAD + b"]"
    assert edited(b"[1,2]", faults.Mutate(remove=("$[0]",))) == b"[2]"


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'"\\ud800"', b"[" * 100_000])
def test_a_body_that_is_no_json_can_not_be_mutated(body: bytes) -> None:
    with pytest.raises(InvalidInputError, match="the fault 'mutate' can't be applied: not JSON"):
        edited(body, faults.Mutate(set={"$": 1}, add={"a": 1}))


def test_a_value_that_was_set_is_not_changed_by_a_later_path() -> None:
    fault = faults.Mutate(set={"data": {"a": 1}}, add={"data.b": 2})
    assert json.loads(edited(PAYLOAD, fault))["data"] == {"a": 1, "b": 2}
    assert fault.set == {"data": {"a": 1}}


@given(values, st.sampled_from(["string", "number", "boolean", "null", "array", "object"]))
def test_a_retyped_value_has_its_new_type(value: Any, kind: JsonType) -> None:
    body = msgspec.json.encode({"a": value})
    found = json.loads(edited(body, faults.Mutate(retype={"a": kind})))["a"]
    assert type_of(found) == kind


@pytest.mark.parametrize(
    ("value", "number"),
    [("14", 14), ("1.5", 1.5), ("x", 0), ("1e999", 0), ("", 0), (True, 1), (None, 0), ([1], 0)],
)
def test_a_text_is_retyped_to_its_number(value: Any, number: float) -> None:
    body = msgspec.json.encode({"a": value})
    found = json.loads(edited(body, faults.Mutate(retype={"a": "number"})))["a"]
    assert (found, type(found)) == (number, type(number))


# --- content type, and all together ---------------------------------------------------------


def test_a_content_type_is_another_or_none() -> None:
    found = [request_with(b"{}", [faults.ContentType(value=one)]) for one in ("text/plain", None)]
    types = [[value for name, value in one.headers if name == "Content-Type"] for one in found]
    assert types == [["text/plain"], []]
    plain = dict(request_with(b"{}", []).headers)
    assert [dict(one.headers) | plain for one in found] == [plain, plain]


def test_the_last_content_type_applies() -> None:
    three = [faults.ContentType(value=value) for value in ("a/b", None, "c/d")]
    found = [value for name, value in request_with(b"{}", three).headers if name == "Content-Type"]
    assert found == ["c/d"]


def test_body_faults_work_in_the_order_in_which_they_are_given() -> None:
    cut, mutate = faults.Corrupt(how="cut", at=5), faults.Mutate(set={"event": 1})
    assert edited(PAYLOAD, mutate, cut) == b'{"eve'
    with pytest.raises(InvalidInputError):
        edited(PAYLOAD, cut, mutate)
    twice = faults.Mutate(set={"event": 2})
    assert json.loads(edited(PAYLOAD, mutate, twice))["event"] == 2


def test_wire_faults_travel_with_the_request_and_all_others_do_not() -> None:
    chunked, reset = faults.Chunked(), faults.Reset()
    applied: list[Fault] = [
        faults.Drop(),
        chunked,
        faults.Signature(how="missing"),
        reset,
        faults.Corrupt(),
    ]
    request = request_with(b"{}", applied)
    assert request.wire == (chunked, reset)
    assert request.body == b"{{}"
    assert request_with(b"{}", [faults.Delay(by=1.0)]) == request_with(b"{}", [])


def test_the_message_keeps_its_body() -> None:
    body = b'{"a":1}'
    message = Message(1, "msg_1", "test", "v1", "", "", AT, body, (1,))
    plan(message, WEBHOOK, Profile(), [faults.Mutate(set={"a": 2}), faults.Corrupt()])
    assert message.body == b'{"a":1}'


def test_a_draw_is_not_the_programs_own_chance() -> None:
    before = random.getstate()
    edited(PAYLOAD, faults.Corrupt(how="flip", flips=5))
    assert random.getstate() == before
