"""Scenarios may be untrusted: reading any text is bounded and linear."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from emulator.errors import ScenarioError
from emulator.scenario.loading import read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from emulator.receiver import Receiver
    from emulator.scenario.result import ScenarioResult

    Play = Callable[..., tuple[ScenarioResult, Receiver]]
    Text = Callable[..., str]

URL = {"CONSUMER_URL": "http://127.0.0.1:9/hook"}


def refusal(text: str, **variables: str) -> list[str]:
    with pytest.raises(ScenarioError) as refused:
        read("a.yaml", text.encode(), URL | variables)
    return [line for line in str(refused.value).splitlines() if line.startswith("a.yaml")]


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Bound processor time: far above linear reading, far below quadratic reading."""
    begun = time.process_time()
    yield
    assert time.process_time() - begun < seconds


@pytest.mark.slow
@pytest.mark.parametrize(
    "line",
    [
        "scenario: " + "${" * 300_000,
        'scenario: "' + "${" * 300_000 + '"',
        "# " + "${" * 300_000,
        'scenario: "' + "\ue024\ue07b" * 150_000 + '"',
        'scenario: "' + "${A}" * 200_000 + '"',
        'scenario: "' + "${!}" * 200_000 + '"',
    ],
    ids=["plain", "quoted", "comment", "hidden-ones", "unset", "broken"],
)
def test_openers_of_variables_are_read_in_linear_time(line: str) -> None:
    with at_most(10):
        assert refusal(f"{line}\n")


@pytest.mark.slow
def test_anchors_and_aliases_are_read_in_linear_time() -> None:
    items = ", ".join(f"&a{number} x, *a{number}" for number in range(10_000))
    with at_most(10):
        assert "unknown key 'a'" in refusal(f"scenario: s\na: [{items}]\n")[-1]


def test_a_small_text_that_variables_make_huge_is_refused() -> None:
    text = 'a: "' + "${A}" * 100_000 + '"\n'
    assert refusal(text, A="x" * 100_000) == [
        "a.yaml:1:4: more than 16000000 characters, with variables filled in and rounds counted"
    ]


def test_a_small_text_that_aliases_make_huge_is_refused(scenario: Text) -> None:
    text = scenario(f"  - send: {{payload: {{a: &a {'x' * 500_000}, b: [{'*a, ' * 40}]}}}}\n")
    (problem,) = refusal(text)
    assert problem.endswith(
        "more than 16000000 characters, with variables filled in and rounds counted"
    )


@pytest.mark.slow
def test_too_many_rounds_in_total_are_refused(scenario: Text) -> None:
    send = f"{{send: {{payload: {{a: '{'x' * 100_000}', b: '${{i}}'}}}}}}"
    (problem,) = refusal(scenario(f"  - repeat: {{times: 90000, as: i, steps: [{send}]}}\n"))
    assert problem.endswith(
        "more than 16000000 characters, with variables filled in and rounds counted"
    )
    send = f"{{send: {{payload: {{a: [{'1, ' * 5_000}], b: '${{i}}'}}}}}}"
    (problem,) = refusal(scenario(f"  - repeat: {{times: 90000, as: i, steps: [{send}]}}\n"))
    assert problem.endswith("more than 1000000 values, with variables filled in and rounds counted")


def test_values_filled_with_captures_are_bounded_for_the_whole_run(
    play: Play, scenario: Text
) -> None:
    """Each step alone stays below the bound; together they don't."""
    big = "x" * 50_000
    steps = (
        f"  - send: {{payload: {{a: {big}}}}}\n"
        "  - capture: {as: X, from: {event: test}, path: a}\n"
        f"  - repeat: {{times: 4, steps: [{{send: {{payload: {{b: '{'${X}' * 100}'}}}}}}]}}\n"
    )
    result, receiver = play(scenario(steps))
    assert "more than 16000000 characters" in result.steps[-1].message
    assert result.steps[-1].message.startswith("round 4, ")
    assert len(receiver.requests) == 4


def test_rounds_without_a_number_are_read_once(scenario: Text) -> None:
    steps = "  - repeat: {times: 99999, steps: [{wait: 1s}]}\n"
    with at_most(2):
        (placed,) = read("a.yaml", scenario(steps).encode(), URL).steps
    assert len(placed.step.steps) == 99_999  # type: ignore[union-attr]
    too_many = steps + "  - repeat: {times: 2, steps: [{wait: 1s}]}\n"
    assert refusal(scenario(too_many)) == [
        "a.yaml:8:21: 2 rounds of 1 step; a scenario has 100000 steps at most"
    ]


def test_a_file_with_many_problems_is_read_no_further() -> None:
    problems = refusal("".join(f"key{number}: 1\n" for number in range(1_000)))
    assert len(problems) == 102
    assert problems[-1] == "a.yaml: more than 100 problems; the rest is not read"


def test_parallel_has_an_end(scenario: Text) -> None:
    assert refusal(scenario(f"  - parallel: [{'{enroll: ada}, ' * 1_001}]\n")) == [
        "a.yaml:7:15: 1001 items; expected at most 1000"
    ]


@pytest.mark.parametrize(
    ("title", "read_as"), [("\ue041", "\ue041"), ("\ue041 ${T:-b}", "\ue041 b")]
)
def test_characters_that_hiding_uses_are_text_like_any_other(
    scenario: Text, title: str, read_as: str
) -> None:
    """Icon fonts have theirs in Unicode's private use area."""
    text = scenario(f'  - create_assessment: {{title: "{title}"}}\n')
    (placed,) = read("a.yaml", text.encode(), URL).steps
    assert placed.step.title == read_as  # type: ignore[union-attr]
