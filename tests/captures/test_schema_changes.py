from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from emulator.captures.schema_changes import compare_schemas
from emulator.contracts.validation import Contracts

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Cli

SCHEMAS = Path(__file__).parents[2] / "schemas"
EVENT = "assessment.archived"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A folder with one schema of its own: a small one, so that each change is plain."""
    folder = tmp_path / "old"
    (folder / "v2").mkdir(parents=True)
    key = {"x-provenance": "documented"}
    schema = {
        "x-provenance": "documented",
        "type": "object",
        "required": ["data"],
        "properties": {
            "data": {
                "type": "object",
                "required": ["title", "state"],
                "properties": {
                    "title": {"type": "string", **key},
                    "state": {"enum": ["DRAFT", "ARCHIVED"], **key},
                    "labels": {"type": "array", "items": {"type": "string"}},
                },
            }
        },
    }
    (folder / "v2" / f"{EVENT}.json").write_text(json.dumps(schema))
    return folder


def _gone(data: dict[str, Any]) -> None:
    del data["properties"]["labels"]


def _optional(data: dict[str, Any]) -> None:
    data["required"].remove("title")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda data: data["properties"].update(note={"type": "string"}), ("added", "data.note")),
        (_gone, ("removed", "data.labels")),
        (_optional, ("removed", "data.title")),
        (
            lambda data: data["properties"]["title"].update(type=["string", "null"]),
            ("nullable", "data.title"),
        ),
        (
            lambda data: data["properties"]["title"].update(type="integer"),
            ("retyped", "data.title"),
        ),
        (
            lambda data: data["properties"]["state"].update(enum=["DRAFT", "GONE"]),
            ("new value", "data.state"),
        ),
    ],
)
def test_each_kind_of_change_is_named_with_its_path(
    old: Path, tmp_path: Path, change: Callable[[Any], None], expected: tuple[str, str]
) -> None:
    new = tmp_path / "new"
    shutil.copytree(old, new)
    file = new / "v2" / f"{EVENT}.json"
    schema = json.loads(file.read_text())
    change(schema["properties"]["data"])
    file.write_text(json.dumps(schema))
    found = compare_schemas(Contracts(old), Contracts(new))
    assert [(drift.kind, drift.path, drift.event) for drift in found.drifts] == [(*expected, EVENT)]


def test_equal_folders_do_not_differ(cli: Cli, old: Path) -> None:
    code, out, err = cli("drift", "--schemas", str(old), str(old))
    assert (code, err) == (0, "")
    assert out.endswith("schemas compared: no drift\n")


def test_captures_and_schemas_do_not_go_together(cli: Cli, old: Path) -> None:
    for arguments in ([], [str(SCHEMAS), "--schemas", str(old), str(old)]):
        code, _, err = cli("drift", *arguments)
        assert code == 2
        assert "expected files or folders of captures, or --schemas OLD NEW" in err
