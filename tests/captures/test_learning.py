"""Learning: an overlay has the shape of the captures, and no personal data."""

from __future__ import annotations

import asyncio
import copy
import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from emulator import Emulator
from emulator.captures.capture import Capture
from emulator.captures.overlay import OverlayReport, learn
from emulator.contracts.user_schemas import check_folder
from emulator.contracts.validation import Contracts
from emulator.domain.events import EVENT_TYPES
from emulator.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from emulator.domain.events import Generation

Payload = dict[str, Any]
EVENTS = ("candidate.invited", "candidate.enrolled", "candidate.in_progress", "candidate.completed")


def deliveries(
    events: tuple[str, ...] = EVENTS,
    *,
    seed: int = 1,
    people: int = 8,
    overlay: Path | None = None,
    generation: Generation = "v1",
) -> list[Payload]:
    """Return the payloads of whole lifecycles, with three people for each assessment."""
    bodies: list[bytes] = []

    async def consumer(_: Any, receive: Any, send: Any) -> None:
        bodies.append((await receive())["body"])
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    async def main() -> None:
        async with Emulator(
            seed=seed, clock="virtual", generation=generation, overlay=overlay, in_flight=1
        ) as emulator:
            workspace = emulator.workspace()
            workspace.add_webhook(name="a", payload_url=consumer, events=events)
            for number in range(people):
                if number % 3 == 0:
                    job = workspace.create_assessment(title=f"Job {seed} {number}")
                one = workspace.invite(job.id, email=f"person{number}.{seed}@example.com")
                workspace.enroll(one.id)
                workspace.start(one.id)
                workspace.complete(one.id, score=14, of=32)
                await workspace.settle()

    asyncio.run(main())
    return [json.loads(body) for body in bodies]


def captures(payloads: list[Payload]) -> list[Capture]:
    return [Capture(json.dumps(payload).encode()) for payload in payloads]


def taught(payloads: list[Payload], folder: Path) -> OverlayReport:
    report = learn(captures(payloads), folder, Contracts(folder if folder.exists() else None))
    check_folder(folder)
    return report


def order(value: Any) -> Any:
    """Return the keys of a payload at all depths, in order; of lists, those of the first item."""
    if isinstance(value, dict):
        return [(key, order(one)) for key, one in value.items()]
    return [order(value[0])] if isinstance(value, list) and value else None


# --- the round trip -------------------------------------------------------------------------

RENAMED = {"candidateId": "personRef", "lastName": "familyName", "candidateStage": "stage"}
DROPPED = ("reviewRating", "companyId")
ADDED = {
    "externalId": {"type": "string", "pattern": "^[0-9a-f-]{36}$"},
    "hiringStage": {"enum": ["SCREENING", "OFFER"]},
    "contact": {
        "type": "object",
        "required": ["mail", "since"],
        "additionalProperties": False,
        "properties": {
            "mail": {"type": "string", "pattern": "@"},
            "since": {"type": "string", "pattern": "^[0-9]{4}-.*Z$"},
        },
    },
}  # fmt: skip


def mutated(payload: Payload) -> Payload:
    """Return a payload as the other service sends it."""
    data = {RENAMED.get(k, k): v for k, v in payload["data"].items() if k not in DROPPED}
    data["totalScore"] = str(data["totalScore"])
    data["completedAt"] = data["completedAt"] and 1_767_225_600
    data["externalId"] = f"{abs(hash(data['email'])) % 2**32:08x}-0000-4000-8000-000000000000"
    data["hiringStage"] = "OFFER" if payload["event"] == "completed" else "SCREENING"
    data["contact"] = {"mail": data["email"], "since": data["invitedAt"]}
    return {**payload, "data": data, "event": mutated_word(payload["event"])}


def mutated_word(word: str | None) -> str | None:
    return "assessment_finished" if word == "completed" else word


def mutated_schema(event: str) -> jsonschema.Draft202012Validator:
    """Return the schema of `mutated`."""
    document = copy.deepcopy(Contracts().document("v1", event))
    data = document["$defs"][document["properties"]["data"]["$ref"].rpartition("/")[2]]
    known = {k: v for k, v in data["properties"].items() if k not in DROPPED}
    data["properties"] = {RENAMED.get(k, k): v for k, v in known.items()} | ADDED
    data["required"] = [RENAMED.get(k, k) for k in data["required"] if k not in DROPPED]
    data["required"] += list(ADDED)
    data["properties"]["totalScore"] = {"type": "string", "pattern": "^[0-9]+$"}
    data["properties"]["completedAt"] = {"type": ["integer", "null"], "minimum": 1_000_000_000}
    if event == "candidate.completed":
        document["properties"]["event"] = {"const": "assessment_finished"}
    return jsonschema.Draft202012Validator(document)


@pytest.fixture(scope="module")
def real() -> list[Payload]:
    return [mutated(delivery) for delivery in deliveries()]


def test_all_payloads_after_30_deliveries_fit_the_schemas_of_the_other_service(
    real: list[Payload], tmp_path: Path
) -> None:
    schemas = {event: mutated_schema(event) for event in EVENTS}
    words = {mutated_word(EVENT_TYPES[event].v1_word): schema for event, schema in schemas.items()}
    assert all(words[one["event"]].is_valid(one) for one in real)
    report = taught(real[:30], tmp_path)
    assert {lesson.event: lesson.name for lesson in report.lessons if lesson.name} == {
        "candidate.completed": "candidate.assessment_finished"
    }
    ours = deliveries(seed=99, overlay=tmp_path)
    assert len(ours) == 32
    for one in ours:
        words[one["event"]].validate(one)
    assert [order(one) for one in ours] == [order(one) for one in real]


@pytest.mark.parametrize("number", range(4))
def test_after_one_delivery_the_event_has_its_exact_keys_in_order(
    real: list[Payload], tmp_path: Path, number: int
) -> None:
    taught([real[number]], tmp_path)
    ours = deliveries((EVENTS[number],), seed=99, people=1, overlay=tmp_path)
    assert [order(one) for one in ours] == [order(real[number])]


def other_words(payload: Payload) -> Payload:
    """Return a payload whose event has no known word, in a key of another name."""
    word = {"completed": "done", "in_progress": "busy"}.get(payload["event"])
    named = {} if word is None else {"event_name": word}
    data = payload["data"] | {"candidateStatus": payload["data"]["candidateStatus"].lower()}
    return {
        "payload": data,
        **named,
        **{k: v for k, v in payload.items() if k not in ("data", "event")},
    }


def test_events_without_a_known_word_are_recognised_by_status_and_keys(tmp_path: Path) -> None:
    real = [other_words(delivery) for delivery in deliveries()]
    report = taught(real, tmp_path)
    assert {lesson.event: lesson.name for lesson in report.lessons} == {
        "candidate.invited": "candidate.unnamed.invited",
        "candidate.enrolled": "candidate.unnamed.enrolled",
        "candidate.in_progress": "candidate.busy",
        "candidate.completed": "candidate.done",
    }
    ours = deliveries(seed=99, overlay=tmp_path)
    assert [order(one) for one in ours] == [order(one) for one in real]
    words = [(one.get("event_name"), one["payload"]["candidateStatus"]) for one in ours]
    assert words == [(one.get("event_name"), one["payload"]["candidateStatus"]) for one in real]


def test_values_that_became_an_object_or_a_list_keep_their_value(tmp_path: Path) -> None:
    real = deliveries(EVENTS[:1])
    for number, one in enumerate(real):
        one["data"]["orgName"] = {"label": one["data"]["orgName"]}
        one["data"]["firstName"] = [one["data"]["firstName"]]
        one["data"]["ratio"] = number / 2
    taught(real, tmp_path)
    ours = deliveries(EVENTS[:1], seed=99, overlay=tmp_path)
    for one, other in zip(ours, deliveries(EVENTS[:1], seed=99), strict=True):
        assert one["data"]["orgName"] == {"label": other["data"]["orgName"]}
        assert one["data"]["firstName"] == [other["data"]["firstName"]]
        assert isinstance(one["data"]["ratio"], float)


def test_a_full_name_is_that_of_the_candidate(tmp_path: Path) -> None:
    real = deliveries()
    for one in real:
        data = one["data"]
        data["fullName"] = f"{data.pop('firstName')} {data.pop('lastName')}"
    taught(real, tmp_path)
    ours = deliveries(seed=99, overlay=tmp_path)
    plain = deliveries(seed=99)
    for one, other in zip(ours, plain, strict=True):
        names = (other["data"]["firstName"], other["data"]["lastName"])
        assert one["data"]["fullName"] == " ".join(names)


def test_ids_that_are_numbers_agree_and_switches_keep_their_words(tmp_path: Path) -> None:
    real = deliveries()
    for one in real:
        one["data"]["candidateId"] = int(one["data"]["candidateId"][-7:], 16) + 10_000
        one["success"] = "yes"
    taught(real, tmp_path)
    ours = deliveries(seed=99, overlay=tmp_path)
    assert {one["success"] for one in ours} == {"yes"}
    ids = [one["data"]["candidateId"] for one in ours]
    assert all(isinstance(id_, int) for id_ in ids)
    assert len(set(ids)) == 8
    assert all(len(set(ids[start : start + 4])) == 1 for start in range(0, 32, 4))


def test_names_and_ids_agree_along_a_lifecycle(real: list[Payload], tmp_path: Path) -> None:
    taught(real, tmp_path)
    ours = [delivery["data"] for delivery in deliveries(seed=99, people=4, overlay=tmp_path)]
    for name in ("email", "personRef", "familyName", "externalId"):
        along = [[one[name] for one in ours[start : start + 4]] for start in range(0, 16, 4)]
        assert all(len(set(values)) == 1 for values in along), name
        assert len({values[0] for values in along}) == 4, name
    assert [one["contact"]["mail"] for one in ours] == [one["email"] for one in ours]
    theirs = {one["data"]["email"] for one in real}
    assert theirs.isdisjoint(one["email"] for one in ours)


def test_status_changes_are_learned_for_each_status(tmp_path: Path) -> None:
    event = ("candidate.status_changed",)
    real = [mutated(delivery) for delivery in deliveries(event)]
    taught([one for one in real if one["data"]["status"] != "COMPLETED"], tmp_path)
    ours = deliveries(event, seed=99, overlay=tmp_path)
    plain = deliveries(event, seed=99)
    for one, shaped, own in zip(real, ours, plain, strict=True):
        is_known = one["data"]["status"] != "COMPLETED"
        assert order(shaped) == order(one if is_known else own)


def mutated_v2(payload: Payload) -> Payload:
    """Return a v2 payload as the other service sends it."""
    data = payload["data"]
    if "candidate" in data:
        person = data["candidate"]
        name = f"{person['firstName']} {person['lastName']}"
        data["candidate"] = {"id": person.pop("candidateId"), **person, "fullName": name}
        data["score"] = data.pop("scores")
        data["score"]["avgScorePercentage"] = str(data["score"]["avgScorePercentage"])
        data["tags"] = [{"label": "fast", "since": data["timeline"]["invitedAt"]}]
    event = "finished" if payload["event"] == "completed" else payload["event"]
    return {
        "event": event,
        "sentAt": 1_767_225_600_000,
        **{k: payload[k] for k in payload if k != "event"},
    }


def test_v2_is_learned_too(tmp_path: Path) -> None:
    events = ("candidate.status_changed", "candidate.completed", "assessment.created")
    real = [mutated_v2(delivery) for delivery in deliveries(events, generation="v2")]
    report = taught(real, tmp_path)
    assert {lesson.event: lesson.name for lesson in report.lessons} == {
        "assessment.created": "",
        "candidate.completed": "candidate.finished",
        "candidate.status_changed": "",
    }
    ours = deliveries(events, seed=99, overlay=tmp_path, generation="v2")
    assert [order(one) for one in ours] == [order(one) for one in real]
    for one in ours:
        assert isinstance(one["sentAt"], int)
        if "candidate" in one["data"]:
            person, score = one["data"]["candidate"], one["data"]["score"]
            assert person["fullName"] == f"{person['firstName']} {person['lastName']}"
            assert isinstance(score["avgScorePercentage"], str)
            assert len(person["id"]) == 24


def test_status_changes_with_other_words_are_recognised_by_their_keys(tmp_path: Path) -> None:
    event = ("candidate.status_changed",)
    real = deliveries(event)
    for one in real:
        one["data"]["status"] = one["data"]["candidateStatus"] = f"S_{one['data']['status'][::-1]}"
    taught(real, tmp_path)
    ours = deliveries(event, seed=99, overlay=tmp_path)
    assert [order(one) for one in ours] == [order(one) for one in real]
    assert {one["data"]["status"] for one in ours} <= {one["data"]["status"] for one in real}


# --- more captures --------------------------------------------------------------------------


def test_more_captures_refine_an_overlay_and_none_counts_twice(
    real: list[Payload], tmp_path: Path
) -> None:
    first = taught(real[:6], tmp_path)
    assert [(lesson.new, lesson.captures) for lesson in first.lessons] == [
        (1, 1),
        (2, 2),
        (1, 1),
        (2, 2),
    ]
    second = taught(real, tmp_path)
    assert [(lesson.new, lesson.captures) for lesson in second.lessons] == [
        (7, 8),
        (6, 8),
        (7, 8),
        (6, 8),
    ]
    assert second.known == 6
    again = taught(real, tmp_path)
    assert (again.known, {lesson.new for lesson in again.lessons}) == (32, {0})
    [event] = [file for file in (tmp_path / "v1").iterdir() if "completed" in file.name]
    data = json.loads(event.read_text())["properties"]["data"]
    assert (data["x-captures"], data["properties"]["email"]["x-captures"]) == (8, 8)


def test_a_key_that_some_captures_lack_is_optional(tmp_path: Path) -> None:
    with_key, without = (deliveries(EVENTS[:1], people=2)[n] for n in (0, 1))
    with_key["data"]["note"] = 5
    taught([with_key], tmp_path)
    report = taught([without], tmp_path)
    data = json.loads((tmp_path / "v1/candidate.invited.json").read_text())["properties"]["data"]
    assert "note" in data["properties"]
    assert "note" not in data["required"]
    assert report.lessons[0].captures == 2


def test_event_types_without_captures_are_named(real: list[Payload], tmp_path: Path) -> None:
    report = taught([*real, {"type": "candidate", "event": "moved", "data": {}}, {}], tmp_path)
    assert report.skipped == {"test": 1, "candidate.moved": 1}
    assert "candidate.rejected" in report.guessed["v1"]
    assert "candidate.completed" not in report.guessed["v1"]
    assert {path for one in report.lessons for path in one.made_up} == {"$.data.externalId"}


# --- personal data --------------------------------------------------------------------------

CANARIES = {
    "firstName": "Canarymarie",
    "lastName": "canary",
    "orgName": "canaryworks",
    "assessment": "Canary Keeper",
    "inviteLink": "https://canary.example.com/x?key=canary",
    "reviewRemark": "CANARY",
    "nickname": "canary",
    "city": "CANARY_CITY_X",
    "remark": "sings like a canary",
    "mobile": 4_915_112_345_678,
    "portal": "https://canary.example.com",
    "apiToken": "zebrafish",
    "town": "Springwood",
    "resultLink": "sparrow",
    "address": {"street": "Canary Wharf 1", "lines": ["canary", "Canary 2"]},
    "byMail": {"canary@example.com": {"score": 1}, "Canary Marie": 2},
}


def test_no_personal_data_enters_an_overlay(tmp_path: Path) -> None:
    real = deliveries()
    for one in real:
        one["data"] |= copy.deepcopy(CANARIES)
        one["data"]["email"] = f"canary{one['data']['email']}"
        one["data"]["city"] = f"CANARY_{one['data']['candidateId'][:4]}"
    taught(real, tmp_path)
    texts = [file.read_text().lower() for file in tmp_path.rglob("*") if file.is_file()]
    assert len(texts) == len(EVENTS)
    planted = ("canary", "4915112345678", "zebrafish", "springwood", "sparrow")
    assert [one for one in planted if any(one in text for text in texts)] == []


def test_words_of_code_are_kept_when_several_people_share_them(tmp_path: Path) -> None:
    real = deliveries(EVENTS[:1], people=6)
    for number, one in enumerate(real):
        one["data"] |= {
            "stage": ("SCREENING", "OFFER")[number % 2],
            "rare": ("COMMON", "COMMON", "COMMON", "COMMON", "RARE", "RARE")[number],
        }
    taught(real, tmp_path)
    data = json.loads((tmp_path / "v1/candidate.invited.json").read_text())["properties"]["data"]
    assert data["properties"]["stage"]["enum"] == ["OFFER", "SCREENING"]
    assert "enum" not in data["properties"]["rare"]


def test_a_folder_with_a_damaged_shape_is_refused(real: list[Payload], tmp_path: Path) -> None:
    taught(real[:4], tmp_path)
    file = tmp_path / "v1" / "candidate.completed.json"
    document = json.loads(file.read_text())
    document["x-learned"]["shapes"][""]["kinds"] = 5
    file.write_text(json.dumps(document))
    with pytest.raises(InvalidInputError) as caught:
        check_folder(tmp_path)
    place = "v1/candidate.completed.json: $.x-learned.shapes['']"
    assert str(caught.value).startswith(f"{place}"), caught.value


def test_changed(real: list[Payload]) -> None:
    """The mutation changes the payload, so that the round trip proves something."""
    edits: list[Callable[[Payload], bool]] = [
        lambda data: "personRef" in data,
        lambda data: "reviewRating" not in data,
        lambda data: isinstance(data["totalScore"], str),
    ]
    assert all(edit(one["data"]) for one in real for edit in edits)


def test_schemas_of_the_user_are_not_overwritten(real: list[Payload], tmp_path: Path) -> None:
    file = tmp_path / "v1" / "candidate.completed.json"
    file.parent.mkdir()
    file.write_text("{}")
    with pytest.raises(InvalidInputError) as caught:
        taught(real, tmp_path)
    message = f"{file} was not written by learn; expected a folder that only learn writes to"
    assert str(caught.value) == message
    assert [one.read_text() for one in tmp_path.rglob("*.json")] == ["{}"]
