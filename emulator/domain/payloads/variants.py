"""Variants of payloads, sent only by workspaces that ask for them.

The reference shows or reports each variant, but not as the rule. A variant edits the data of a
status change that is already built.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec

from emulator.domain.candidate import COMPLETED, INVITED, REJECTED
from emulator.domain.events import Provenance
from emulator.domain.occurrence import Occurrence
from emulator.domain.payloads.links import report_path
from emulator.errors import UnknownNameError

_Data = dict[str, Any]


class Variant(msgspec.Struct, frozen=True):
    """One optional variant of the payloads of a status change.

    Attributes:
        name: for settings.
        state: the candidate's; the payloads of other states stay as they are.
        changes: where the payload differs.
        known: the facts in the reference.
        does: the payload that is sent.
        provenance: of the form; that it is sent in this place may still be our choice.
        edit: changes ``data``.
    """

    name: str
    state: str
    changes: str
    known: str
    does: str
    provenance: Provenance
    edit: Callable[[_Data, Occurrence], None]


def varied(data: _Data, occurrence: Occurrence, names: Iterable[str]) -> _Data:
    """Return *data* of a status change as the variants called *names* have it; changes it."""
    for name in names:
        variant = VARIANTS[name]
        if variant.state == occurrence.who.state:
            variant.edit(data, occurrence)
    return data


def checked_variants(names: Iterable[str], *, path: str | None = None) -> tuple[str, ...]:
    """Return *names* without repeats, in the order of the table.

    Raises:
        UnknownNameError: no such variant; the message has similar names.
    """
    wanted = list(names)
    for index, name in enumerate(wanted):
        if name not in VARIANTS:
            at = None if path is None else f"{path}[{index}]"
            raise UnknownNameError("variant of payloads", name, VARIANTS, path=at, show_all=True)
    return tuple(name for name in VARIANTS if name in wanted)


def skills(descriptions: Sequence[str], questions: int, correct: int) -> list[_Data]:
    """Return the skills of a test with their results, as a completion shows them.

    The questions are spread over the skills, and so are the correct answers; every question is
    attempted. The sums are those of the test.

    Args:
        descriptions: of the skills, in order.
        questions: of the test.
        correct: how many of them were answered correctly.
    """
    shown = []
    for number, description in enumerate(descriptions):
        before, after = (questions * n // len(descriptions) for n in (number, number + 1))
        total = after - before
        right = _share(correct, after, questions) - _share(correct, before, questions)
        shown.append(
            {
                "description": description,
                "totalSkillQuestion": total,
                "totalWrongScoreQue": total - right,
                "totalCorrectSkillQuestion": right,
                "totalAttemptedSkillQuestion": total,
            }
        )
    return shown


def _share(correct: int, of: int, questions: int) -> int:
    return correct * of // questions if questions else 0


def _skills(data: _Data, occurrence: Occurrence) -> None:
    tests, scores = occurrence.assessment.content.tests, occurrence.who.tests
    data["testLibrary"] = [
        {
            "skills": skills(
                # Consumers cut it at the first "_"; the text after it is assumed.
                [f"{skill.name}_{test.title}" for skill in test.skills],
                test.question_limit,
                score.points,
            )
        }
        | shown
        for test, score, shown in zip(tests, scores, data["testLibrary"], strict=True)
    ]


def _result_link_path(data: _Data, occurrence: Occurrence) -> None:
    data["resultLink"] = report_path(occurrence.who)


def _score_drop(data: _Data, occurrence: Occurrence) -> None:
    candidate, content = occurrence.who, occurrence.assessment.content
    in_tests = sum(test.points for test in candidate.tests)
    points = max(0, data["totalScoreAchieved"] - in_tests)
    data["totalScore"] = max(content.total_score, points)
    data["totalScoreAchieved"] = points
    data["avgScorePercentage"] = round(100 * points / data["totalScore"])


def _corrected_name(data: _Data, _: Occurrence) -> None:
    name = data["firstName"]
    at = max(0, min(2, len(name) - 2))
    data["firstName"] = name[:at] + name[at : at + 2][::-1] + name[at + 2 :]


VARIANTS: Mapping[str, Variant] = MappingProxyType(
    {
        one.name: one
        for one in (
            Variant(
                "skills",
                COMPLETED,
                "data.testLibrary[].skills",
                "consumers read skills with their results from the tests of a completion, and cut "
                "`description` at `_`; no documented payload has them, and one consumer throws "
                "without them",
                "each test has its skills: `description`, `totalSkillQuestion`, "
                "`totalAttemptedSkillQuestion`, `totalCorrectSkillQuestion`, `totalWrongScoreQue`; "
                "the sums are those of the test, every question is attempted (assumed)",
                "observed",
                _skills,
            ),
            Variant(
                "result_link_path",
                COMPLETED,
                "data.resultLink",
                "the rejection under Score Updated has a path without scheme, Completed a URL",
                "completions have the path, too (assumed)",
                "documented",
                _result_link_path,
            ),
            Variant(
                "score_drop",
                REJECTED,
                "data.totalScore, data.totalScoreAchieved, data.avgScorePercentage",
                "along the examples of one candidate the points drop from 14 to 10 with the "
                "rejection, by those of the tests, and the total goes back to all that could be "
                "had",
                "the same; a rejection else keeps the score as it was",
                "documented",
                _score_drop,
            ),
            Variant(
                "corrected_name",
                INVITED,
                "data.firstName",
                "the first name in Invited is misspelt, and right from Enrolled on",
                "two letters of the first name are swapped in Invited alone: the candidate "
                "corrects it (assumed)",
                "documented",
                _corrected_name,
            ),
        )
    }
)
"""Name -> variant."""
