"""``validate``: scenarios, and payloads against their schemas."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from emulator import data
from emulator.domain.events import EVENT_TYPES

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Cli

SCENARIO = """\
scenario: One invitation
consumer:
  - {payload_url: "${CONSUMER_URL}/${PLACE}", events: [invited]}
steps:
  - invite: {as: ada, to: job}
  - create_assessment: {as: job}
"""


def example(event: str) -> str:
    return (data.schemas() / f"v1/examples/{event}.json").read_text()


def test_payloads_that_fit(cli: Cli, tmp_path: Path) -> None:
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    for file in (one, two):
        file.write_text(example("candidate.completed"))
    code, out, err = cli("validate", "--event", "completed", str(one), str(two))
    message = "a valid payload of candidate.completed"
    assert (code, out, err) == (0, f"{one}: {message}\n{two}: {message}\n", "")


def test_a_payload_of_v2_fits_only_v2(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "one.json"
    file.write_text((data.schemas() / "v2/examples/candidate.completed.json").read_text())
    asked = ("validate", "--event", "candidate.completed", str(file))
    assert cli(*asked, "--webhooks", "v2").code == 0
    assert cli(*asked).code == 1


def test_each_violation_is_reported_with_line_and_column(cli: Cli, tmp_path: Path) -> None:
    payload = json.loads(example("candidate.completed"))
    payload["success"] = "yes"
    payload["extra"] = 1
    file = tmp_path / "payload.json"
    file.write_text(json.dumps(payload, indent=1))
    good = tmp_path / "good.json"
    good.write_text(example("candidate.completed"))
    line = 1 + [one.startswith(' "success"') for one in file.read_text().splitlines()].index(True)
    code, out, err = cli("validate", "--event", "candidate.completed", str(file), str(good))
    assert (code, out) == (1, f"{good}: a valid payload of candidate.completed\n")
    assert err.splitlines() == [
        f"{file}:1:1: $: has the unknown key 'extra'",
        f"{file}:{line}:13: $.success: must be true",
    ]


def test_invalid_json_is_exit_2(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "payload.json"
    file.write_bytes(b'{"a": ')
    message = f"error: {file}: not JSON: input data was truncated\n"
    assert cli("validate", "--event", "completed", str(file)) == (2, "", message)
    message = f"error: {tmp_path}: is a directory\n"
    assert cli("validate", "--event", "completed", str(tmp_path)) == (2, "", message)
    message = f"error: {file}x: no such file or directory\n"
    assert cli("validate", "--event", "completed", f"{file}x") == (2, "", message)


def test_an_unknown_event_is_exit_2(cli: Cli, tmp_path: Path) -> None:
    known = ", ".join(sorted(EVENT_TYPES))
    message = f"error: no event type 'hired'; known: {known}\n"
    assert cli("validate", "--event", "hired", str(tmp_path / "x.json")) == (2, "", message)


def test_a_payload_needs_its_event(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "payload.json"
    file.write_text("{}")
    message = f"error: {file}: for a payload, name its event type: --event candidate.completed\n"
    assert cli("validate", str(file)) == (2, "", message)


def test_a_scenario_that_can_be_run(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "one.yaml"
    file.write_text((data.scenarios() / "candidate-completes.yaml").read_text())
    message = f"{file}: a valid scenario of 14 steps\n"
    assert cli("validate", str(file)) == (0, message, "")


def test_the_problems_of_a_scenario_are_reported_with_line_and_column(
    cli: Cli, tmp_path: Path
) -> None:
    file = tmp_path / "one.yaml"
    file.write_text(SCENARIO)
    code, out, err = cli("validate", str(file))
    assert (code, out) == (1, "")
    assert f"{file}:3:" in err
    assert "PLACE" in err
    code, out, err = cli("validate", str(file), "--set", "PLACE=hook")
    assert (code, out) == (1, "")
    assert f"{file}:5:" in err
    assert "'job'" in err


def test_a_scenario_that_is_not_there_is_exit_2(cli: Cli, tmp_path: Path) -> None:
    message = f"error: {tmp_path / 'x.yaml'}: no such file\n"
    assert cli("validate", str(tmp_path / "x.yaml")) == (2, "", message)


def test_a_setting_that_is_none_is_exit_2(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "one.yaml"
    file.write_text(SCENARIO)
    message = "error: --set 'PLACE': expected KEY=VALUE\n"
    assert cli("validate", str(file), "--set", "PLACE") == (2, "", message)


def test_a_command_that_would_be_refused_is_reported_with_its_place(
    cli: Cli, tmp_path: Path
) -> None:
    file = tmp_path / "illegal.yaml"
    head = SCENARIO.partition("steps:")[0].replace("/${PLACE}", "")
    steps = "steps:\n  - create_assessment: {as: job}\n  - unarchive_assessment: job\n"
    file.write_text(head + steps)
    message = (
        f"{file}:6:5: assessment job is DRAFT: 'unarchive' is not legal; "
        "legal: archive, delete, invite, publish, update\n"
        "      - unarchive_assessment: job\n"
        "        ^\n"
    )
    assert cli("validate", str(file)) == (1, "", message)
