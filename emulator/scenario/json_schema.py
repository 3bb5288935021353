"""The JSON Schema of scenario files for editors, generated from the types of the steps."""

from __future__ import annotations

import json
import types
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

from emulator import durations
from emulator.delivery.faults.fault import Seconds
from emulator.delivery.faults.registry import FAULTS
from emulator.domain.calls import CALLS
from emulator.domain.candidate import REASONS
from emulator.domain.events import EVENT_TYPES, TEST_EVENT, Generation
from emulator.domain.payloads.variants import VARIANTS
from emulator.scenario import value_types
from emulator.scenario.matchers import Matcher
from emulator.scenario.record_reader import keys
from emulator.scenario.scenario import Document, PlacedStep
from emulator.scenario.steps.faults import SetFaultStep
from emulator.scenario.steps.table import STEPS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.delivery.faults.fault import Fault
    from emulator.scenario.steps.step import Step

Schema = dict[str, Any]

ID = "https://testlify-emulator.example/schemas/scenario.json"

_TEXT: Schema = {"type": "string"}
_NAME: Schema = {"type": "string", "minLength": 1}
_URL: Schema = {"type": "string", "pattern": "^https?://"}
_WORDS = [one.v1_word for one in EVENT_TYPES.values() if one.v1_word]

_VALUES: Mapping[Any, Schema] = {
    value_types.Duration: {
        "type": "string",
        "pattern": durations.PATTERN,
        "description": "A duration with its unit: 150ms, 10s, 5m, 2h, 30d.",
    },
    value_types.EventName: {"anyOf": [{"enum": list(EVENT_TYPES)}, _TEXT]},
    value_types.EventNames: {"type": "object", "additionalProperties": _TEXT},
    value_types.RouteName: {"anyOf": [{"enum": [*CALLS, *CALLS.values()]}, _TEXT]},
    value_types.FaultWords: {"type": "object"},
    value_types.SentEvent: {"anyOf": [{"enum": [*EVENT_TYPES, TEST_EVENT]}, _TEXT]},
    value_types.EventWord: {"anyOf": [{"enum": [*EVENT_TYPES, *_WORDS]}, _TEXT]},
    value_types.PayloadUrl: _URL,
    value_types.ProbeUrl: _URL,
    value_types.GenerationName: {"enum": list(get_args(Generation))},
    value_types.VariantName: {"enum": list(VARIANTS)},
    value_types.Reason: {"enum": list(REASONS)},
    value_types.Instant: {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T"},
    value_types.VariableName: {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
    value_types.PayloadPath: _NAME,
    value_types.FieldName: _NAME,
    value_types.Answered: {
        "anyOf": [
            {"type": "integer", "minimum": 100, "maximum": 599},
            {"enum": ["2xx", "3xx", "4xx", "5xx", "timeout", "refused", "broken"]},
            {"type": "string", "pattern": "^[1-5][xX]{2}$"},
        ]
    },
    value_types.StatusWord: {
        "anyOf": [
            {"type": "integer", "minimum": 100, "maximum": 599},
            {"type": "string", "pattern": "^[1-5][xX]{2}$"},
        ]
    },
    value_types.DataFile: _NAME,
    **dict.fromkeys(
        (
            value_types.NewAssessment, value_types.NewCandidate, value_types.NewWebhook,
            value_types.AssessmentName, value_types.CandidateName, value_types.WebhookName,
        ),
        _NAME,
    ),
    Matcher: {"$ref": "#/$defs/demand"},
    PlacedStep: {"$ref": "#/$defs/step"},
    Any: {},
    str: _TEXT,
    float: {"type": "number"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
}  # fmt: skip

_LATER: Schema = {
    "type": "string",
    "pattern": "\\$\\{[^}]*\\}",
    "description": "A value that comes from variables.",
}

_DEMAND: Schema = {
    "description": "A value, or a matcher: a mapping with one key.",
    "anyOf": [
        {"type": ["string", "number", "boolean", "null", "array"]},
        {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": False,
            "properties": {
                "any": {"const": True},
                "absent": {"type": "boolean"},
                "matches": {"type": "string"},
                "one_of": {"type": "array", "minItems": 1},
                "at_least": {"type": ["number", "string"]},
                "is": {},
            },
        },
    ],
}


def schema() -> Schema:
    """Return the schema of a scenario file, JSON Schema 2020-12.

    It is for editors and accepts more than the loader: it checks neither names, nor variables, nor
    keys that exclude each other.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ID,
        "title": "A scenario of the Testlify emulator",
        **_record(Document),
        "$defs": {
            "step": {
                "type": "object",
                "minProperties": 1,
                "maxProperties": 1,
                "additionalProperties": False,
                "properties": {name: _step(kind) for name, kind in STEPS.items()},
            },
            "demand": _DEMAND,
            "later": _LATER,
        },
    }


def text() -> str:
    """Return the content of the schema file."""
    return json.dumps(schema(), indent=2) + "\n"


def _step(kind: type[Step]) -> Schema:
    forms = [_fault(kind) if kind is SetFaultStep else _record(kind)]
    if not forms[0].get("required"):
        forms.append({"type": "null"})
    if kind.bare is not None:
        forms.append(_of(keys(kind)[kind.bare].type))
    summary = (kind.__doc__ or "").partition("\n")[0]
    shape = forms[0] if len(forms) == 1 else {"anyOf": forms}
    return {"description": f"{summary} Example: {kind.example}", **shape}


def _fault(kind: type[Step]) -> Schema:
    """Return the schema of a fault: a kind with its settings, and `on`."""
    kinds = {name: _settings(fault) for name, fault in FAULTS.items()}
    on = _of(keys(kind)["on"].type)
    return {
        "type": "object",
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 2,
        "properties": {**kinds, "on": on},
    }


def _settings(fault: type[Fault]) -> Schema:
    made = _record(fault)
    del made["properties"]["on"]
    summary = (fault.__doc__ or "").partition("\n")[0]
    return {"description": summary, "anyOf": [made, {"type": "null"}]}


def _record(kind: type[msgspec.Struct]) -> Schema:
    fields = keys(kind)
    made: Schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {key: _of(field.type) for key, field in fields.items()},
    }
    required = [key for key, field in fields.items() if field.required]
    return {**made, "required": required} if required else made


def _of(kind: Any) -> Schema:
    """Return the schema of a type that `Shaper.read` reads."""
    if get_origin(kind) in (Union, types.UnionType):
        (kind,) = (argument for argument in get_args(kind) if argument is not type(None))
        return _or(_of(kind), {"type": "null"})
    if kind == Seconds:
        return _of(value_types.Duration)
    meta = kind.__metadata__[0] if get_origin(kind) is Annotated else msgspec.Meta()
    bare = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    if bare in _VALUES:
        return _leaf(bare, meta)
    origin = get_origin(bare)
    if origin in (list, tuple, Sequence):
        bounds = {"minItems": meta.min_length, "maxItems": meta.max_length}
        given = {key: one for key, one in bounds.items() if one}
        return {"type": "array", "items": _of(get_args(bare)[0]), **given}
    if origin is dict:
        return {"type": "object", "additionalProperties": _of(get_args(bare)[1])}
    if origin is Literal:
        return {"enum": list(get_args(bare))}
    return _record(bare)


def _leaf(kind: Any, meta: msgspec.Meta) -> Schema:
    bounds = {
        "minimum": meta.ge,
        "maximum": meta.le,
        "minLength": meta.min_length,
        "maxLength": meta.max_length,
    }
    given = {key: value for key, value in bounds.items() if value is not None}
    found = {**_VALUES[kind], **given}
    # A variable can have any value; free text allows it anyway.
    is_free = found.get("type") == "string" and "pattern" not in found
    is_free = is_free or not found or "$ref" in found
    return found if is_free else _or(found, {"$ref": "#/$defs/later"})


def _or(one: Schema, other: Schema) -> Schema:
    forms = one["anyOf"] if set(one) == {"anyOf"} else [one]
    return {"anyOf": [*forms, other]}
