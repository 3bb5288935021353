from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from emulator.errors import ScenarioError
from emulator.scenario.discovery import bundled, read_all, sources

if TYPE_CHECKING:
    from pathlib import Path

VARIABLES = {"CONSUMER_URL": "http://127.0.0.1:9/hook"}
GOOD = "scenario: Good\nconsumer: [{payload_url: 'http://a', events: [invited]}]\nsteps: [wait: 1s]"


def test_the_bundled_scenarios_have_names_and_titles() -> None:
    names = [one.name for one in bundled()]
    assert names == sorted(names)
    assert "candidate-completes" in names
    for one in bundled():
        (scenario,) = read_all([one.name], VARIABLES)
        assert scenario.title == one.title
        assert scenario.file == f"scenarios/{one.name}.yaml"


def test_they_register_exactly_the_consumer_and_have_a_seed() -> None:
    for scenario in read_all([one.name for one in bundled()], VARIABLES):
        consumers = [one.payload_url for one in scenario.document.consumer]
        assert consumers == ["http://127.0.0.1:9/hook"]
        assert scenario.document.seed is not None


def test_a_folder_means_all_scenarios_below_it(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for name in ("b.yaml", "a.yml", "deep/c.yaml", "readme.md"):
        (tmp_path / name).write_text(GOOD)
    found = [one.file for one in sources(str(tmp_path))]
    assert found == [str(tmp_path / name) for name in ("a.yml", "b.yaml", "deep/c.yaml")]


def test_a_file_on_disk_precedes_a_bundled_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "candidate-completes").write_text(GOOD)
    (scenario,) = read_all(["candidate-completes"], {})
    assert scenario.title == "Good"


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError) as refused:
        sources(str(tmp_path))
    assert str(refused.value) == (
        f"{tmp_path}: no scenario in this folder; expected files that end in .yaml"
    )


def test_an_unknown_name_is_refused_with_similar_names() -> None:
    with pytest.raises(ScenarioError) as refused:
        sources("candidate-complete")
    assert str(refused.value).startswith(
        "candidate-complete: neither a file nor a bundled scenario; near: 'candidate-completes'"
    )
    with pytest.raises(ScenarioError, match=r"shows the [0-9]+ bundled scenarios$"):
        sources("xyzzy")


def test_the_problems_of_all_files_are_reported_at_once(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(GOOD.replace("1s", "1"))
    (tmp_path / "good.yaml").write_text(GOOD)
    with pytest.raises(ScenarioError) as refused:
        read_all([str(tmp_path), "absent.yaml", "candidate-completes"], {})
    assert str(refused.value).splitlines() == [
        (
            f"{tmp_path}/bad.yaml:3:15: a duration without a unit: 1; "
            "expected one as in 150ms 10s 5m 2h 30d"
        ),
        "    steps: [wait: 1]",
        "                  ^",
        "absent.yaml: can't be read: no such file or directory",
        "scenarios/candidate-completes.yaml:10:18: the variable 'CONSUMER_URL' is not set",
        "      - payload_url: ${CONSUMER_URL}",
        "                     ^",
    ]
