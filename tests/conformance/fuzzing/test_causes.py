"""Which failures of sequences have one cause, and which findings are reported."""

from __future__ import annotations

from typing import Any

from emulator.conformance.fuzzing.causes import Failure, causes, unexplained
from emulator.conformance.fuzzing.findings import FuzzFinding, chosen

STATUS = Failure("status", "ada: status is 'INVITED', expected 'ENROLLED'")
COUNT = Failure("completions", "ada: completions is 2, expected 1")


def _sequence(*commands: str, **mischief: int) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"do": command, "after": 0} for command in commands]
    steps[-1] |= mischief
    return {"candidates": [steps]}


def test_equal_changes_with_equal_failures_are_one_cause() -> None:
    known = causes(_sequence("invite", "enroll", delay=1), [STATUS])
    assert unexplained(_sequence("invite", "expire", delay=3, duplicate=1), [STATUS], known) == []


def test_a_failure_of_another_kind_is_news() -> None:
    late = _sequence("invite", "enroll", delay=1)
    assert unexplained(late, [STATUS, COUNT], causes(late, [STATUS])) == [COUNT]


def test_a_failure_after_other_changes_is_a_new_finding() -> None:
    known = causes(_sequence("invite", "enroll", delay=1), [STATUS])
    assert unexplained(_sequence("invite", "enroll", duplicate=1), [STATUS], known) == [STATUS]


def test_every_kind_of_repeated_message_is_one_cause() -> None:
    known = causes(_sequence("invite", duplicate=1), [COUNT])
    assert unexplained(_sequence("invite", retry=1), [COUNT], known) == []


def test_without_changes_the_commands_are_the_cause() -> None:
    known = causes(_sequence("invite", "expire"), [STATUS])
    assert unexplained(_sequence("invite", "enroll"), [STATUS], known) == [STATUS]
    assert unexplained(_sequence("invite", "expire", delay=1), [STATUS], known) == []


def test_findings_of_different_causes_are_reported_first() -> None:
    found = [FuzzFinding("payload", str(number), cause) for number, cause in enumerate("aaabbc")]
    assert [one.title for one in chosen(found, 4)] == ["0", "3", "5", "1"]
