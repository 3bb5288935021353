"""The verbs that print documents: ``list``, ``schema``, ``completion``."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from emulator import data
from emulator.domain import assessment, candidate
from emulator.domain.events import EVENT_TYPES, EVENTS_OF
from emulator.scenario.steps.table import STEPS

if TYPE_CHECKING:
    from tests.conftest import Cli


def listed(cli: Cli, what: str) -> dict[str, str]:
    """Return name -> line of a list."""
    code, out, err = cli("list", what)
    assert (code, err) == (0, "")
    rows = [line.partition("  ") for line in out.splitlines()]
    assert all(name and text.strip() for name, _, text in rows)
    return {name: text.strip() for name, _, text in rows}


def test_every_event_type_is_listed_with_its_word_and_provenance(cli: Cli) -> None:
    rows = listed(cli, "events")
    assert list(rows) == list(EVENT_TYPES)
    assert rows["candidate.invited"] == "a candidate was invited [v1 event 'invited'; assumed]"
    assert rows["candidate.invitation_expired"] == (
        "the invitation expired [v1 has no event key; documented]"
    )


def test_the_event_types_of_v2_are_listed_with_their_names(cli: Cli) -> None:
    code, out, _ = cli("list", "events", "--webhooks", "v2")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == list(EVENTS_OF["v2"])
    assert "[event 'completed'; its name observed]" in out


def test_a_schema_of_v2_is_printed(cli: Cli) -> None:
    code, out, _ = cli("schema", "candidate.completed", "--webhooks", "v2")
    assert (code, json.loads(out)["$id"].endswith("/v2/candidate.completed.json")) == (0, True)
    refused = cli("schema", "candidate.invited", "--webhooks", "v2")
    assert refused.code == 2
    assert "no v2 event type 'candidate.invited'" in refused.err


def test_every_row_of_the_lifecycles_is_listed(cli: Cli) -> None:
    code, out, err = cli("list", "commands")
    assert (code, err) == (0, "")
    tables = (candidate.LIFECYCLE, assessment.LIFECYCLE)
    assert len(out.splitlines()) == sum(len(one.rows) for one in tables)
    words = [line.split() for line in out.splitlines()]
    for table in tables:
        for row in table.rows:
            start = [table.subject, row.command, row.state or "new", "->", f"{row.next_state}:"]
            assert start in [line[:5] for line in words]


def test_every_bundled_scenario_is_listed(cli: Cli) -> None:
    names = [path.name.removesuffix(".yaml") for path in data.scenarios().iterdir()]
    assert sorted(listed(cli, "scenarios")) == sorted(names)


def test_every_step_is_listed_with_an_example(cli: Cli) -> None:
    rows = listed(cli, "steps")
    assert list(rows) == list(STEPS)
    assert all(f"Example: {name}" in text for name, text in rows.items())


def test_an_unknown_list_is_refused(cli: Cli) -> None:
    message = (
        "Usage: testlify-emulator list [OPTIONS]\n"
        "                              {events|commands|scenarios|steps|faults|checks}\n"
        "Try 'testlify-emulator list --help' for help.\n\n"
        "Error: Invalid value for '{events|commands|scenarios|steps|faults|checks}': 'webhooks' is "
        "not one of 'events', 'commands', 'scenarios', 'steps', 'faults', 'checks'.\n"
    )
    assert cli("list", "webhooks") == (2, "", message)


@pytest.mark.parametrize("event", ["candidate.completed", "completed"])
def test_a_schema_is_printed_self_contained(cli: Cli, event: str) -> None:
    code, out, err = cli("schema", event)
    assert (code, err) == (0, "")
    document = json.loads(out)
    assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert document["$id"].endswith("/v1/candidate.completed.json")
    assert out.count('"$ref": "') == out.count('"$ref": "#') > 0


def test_a_schema_of_an_unknown_event(cli: Cli) -> None:
    known = ", ".join(sorted(EVENT_TYPES))
    assert cli("schema", "hired") == (2, "", f"error: no event type 'hired'; known: {known}\n")


def test_the_document_of_each_api_is_printed(cli: Cli) -> None:
    printed = [cli("openapi", *words) for words in ([], ["--control"])]
    assert [(code, err) for code, _, err in printed] == [(0, "")] * 2
    provider, control = (json.loads(out) for _, out, _ in printed)
    assert "/v1/webhook" in provider["paths"]
    assert "/_emulator/workspaces" in control["paths"]


def test_one_call_of_openapi_describes_one_api(cli: Cli) -> None:
    code, out, err = cli("openapi", "--control", "--as-consumer", "http://127.0.0.1:9000/hook")
    assert (code, out) == (2, "")
    assert err.endswith("Error: --as-consumer and --control exclude each other\n")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_is_printed(cli: Cli, shell: str) -> None:
    code, out, err = cli("completion", shell)
    assert (code, err) == (0, "")
    assert f"_TESTLIFY_EMULATOR_COMPLETE={shell}_complete" in out


def test_a_completion_for_an_unknown_shell(cli: Cli) -> None:
    message = (
        "Usage: testlify-emulator completion [OPTIONS] {bash|zsh|fish}\n"
        "Try 'testlify-emulator completion --help' for help.\n\n"
        "Error: Invalid value for '{bash|zsh|fish}': 'csh' is not one of 'bash', 'zsh', 'fish'.\n"
    )
    assert cli("completion", "csh") == (2, "", message)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("testlify-emulator re", ["replay", "ready"]),
        ("testlify-emulator list s", ["scenarios", "steps"]),
        ("testlify-emulator serve --clock v", ["virtual"]),
    ],
)
def test_the_script_of_bash_completes(words: str, offered: list[str]) -> None:
    """Bash itself takes the script in and asks it."""
    bash, command = shutil.which("bash"), shutil.which("testlify-emulator")
    folder = os.path.dirname(sys.executable)  # noqa: PTH120 - its links are not to be followed
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    assert bash
    assert command or shutil.which("testlify-emulator", path=path)
    script = (
        'eval "$(testlify-emulator completion bash)"\n'
        f"COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))\n"
        "_testlify_emulator_completion testlify-emulator\n"
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    ran = subprocess.run(
        [bash, "-c", script],
        capture_output=True,
        text=True,
        env=dict(os.environ, PATH=path),
        timeout=30,
    )
    assert (ran.returncode, ran.stdout.split(), ran.stderr) == (0, offered, "")
