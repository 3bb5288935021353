"""Faults from plain data and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from ruamel.yaml import YAML

from emulator import faults
from emulator.delivery.faults import registry
from emulator.delivery.faults.reading import fault_from, plain
from emulator.delivery.faults.registry import FAULTS, AnyFault
from emulator.domain.events import EVENT_TYPES
from emulator.errors import InvalidInputError

if TYPE_CHECKING:
    from emulator.delivery.faults.fault import Fault

ALL: list[tuple[AnyFault, dict[str, Any]]] = [
    (faults.Drop(), {"drop": {}}),
    (faults.Delay(by=7200.0), {"delay": {"by": "2h"}}),
    (faults.Delay(by=0.009), {"delay": {"by": "9ms"}}),
    (faults.Delay(by=90.25), {"delay": {"by": "90.25s"}}),
    (faults.Duplicate(), {"duplicate": {}}),
    (faults.Duplicate(copies=3, times=1), {"duplicate": {"copies": 3, "times": 1}}),
    (faults.Reorder(), {"reorder": {}}),
    (faults.Reorder(after=4), {"reorder": {"after": 4}}),
    (faults.Reorder(window=5), {"reorder": {"window": 5}}),
    (faults.Flood(count=1_000), {"flood": {"count": 1_000}}),
    (faults.Corrupt(), {"corrupt": {}}),
    (faults.Corrupt(how="cut", at=0), {"corrupt": {"how": "cut", "at": 0}}),
    (faults.Corrupt(how="flip", flips=3), {"corrupt": {"how": "flip", "flips": 3}}),
    (faults.Corrupt(how="oversize", size=9), {"corrupt": {"how": "oversize", "size": 9}}),
    (
        faults.Mutate(
            set={"a.b": None}, remove=("$.c[0]",), retype={"$": "array"}, add={"d": [1, {"e": 2}]}
        ),
        {
            "mutate": {
                "set": {"a.b": None},
                "remove": ["$.c[0]"],
                "retype": {"$": "array"},
                "add": {"d": [1, {"e": 2}]},
            }
        },
    ),
    (faults.Signature(how="missing"), {"signature": {"how": "missing"}}),
    (
        faults.Signature(how="skewed", by=3600.0, direction="future"),
        {"signature": {"how": "skewed", "by": "1h", "direction": "future"}},
    ),
    (faults.ContentType(), {"content_type": {}}),
    (faults.ContentType(value="text/plain"), {"content_type": {"value": "text/plain"}}),
    (faults.SlowBody(bytes_per_second=1), {"slow_body": {"bytes_per_second": 1}}),
    (faults.Reset(), {"reset": {}}),
    (faults.Reset(after=40), {"reset": {"after": 40}}),
    (faults.HalfClose(), {"half_close": {}}),
    (faults.HalfClose(after=0), {"half_close": {"after": 0}}),
    (faults.WrongLength(by=-5), {"wrong_length": {"by": -5}}),
    (faults.Chunked(), {"chunked": {}}),
    (faults.Chunked(size=1), {"chunked": {"size": 1}}),
    (faults.TlsFailure(), {"tls_failure": {}}),
    (
        faults.ApiError(status=429, retry_after=30.0, times=2),
        {"api_error": {"status": 429, "retry_after": "30s", "times": 2}},
    ),
    (faults.ApiDelay(by=0.5), {"api_delay": {"by": "500ms"}}),
    (faults.ApiCorrupt(how="cut", at=9), {"api_corrupt": {"how": "cut", "at": 9}}),
    (faults.ApiClose(after=0), {"api_close": {"after": 0}}),
    (
        faults.ApiReset(on=faults.CallMatch(route="listCandidates", nth=2, probability=0.5)),
        {"api_reset": {}, "on": {"route": "GET /v1/candidate", "nth": 2, "probability": 0.5}},
    ),
    (
        faults.Drop(
            times=2,
            on=faults.Match(
                event="test", candidate="c", webhook="w", attempt=2, nth=3, probability=0.5
            ),
        ),
        {
            "drop": {"times": 2},
            "on": {
                "event": "test",
                "candidate": "c",
                "webhook": "w",
                "attempt": 2,
                "nth": 3,
                "probability": 0.5,
            },
        },
    ),
]


def test_every_fault_module_is_imported_and_defines_a_fault() -> None:
    package = Path(registry.__file__).parent
    modules = {file.stem for file in package.glob("*.py")}
    shared = {"__init__", "documentation", "fault", "kinds", "reading", "registry"}
    assert modules == {*FAULTS, *shared}
    assert {kind.__module__.rpartition(".")[2]: kind for kind in FAULTS.values()} == dict(FAULTS)


def test_the_table_has_the_groups_in_the_order_in_which_they_are_applied() -> None:
    groups = [kind.group for kind in FAULTS.values()]
    assert list(dict.fromkeys(groups)) == ["plan", "body", "signature", "wire", "answer"]


@pytest.mark.parametrize(("fault", "data"), ALL, ids=lambda one: type(one).__name__)
def test_a_fault_is_read_from_plain_data_and_written_back(
    fault: AnyFault, data: dict[str, Any]
) -> None:
    assert fault_from(data) == fault
    assert plain(fault) == data


@pytest.mark.parametrize(("fault", "data"), ALL, ids=lambda one: type(one).__name__)
def test_a_fault_survives_the_journal(fault: AnyFault, data: dict[str, Any]) -> None:
    [kind] = data.keys() - {"on"}
    encoded = msgspec.json.encode(fault)
    assert msgspec.json.decode(encoded)["kind"] == kind == fault.kind
    again: AnyFault = msgspec.json.decode(encoded, type=AnyFault)
    assert again == fault


@pytest.mark.parametrize("kind", FAULTS.values(), ids=list(FAULTS))
def test_a_fault_has_a_line_about_itself_and_an_example_that_can_be_read(kind: type[Fault]) -> None:
    assert kind.__doc__ is not None
    assert kind.__doc__.splitlines()[0].endswith(".")
    step = YAML(typ="safe").load(kind.example)
    assert list(step) == ["fault"]
    assert "\n" not in kind.example
    fault = fault_from(step["fault"])
    assert type(fault) is kind
    assert fault_from(plain(fault)) == fault
    assert msgspec.json.decode(msgspec.json.encode(fault), type=AnyFault) == fault


def test_the_public_names_are_every_fault_and_match() -> None:
    public = {name for name in vars(faults) if name.isidentifier() and not name.startswith("_")}
    assert public == {kind.__name__ for kind in FAULTS.values()} | {"Match", "CallMatch"}
    assert all(getattr(faults, kind.__name__) is kind for kind in FAULTS.values())


@pytest.mark.parametrize("data", [{"drop": {}}, {"drop": None}, {"drop": None, "on": None}])
def test_a_bare_fault_needs_no_settings(data: dict[str, Any]) -> None:
    assert fault_from(data) == faults.Drop()


@pytest.mark.parametrize("word", ["candidate.status_changed", "candidateStatusChanged"])
def test_an_event_type_may_have_any_of_its_names(word: str) -> None:
    fault = fault_from({"drop": {}, "on": {"event": word}})
    assert fault.on == faults.Match(event="candidate.status_changed") == faults.Match(event=word)


def test_a_fault_copies_the_values_that_python_passes() -> None:
    values = {"a": 1}
    fault = faults.Mutate(set=values)
    values["b"] = 2
    assert fault.set == {"a": 1}


KNOWN_FAULTS = ", ".join(sorted(FAULTS))
KNOWN_EVENTS = ", ".join(sorted(EVENT_TYPES))
UNIT = "expected text with a unit, as in 150ms 10s 5m 2h 30d"
A_PATH = "expected one like 'data.testLibrary[1].name'"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (5, "expected a fault, a mapping like {'drop': {}}; got 5 (at $)"),
        (["drop"], "expected a fault, a mapping like {'drop': {}}; got ['drop'] (at $)"),
        ({}, "expected one fault, as in {'drop': {}}; got none (at $)"),
        ({"on": {}}, "expected one fault, as in {'drop': {}}; got none (at $)"),
        (
            {"drop": {}, "delay": {"by": "1s"}},
            "expected one fault, as in {'drop': {}}; got 'drop' and 'delay' (at $)",
        ),
        ({"duplicat": {}}, "no fault 'duplicat'; near: 'duplicate' (at $)"),
        ({"slowBody": {}}, "no fault 'slowBody'; near: 'slow_body', 'flood' (at $)"),
        ({"x": {}}, f"no fault 'x'; known: {KNOWN_FAULTS} (at $)"),
        ({1: {}}, f"no fault '1'; known: {KNOWN_FAULTS} (at $)"),
        ({"drop": {}, "onn": {}}, "no fault 'onn'; near: 'on' (at $)"),
        ({"drop": 5}, "expected a mapping; got 5 (at $.drop)"),
        ({"drop": {}, "on": []}, "expected a mapping; got [] (at $.on)"),
        ({"drop": {"on": {}}}, "'on' belongs next to 'drop', not inside it (at $.drop)"),
        ({"drop": {"kind": "drop"}}, "unknown key 'kind'; known: times (at $.drop)"),
        ({"drop": {"time": 1}}, "unknown key 'time'; near: 'times' (at $.drop)"),
        ({"drop": {1: 1}}, "unknown key '1'; known: times (at $.drop)"),
        ({"drop": {"times": 0}}, "expected 'int' >= 1 (at $.drop.times)"),
        ({"drop": {"times": True}}, "expected 'int | null', got 'bool' (at $.drop.times)"),
        ({"delay": {}}, "the key 'by' is missing (at $.delay)"),
        ({"delay": {"by": 10}}, f"not a duration: 10; {UNIT} (at $.delay.by)"),
        (
            {"delay": {"by": "10"}},
            (
                "not a duration: '10'; expected a number and a unit, as in 150ms 10s 5m 2h 30d"
                " (at $.delay.by)"
            ),
        ),
        ({"delay": {"by": "0s"}}, "expected 'float' >= 0.001 (at $.delay.by)"),
        (
            {"delay": {"by": "4000d"}},
            "too long a duration: '4000d'; the longest is 3650d (at $.delay.by)",
        ),
        ({"duplicate": {"copies": 0}}, "expected 'int' >= 1 (at $.duplicate.copies)"),
        ({"duplicate": {"copies": 1001}}, "expected 'int' <= 1000 (at $.duplicate.copies)"),
        ({"reorder": {"after": 0}}, "expected 'int' >= 1 (at $.reorder.after)"),
        ({"reorder": {"window": 1}}, "expected 'int' >= 2 (at $.reorder.window)"),
        ({"reorder": {"window": 1001}}, "expected 'int' <= 1000 (at $.reorder.window)"),
        (
            {"reorder": {"after": 2, "window": 2}},
            "both 'after' and 'window'; expected one of them (at $.reorder)",
        ),
        ({"flood": {}}, "the key 'count' is missing (at $.flood)"),
        ({"flood": {"count": 1}}, "expected 'int' >= 2 (at $.flood.count)"),
        ({"flood": {"count": 1_001}}, "expected 'int' <= 1000 (at $.flood.count)"),
        (
            {"corrupt": {"how": "badly"}},
            (
                "expected one of 'cut', 'flip', 'invalid_json', 'invalid_utf8', 'oversize',"
                " got 'badly' (at $.corrupt.how)"
            ),
        ),
        (
            {"corrupt": {"at": 5}},
            "'at' only applies with how: cut, not with how: invalid_json (at $.corrupt)",
        ),
        (
            {"corrupt": {"how": "cut", "flips": 5}},
            "'flips' only applies with how: flip, not with how: cut (at $.corrupt)",
        ),
        (
            {"corrupt": {"how": "cut", "size": 5}},
            "'size' only applies with how: oversize, not with how: cut (at $.corrupt)",
        ),
        ({"corrupt": {"how": "cut", "at": -1}}, "expected 'int' >= 0 (at $.corrupt.at)"),
        ({"corrupt": {"how": "flip", "flips": 0}}, "expected 'int' >= 1 (at $.corrupt.flips)"),
        (
            {"corrupt": {"how": "oversize", "size": 64 * 2**20 + 1}},
            "expected 'int' <= 67108864 (at $.corrupt.size)",
        ),
        (
            {"mutate": {}},
            "nothing to change; expected 'set', 'remove', 'retype' or 'add' (at $.mutate)",
        ),
        ({"mutate": {"set": {"a b": 1}}}, f"not a payload path: 'a b'; {A_PATH} (at $.mutate.set)"),
        ({"mutate": {"remove": [""]}}, f"not a payload path: ''; {A_PATH} (at $.mutate.remove)"),
        (
            {"mutate": {"remove": ["$"]}},
            "the whole payload can't be removed: '$' (at $.mutate.remove)",
        ),
        ({"mutate": {"remove": "a"}}, "expected 'array', got 'str' (at $.mutate.remove)"),
        (
            {"mutate": {"retype": {"a": "int"}}},
            (
                "expected one of 'array', 'boolean', 'null', 'number', 'object', 'string',"
                " got 'int' (at $.mutate.retype.a)"
            ),
        ),
        (
            {"mutate": {"add": {"$": 1}}},
            "not the path of a new key: '$'; expected one like 'data.note' (at $.mutate.add)",
        ),
        (
            {"mutate": {"add": {"a[0]": 1}}},
            "not the path of a new key: 'a[0]'; expected one like 'data.note' (at $.mutate.add)",
        ),
        ({"signature": {}}, "the key 'how' is missing (at $.signature)"),
        (
            {"signature": {"how": "none"}},
            (
                "expected one of 'damaged', 'missing', 'skewed', 'wrong_secret', got 'none'"
                " (at $.signature.how)"
            ),
        ),
        (
            {"signature": {"how": "missing", "by": "1s"}},
            "'by' only applies with how: skewed, not with how: missing (at $.signature)",
        ),
        (
            {"signature": {"how": "damaged", "direction": "future"}},
            "'direction' only applies with how: skewed, not with how: damaged (at $.signature)",
        ),
        (
            {"content_type": {"value": "a\r\nb"}},
            "a character that is not allowed in headers: 'a\\r\\nb' (at $.content_type.value)",
        ),
        ({"slow_body": {}}, "the key 'bytes_per_second' is missing (at $.slow_body)"),
        (
            {"slow_body": {"bytes_per_second": 0}},
            "expected 'int' >= 1 (at $.slow_body.bytes_per_second)",
        ),
        (
            {"slow_body": {"bytesPerSecond": 1}},
            "unknown key 'bytesPerSecond'; near: 'bytes_per_second' (at $.slow_body)",
        ),
        ({"reset": {"after": -1}}, "expected 'int' >= 0 (at $.reset.after)"),
        ({"half_close": {"after": -1}}, "expected 'int' >= 0 (at $.half_close.after)"),
        (
            {"wrong_length": {"by": 0}},
            "a length that is wrong by 0; expected a number above or below 0 (at $.wrong_length)",
        ),
        ({"chunked": {"size": 0}}, "expected 'int' >= 1 (at $.chunked.size)"),
        ({"tls_failure": {"after": 1}}, "unknown key 'after'; known: times (at $.tls_failure)"),
        ({"drop": {}, "on": {"evnt": 1}}, "unknown key 'evnt'; near: 'event' (at $.on)"),
        (
            {"drop": {}, "on": {"event": "done"}},
            f"no event type 'done'; known: {KNOWN_EVENTS} (at $.on.event)",
        ),
        (
            {"drop": {}, "on": {"candidate": ""}},
            "expected 'str' of length >= 1 (at $.on.candidate)",
        ),
        ({"drop": {}, "on": {"webhook": 1}}, "expected 'str | null', got 'int' (at $.on.webhook)"),
        ({"drop": {}, "on": {"attempt": 0}}, "expected 'int' >= 1 (at $.on.attempt)"),
        ({"drop": {}, "on": {"nth": 0}}, "expected 'int' >= 1 (at $.on.nth)"),
        ({"drop": {}, "on": {"probability": 0}}, "expected 'float' > 0.0 (at $.on.probability)"),
        (
            {"drop": {}, "on": {"probability": 1.1}},
            "expected 'float' <= 1.0 (at $.on.probability)",
        ),
    ],
)
def test_an_invalid_fault_is_refused(data: Any, message: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        fault_from(data)
    assert str(refusal.value) == message


def test_a_call_in_python_is_held_to_the_same() -> None:
    with pytest.raises(InvalidInputError) as refusal:
        faults.Delay(by="10s")  # type: ignore[arg-type]
    assert str(refusal.value) == "expected 'float', got 'str' (at $.by)"
    with pytest.raises(InvalidInputError) as refusal:
        faults.Duplicate(copies=0)
    assert str(refusal.value) == "expected 'int' >= 1 (at $.copies)"
    with pytest.raises(InvalidInputError) as refusal:
        faults.Match(event="done")
    assert str(refusal.value) == f"no event type 'done'; known: {KNOWN_EVENTS} (at $.event)"
    with pytest.raises(InvalidInputError) as refusal:
        faults.Mutate(add={"a": object()})
    assert str(refusal.value) == (
        "a value that JSON does not have: Encoding objects of type object is unsupported (at $.add)"
    )
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(InvalidInputError):
        faults.Mutate(set={"a": endless})


def test_values_given_in_python_are_those_that_the_journal_gives_back() -> None:
    fault = faults.Mutate(set={"a": float("nan"), "b": (1, {"c": 2})}, remove=("d",))
    assert fault == faults.Mutate(set={"a": None, "b": [1, {"c": 2}]}, remove=["d"])
    assert msgspec.json.decode(msgspec.json.encode(fault), type=faults.Mutate) == fault
