from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from emulator.errors import ScenarioError
from emulator.scenario.loading import of, read, read_file
from emulator.scenario.matchers import Matcher
from emulator.scenario.problems import Problems
from emulator.scenario.steps.expectations import ExpectStep
from emulator.scenario.steps.probing import ProbeStep
from emulator.scenario.steps.subjects import CreateAssessmentStep, InviteStep
from emulator.scenario.steps.table import STEPS
from emulator.scenario.steps.waiting import WaitStep
from emulator.scenario.variables import Room, Scope, filled
from emulator.scenario.yaml_source import LARGEST, parse

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

TEXT = """\
scenario: Something
webhooks: v1
consumer:
  - payload_url: ${CONSUMER_URL}/hook
    events: [candidate.status_changed]
    headers: {X-Webhook-Token: ${TOKEN:-s3cret}, X-Number: ${NUMBER:-5}}
steps:
"""


def _parsed(text: str, **variables: str) -> Any:
    problems = Problems("a.yaml")
    node = parse(text.encode(), problems)
    assert node is not None
    plain = filled(node, Scope(variables), problems).plain()
    assert not problems, str(problems)
    return plain


def test_variables_are_filled_in_at_every_place() -> None:
    steps = '  - create_assessment: {as: job, title: "The ${WHAT} of ${WHO:-nobody, really}"}\n'
    variables = {"CONSUMER_URL": "http://127.0.0.1:9/a", "WHAT": "job: #1"}
    document = read("a.yaml", (TEXT + steps).encode(), variables).document
    assert document.consumer[0].payload_url == "http://127.0.0.1:9/a/hook"
    assert document.consumer[0].headers == {"X-Webhook-Token": "s3cret", "X-Number": "5"}
    step = document.steps[0].step
    assert isinstance(step, CreateAssessmentStep)
    assert step.title == "The job: #1 of nobody, really"


def test_a_variable_without_quotes_has_the_type_of_its_value() -> None:
    text = "a: ${N}\nb: '${N}'\nc: ${T}\nd: {e: ${X:-null}, f: ${D:-1d}}\n"
    assert _parsed(text, N="7", T="true") == {
        "a": 7,
        "b": "7",
        "c": True,
        "d": {"e": None, "f": "1d"},
    }


def test_a_value_is_never_substituted_twice() -> None:
    assert _parsed("a: ${N}", N="${M}", M="no") == {"a": "${M}"}


def test_a_variable_in_a_comment_is_none() -> None:
    assert _parsed("# ${UNSET}\na: 1 # ${UNSET}\n") == {"a": 1}


def test_a_variable_that_is_a_number_can_be_text() -> None:
    steps = "  - create_assessment: {as: job, title: ${TITLE}}\n  - publish: ${NAME:-job}\n"
    variables = {"CONSUMER_URL": "http://127.0.0.1:9", "TITLE": "2026"}
    step = read("a.yaml", (TEXT + steps).encode(), variables).document.steps[0].step
    assert isinstance(step, CreateAssessmentStep)
    assert step.title == "2026"


@pytest.mark.parametrize(
    ("more", "expected"),
    [({}, "http://[::1]:9"), ({"CONSUMER_ORIGIN": "http://127.0.0.1:1"}, "http://127.0.0.1:1")],
)
def test_the_origin_of_the_consumer_follows_from_its_url(
    more: dict[str, str], expected: str
) -> None:
    variables = {"CONSUMER_URL": "http://[::1]:9/hook?a=1", **more}
    steps = '  - probe: {get: "${CONSUMER_ORIGIN}/c", expect: {status: 200}}\n'
    step = read("a.yaml", (TEXT + steps).encode(), variables).document.steps[0].step
    assert isinstance(step, ProbeStep)
    assert step.get == f"{expected}/c"


def test_scalars_are_those_of_yaml_1_2() -> None:
    text = (
        "a: yes\nb: 012\nc: 1_000\nd: 2026-01-01\ne: 1e3\nf: ~\ng: !!str 14\nh: '14'\n"
        "i: 0x1F\nj: -3\nk: |\n  7\nl: !!int '8'\nm: .5\n"
    )
    assert _parsed(text) == {
        "a": "yes", "b": 12, "c": "1_000", "d": "2026-01-01", "e": 1000.0, "f": None, "g": "14",
        "h": "14", "i": "0x1F", "j": -3, "k": "7\n", "l": 8, "m": 0.5,
    }  # fmt: skip


def test_an_alias_is_replaced_by_its_anchor() -> None:
    text = "a: &a {x: 1}\nb: *a\nc: &a [2]\nd: *a\n"
    assert _parsed(text) == {"a": {"x": 1}, "b": {"x": 1}, "c": [2], "d": [2]}


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert _parsed("\ufeffa: 1\n") == {"a": 1}


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "absent.yaml"
    with pytest.raises(ScenarioError) as refused:
        read_file(path, {})
    assert str(refused.value) == f"{path}: can't be read: no such file or directory"


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="is a directory"):
        read_file(tmp_path, {})


def test_a_file_that_is_too_large_is_not_even_parsed(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    path.write_bytes(b"- " * (10 * LARGEST))
    with pytest.raises(ScenarioError) as refused:
        read_file(path, {})
    assert str(refused.value) == (
        f"{path}:1:1: more than 1000000 bytes; a scenario is not that large"
    )


@pytest.mark.slow
def test_too_many_values_are_refused() -> None:
    text = f"scenario: x\nsteps: [{'x, ' * 50_000}]\n"
    with pytest.raises(ScenarioError) as refused:
        read("a.yaml", text.encode(), {})
    message = "a.yaml:2:150000: more than 50000 values, aliases counted"
    assert str(refused.value).startswith(message)


def test_a_step_keeps_its_line_and_its_words() -> None:
    steps = "  - create_assessment:\n  -\n    wait: 1h\n  - wait: {duration: 90s}\n"
    variables = {"CONSUMER_URL": "http://127.0.0.1:9"}
    scenario = read("a.yaml", (TEXT + steps).encode(), variables)
    found = [(placed.name, placed.detail, placed.line) for placed in scenario.steps]
    assert found == [
        ("create_assessment", "", 8),
        ("wait", "1h", 10),
        ("wait", "duration: 90s", 11),
    ]
    waits = [
        float(step.step.duration) for step in scenario.steps if isinstance(step.step, WaitStep)
    ]
    assert waits == [3600, 90]


def test_an_expectation_is_read_whole() -> None:
    steps = (
        "  - create_assessment: {as: job}\n"
        "  - invite: {as: ada, to: job}\n"
        "  - expect: {event: candidateStatusChanged, candidate: ada, "
        "where: {'data.a[1].b': [1, {c: true}]}, answered: 2XX, count: 0, within: 5s}\n"
    )
    variables = {"CONSUMER_URL": "http://127.0.0.1:9"}
    scenario = read("a.yaml", (TEXT + steps).encode(), variables)
    invite, expect = scenario.steps[1].step, scenario.steps[2].step
    assert isinstance(invite, InviteStep)
    assert isinstance(expect, ExpectStep)
    assert expect.event == "candidate.status_changed"
    assert [path.parts for path in expect.where] == [("data", "a", 1, "b")]
    assert list(expect.where.values()) == [Matcher("is", [1, {"c": True}])]
    assert (expect.answered, expect.count, expect.within) == ("2xx", 0, 5.0)
    assert scenario.steps[2].detail.startswith("event: candidateStatusChanged, candidate: ada")


def test_a_null_counts_as_left_out_where_a_key_may_be() -> None:
    steps = "  - create_assessment: {as: ~, title: ~}\n"
    variables = {"CONSUMER_URL": "http://127.0.0.1:9"}
    step = read("a.yaml", (TEXT + steps).encode(), variables).steps[0].step
    assert step == CreateAssessmentStep()


@pytest.mark.parametrize("name", STEPS)
def test_each_step_has_a_description_and_an_example(name: str) -> None:
    kind = STEPS[name]
    assert kind.__doc__
    assert kind.__doc__.splitlines()[0].endswith(".")
    assert kind.example.startswith(f"{name}: ")
    before = "  - create_assessment: {as: %s}\n  - invite: {as: %s, to: %s}\n"
    names = {"create_assessment": ("x", "y", "x"), "invite": ("job", "y", "job")}
    before %= names.get(name, ("job", "ada", "job"))
    body = f"{TEXT}{before}  - {kind.example}\n".encode()
    scenario = read("a.yaml", body, {"CONSUMER_URL": "http://127.0.0.1:9"})
    assert isinstance(scenario.steps[-1].step, kind)


def test_a_scenario_from_elsewhere_reads_no_file_and_runs_no_command(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text("{}")
    steps = (
        "  - send: {data: secret.json}\n"
        "  - capture: {as: X, get: 'http://127.0.0.1:9'}\n"
        "  - capture: {as: Y, command: [cat, '${X}']}\n"
        "  - repeat: {times: 2, steps: [{probe: {command: [ls], expect: {exit: 0}}}]}\n"
        "  - send: {data: '${X}'}\n"
    )
    variables = {"CONSUMER_URL": "http://127.0.0.1:9"}
    body, file = (TEXT + steps).encode(), str(tmp_path / "a.yaml")
    scenario = read(file, body, variables)  # from here, it may
    with pytest.raises(ScenarioError) as refused:
        read(file, body, variables, files={})
    problems = [line for line in str(refused.value).splitlines() if line.startswith(file)]
    where = "for a scenario from another machine"
    assert problems == [
        (
            f"{file}:8:18: no file 'secret.json' was sent with the scenario; files of this machine"
            " are not read"
        ),
        f"{file}:10:31: no command is run {where}",
        f"{file}:11:50: no command is run {where}",
    ]
    assert len(scenario.steps) == 5


def test_a_file_that_is_named_by_a_captured_value_is_refused_from_elsewhere_too() -> None:
    steps = "  - capture: {as: X, get: 'http://127.0.0.1:9'}\n  - send: {data: '${X}'}\n"
    variables = {"CONSUMER_URL": "http://127.0.0.1:9"}
    scenario = read("a.yaml", (TEXT + steps).encode(), variables, files={})
    with pytest.raises(ScenarioError, match="files of this machine are not read"):
        scenario.steps[-1].ready({"X": "/etc/passwd"}, Room())


def test_a_scenario_of_plain_data_names_the_step_that_is_wrong() -> None:
    """Nothing is filled in: the data has values already."""
    document = {
        "scenario": "Plain",
        "consumer": [{"payload_url": "http://127.0.0.1:9", "events": ["invited"]}],
        "steps": [{"create_assessment": {"as": "job", "title": "${TITLE}"}}, {"wait": "2h"}],
    }
    scenario = of(document)
    assert [(one.name, one.line) for one in scenario.steps] == [
        ("create_assessment", 1),
        ("wait", 2),
    ]
    assert isinstance(step := scenario.steps[0].step, CreateAssessmentStep)
    assert step.title == "${TITLE}"
    with pytest.raises(ScenarioError, match=r"Plain:2:1: a duration without a unit: 2"):
        of({**document, "steps": [document["steps"][0], {"wait": 2}]})
