"""Lists as the provider's API gives them: a page of rows, in the order that was asked for."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import msgspec

from emulator.errors import UnknownNameError
from emulator.server.field_types import one_of
from emulator.server.operations import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_T = TypeVar("_T")
_R = TypeVar("_R", bound=Record)

DEFAULT_LIMIT = 50

MOST = 999_999_999
"""The largest number that a query takes."""


class Paged(Record, frozen=True):
    """The query of a list.

    Source: documented, 50 rows by default and at least one; whether there is a maximum is unknown.
    """

    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST, description="How many rows at most.")] = (
        DEFAULT_LIMIT
    )
    skip: Annotated[int, msgspec.Meta(ge=0, le=MOST, description="How many rows to skip.")] = 0


class Sorted(Paged, frozen=True):
    """The query of a list that can be sorted by one column, a field of its rows.

    Source: observed, that *col_name* takes ``created``; assumed, that it takes any field of a row.
    """

    col_name: Annotated[str, msgspec.Meta(description="Field to sort by.")] | None = None
    in_order: Literal["asc", "desc"] = "asc"


def column_of(kind: type[Record]) -> msgspec.Meta:
    """Return the metadata of a text that is a field of a row of that type."""
    return one_of(kind.__struct_encode_fields__)


def page(query: Paged, records: Iterable[_T], row: Callable[[_T], _R]) -> list[_R]:
    """Return the rows that *query* asks for.

    Args:
        query: of the call.
        records: that fit its filters, in the order of the list.
        row: makes a row; only of those that are shown, unless they are sorted.
    """
    return [row(one) for one in islice(records, query.skip, query.skip + query.limit)]


def sorted_page(
    query: Sorted, records: Iterable[_T], row: Callable[[_T], _R], kind: type[_R]
) -> list[_R]:
    """Return the rows that *query* asks for, sorted; *kind* is the type of a row.

    Raises:
        UnknownNameError: no such column.
    """
    if query.col_name is None:
        return page(query, records, row)
    columns = {field.encode_name: field.name for field in msgspec.structs.fields(kind)}
    if query.col_name not in columns:
        raise UnknownNameError("column", query.col_name, columns, path="?colName", show_all=True)
    name = columns[query.col_name]

    def key(one: _R) -> tuple[bool, Any]:
        value = getattr(one, name)
        return value is not None, "" if value is None else value

    rows = sorted(map(row, records), key=key, reverse=query.in_order == "desc")
    return rows[query.skip : query.skip + query.limit]


def searched(
    records: Iterable[_T], word: str | None, texts: Callable[[_T], Iterable[str]]
) -> Iterable[_T]:
    """Return the records of which one of *texts* has *word* in it, in any case; all without a word.

    Source: assumed, nothing is known of how the real service searches.
    """
    if not word:
        return records
    wanted = word.casefold()
    return (
        record for record in records if any(wanted in text.casefold() for text in texts(record))
    )
