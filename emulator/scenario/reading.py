"""Scenario files into scenarios; everything that is wrong with a file is told at once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from emulator.errors import InvalidInputError, ScenarioError, UnknownNameError, near
from emulator.scenario.scenario import Document, PlacedStep, Scenario, one_line
from emulator.scenario.shape import WRONG, Shaper
from emulator.scenario.source import LARGEST, Node, Problems, parse
from emulator.scenario.steps.table import STEPS
from emulator.scenario.words import (
    READERS,
    AssessmentName,
    CandidateName,
    NewAssessment,
    NewCandidate,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_MAKERS = {"assessment": "create_assessment", "candidate": "invite"}


def read(file: str, body: bytes, variables: Mapping[str, str]) -> Scenario:
    """Return the scenario in *body*.

    Args:
        file: how messages call it.
        body: YAML 1.2 in UTF-8.
        variables: what ``${NAME}`` stands for; a default in the file comes last.

    Raises:
        ScenarioError: with a line ``FILE:LINE:COLUMN: what`` for everything that is wrong.
    """
    problems = Problems(file)
    root = parse(body, variables, problems)
    document = _Reader(problems).document(root) if root is not None else WRONG
    if problems or not isinstance(document, Document):
        raise ScenarioError(str(problems))
    return Scenario(file, document)


def read_file(path: Path, variables: Mapping[str, str]) -> Scenario:
    """Return the scenario in the file at *path*.

    Raises:
        ScenarioError: the file can't be read, or something is wrong with it.
    """
    return read(str(path), body_of(path), variables)


def body_of(path: Path) -> bytes:
    """Return the bytes of a file, one more than the largest scenario at most.

    Raises:
        ScenarioError: it can't be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        message = f"{path}: can't be read: {reason}"
        raise ScenarioError(message) from None


class _Reader:
    """Reads one document; knows the names that its steps gave so far."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._names: dict[str, tuple[str, int]] = {}  # name -> kind and line
        by_value = {kind: partial(_by_value, reader) for kind, reader in READERS.items()}
        self._shaper = Shaper(
            {
                **by_value,
                Any: Node.plain,
                PlacedStep: self._step,
                NewAssessment: partial(self._new, "assessment"),
                NewCandidate: partial(self._new, "candidate"),
                AssessmentName: partial(self._known, "assessment"),
                CandidateName: partial(self._known, "candidate"),
            },
            problems,
        )

    def document(self, root: Node) -> Any:
        """Return the document, or WRONG."""
        if not isinstance(root.value, dict):
            self._problems.add(root.place, "not a scenario; expected a mapping with 'scenario'")
            return WRONG
        return self._shaper.record(root, Document)

    def _step(self, node: Node) -> Any:
        if not isinstance(node.value, dict) or len(node.value) != 1:
            found = f"{len(node.value)} keys" if isinstance(node.value, dict) else "no mapping"
            if isinstance(node.value, str) and node.value in STEPS:
                found = f"the bare word {node.value!r}"
            message = f"expected a step, a mapping with one key like 'enroll: ada'; got {found}"
            raise InvalidInputError(message)
        ((name, body),) = node.value.items()
        kind = STEPS.get(name)
        if kind is None:
            self._unknown_step(name, body, node)
            return WRONG
        detail = one_line(body.plain())
        if not isinstance(body.value, dict):
            if kind.bare is not None and body.value is not None:
                body = Node({kind.bare: body}, body.place, {kind.bare: body.place})
            elif body.value is None:
                body = Node({}, node.keys[name])
        step = self._shaper.record(body, kind)
        return step if step is WRONG else PlacedStep(name, detail, node.keys[name][0], step)

    def _unknown_step(self, name: str, body: Node, node: Node) -> None:
        hint = near(name, STEPS)
        known = f"near: {', '.join(map(repr, hint))}" if hint else f"known: {', '.join(STEPS)}"
        self._problems.add(node.keys[name], f"unknown step {name!r}; {known}")
        if isinstance(body.value, dict) and "as" in body.value:
            # What it would have named is not reported as unknown below.
            self._names.setdefault(str(body.value["as"].value), ("", body.place[0]))

    def _new(self, what: str, node: Node) -> str:
        name = _word(node)
        if name in self._names:
            message = f"the name {name!r} is already given, at line {self._names[name][1]}"
            raise InvalidInputError(message)
        self._names[name] = (what, node.place[0])
        return name

    def _known(self, what: str, node: Node) -> str:
        name = _word(node)
        found, line = self._names.get(name, (None, 0))
        if found is None:
            known = [one for one, (other, _) in self._names.items() if other in (what, "")]
            if not known:
                maker = f"{_MAKERS[what]}: {{as: {name}}}"
                message = f"no {what} {name!r}; no step before names one, as in {maker!r}"
                raise InvalidInputError(message)
            raise UnknownNameError(what, name, known)
        if found not in (what, ""):
            message = f"{name!r} names the {found} of line {line}; expected the name of a {what}"
            raise InvalidInputError(message.replace("a assessment", "an assessment"))
        return name


def _by_value(reader: Any, node: Node) -> Any:
    return reader(node.plain())


def _word(node: Node) -> str:
    value = node.plain(as_text=True)
    if not isinstance(value, str) or not value.strip():
        shown = "nothing" if value is None else msgspec.json.encode(value).decode()[:60]
        message = f"expected a name, got {shown}"
        raise InvalidInputError(message)
    return value
