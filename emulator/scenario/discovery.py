"""Finds scenarios: bundled names, files, folders."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from emulator import data
from emulator.errors import EmulatorError, ScenarioError, near
from emulator.scenario.files import body_of
from emulator.scenario.loading import read

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from emulator.scenario.scenario import Scenario

_ENDINGS = (".yaml", ".yml")
_DESCRIPTION = re.compile(r"^description: >-\n((?: +.+\n)+)", re.MULTILINE)
_TITLE = re.compile(r"^scenario:[ ]*(.+?)[ ]*$", re.MULTILINE)


class Bundled(msgspec.Struct, frozen=True):
    """A bundled scenario.

    Attributes:
        name: the name to run it by.
        title: the sentence that describes it.
        description: a longer description, in one paragraph.
    """

    name: str
    title: str
    description: str = ""


class Source(msgspec.Struct, frozen=True):
    """A scenario file, not read yet.

    Attributes:
        file: the path in messages.
        body: the bytes, up to one more than the largest scenario.
    """

    file: str
    body: bytes


def bundled() -> list[Bundled]:
    """Return the bundled scenarios, sorted by name."""
    found = []
    for entry in data.scenarios().iterdir():
        if entry.name.endswith(".yaml"):
            # Read with patterns, so that listing needs no YAML parser.
            text = entry.read_text("utf-8")
            title, about = _TITLE.search(text), _DESCRIPTION.search(text)
            name = entry.name.removesuffix(".yaml")
            description = " ".join(about[1].split()) if about else ""
            found.append(Bundled(name, title[1] if title else "", description))
    return sorted(found, key=lambda one: one.name)


def sources(target: str) -> list[Source]:
    """Return the scenarios in *target*.

    Args:
        target: a file, a folder (with all ``.yaml`` and ``.yml`` files below), or the name of a
            bundled scenario. Files and folders take precedence.

    Raises:
        ScenarioError: *target* does not exist, can't be read, or is an empty folder.
    """
    path = Path(target)
    if path.is_dir():
        files = sorted(one for one in path.rglob("*") if one.suffix in _ENDINGS and one.is_file())
        if not files:
            message = f"{target}: no scenario in this folder; expected files that end in .yaml"
            raise ScenarioError(message)
        return [Source(str(file), body_of(file)) for file in files]
    if path.exists() or path.suffix in _ENDINGS or len(path.parts) != 1:
        return [Source(target, body_of(path))]
    entry = data.scenarios() / f"{target}.yaml"
    if not entry.is_file():
        names = [one.name for one in bundled()]
        close = near(target, names)
        hint = f"near: {', '.join(map(repr, close))}"
        hint = hint if close else f"'list scenarios' shows the {len(names)} bundled scenarios"
        message = f"{target}: neither a file nor a bundled scenario; {hint}"
        raise ScenarioError(message)
    return [Source(f"scenarios/{entry.name}", entry.read_bytes())]


def read_all(targets: Iterable[str], variables: Mapping[str, str]) -> list[Scenario]:
    """Read all scenarios in *targets*.

    Args:
        targets: files, folders and names, as for `sources`.
        variables: name -> value of ``${NAME}``.

    Raises:
        ScenarioError: with the problems of all files.
    """
    scenarios: list[Scenario] = []
    problems: list[str] = []
    for target in targets:
        try:
            found = sources(target)
        except EmulatorError as error:
            problems.append(str(error))
            continue
        for source in found:
            try:
                scenarios.append(read(source.file, source.body, variables))
            except ScenarioError as error:
                problems.append(str(error))
    if problems:
        raise ScenarioError("\n".join(problems))
    return scenarios
