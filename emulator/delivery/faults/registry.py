"""The table of faults: name -> class."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Union, get_args

from emulator.delivery.faults import kinds
from emulator.delivery.faults.fault import Fault, Group

if TYPE_CHECKING:
    from collections.abc import Mapping

_KINDS = [
    kind for kind in vars(kinds).values() if isinstance(kind, type) and issubclass(kind, Fault)
]

FAULTS: Mapping[str, type[Fault]] = MappingProxyType({
    str(kind.__struct_config__.tag): kind
    for group in get_args(Group)
    for kind in _KINDS
    if kind.group == group
})  # fmt: skip
"""Name -> class, group by group in the order in which they are applied."""

if TYPE_CHECKING:
    AnyFault = Fault
else:
    # msgspec decodes a union by the tags of its classes; a base class it can't decode.
    AnyFault = Union[tuple(_KINDS)]  # noqa: UP007
