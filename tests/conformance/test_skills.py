"""Checks of consumers that read the skills of a completion."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from emulator.conformance.quick_checks import run

if TYPE_CHECKING:
    from collections.abc import Callable

FORMS = ("rich", "empty", "absent")


def reading(read: Callable[[Any], object], got: list[Any]) -> Any:
    """Return a consumer of completions that answers 500 when *read* can't read a test."""

    async def consumer(_: object, receive: Any, send: Any) -> None:
        data = json.loads((await receive())["body"]).get("data", {"testLibrary": []})
        status = 200
        try:
            for test in data["testLibrary"]:
                read(test)
            got.append(data)
        except (IndexError, KeyError):
            status = 500
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    return consumer


@pytest.mark.parametrize(
    ("read", "passing"),
    [
        (lambda test: test["skills"][0]["description"].split("_")[0], {"rich"}),
        (lambda test: [skill["totalWrongScoreQue"] for skill in test["skills"]], {"rich", "empty"}),
        (lambda test: test.get("skills"), {"rich", "empty", "absent"}),
    ],
)
def test_each_form_of_skills_is_asked_about(
    read: Callable[[Any], object], passing: set[str]
) -> None:
    got: list[Any] = []
    results = run(
        reading(read, got),
        events=("candidate.completed",),
        only=[f"tolerates.skills-{form}" for form in FORMS],
    )
    outcomes = {result.check.name.partition("-")[2]: result.outcome for result in results}
    assert {form for form, outcome in outcomes.items() if outcome == "passed"} == passing
    assert set(outcomes) == set(FORMS)
    assert {one["status"] for one in got if one["testLibrary"]} == {"COMPLETED"}


def test_the_results_of_the_skills_agree_with_the_test() -> None:
    got: list[Any] = []
    run(reading(lambda _: None, got), only=["tolerates.skills-rich"])
    (completion,) = (one for one in got if one["testLibrary"])
    for test in completion["testLibrary"]:
        total = {key: sum(skill[key] for skill in test["skills"]) for key in test["skills"][0]
                 if key != "description"}  # fmt: skip
        assert total["totalSkillQuestion"] == len(test["questions"])
        assert total["totalCorrectSkillQuestion"] == test["scoreAchieved"]
        assert total["totalWrongScoreQue"] == len(test["questions"]) - test["scoreAchieved"]
