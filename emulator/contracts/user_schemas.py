"""Checks a user's folder of schemas before it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.contracts import learned, schema_documents, violation
from emulator.contracts.validation import described
from emulator.errors import InvalidInputError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from referencing import Resource
    from referencing._core import Resolver

    from emulator.contracts.violation import Violation

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def check_folder(folder: Path) -> None:
    """Check a user's folder of schemas.

    The folder holds ``v1/`` or ``v2/`` with ``<event type>.json`` and files of shared
    definitions (names without a dot). It may omit schemas that are bundled. Each
    document has to fit the meta-schema of JSON Schema 2020-12, and each ``$ref`` has to lead
    into the folder or into the bundled schemas: nothing is ever fetched.

    Raises:
        InvalidInputError: a line for each problem, ``v1/FILE: JSON PATH: PROBLEM``.
    """
    found = list(schema_documents.files(folder))
    if not found:
        message = f"no schemas in {str(folder)!r}: expected v1/<event type>.json"
        raise InvalidInputError(message)
    _stop_at(_wrong_names(found))
    _stop_at(_unreadable(found))
    documents = {
        f"{where}/{file.name}": schema_documents.read(where, file) for where, _, file in found
    }
    _stop_at(_against_meta_schema(documents))
    _stop_at(_wrong_shapes(documents))
    _stop_at(_taken_ids(found, documents))
    _stop_at(_dead_references(folder, found, documents))


def _stop_at(problems: Iterator[str]) -> None:
    # The meta-schema has several parts, and two of them may report the same problem.
    lines = list(dict.fromkeys(problems))
    if lines:
        raise InvalidInputError("\n".join(lines))


def _wrong_names(found: list[tuple[str, str, Path]]) -> Iterator[str]:
    # A misspelt file would be ignored, and the bundled schema used in silence.
    bundled = schema_documents.SchemaLibrary(None)
    for generation, name, file in found:
        known = bundled.events(generation)
        if schema_documents.is_event(name) and name not in known:
            yield f"{generation}/{file.name}: {UnknownNameError('event type', name, known)}"


def _unreadable(found: list[tuple[str, str, Path]]) -> Iterator[str]:
    for generation, _, file in found:
        try:
            schema_documents.read(generation, file)
        except InvalidInputError as problem:
            yield problem.message


def _against_meta_schema(documents: dict[str, dict[str, Any]]) -> Iterator[str]:
    import jsonschema_rs

    meta = jsonschema_rs.Draft202012Validator(
        {"$ref": _DIALECT}, validate_formats=True, formats={"regex": _is_pattern}
    )
    for name, document in documents.items():
        dialect = document.get("$schema", _DIALECT)
        if dialect != _DIALECT:
            yield f"{name}: $['$schema']: must be {_DIALECT!r}"
            continue
        found = (one for error in meta.iter_errors(document) for one in described(error))
        for one in violation.in_order(found):
            yield f"{name}: {one.path}: {_in_words(one)}"


def _is_pattern(text: str) -> bool:
    """Whether the engine that matches patterns supports this pattern."""
    import jsonschema_rs

    options = jsonschema_rs.RegexOptions()
    try:
        jsonschema_rs.Draft202012Validator({"pattern": text}, pattern_options=options)
    except jsonschema_rs.ValidationError:
        return False
    return True


def _in_words(found: Violation) -> str:
    if found.path.endswith((".pattern", ".patternProperties")):
        return "must be a regular expression without lookaround and backreferences"
    if found.path.endswith(".type"):
        return "must be null, boolean, object, array, number, string, integer, or a list of them"
    return found.message


def _wrong_shapes(documents: dict[str, dict[str, Any]]) -> Iterator[str]:
    for name, document in documents.items():
        try:
            learned.read(document)
        except InvalidInputError as problem:
            path = (problem.path or "$").removeprefix("$")
            yield f"{name}: $.{learned.KEY}{path}: {problem.message}"


def _taken_ids(
    found: list[tuple[str, str, Path]], documents: dict[str, dict[str, Any]]
) -> Iterator[str]:
    owners: dict[str, str] = {}
    for generation, name, file in found:
        this = f"{generation}/{file.name}"
        uri = schema_documents.id_of(generation, name, documents[this])
        if uri in owners:
            yield f"{this}: $['$id']: {uri!r} is also that of {owners[uri]}"
        owners.setdefault(uri, this)


def _dead_references(
    folder: Path,
    found: list[tuple[str, str, Path]],
    documents: dict[str, dict[str, Any]],
) -> Iterator[str]:
    from referencing.jsonschema import DRAFT202012

    registry = schema_documents.SchemaLibrary(folder).registry
    for generation, name, file in found:
        document = documents[f"{generation}/{file.name}"]
        resolver = registry.resolver(schema_documents.id_of(generation, name, document))
        for ref in _dead(DRAFT202012.create_resource(document), resolver):
            yield f"{generation}/{file.name}: $ref {ref!r} leads nowhere"


def _dead(schema: Resource[Any], resolver: Resolver[Any]) -> Iterator[str]:
    """Yield each ``$ref`` in a schema that leads nowhere."""
    from referencing.exceptions import Unresolvable

    ref = schema.contents.get("$ref") if isinstance(schema.contents, dict) else None
    if ref is not None:
        try:
            resolver.lookup(ref)
        except Unresolvable:
            yield ref
    for inner in schema.subresources():
        yield from _dead(inner, resolver.in_subresource(inner))
