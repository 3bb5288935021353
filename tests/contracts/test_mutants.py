"""What is not the payload is refused, and both validators say so alike."""

from __future__ import annotations

import copy
import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from emulator import data
from emulator.contracts.validation import Contracts
from tests.contracts import judging

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

pytestmark = pytest.mark.slow

Path = tuple[str | int, ...]

CONTRACTS = Contracts()


def trimmed(value: Any) -> Any:
    """Return an example with its long lists cut short: a fourth item teaches nothing."""
    if isinstance(value, dict):
        return {
            key: trimmed(one) if key == "grading" or not isinstance(one, list) else trimmed(one[:3])
            for key, one in value.items()
        }
    return [trimmed(one) for one in value] if isinstance(value, list) else value


EXAMPLES: dict[str, Any] = {
    file.name.removesuffix(".json"): trimmed(json.loads(file.read_bytes()))
    for file in sorted(
        (data.schemas() / "v1" / "examples").iterdir(), key=lambda one: one.name
    )
}  # fmt: skip

# What a mutant may change and still be a payload: why, the JSON type that both values have, and
# the keys. The last of the mutation tests finds each key needed.
OPEN = [
    ("people and organisations are called anything", "string", "firstName lastName orgName"),
    (
        "customers write titles and texts", "string",
        (
            "aiPrompt assessment assessmentInstructions assessmentName assessmentTitle "
            "database description extendedDescription input jobRoleName label name "
            "otherJobRole output question relevancy reviewRemark testLibraryTitle "
            "testLibraryTypeName testTypeName title"
        ),
    ),
    (
        "proctoring notes what it gets, a masked address or xx for a longitude", "string",
        (
            "city country device location recentLatitude recentLocation recentLongitude "
            "startIPAddress state"
        ),
    ),
    (
        "seen with one or two words, others are likely", "string",
        "defaultLanguage difficultyLevel language targetAudience",
    ),
    (
        "seen empty only, a string by its name", "string",
        (
            "capturedScreenImageBasePath docLink publicInviteLink redirectUrl sourceId "
            "welcomeVideoPath"
        ),
    ),
    ("another address is an address", "string", "email recipientForNotification"),
    ("an id or an empty string", "string", "defaultCodingLanguageId orgId"),
    (
        "customers switch it", "boolean",
        (
            "aiGenerated attemptTestLibrariesRequired candidateInfo disableFullScreen "
            "enableGrammarly enableNavigationToPreviousQuestions expectedAnswer "
            "forceFullScreen isCefrReportRequired isCommentAllowed isCommentMandatory "
            "isDefault isHidden isMandatory isPsychometricTest locationAccess "
            "performanceAnalytics proctoringInfo questionAsked sendAssessmentResultEmail "
            "skipRegistration snapshotCaptureRequired statusLogs "
            "webcamAndMicrophoneAccessRequired"
        ),
    ),
    (
        "it happened, or not", "boolean",
        (
            "isAnswered isAnsweredCorrect isCorrect isFilledFromSameIP isFullScreenActive "
            "isMicEnabled isMouseInAssessmentWindow"
        ),
    ),
    (
        "a count or a time may be 0", "integer",
        (
            "duration max maxQuestionLimit maximumScore min numberOfAttempts questionLimit "
            "scoreAchieved screenLeftByCandidateCount timeLimit timeSpentOutside "
            "totalCustomQuestion totalQuestion totalScore totalScoreAchieved "
            "totalTestElapsedTime totalTestLibrary totalTestTimeLimit totalTime"
        ),
    ),
    (
        "a figure may be 0 or have fractions", "number",
        "avgScorePercentage elapseDuration elapsedTime reviewRating scorePercentage",
    ),
    (
        "there may be none", "array",
        (
            "codingLanguages customFields customQuestion customQuestions options "
            "qualificationQuestions questions recipientForNotification skills testCases "
            "testLibrary"
        ),
    ),
]  # fmt: skip
EXCUSES = {(key, kind) for _, kind, keys in OPEN for key in keys.split()}
VALUES: list[Any] = [
    None, True, False, 0, -1, 1.5, 10**15, "", "x", "null", [], [None], {}, {"x": 1},
]  # fmt: skip


def kinds(value: object) -> set[str]:
    if isinstance(value, bool):
        return {"boolean"}
    if isinstance(value, int):
        return {"integer", "number"}
    names: dict[type, str] = {str: "string", float: "number", list: "array", dict: "object"}
    return {names.get(type(value), "null")}


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the path of every value below *value*."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, one in list(inner):
        yield (*path, key)
        if isinstance(one, dict | list):
            yield from places(one, (*path, key))


def at(payload: Any, path: Path) -> Any:
    for part in path:
        payload = payload[part]
    return payload


def replacements(value: Any) -> list[Any]:
    """Return values to put in the place of *value*, none of them the same to JSON."""
    others = list(VALUES)
    if isinstance(value, str):
        others += [value + "~", value + "\n", "\n" + value, value.swapcase()]
    if isinstance(value, bool):
        others.append(not value)
    if isinstance(value, list):
        others += [[*value, None], [*value, *value, "x"]]
    if isinstance(value, dict):
        others.append({**value, "unknownKey": 1})
    return [one for one in others if json.dumps(one) != json.dumps(value)]


def named(path: Path) -> str:
    """Return the key that a place belongs to; an item's is its list's."""
    return next(str(part) for part in reversed(path) if isinstance(part, str))


def excuse(path: Path, before: Any, after: Any) -> tuple[str, str] | None:
    """Return the key and type by which *after* may replace *before*."""
    for kind in sorted(kinds(before) & kinds(after)):
        if (named(path), kind) in EXCUSES:
            return named(path), kind
    return None


def survivors(name: str, keys: Container[str] | None = None) -> Iterator[tuple[Path, Any, Any]]:
    """Yield place, old and new value of each single mutant that still fits.

    Args:
        keys: whose values change; all when left out.
    """
    event = ".".join(name.split(".")[:2])
    payload = copy.deepcopy(EXAMPLES[name])
    for path in places(EXAMPLES[name]):
        if keys is not None and named(path) not in keys:
            continue
        owner, key, before = at(payload, path[:-1]), path[-1], at(payload, path)
        for after in replacements(before):
            owner[key] = after
            if CONTRACTS.fits("v1", event, payload):
                yield path, before, after
        owner[key] = before
    assert payload == EXAMPLES[name]


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_changed_value_is_refused_or_excused(name: str) -> None:
    unexcused = [survivor for survivor in survivors(name) if excuse(*survivor) is None]
    assert unexcused == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_missing_key_is_refused(name: str) -> None:
    event = ".".join(name.split(".")[:2])
    for path in places(EXAMPLES[name]):
        payload = copy.deepcopy(EXAMPLES[name])
        owner = at(payload, path[:-1])
        if isinstance(owner, dict):
            del owner[path[-1]]
            assert not CONTRACTS.fits("v1", event, payload), path


def test_each_excuse_is_needed() -> None:
    unused = set(EXCUSES)
    for name in EXAMPLES:
        keys = {key for key, _ in unused}
        unused -= {found for survivor in survivors(name, keys) if (found := excuse(*survivor))}
    assert unused == set()


def test_grades_are_six() -> None:
    payload = copy.deepcopy(EXAMPLES["assessment.updated"])
    payload["data"]["grading"].pop()
    assert [
        str(violation) for violation in CONTRACTS.violations("v1", "assessment.updated", payload)
    ] == ["$.data.grading: must have at least 6 items"]


def mutate(payload: Any, draw: random.Random) -> None:
    """Change one place of *payload*: another value, or no key at all."""
    path = draw.choice(list(places(payload)))
    owner = at(payload, path[:-1])
    if isinstance(owner, dict) and draw.random() < 0.2:
        del owner[path[-1]]
    else:
        owner[path[-1]] = draw.choice(replacements(at(payload, path)))


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("changes", [1, 2])
def test_both_validators_find_the_same(name: str, changes: int) -> None:
    """40 mutants, the same in every run: 1,600 in all, as the examples share definitions."""
    event = ".".join(name.split(".")[:2])
    draw = random.Random(f"{name} {changes}")
    for _ in range(40):
        payload = copy.deepcopy(EXAMPLES[name])
        for _ in range(changes):
            mutate(payload, draw)
        ours = CONTRACTS.violations("v1", event, payload)
        # A final line break breaks another rule of the same definition in Python, hence places.
        assert {one.path for one in ours} == judging.places(event, payload), payload


ARABIC = "٠١٢٣٤٥٦٧٨٩"
NASTY: list[tuple[str, Path, Any, bool]] = [
    ("candidate.completed", ("data", "candidateId"), "65c31870d88dd11e3e3c6ebd\n", False),
    ("candidate.completed", ("data", "candidateId"), "65c31870d88dd11e3e3c6eb\n", False),
    ("candidate.completed", ("data", "candidateId"), "65C31870D88DD11E3E3C6EBD", False),
    ("candidate.completed", ("data", "candidateId"), ARABIC + "65c31870d88dd1", False),
    ("candidate.completed", ("data", "email"), "a@example.com\n", False),
    ("candidate.completed", ("data", "email"), "a\n@example.com", False),
    ("candidate.completed", ("data", "email"), "a b@example.com", False),
    ("candidate.completed", ("data", "email"), "a@b@example.com", False),
    ("candidate.completed", ("data", "email"), "é@example.com", False),
    ("candidate.completed", ("data", "email"), "a\u00a0@example.com", False),
    ("candidate.completed", ("data", "email"), "a" * 65 + "@example.com", False),
    ("candidate.completed", ("data", "email"), "a+b'c@example.com", True),
    ("candidate.completed", ("data", "completedAt"), "2024-02-30T07:02:04.240Z", False),
    ("candidate.completed", ("data", "completedAt"), "2024-04-02T07:02:04.240Z\n", False),
    ("candidate.completed", ("data", "completedAt"), "2024-04-02T07:02:04Z", False),
    ("candidate.completed", ("data", "completedAt"), "2024-04-02 07:02:04.240Z", False),
    ("candidate.completed", ("data", "completedAt"), "2024-04-02T24:00:00.000Z", False),
    ("candidate.completed", ("data", "completedAt"), "2024-04-02T07:02:04.240+00:00", False),
    ("candidate.completed", ("data", "completedAt"), "٢٠٢٤-04-02T07:02:04.240Z", False),
    ("candidate.completed", ("data", "totalScore"), 32.0, True),
    ("candidate.completed", ("data", "totalScore"), 1e2, True),
    ("candidate.completed", ("data", "totalScore"), -0.0, True),
    ("candidate.completed", ("data", "totalScore"), 32.5, False),
    ("candidate.completed", ("data", "totalScore"), 2**70, False),
    ("candidate.completed", ("data", "totalScore"), -(2**70), False),
    ("candidate.completed", ("data", "totalScore"), 1e300, False),
    ("candidate.completed", ("data", "totalScore"), True, False),
    ("candidate.completed", ("data", "avgScorePercentage"), False, False),
    ("candidate.completed", ("data", "avgScorePercentage"), 100.00000000000001, False),
    ("candidate.completed", ("data", "avgScorePercentage"), 43.75, True),
    ("candidate.completed", ("data", "avgScorePercentage"), None, False),
    ("candidate.completed", ("data", "avgScorePercentage"), float("nan"), False),
    ("candidate.completed", ("data", "avgScorePercentage"), float("inf"), False),
    ("candidate.completed", ("data", "firstName"), "株式会社 😀\u202e\x00 'O", True),
    ("candidate.completed", ("data", "firstName"), "😀" * 10_000, True),
    ("candidate.completed", ("data", "firstName"), "😀" * 10_001, False),
    ("candidate.completed", ("data", "firstName"), "\ud800", False),
    ("candidate.completed", ("data", "resultLink"), "null", False),
    ("candidate.completed", ("data", "antiCheatingMonitor"), "", False),
    ("candidate.completed", ("data", "antiCheatingMonitor", "recentLongitude"), "xx", True),
    ("candidate.completed", ("data", "antiCheatingMonitor", "recentLongitude"), 12.5, False),
    ("candidate.completed", ("data", "testLibrary", 0, "completedAt"), "", False),
    ("candidate.completed", ("data", "testLibrary", 0, "completed"), False, False),
    ("candidate.completed", ("data", "testLibrary"), (), True),
    ("candidate.completed", ("metadata",), 0, False),
    ("candidate.completed", ("metadata",), {}, False),
    ("candidate.completed", ("success",), 1, False),
    ("candidate.completed", ("timestamp",), 1712041931, False),
    ("candidate.completed", ("event",), "completed\n", False),
    ("candidate.enrolled", ("data", "resultLink"), None, False),
    ("candidate.enrolled", ("data", "resultLink"), "null\n", False),
    ("candidate.enrolled", ("data", "testLibrary"), [{}], False),
    ("candidate.invited", ("data", "resultLink"), "null", False),
    ("candidate.invited", ("data", "totalScore"), "0", False),
    ("candidate.in_progress", ("data", "testLibrary", 0, "completed"), True, False),
    ("candidate.disqualified", ("data", "avgScorePercentage"), 0, False),
    ("candidate.disqualified", ("timestamp",), 1712041931149, False),
    ("candidate.disqualified.proctoring", ("data", "testLibrary", 1, "completed"), True, False),
    ("candidate.invitation_expired", ("data", "status"), "INVITATION_EXPIRED", False),
    ("candidate.invitation_expired", ("event",), "invitation_expired", False),
    ("candidate.rejected", ("data", "candidateStatus"), "COMPLETED", False),
    ("candidate.score_updated.completed", ("data", "status"), "REJECTED", False),
    ("candidate.score_updated.completed", ("data", "candidateStage"), "Rejected", False),
    ("candidate.score_updated.rejected", ("data", "candidateStatus"), "COMPLETED", False),
    ("candidate.status_changed.invited", ("data", "candidateStatus"), "ENROLLED", False),
    ("candidate.status_changed.invited", ("data", "candidateStatus"), "invited", False),
    ("candidate.status_changed.invited", ("data",), None, False),
    ("assessment.updated", ("data", "testLibrary", 0, "orgId"), "\n", False),
    ("assessment.updated", ("data", "testLibrary", 1, "orgId"), "", True),
    ("assessment.updated", ("data", "assessmentStatus"), "SUBSCRIBED", True),
    ("assessment.updated", ("data", "assessmentStatus"), "DRAFT", False),
    ("assessment.updated", ("data", "redirectSettings", "redirectUrl"), None, False),
    ("assessment.updated", ("data", "grading", 0, "color"), "#CF4747\n", False),
    ("assessment.updated", ("data", "customQuestionTimerType"), "DEFAULT\n", False),
    ("assessment.updated", ("data", "invitationEmailLinkValidity"), 0, False),
    ("assessment.updated", ("data", "invitationEmailLinkValidity"), 3651, False),
    ("assessment.updated", ("metadata",), False, False),
    ("assessment.created", ("data", "totalTime"), 0.0, True),
    ("assessment.created", ("data", "totalTime"), False, False),
    ("assessment.archived", ("data", "isArchived"), True, False),
    ("assessment.archived", ("data", "isArchived"), 0, False),
]


@pytest.mark.parametrize(("name", "path", "value", "fits"), NASTY)
def test_both_validators_agree_on_nasty_values(
    name: str, path: Path, value: Any, fits: bool
) -> None:
    event = ".".join(name.split(".")[:2])
    payload = copy.deepcopy(EXAMPLES[name])
    at(payload, path[:-1])[path[-1]] = value
    assert (CONTRACTS.violations("v1", event, payload) == []) is fits
    assert (judging.places(event, payload) == set()) is fits


@pytest.mark.parametrize("payload", [None, True, 0, 1.5, "x", [], {}, [{}], {"data": []}])
def test_values_that_are_no_payload_are_refused(payload: object) -> None:
    for event in CONTRACTS.events("v1"):
        found = CONTRACTS.violations("v1", event, payload)
        assert found
        assert {one.path for one in found} == judging.places(event, payload)
