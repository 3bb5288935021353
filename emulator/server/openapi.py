"""The paths and schemas of an OpenAPI 3.1 document, made from the table of an API's calls."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from emulator.decoding import arms
from emulator.server.operations import Operation, Record, made, provenances

Document = dict[str, Any]

SCHEMAS = "#/components/schemas/"
"""Where a document has its schemas."""

_DOCS = "https://docs.testlify.com/reference/"


class Api(msgspec.Struct, frozen=True):
    """The calls of an API, and how it refuses a call.

    Attributes:
        error: the record of an error.
        error_type: its media type.
        security: of calls that have a workspace.
        open_security: of all other calls.
    """

    operations: Sequence[Operation]
    error: type[msgspec.Struct]
    error_type: str
    security: list[dict[str, list[str]]]
    open_security: list[dict[str, list[str]]] = []

    def paths(self) -> Document:
        """Return the paths of the document."""
        found: dict[str, Document] = {}
        for operation in self.operations:
            found.setdefault(operation.path, {})[operation.method.lower()] = self._operation(
                operation
            )
        return found

    def schemas(self) -> Document:
        """Return the schemas of all records; fields of Testlify's have their provenance."""
        kinds = [
            kind
            for operation in self.operations
            for kind in map(made, (operation.answer, operation.body))
            if kind
        ]
        _, found = msgspec.json.schema_components([self.error, *kinds], ref_template=_REFERENCE)
        for schema in found.values():
            for field in schema.get("properties", {}).values():
                # Client generators treat a field with a default as always present.
                field.pop("default", None)
            text = inspect.cleandoc(schema.get("description", ""))
            schema["description"] = text.partition("\n\n")[0].replace("\n", " ")
        for record in _subclasses(Record) if issubclass(self.error, Record) else ():
            for name, provenance in provenances(record).items() if record.__name__ in found else ():
                found[record.__name__]["properties"][name].setdefault("x-provenance", provenance)
        return found

    def _operation(self, one: Operation) -> Document:
        error = _content(self.error, self.error_type)
        described: Document = {
            "operationId": one.id,
            "summary": one.doc,
            "parameters": [
                *_path_parameters(one.path),
                *_parameters(one.query, "query"),
                *_parameters(one.headers, "header"),
            ],
            "responses": {
                **{
                    str(status): {**_answer(one), **self._links(one)}
                    for status in (one.status, *one.other_statuses)
                },
                "4XX": {"description": "Refused.", **error},
                "5XX": {"description": "Not possible now.", **error},
            },
            "security": self.security if one.has_workspace else self.open_security,
        }
        if one.provenance:
            described["x-provenance"] = one.provenance
        if one.page:
            described["externalDocs"] = {"url": f"{_DOCS}{one.page}"}
        if one.body is not None:
            body = made(one.body)
            (record,) = arms(body)
            is_required = any(field.required for field in msgspec.structs.fields(record))
            described["requestBody"] = {"required": is_required, **_content(body)}
        return described

    def _links(self, one: Operation) -> Document:
        """Return the links from the record that a call creates to the calls that take its id."""
        if not one.creates:
            return {}
        *others, id_ = _names(one.creates)
        parameters = {name: f"$request.path.{name}" for name in others}
        parameters[id_] = "$response.body#/data/id" if one.is_wrapped else "$response.body#/id"
        return {
            "links": {
                other.id: {"operationId": other.id, "parameters": parameters}
                for other in self.operations
                if other.path == one.creates or other.path.startswith(f"{one.creates}/")
                if _names(other.path) == [*others, id_]
            }
        }


_REFERENCE = f"{SCHEMAS}{{name}}"


def _answer(one: Operation) -> Document:
    if one.answer is None:
        return {"description": "Done."}
    found = _content(made(one.answer), one.media_type)
    if one.is_wrapped:
        media = found["content"][one.media_type]
        media["schema"] = {
            "type": "object",
            "properties": {"data": media["schema"]},
            "required": ["data"],
        }
    return {"description": "Done.", **found}


def _content(kind: Any, media_type: str = "application/json") -> Document:
    (schema,), _ = msgspec.json.schema_components([kind], ref_template=_REFERENCE)
    return {"content": {media_type: {"schema": schema}}}


def _names(path: str) -> list[str]:
    return re.findall(r"\{(\w+)\}", path)


def _path_parameters(path: str) -> list[Document]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _names(path)
    ]


def _parameters(kind: type[msgspec.Struct], place: str) -> list[Document]:
    _, components = msgspec.json.schema_components([kind], ref_template=_REFERENCE)
    schema, known = components[kind.__name__], provenances(kind)
    required = schema["required"]
    return [
        {
            "name": name,
            "in": place,
            "required": name in required,
            **({"allowEmptyValue": True} if place == "query" and name not in required else {}),
            "schema": _without_null(one),
            **({"x-provenance": known[name]} if known else {}),
        }
        for name, one in schema["properties"].items()
    ]


def _without_null(schema: Document) -> Document:
    """Return the schema of a parameter that may be left out: it is never null in a query."""
    if "anyOf" not in schema:
        return schema
    (found,) = [one for one in schema["anyOf"] if one != {"type": "null"}]
    return {**found, **{key: one for key, one in schema.items() if key not in ("anyOf", "default")}}


def _subclasses(kind: type[Record]) -> Iterable[type[Record]]:
    for one in kind.__subclasses__():
        yield one
        yield from _subclasses(one)
