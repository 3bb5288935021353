"""Variants of payloads: their changes, that they fit, and that they are off by default."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from emulator.domain.candidate import COMPLETED, INVITED, REJECTED
from emulator.domain.payloads import v1
from emulator.domain.payloads.variants import VARIANTS, checked_variants, skills
from emulator.domain.sample import sample
from emulator.errors import UnknownNameError

if TYPE_CHECKING:
    from emulator.contracts.validation import Contracts

AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
OF = {
    INVITED: "candidate.invited",
    COMPLETED: "candidate.completed",
    REJECTED: "candidate.rejected",
}
"""State -> the event type of its change."""


def built(event: str, *observed: str, seed: int = 1) -> Any:
    return v1.payload(event, sample(event, AT, random.Random(seed)), observed)


def of(name: str) -> str:
    return OF[VARIANTS[name].state]


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_fits_the_schema(name: str, seed: int, contracts: Contracts) -> None:
    assert contracts.violations("v1", of(name), built(of(name), name, seed=seed)) == []


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_changes_only_the_keys_it_names(name: str) -> None:
    before, after = built(of(name)), built(of(name), name)
    keys = {path.split(".")[1].removesuffix("[]") for path in VARIANTS[name].changes.split(", ")}
    changed = {key for key in before["data"] if before["data"][key] != after["data"][key]}
    assert changed == keys
    assert list(before["data"]) == list(after["data"])
    for other in set(OF.values()) - {of(name)}:
        assert built(other, name) == built(other)


@pytest.mark.parametrize("seed", range(20))
def test_the_skills_of_a_test_add_up_to_the_test(seed: int) -> None:
    tests = built("candidate.completed", "skills", seed=seed)["data"]["testLibrary"]
    for test in tests:
        assert next(iter(test)) == "skills"
        assert sum(skill["totalSkillQuestion"] for skill in test["skills"]) == len(
            test["questions"]
        )
        right = sum(skill["totalCorrectSkillQuestion"] for skill in test["skills"])
        assert right == test["scoreAchieved"]
        for skill in test["skills"]:
            counts = [value for key, value in skill.items() if key != "description"]
            assert len(counts) == 4
            assert min(counts) >= 0
            assert skill["totalAttemptedSkillQuestion"] == skill["totalSkillQuestion"]
            assert skill["totalSkillQuestion"] == (
                skill["totalCorrectSkillQuestion"] + skill["totalWrongScoreQue"]
            )
            assert skill["description"].partition("_")[2] == test["testLibraryTitle"]


def test_a_test_without_questions_has_skills_of_nothing() -> None:
    assert [skill["totalSkillQuestion"] for skill in skills(["a", "b"], 0, 0)] == [0, 0]
    assert skills([], 3, 1) == []


def test_a_path_in_place_of_a_url_is_that_of_the_rejection() -> None:
    data = built("candidate.completed", "result_link_path")["data"]
    assert data["resultLink"].startswith("reports/pdf/assessment-candidate-report/")
    assert built("candidate.completed")["data"]["resultLink"].endswith(data["resultLink"])


def test_a_rejection_drops_the_points_of_the_tests() -> None:
    occurrence = sample("candidate.rejected", AT, random.Random(1))
    assert occurrence.candidate is not None
    assert occurrence.candidate.score is not None
    data = v1.payload("candidate.rejected", occurrence, ["score_drop"])["data"]
    dropped = sum(test.points for test in occurrence.candidate.tests)
    assert data["totalScoreAchieved"] == occurrence.candidate.score.points - dropped
    assert data["totalScore"] == occurrence.assessment.content.total_score
    assert data["avgScorePercentage"] == round(
        100 * data["totalScoreAchieved"] / data["totalScore"]
    )


@pytest.mark.parametrize(
    ("name", "shown"), [("Bikram", "Birkam"), ("Ada", "Aad"), ("Bo", "oB"), ("X", "X"), ("", "")]
)
def test_two_letters_of_the_invited_name_are_swapped(name: str, shown: str) -> None:
    occurrence = sample("candidate.invited", AT, random.Random(1))
    assert occurrence.candidate is not None
    candidate = msgspec.structs.replace(occurrence.candidate, first_name=name)
    occurrence = msgspec.structs.replace(occurrence, candidate=candidate)
    data = v1.payload("candidate.invited", occurrence, ["corrected_name"])["data"]
    assert data["firstName"] == shown


def test_a_new_score_follows_no_variant() -> None:
    assert built("candidate.score_updated", *VARIANTS) == built("candidate.score_updated")


def test_names_are_unique_and_in_the_order_of_the_table() -> None:
    assert checked_variants(["score_drop", "skills", "skills"]) == ("skills", "score_drop")


def test_an_unknown_name_is_refused_with_similar_names() -> None:
    with pytest.raises(UnknownNameError) as caught:
        checked_variants(["skills", "skils"], path="$.observed")
    assert str(caught.value) == (
        "no variant of payloads 'skils'; near: 'skills'; known: corrected_name, "
        "result_link_path, score_drop, skills (at $.observed[1])"
    )
