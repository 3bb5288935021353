"""v2 payloads: the values of v1, grouped by topic.

``assessment.archived`` is documented, and the paths of three values in ``candidate.completed`` are
observed. All other payloads have the groups of these two (assumed). Every candidate event has the
same keys; a value that does not exist yet is null (assumed). Keys are in alphabetical order at
every depth, as in the example; the order of the real service is unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from emulator.domain.assessment import ARCHIVED
from emulator.domain.candidate import INVITATION_EXPIRED, REJECTED
from emulator.domain.events import EVENT_TYPES
from emulator.domain.payloads import v1_assessments, v1_candidates
from emulator.domain.payloads.fields import FIELDS
from emulator.domain.payloads.links import detail_link
from emulator.domain.questions import qualifying_question

if TYPE_CHECKING:
    from collections.abc import Iterable

    from emulator.domain.assessment import Assessment
    from emulator.domain.occurrence import Occurrence

Data = dict[str, Any]

_CONFIGURATION = {
    "customSnapshotInterval": 30,
    "disableMobileAndTabletDevices": False,
    "enableInstructions": True,
    "generateAiInsight": True,
    "ipProctoringEnabled": False,
    "screenShare": True,
    "showQuestionCountToCandidate": True,
}
"""What v1 does not tell, with the values of the documented example."""

_LANGUAGES = {"en": ("auto", "English")}
"""Language of an assessment -> ``defaultLanguage`` and ``language`` (documented); others have their
tag in both (assumed)."""

_PLACES = {name: path.rpartition(".")[::2] for name, path in FIELDS.items()}
"""Name of a field -> its group, or an empty string, and its key."""


def payload(event: str, occurrence: Occurrence, observed: Iterable[str] = ()) -> dict[str, Any]:
    """Return the payload of one event type for *occurrence*.

    Args:
        event: id of an event type that v2 has, and whose subject the occurrence has.
        occurrence: what happened.
        observed: names of variants, which payloads of status changes follow.
    """
    return envelope(event, occurrence, data(event, occurrence, observed))


def data(event: str, occurrence: Occurrence, observed: Iterable[str]) -> Data:
    """Return the ``data`` of the payload, which the event types of one occurrence share."""
    if EVENT_TYPES[event].subject == "assessment":
        made: Data = msgspec.to_builtins(_assessment(event, occurrence), order="sorted")
        return made
    return _grouped(_candidate(event, occurrence, observed))


def envelope(event: str, _: Occurrence, data: Data) -> Data:
    """Return the payload with this ``data``."""
    return {"data": data, "event": EVENT_TYPES[event].v2_word, "success": True}


def _candidate(event: str, occurrence: Occurrence, observed: Iterable[str]) -> Data:
    """Return the values by the names of their fields."""
    organisation, candidate = occurrence.organisation, occurrence.who
    values = v1_candidates.data(event, occurrence, observed)
    if candidate.state == INVITATION_EXPIRED:  # has only few of the common keys in v1
        values = v1_candidates.common(occurrence) | values
    values = {
        "orgId": organisation.id,
        "candidateDetailLink": detail_link(organisation, candidate),
        "resultLink": None,
        "antiCheatingMonitor": None,
        **values,
    }
    if values["resultLink"] == "null":
        values["resultLink"] = None
    values["antiCheatingMonitor"] = values["antiCheatingMonitor"] or None
    if candidate.state == REJECTED:  # without results in v1
        values["testLibrary"] = v1_candidates.done_tests(occurrence)
    values["testLibrary"] = [_candidate_test(test) for test in values["testLibrary"]]
    return values


def _candidate_test(test: Data) -> Data:
    renamed = {key: value for key, value in test.items() if key != "testLibraryTitle"}
    return renamed | {"title": test["testLibraryTitle"], "completedAt": test["completedAt"] or None}


def _assessment(event: str, occurrence: Occurrence) -> Data:
    organisation, assessment = occurrence.organisation, occurrence.assessment
    tag = assessment.settings.default_language
    default_language, language = _LANGUAGES.get(tag, (tag, tag))
    values = v1_assessments.later_settings() | v1_assessments.data(event, occurrence)
    values |= {
        "orgId": organisation.id,
        "orgName": organisation.name,
        "language": language,
        "defaultLanguage": default_language,
        "isArchived": assessment.state == ARCHIVED,
        "testLibrary": [_assessment_test(test) for test in values["testLibrary"]],
        "customFields": _custom_fields(occurrence),
        "qualificationQuestion": _qualification_questions(assessment),
    }
    data = _grouped(values)
    data["limits"]["totalCandidateCount"] = occurrence.candidate_count
    data["configuration"] |= _CONFIGURATION
    return data


def _assessment_test(test: Data) -> Data:
    kept = ("difficultyLevel", "questionLimit", "testLibraryId", "timeLimit")
    return {key: test[key] for key in kept} | {
        "maximumScore": test["questionLimit"],  # one point a question
        "title": test["testLibraryTitle"],
    }


def _qualification_questions(assessment: Assessment) -> list[Data]:
    if assessment.is_hidden:
        return []
    question = qualifying_question(assessment.id)
    return [
        {
            "assessmentQQId": question.id,
            "classification": "SINGLE_SELECT",
            "title": question.text,
        }
    ]


def _custom_fields(occurrence: Occurrence) -> list[Data]:
    fields = v1_assessments.custom_fields(occurrence.assessment.content, with_ids=True)
    return [
        {key: value for key, value in field.items() if key != "isDefault"}
        | {"slug": field["label"].lower().replace(" ", "-")}
        for field in fields
    ]


def _grouped(values: Data) -> Data:
    """Return the values that v2 has, at their paths in ``data``, sorted."""
    data: Data = {}
    for name, value in values.items():
        if name in _PLACES:
            group, key = _PLACES[name]
            place = data.setdefault(group, {}) if group else data
            place[key] = value
    made: Data = msgspec.to_builtins(data, order="sorted")
    return made
