"""A row of the table of control calls, and the records that several calls share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar

import msgspec
from starlette.routing import Route

from emulator.domain.events import Provenance
from emulator.server.http import emulator_of
from emulator.server.operations import Operation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

_T = TypeVar("_T")
_R = TypeVar("_R")

MOST = 999_999_999
"""The largest number that a query takes."""


class Asked(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A body or a query; unknown keys are refused."""


class Nothing(Asked, frozen=True):
    """The body or the query of a call that takes none."""


class Page(Asked, frozen=True):
    """The query of a list."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST, description="How many rows at most.")] = 1_000
    skip: Annotated[int, msgspec.Meta(ge=0, le=MOST, description="How many rows to skip.")] = 0


class Rows(msgspec.Struct, Generic[_R], frozen=True):
    """A page of a list; *total* counts the rows of all pages."""

    data: list[_R]
    total: int


def rows(query: Page, found: Sequence[_T], view: Callable[[_T], _R]) -> Rows[_R]:
    """Return the page of *found* that *query* asks for; *view* makes a row of a record."""
    page = found[query.skip : query.skip + query.limit]
    return Rows([view(one) for one in page], len(found))


class ControlOperation(Operation, frozen=True):
    """One call of the control API."""

    query: type[Any] = Nothing
    provenance: Provenance | None = None
    is_wrapped: bool = False


def route(operation: Operation) -> Route:
    """Return the route of a call of the control API."""

    async def endpoint(request: Request) -> Response:
        emulator, path = emulator_of(request), request.path_params
        workspace = emulator.existing(path["workspace"]) if operation.has_workspace else None
        return await operation.respond(request, workspace)

    return Route(operation.path, endpoint, methods=[operation.method])
