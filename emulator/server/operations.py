"""A call of an API as a row of a table: its path, its types and its handler.

Routes and documents are made from the same rows, so a call cannot differ from its documentation.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import cache
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    Generic,
    TypeVar,
    get_args,
    get_origin,
)
from urllib.parse import parse_qsl

import msgspec
from starlette.responses import Response

from emulator.decoding import convert
from emulator.domain.events import Provenance
from emulator.errors import InvalidInputError
from emulator.server.http import body_as, emulator_of, json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request

    from emulator.emulator import Emulator
    from emulator.workspace.workspace import Workspace

_log = logging.getLogger("emulator.server")


class Record(msgspec.Struct, frozen=True, rename="camel"):
    """A request or an answer of the provider API.

    Attributes:
        provenance: provenance of its fields, except fields with their own mark.
    """

    provenance: ClassVar[Provenance] = "observed"


ASSUMED = msgspec.Meta(extra_json_schema={"x-provenance": "assumed"})
"""Marks a field that no source has."""


def provenances(kind: type[msgspec.Struct]) -> dict[str, Provenance]:
    """Return the provenance of each field of a record: name in JSON -> provenance.

    Empty for records of our own API.
    """
    if not issubclass(kind, Record):
        return {}
    return {
        field.encode_name: _marked(field.type) or kind.provenance
        for field in msgspec.structs.fields(kind)
    }


def _marked(type_: Any) -> Provenance | None:
    for one in get_args(type_) if get_origin(type_) is Annotated else ():
        extra = one.extra_json_schema if isinstance(one, msgspec.Meta) else None
        if extra and "x-provenance" in extra:
            found: Provenance = extra["x-provenance"]
            return found
    return None


class NoQuery(Record, frozen=True):
    """The query, or the headers, of a call without any."""


_Q = TypeVar("_Q", bound=msgspec.Struct)
_B = TypeVar("_B")


class Call(Generic[_Q, _B]):
    """One call, as its handler sees it.

    Args:
        operation: the operation of the call.
        request: the request of the call.
        workspace: the workspace whose data the call uses; None if the operation has none.

    Attributes:
        request: the request of the call.
        query: its query, checked.
    """

    def __init__(self, operation: Operation, request: Request, workspace: Workspace | None) -> None:
        self._operation = operation
        self._workspace = workspace
        self.request = request
        self.query: _Q = _query(request, operation.query)

    @property
    def workspace(self) -> Workspace:
        """The workspace whose data the call uses."""
        assert self._workspace is not None  # noqa: S101 - the handler belongs to the row
        return self._workspace

    @property
    def emulator(self) -> Emulator:
        """The emulator that serves the call."""
        return emulator_of(self.request)

    def path(self, name: str) -> str:
        """Return a part of the path."""
        found: str = self.request.path_params[name]
        return found

    async def body(self) -> _B:
        """Return the body, checked.

        Raises:
            InvalidInputError: not JSON, or not of the operation's form; with the JSON path.
        """
        assert self._operation.body is not None  # noqa: S101 - the handler belongs to the row
        found: _B = await body_as(self.request, made(self._operation.body))
        return found


class Deferred:
    """A type that is made when it is first needed, because a start has to be fast.

    Args:
        make: returns the type.
    """

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = cache(make)


def made(kind: Any) -> Any:
    """Return the type of an answer or a body, which may be deferred."""
    return kind.make() if isinstance(kind, Deferred) else kind


class Operation(msgspec.Struct, frozen=True):
    """One call of an API.

    Attributes:
        id: the name in documents and generated clients.
        path: the path, with parameters in braces.
        handler: returns the answer, or a response.
        doc: a description in one sentence.
        answer: type of the answer, or `Deferred`; None without a body.
        query: type of the query.
        headers: type of the headers that it reads, for documents.
        body: type of the body, or `Deferred`; None without a body.
        status: status of the answer.
        other_statuses: further statuses of the same answer.
        media_type: media type of the answer.
        provenance: provenance of the call; None for a call of our own API.
        page: name of the page in Testlify's reference.
        is_wrapped: the answer is the value of ``data``.
        creates: the path of the created record; its last part is the id in the answer.
        has_workspace: the call uses the data of a workspace, which the token or the path names.
    """

    id: str
    method: str
    path: str
    handler: Callable[[Call[Any, Any]], Awaitable[Any]]
    doc: str
    answer: Any
    query: type[Any] = NoQuery
    headers: type[Any] = NoQuery
    body: Any = None
    status: int = 200
    other_statuses: tuple[int, ...] = ()
    media_type: str = "application/json"
    provenance: Provenance | None = "documented"
    page: str = ""
    is_wrapped: bool = True
    creates: str = ""
    has_workspace: bool = True

    async def respond(self, request: Request, workspace: Workspace | None) -> Response:
        """Return the response to a request, which may use the data of *workspace*."""
        answer = await self.handler(Call(self, request, workspace))
        if isinstance(answer, Response):
            return answer
        if self.answer is None:
            return Response(status_code=self.status)
        content = {"data": answer} if self.is_wrapped else answer
        return json(content, self.status, self.media_type)


def _query(request: Request, kind: type[_Q]) -> _Q:
    """Return the query as the type *kind*; empty parameters are ignored.

    An unknown parameter is rejected if the type forbids it. Otherwise it is logged, and ignored as
    by the real service.

    Raises:
        InvalidInputError: an invalid value, or an unknown parameter; names the parameter.
    """
    text = request.scope["query_string"].decode("latin-1")
    pairs = parse_qsl(text, keep_blank_values=True) if text else []
    given, fields = dict(pairs), _parameters(kind)
    if unknown := given.keys() - fields.keys():
        _reject_or_log(request, sorted(unknown), kind)
    known = {
        name: one
        for name, one in given.items()
        if name in fields and (one or fields[name].required)
    }
    if len(given) < len(pairs):
        _refuse_repeated(known, [name for name, _ in pairs])
    try:
        found = convert(known, kind, strict=False)
    except InvalidInputError as error:
        raise _wrong_parameter(error, known) from None
    for name, one in known.items():
        if getattr(found, fields[name].name) is None:  # msgspec takes the text "null" for null
            message = f"{name} is {one!r}; expected a value"
            raise InvalidInputError(message, path=f"?{name}")
    return found


def _reject_or_log(request: Request, names: list[str], kind: type[msgspec.Struct]) -> None:
    """Reject unknown parameters if the type forbids them; log them otherwise."""
    if kind.__struct_config__.forbid_unknown_fields:
        known = ", ".join(_parameters(kind)) or "none"
        message = f"unknown parameter {names[0][:40]!r}; known: {known}"
        raise InvalidInputError(message, path=f"?{names[0][:40]}")
    shown = ", ".join(repr(name[:40]) for name in names[:10])
    _log.info("%s %s: unknown parameter %s", request.method, request.url.path, shown)


def _refuse_repeated(known: Iterable[str], names: list[str]) -> None:
    for name in known:
        if (times := names.count(name)) > 1:
            message = f"{name} is given {times} times; expected one"
            raise InvalidInputError(message, path=f"?{name}")


@cache
def _parameters(kind: type[msgspec.Struct]) -> dict[str, msgspec.structs.FieldInfo]:
    """Return the parameters of a query, by their names there."""
    return {field.encode_name: field for field in msgspec.structs.fields(kind)}


def _wrong_parameter(error: InvalidInputError, given: dict[str, str]) -> InvalidInputError:
    name = (error.path or "").removeprefix("$.")
    if name not in given:  # a parameter is missing: the message names it
        return InvalidInputError(error.message.replace("the key", "the parameter", 1))
    # Without "got text": every parameter is text, and the value is shown.
    expected = error.message.partition(", got ")[0]
    return InvalidInputError(f"{name} is {given[name][:40]!r}; {expected}", path=f"?{name}")
