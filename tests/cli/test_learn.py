"""``learn``: makes an overlay that ``serve`` takes."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING

import pytest

from emulator.captures.sample_payloads import sent
from emulator.cli import consumer_options
from emulator.clock import EPOCH
from emulator.conformance.fuzzing.payloads import bases
from tests import plain_http

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from emulator.receiver import Receiver
    from tests.cli.conftest import Until
    from tests.conftest import Cli

    Consumer = Callable[..., Receiver]


def captured(folder: Path) -> Path:
    payload = copy.deepcopy(sent("v1", "candidate.invited")[0])
    payload["data"]["stage"] = "somewhere else"
    folder.mkdir()
    (folder / "a.json").write_text(json.dumps(payload))
    return folder


def test_it_reports_learned_and_still_guessed_payloads(cli: Cli, tmp_path: Path) -> None:
    folder, overlay = captured(tmp_path / "captures"), tmp_path / "overlay"
    code, out, err = cli("learn", str(folder), "--into", str(overlay))
    assert (code, err) == (0, "")
    first, second, third = out.splitlines()
    assert first == "learned candidate.invited (v1): 1 captures, 1 new"
    assert second == "  still made up: $.data.stage"
    assert third.startswith("still guessed (v1), no captures: assessment.archived, ")
    again = cli("learn", str(folder), "--into", str(overlay)).out
    assert again.startswith("learned candidate.invited (v1): 1 captures, 0 new\n")


def test_serve_sends_in_the_shape_of_the_captures(
    cli: Cli, until: Until, consumer: Consumer, tmp_path: Path
) -> None:
    overlay = tmp_path / "overlay"
    cli("learn", str(captured(tmp_path / "captures")), "--into", str(overlay))
    receiver = consumer()

    def visit(line: str) -> None:
        url = json.loads(line)["url"]
        with plain_http.Client(base_url=url, headers={"Authorization": "Bearer default"}) as client:
            body = {"name": "a", "payloadUrl": receiver.url, "events": ["candidate.invited"]}
            client.post("/v1/webhook", json=body)
            workspace = "/_emulator/workspaces/default"
            job = client.post(f"{workspace}/assessments", json={"title": "Job"}).json()
            candidate = {"assessmentId": job["id"], "email": "ada@example.com"}
            client.post(f"{workspace}/candidates", json=candidate)
            client.post(f"{workspace}/settle")

    assert until("serve", "--port", "0", "--overlay", str(overlay), visit=visit).code == 0
    [request] = receiver.requests
    assert request.payload["data"]["email"] == "ada@example.com"
    assert request.payload["data"]["stage"] == "Made-up stage"


def test_a_folder_that_cannot_be_written_is_reported(cli: Cli, tmp_path: Path) -> None:
    folder, overlay = captured(tmp_path / "captures"), tmp_path / "overlay"
    overlay.symlink_to("/dev/null")
    code, _, err = cli("learn", str(folder), "--into", f"{overlay}/x")
    message = f"can't write to '{overlay}/x': not a directory (at --into)"
    assert (code, err) == (2, f"error: {message}\n")


def test_nothing_to_learn_from_is_exit_2(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}")
    overlay = tmp_path / "overlay"
    message = "nothing to learn from: 1 test; expected payloads of known event types"
    ran = cli("learn", str(tmp_path / "a.json"), "--into", str(overlay))
    assert ran == (2, "", f"error: {message}\n")
    assert not overlay.exists()


def test_a_folder_with_other_things_stays_unchanged(cli: Cli, tmp_path: Path) -> None:
    folder, overlay = captured(tmp_path / "captures"), tmp_path / "overlay"
    (overlay / "v1").mkdir(parents=True)
    (overlay / "v1" / "candidate.invited.json").write_text("[]")
    code, _, err = cli("learn", str(folder), "--into", str(overlay))
    assert (code, err) == (
        2, "error: v1/candidate.invited.json: $: a schema document must be an object\n",
    )  # fmt: skip


@pytest.fixture
def overlay(cli: Cli, tmp_path: Path) -> Path:
    folder = tmp_path / "overlay"
    cli("learn", str(captured(tmp_path / "captures")), "--into", str(folder))
    return folder


def test_trigger_sends_in_that_shape(cli: Cli, consumer: Consumer, overlay: Path) -> None:
    receiver = consumer()
    options = ("--to", receiver.url, "--overlay", str(overlay))
    assert (
        cli("trigger", "candidate.invited", *options, "--set", "data.email=a@example.com").code == 0
    )
    assert receiver.requests[0].payload["data"]["stage"] == "Made-up stage"


def test_scenarios_run_in_that_shape(
    cli: Cli, consumer: Consumer, overlay: Path, tmp_path: Path
) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("""\
scenario: A candidate is invited
consumer: [{payload_url: "${CONSUMER_URL}", events: [candidate.invited]}]
steps:
  - create_assessment: {as: job}
  - invite: {to: job, email: ada@example.com}
  - expect: {event: candidate.invited, where: {data.stage: Made-up stage}, count: 1}
""")
    url = consumer().url
    assert cli("run", str(file), "--url", url).code == 1
    assert cli("run", str(file), "--url", url, "--overlay", str(overlay)).code == 0


def test_test_and_fuzz_have_payloads_of_that_shape(overlay: Path) -> None:
    target = consumer_options.target({"url": "http://127.0.0.1:1", "overlay": overlay})
    contracts = target.emulator().contracts
    [base] = bases(1, EPOCH, "v1", ["candidate.invited"], contracts)
    assert base.payload["data"]["stage"] == "Made-up stage"
    assert contracts.fits("v1", "candidate.invited", base.payload)


def test_a_folder_that_is_no_overlay_is_refused(cli: Cli, tmp_path: Path) -> None:
    ran = cli(
        "trigger", "candidate.invited", "--to", "http://127.0.0.1:1", "--overlay", str(tmp_path)
    )
    assert ran == (
        2,
        "",
        f"error: no schemas in {str(tmp_path)!r}: expected v1/<event type>.json\n",
    )
