"""Loads scenario files, and reports all problems of a file at once."""

from __future__ import annotations

from collections import ChainMap
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from emulator.errors import InvalidInputError, ScenarioError, near
from emulator.scenario.aliases import Aliases, word
from emulator.scenario.files import body_of, data_of
from emulator.scenario.problems import Problems
from emulator.scenario.record_reader import WRONG, Shaper, keys
from emulator.scenario.scenario import Consumer, Document, PlacedStep, Scenario, one_line
from emulator.scenario.steps.blocks import BLOCKS, MOST_STEPS, Steps, size
from emulator.scenario.steps.probing import Argv
from emulator.scenario.steps.table import STEPS
from emulator.scenario.steps.webhooks import AddWebhookStep, unfit
from emulator.scenario.tree import Node
from emulator.scenario.value_types import (
    READERS,
    AssessmentName,
    CandidateName,
    DataFile,
    NewAssessment,
    NewCandidate,
    NewWebhook,
    WebhookName,
)
from emulator.scenario.variables import Room, Scope, filled, with_origin
from emulator.scenario.yaml_source import parse

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from emulator.domain.events import Generation
    from emulator.scenario.steps.step import Step
    from emulator.scenario.tree import Place


def read(
    file: str,
    body: bytes,
    variables: Mapping[str, str],
    *,
    files: Mapping[str, bytes] | None = None,
) -> Scenario:
    """Return the scenario in *body*.

    Args:
        file: the file name in messages.
        body: YAML 1.2 in UTF-8.
        variables: name -> value of ``${NAME}``; takes precedence over a default in the file.
        files: name -> body of the files that steps may send, for a scenario from another machine,
            whose commands are refused. None lets it read files and run commands of this machine.

    Raises:
        ScenarioError: with all problems, each as ``FILE:LINE:COLUMN: MESSAGE`` and the line.
    """
    problems = Problems(file)
    return _scenario(parse(body, problems), problems, variables, files)


def of(document: Mapping[str, Any]) -> Scenario:
    """Return the scenario in plain data with the keys of a file, without variables.

    Args:
        document: the data; the number of a step takes the place of its line.

    Raises:
        ScenarioError: with all problems.
    """
    steps = [Node.of(one, (line, 1)) for line, one in enumerate(document["steps"], start=1)]
    root = Node.of({**document, "steps": []}, (1, 1))
    root.value["steps"] = Node(steps, (1, 1))
    return _scenario(root, Problems(document["scenario"]), {}, None)


def _scenario(
    root: Node,
    problems: Problems,
    variables: Mapping[str, str],
    files: Mapping[str, bytes] | None,
) -> Scenario:
    reader = _Reader(problems, Scope({**with_origin(variables)}), files)
    document = reader.document(root)
    if problems or not isinstance(document, Document):
        raise ScenarioError(str(problems))
    return Scenario(problems.file, document, problems.text, reader.files)


def read_file(path: Path, variables: Mapping[str, str]) -> Scenario:
    """Return the scenario in the file at *path*.

    Raises:
        ScenarioError: the file can't be read, or has problems.
    """
    return read(str(path), body_of(path), variables)


class _Reader:
    """Reads a document; keeps the names and captured variables of the steps so far.

    Args:
        problems: collects the problems.
        scope: the variables at the start.
        given: name -> body of the files that steps may send; None allows those of this machine.
        is_late: read a single step during a run, which knows the names itself.

    Attributes:
        files: name -> body of the files that were read.
    """

    def __init__(
        self,
        problems: Problems,
        scope: Scope,
        given: Mapping[str, bytes] | None,
        *,
        is_late: bool = False,
    ) -> None:
        self.files: dict[str, bytes] = {}
        self._problems = problems
        self._scope = scope
        self._given = given
        self._names = Aliases(is_late=is_late)
        self._is_parallel = False
        self._rounds: tuple[int, Any] | None = None  # of the repeat whose steps come next
        self._left = MOST_STEPS
        self._consumers = 0
        self._generation: Generation = "v1"
        by_value = {kind: partial(_by_value, reader) for kind, reader in READERS.items()}
        self._shaper = Shaper(
            {
                **by_value,
                Any: partial(_by_value, lambda value: value),
                Consumer: self._consumer,
                PlacedStep: self._step,
                Steps: self._steps,
                DataFile: self._file,
                Argv: self._argv,
                NewAssessment: partial(self._names.new, "assessment"),
                NewCandidate: partial(self._names.new, "candidate"),
                NewWebhook: partial(self._names.new, "webhook"),
                AssessmentName: partial(self._names.known, "assessment"),
                CandidateName: partial(self._names.known, "candidate"),
                WebhookName: partial(self._names.known, "webhook"),
            },
            problems,
        )

    def document(self, root: Node) -> Any:
        """Return the document, or WRONG."""
        if not isinstance(root.value, dict):
            self._problems.add(root.place, "not a scenario; expected a mapping with 'scenario'")
            return WRONG
        steps = root.value.get("steps")
        rest = {key: one for key, one in root.value.items() if key != "steps"}
        head = self._filled(msgspec.structs.replace(root, value=rest))
        if "webhooks" in rest and head.value["webhooks"].value == "v2":
            self._generation = "v2"
        if steps is not None:
            # Steps are read in order: later steps know the variables that a step captures.
            head.value["steps"] = steps
        return self._shaper.record(head, Document)

    def late_step(self, name: str, body: Node) -> Any:
        """Return a step whose values are all known, or WRONG."""
        return self._shaper.record(self._filled(body), STEPS[name])

    def _filled(self, node: Node) -> Node:
        return filled(node, self._scope, self._problems)

    def _consumer(self, node: Node) -> Any:
        self._consumers += 1
        consumer = self._shaper.record(node, Consumer)
        name = f"consumer {self._consumers}"
        named = node.value.get("name") if isinstance(node.value, dict) else None
        place = node.place if named is None else named.place
        if isinstance(consumer, Consumer):
            name = consumer.name or name
            consumer = msgspec.structs.replace(consumer, name=name)
            self._check(node, consumer, self._generation)
        self._names.give("webhook", name, place)
        return consumer

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
        if self._is_parallel and (kind.is_settling or name == "parallel"):
            message = f"{name!r} is not allowed in 'parallel', where nothing settles"
            self._problems.add(node.keys[name], message)
            return WRONG
        self._left -= 1
        is_bare = not isinstance(body.value, dict)
        body = _mapped(body, kind, node.keys[name])
        if name in BLOCKS:
            return self._block(name, body, node)
        ready = self._filled(body)
        before = len(self._problems)
        step = self._shaper.record(ready, kind)
        if isinstance(ready.value, dict) and "as" in ready.value:
            self._gives(name, ready.value["as"])
        if isinstance(step, AddWebhookStep):
            generation: Any = step.generation or self._generation
            self._check(ready, step, generation)
        detail = _detail(ready.plain(), kind, is_bare=is_bare)
        placed = PlacedStep(name, detail, node.keys[name], ready)
        if step is not WRONG:
            return msgspec.structs.replace(placed, step=step)
        if len(self._problems) > before or not ready.holds_late:
            return WRONG
        return msgspec.structs.replace(placed, late=self._late(name, body))

    def _check(
        self, node: Node, webhook: AddWebhookStep | Consumer, generation: Generation
    ) -> None:
        """Report the values of a new webhook that its generation refuses."""
        for key, reason in unfit(webhook, generation):
            self._problems.add(node.value[key].place, reason)

    def _late(self, name: str, body: Node) -> Any:
        """Return a function that creates the step from the captured values."""
        file, text, known = self._problems.file, self._problems.text, self._scope.known
        given = self._given

        def made(captured: dict[str, str], room: Room) -> Step:
            problems = Problems(file, text)
            scope = Scope(ChainMap(captured, known), room=room)
            reader = _Reader(problems, scope, given, is_late=True)
            step = reader.late_step(name, body)
            if problems:
                raise ScenarioError(str(problems))
            ready: Step = step
            return ready

        return made

    def _gives(self, step: str, node: Node) -> None:
        """Note the name in ``as``, which can't be captured, or the variable of a capture."""
        if node.is_late:
            self._problems.add(node.place, "a name can't be a captured value")
        elif step == "capture" and isinstance(node.value, str):
            self._scope.late.add(node.value)

    def _block(self, name: str, body: Node, node: Node) -> Any:
        """Return a step that contains steps; a `repeat` contains the steps of all rounds."""
        held = body.value.get("steps") if isinstance(body.value, dict) else None
        rest = (
            {key: one for key, one in body.value.items() if key != "steps"} if held else body.value
        )
        ready = self._filled(msgspec.structs.replace(body, value=rest))
        if ready.holds_late:
            self._problems.add(ready.place, f"a {name!r} can't depend on a captured value")
            return WRONG
        detail = [one_line(ready.plain())] if rest else []
        if held is not None:
            ready.value["steps"] = held
            if isinstance(held.value, list):
                detail.append(f"{len(held.value)} {'step' if len(held.value) == 1 else 'steps'}")
        if name == "repeat" and not self._can_repeat(ready):
            return WRONG
        is_parallel, self._is_parallel = self._is_parallel, self._is_parallel or name == "parallel"
        try:
            step = self._shaper.record(ready, STEPS[name])
        finally:
            self._is_parallel, self._rounds = is_parallel, None
        if step is WRONG:
            return WRONG
        return PlacedStep(name, ", ".join(detail), node.keys[name], ready, step)

    def _can_repeat(self, body: Node) -> bool:
        """Note the rounds of a `repeat`, and return whether they are within the limit."""
        if not isinstance(body.value, dict):
            return True
        values = {key: one.plain() for key, one in body.value.items() if key in ("times", "as")}
        times = values.get("times")
        if not isinstance(times, int) or isinstance(times, bool) or times < 1:
            return True
        count = size(body.value["steps"]) if "steps" in body.value else 1
        if times * count > self._left:
            each = "1 step" if count == 1 else f"{count} steps"
            message = f"{times} rounds of {each}; a scenario has {MOST_STEPS} steps at most"
            self._problems.add(body.value["times"].place, message)
            return False
        self._rounds = (times, values.get("as"))
        return True

    def _steps(self, node: Node) -> Any:
        rounds, self._rounds = self._rounds, None
        if rounds is None or not isinstance(node.value, list):
            return self._shaper.by_type(node, Steps)
        times, variable = rounds
        if not isinstance(variable, str):
            return self._same_rounds(node, times)
        before, scope = len(self._problems), self._scope
        was_late = variable in scope.late
        every: list[PlacedStep] = []
        for number in range(1, times + 1):
            scope.late.discard(variable)
            known = ChainMap({variable: str(number)}, scope.known)
            self._scope = msgspec.structs.replace(scope, known=known)
            placed = self._shaper.by_type(node, Steps)
            self._scope = scope
            if placed is WRONG or len(self._problems) > before:
                return WRONG  # an error in one round is in all rounds
            every += placed
        if was_late:
            scope.late.add(variable)
        return every

    def _same_rounds(self, node: Node, times: int) -> Any:
        """Return the steps of rounds that do not use their number, which are read once."""
        before = self._left
        placed = self._shaper.by_type(node, Steps)
        self._left -= (times - 1) * (before - self._left)
        return placed if placed is WRONG else placed * times

    def _unknown_step(self, name: str, body: Node, node: Node) -> None:
        hint = near(name, STEPS)
        known = f"near: {', '.join(map(repr, hint))}" if hint else f"known: {', '.join(STEPS)}"
        self._problems.add(node.keys[name], f"unknown step {name!r}; {known}")
        if isinstance(body.value, dict) and "as" in body.value:
            # Later uses of its name are not reported as unknown.
            self._names.give_any(str(body.value["as"].value), body.place)

    def _argv(self, node: Node) -> Any:
        if self._given is not None:
            message = "no command is run for a scenario from another machine"
            raise InvalidInputError(message)
        return self._shaper.by_type(node, Argv)

    def _file(self, node: Node) -> DataFile:
        name = word(node)
        if name not in self.files:
            self.files[name] = data_of(name, self._problems.file, self._given)
        return DataFile(self.files[name])


def _detail(plain: Any, kind: type[Step], *, is_bare: bool) -> str:
    """Return the value of a step in the file, on one line."""
    if is_bare and plain and kind.bare:
        plain = plain[kind.bare]
    elif kind.others is not None and isinstance(plain, dict):
        plain = {**plain.pop(kind.others, {}), **plain}
    return one_line(plain)


def _mapped(body: Node, kind: type[Step], place: Place) -> Node:
    """Return the value of a step as a mapping, if the step has a short form for it."""
    if body.value is None:
        return Node({}, place)
    if isinstance(body.value, dict) and kind.others is not None:
        return body.gathered(kind.others, keys(kind))
    if isinstance(body.value, dict) or kind.bare is None:
        return body
    return Node({kind.bare: body}, body.place, {kind.bare: body.place})


def _by_value(reader: Any, node: Node) -> Any:
    return WRONG if node.holds_late else reader(node.plain())
