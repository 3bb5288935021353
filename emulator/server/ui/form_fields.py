"""Fields of a form, made from a record, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import inspect

from emulator.decoding import parsed
from emulator.delivery.faults.fault import Seconds
from emulator.durations import parse_instant, show
from emulator.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from emulator.server.html import Form

Kind = Literal["text", "number", "choice", "check", "duration", "time", "list", "json"]


class Field(msgspec.Struct, frozen=True):
    """A field of a form.

    Attributes:
        name: name of the field, in the form and in the record.
        kind: how the value is entered: ``time`` as ISO 8601, ``list`` with one item per line.
        doc: its meaning.
        default: the value of an empty field, as text.
    """

    name: str
    kind: Kind
    doc: str = ""
    is_required: bool = False
    choices: tuple[str, ...] = ()
    default: str = ""

    @property
    def label(self) -> str:
        """The name that people see."""
        return self.name.replace("_", " ").capitalize()


def fields_of(
    record: type[msgspec.Struct],
    docs: Mapping[str, str] | None = None,
    but: Iterable[str] = (),
) -> list[Field]:
    """Return the fields of a record.

    Args:
        record: a class.
        docs: name -> text, for fields whose types have no description.
        but: names to leave out.
    """
    durations = {field.name for field in msgspec.structs.fields(record) if field.type == Seconds}
    found = []
    for one in _info(record).fields:
        if one.name not in but:
            doc, type_ = _unwrapped(one.type)
            kind: Kind = "duration" if one.name in durations else _kind(type_)
            found.append(
                Field(
                    name=one.name,
                    kind=kind,
                    doc=(docs or {}).get(one.name, doc),
                    is_required=one.required,
                    choices=_choices(type_),
                    default=_default(one.default, kind),
                )
            )
    return found


def _info(record: type[msgspec.Struct]) -> inspect.StructType:
    info = inspect.type_info(record)
    assert isinstance(info, inspect.StructType)  # noqa: S101 - of a Struct it is
    return info


def values_of(form: Form, fields: Iterable[Field], prefix: str = "") -> dict[str, Any]:
    """Return the values that a form has for *fields*; empty fields are left out.

    Raises:
        InvalidInputError: not a number, a time or JSON; names the field.
    """
    found = {}
    for field in fields:
        text = form.get(prefix + field.name, "").strip()
        if text:
            found[field.name] = _value(text, field)
    return found


def _value(text: str, field: Field) -> Any:
    match field.kind:
        case "number":
            return _number(text, field)
        case "check":
            return text == "true"
        case "time":
            return parse_instant(text if text.endswith("Z") else f"{text}Z", path=f"$.{field.name}")
        case "list":
            return [line.strip() for line in text.splitlines() if line.strip()]
        case "json":
            try:
                return parsed(text.encode())
            except InvalidInputError as error:
                raise InvalidInputError(error.message, path=f"$.{field.name}") from None
    return text


def _number(text: str, field: Field) -> int | float:
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        message = f"not a number: {text[:40]!r}"
        raise InvalidInputError(message, path=f"$.{field.name}") from None


def _unwrapped(type_: inspect.Type) -> tuple[str, inspect.Type]:
    """Return the description of a type, and the type without description and None."""
    doc = ""
    while isinstance(type_, inspect.Metadata | inspect.UnionType):
        if isinstance(type_, inspect.Metadata):
            doc = (type_.extra_json_schema or {}).get("description", doc)
            type_ = type_.type
        else:
            type_ = next(one for one in type_.types if not isinstance(one, inspect.NoneType))
    return doc, type_


def _kind(type_: inspect.Type) -> Kind:
    match type_:
        case inspect.LiteralType():
            return "choice"
        case inspect.IntType() | inspect.FloatType():
            return "number"
        case inspect.BoolType():
            return "check"
        case inspect.DateTimeType():
            return "time"
        case inspect.ListType() | inspect.VarTupleType() | inspect.CollectionType():
            return "list"
        case inspect.StrType():
            return "text"
    return "json"


def _choices(type_: inspect.Type) -> tuple[str, ...]:
    return tuple(map(str, type_.values)) if isinstance(type_, inspect.LiteralType) else ()


def _default(value: Any, kind: Kind) -> str:
    if value in (None, msgspec.NODEFAULT, msgspec.UNSET):
        return ""
    return show(value) if kind == "duration" else str(value)
