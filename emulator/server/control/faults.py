"""Faults over the control API, in the format of scenario files."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from emulator.delivery.faults.fault import CallMatch, Match
from emulator.delivery.faults.reading import fault_from, is_duration, plain
from emulator.delivery.faults.registry import FAULTS
from emulator.server.control.operation import ControlOperation, Nothing, Page, Rows, rows
from emulator.server.field_types import Duration
from emulator.server.http import body_as
from emulator.server.operations import Deferred

if TYPE_CHECKING:
    from emulator.delivery.faults.fault import ActiveFault, Fault
    from emulator.server.operations import Call

_ALL = "/_emulator/workspaces/{workspace}/faults"


def _settings(fault: type[Fault]) -> type[msgspec.Struct]:
    """Return the record of a fault's settings in JSON, where durations are text."""
    fields: list[Any] = []
    for field in msgspec.structs.fields(fault):
        type_ = Duration if is_duration(field.type) else field.type
        if field.name != "on":
            required = (field.name, type_)
            fields.append(required if field.required else (field.name, type_ | UnsetType, UNSET))
    summary = (fault.__doc__ or "").partition("\n")[0]
    return msgspec.defstruct(
        f"{fault.__name__}Settings", fields,
        namespace={"__doc__": summary}, kw_only=True, forbid_unknown_fields=True,
    )  # fmt: skip


@cache
def _set_fault() -> Any:
    """Return the record of a fault as scenario files have it: its settings behind its name."""
    match = msgspec.defstruct(
        "FaultMatch",
        [(field.name, field.type, field.default) for field in msgspec.structs.fields(CallMatch)],
        bases=(Match,),
        namespace={"__doc__": "The attempts or the calls that a fault applies to."},
        kw_only=True, forbid_unknown_fields=True, frozen=True,
    )  # fmt: skip
    kinds = [(name, _settings(kind) | UnsetType, UNSET) for name, kind in FAULTS.items()]
    about = "A fault: its settings behind its name, and the attempts it applies to."
    return msgspec.defstruct(
        "SetFault", [*kinds, ("on", match | UnsetType, UNSET)],
        namespace={"__doc__": about}, forbid_unknown_fields=True,
    )  # fmt: skip


@cache
def _fault_view() -> Any:
    """Return the record of a fault that is set."""
    about = "A fault that is set, with how often it matched and was used."
    return msgspec.defstruct(
        "FaultView", [("id", str), ("matched", int), ("used", int)], bases=(_set_fault(),),
        kw_only=True, namespace={"__doc__": about},
    )  # fmt: skip


def _fault_views() -> Any:
    page: Any = Rows
    return page[_of_one_kind(_fault_view())]


def _of_one_kind(record: Any) -> Any:
    names = [{"required": [name]} for name in FAULTS]
    return Annotated[record, msgspec.Meta(extra_json_schema={"oneOf": names})]


def fault_view(active: ActiveFault) -> dict[str, Any]:
    """Return a fault that is set as plain JSON, a record of `_fault_view`."""
    counts = {"matched": active.matched, "used": active.used}
    return {"id": active.id, **plain(active.fault), **counts}


async def list_all(call: Call[Page, None]) -> Rows[dict[str, Any]]:
    """List the faults that are set, with how often each matched and was used."""
    return rows(call.query, call.workspace.faults(), fault_view)


async def create(call: Call[Nothing, Any]) -> dict[str, Any]:
    """Set a fault: 201."""
    active = call.workspace.inject(fault_from(await body_as(call.request, Any)))
    await call.workspace.flush()
    return fault_view(active)


async def clear(call: Call[Nothing, None]) -> None:
    """Remove a fault: 204."""
    call.workspace.clear_fault(call.path("id"))
    await call.workspace.flush()


async def clear_all(call: Call[Nothing, None]) -> None:
    """Remove all faults: 204."""
    call.workspace.clear_faults()
    await call.workspace.flush()


OPERATIONS = (
    ControlOperation(
        "listFaults", "GET", _ALL, list_all,
        "List the faults that are set, with how often each matched and was used.",
        Deferred(_fault_views), query=Page,
    ),
    ControlOperation(
        "setFault", "POST", _ALL, create,
        "Set a fault, in the format of scenario files.",
        Deferred(_fault_view), body=Deferred(lambda: _of_one_kind(_set_fault())), status=201,
        creates=f"{_ALL}/{{id}}",
    ),
    ControlOperation(
        "clearFaults", "DELETE", _ALL, clear_all,
        "Remove all faults.",
        None, status=204,
    ),
    ControlOperation(
        "clearFault", "DELETE", f"{_ALL}/{{id}}", clear,
        "Remove a fault.",
        None, status=204,
    ),
)  # fmt: skip
