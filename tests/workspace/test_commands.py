"""Invalid input, check by check, with the whole text; and the results of valid input."""

from __future__ import annotations

import asyncio
from copy import deepcopy
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from emulator.clock import EPOCH
from emulator.errors import (
    ConflictError,
    EmulatorError,
    IllegalCommandError,
    InvalidInputError,
    NotFoundError,
    UnknownNameError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.workspace.workspace import Workspace
    from tests.conftest import MakeWorkspace

HOOK: dict[str, Any] = {
    "name": "mine",
    "payload_url": "http://example.com/hook",
    "events": ["completed"],
}
NOBODY = "0" * 24


def refused(
    workspace: Workspace, kind: type[EmulatorError], call: Callable[..., Any], *args: Any,
    **asked: Any,
) -> str:  # fmt: skip
    """Return how *call* is refused; nothing may change by it."""
    last, before = workspace.last_entry, deepcopy(vars(workspace.state))
    with pytest.raises(kind) as caught:
        call(*args, **asked)
    assert type(caught.value) is kind
    assert workspace.last_entry == last
    assert vars(workspace.state) == before
    return str(caught.value)


# --- webhooks -------------------------------------------------------------------------------


def test_a_webhook_is_registered_as_it_was_asked_for(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace()
    webhook = workspace.add_webhook(
        name="mine",
        payload_url="http://example.com/hook",
        events=["completed", "candidateStatusChanged"],
        headers={"X-Token": "s3cret"},
        secret="whsec_x",
        description="for tests",
    )
    assert webhook.events == ("completed", "candidateStatusChanged")
    assert webhook.event_types == {"candidate.completed", "candidate.status_changed"}
    assert webhook.headers == (("X-Token", "s3cret"),)
    assert (webhook.number, webhook.generation, webhook.secret) == (1, "v1", "whsec_x")
    assert webhook.created_at == webhook.modified_at == EPOCH
    ids = {webhook.id, webhook.endpoint_id, webhook.subscription_id}
    assert len(ids) == 3
    assert {id_[:8] for id_ in ids} == {f"{int(EPOCH.timestamp()):08x}"}
    assert workspace.state.webhook(webhook.id) is webhook


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"name": " "}, "empty; expected some text (at $.name)"),
        ({"name": "x" * 10_001}, "10001 characters; the longest is 10000 (at $.name)"),
        (
            {"payload_url": "example.com"},
            (
                "neither http nor https: 'example.com'; expected a URL like"
                " 'https://example.com/hook' (at $.payloadUrl)"
            ),
        ),
        (
            {"events": []},
            (
                "no event types; expected at least one, as in ['candidate.completed']: only a v2"
                " webhook receives every event by default (at $.events)"
            ),
        ),
        (
            {"headers": {"Host": "x"}},
            "the header 'Host' is set by the emulator (at $.headers.Host)",
        ),
    ],
)
def test_a_wrong_field_of_a_webhook_is_named(
    wrong: dict[str, Any], message: str, make_workspace: MakeWorkspace
) -> None:
    workspace = make_workspace()
    assert refused(workspace, InvalidInputError, workspace.add_webhook, **(HOOK | wrong)) == message
    webhook = workspace.add_webhook(**HOOK)
    assert refused(workspace, InvalidInputError, workspace.edit_webhook, webhook.id, **wrong) == (
        message
    )


def test_a_v2_webhook_that_gets_every_event_becomes_a_v1_webhook_only_with_events(
    make_workspace: MakeWorkspace,
) -> None:
    workspace = make_workspace()
    webhook = workspace.add_webhook(**(HOOK | {"events": [], "generation": "v2"}))
    assert webhook.wants("assessment.deleted")
    message = refused(
        workspace, InvalidInputError, workspace.edit_webhook, webhook.id, generation="v1"
    )
    assert message.startswith("no event types")
    edited = workspace.edit_webhook(webhook.id, generation="v1", events=["created"])
    assert edited.event_types == {"assessment.created"}


def test_a_url_that_the_wire_can_t_dial_is_refused_before_it_is_a_webhook(
    make_workspace: MakeWorkspace,
) -> None:
    workspace = make_workspace()
    asked = HOOK | {"payload_url": "http://[v1.x]/"}
    assert refused(workspace, InvalidInputError, workspace.add_webhook, **asked) == (
        "can't post to 'http://[v1.x]/': expected an IPv6 address between the brackets"
        " (at $.payloadUrl)"
    )


def test_an_unknown_event_of_a_webhook_is_reported_at_its_place(
    make_workspace: MakeWorkspace,
) -> None:
    workspace = make_workspace()
    message = refused(
        workspace, UnknownNameError, workspace.add_webhook, **(HOOK | {"events": ["all", "x"]})
    )
    assert message.startswith("no event type 'all'; ")
    assert message.endswith(" (at $.events[0])")


def test_an_edit_changes_only_the_named_fields(make_workspace: MakeWorkspace) -> None:
    async def main() -> None:
        workspace = make_workspace()
        before = workspace.add_webhook(**HOOK, headers={"X-Token": "a"}, secret="b")
        await workspace.advance(60)
        after = workspace.edit_webhook(before.id, events=["created"])
        assert after.event_types == {"assessment.created"}
        assert after.modified_at == EPOCH + timedelta(minutes=1)
        kept = ("id", "number", "name", "payload_url", "headers", "secret", "description",
                "generation", "endpoint_id", "subscription_id", "created_at")  # fmt: skip
        for name in kept:
            assert getattr(after, name) == getattr(before, name), name
        everything: dict[str, Any] = {
            "name": "n",
            "payload_url": "http://example.com/other",
            "headers": {},
            "secret": None,
            "description": "d",
            "generation": "v2",
        }
        after = workspace.edit_webhook(before.id, **everything)
        changed = {name: getattr(after, name) for name in everything}
        assert changed["secret"].startswith("whsec_")  # v2 signs, so one is made
        assert changed | {"headers": {}, "secret": None} == everything
        assert after.headers == ()
        assert list(workspace.state.webhooks) == [before.id]

    asyncio.run(main())


def test_a_webhook_that_is_not_there_can_t_be_edited_removed_or_tested(
    make_workspace: MakeWorkspace,
) -> None:
    workspace = make_workspace()
    nobody = f"no webhook {NOBODY!r}; none exists yet"
    assert refused(workspace, NotFoundError, workspace.edit_webhook, NOBODY, name="x") == nobody
    assert refused(workspace, NotFoundError, workspace.remove_webhook, NOBODY) == nobody
    with pytest.raises(NotFoundError):
        asyncio.run(workspace.send_test(NOBODY))
    first = workspace.add_webhook(**HOOK)
    second = workspace.add_webhook(**HOOK)
    assert refused(workspace, NotFoundError, workspace.remove_webhook, NOBODY) == (
        f"no webhook {NOBODY!r}; the newest is {second.id!r}"
    )
    workspace.remove_webhook(first.id)
    assert refused(workspace, NotFoundError, workspace.remove_webhook, first.id) == (
        f"no webhook {first.id!r}; the newest is {second.id!r}"
    )


def test_numbers_of_removed_webhooks_are_not_given_again(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace()
    first = workspace.add_webhook(**HOOK)
    workspace.remove_webhook(first.id)
    second = workspace.add_webhook(**HOOK)
    assert (first.number, second.number) == (1, 2)
    assert first.id != second.id


# --- assessments ----------------------------------------------------------------------------


def test_an_assessment_without_a_title_gets_a_title(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace()
    assessment = workspace.create_assessment()
    role = workspace.state.library.role(assessment.title)
    assert role is not None
    assert assessment.content.job_role_id == role.id
    assert (assessment.state, assessment.validity_days, assessment.number) == ("DRAFT", 30, 1)
    assert int(assessment.id[:8], 16) == EPOCH.timestamp()


def test_an_assessment_is_made_of_tests_by_title_or_id(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace()
    library = workspace.state.library
    java = library.named_test("Java")
    made = workspace.create_assessment(title="Two", tests=[java.id, "Python Foundations"])
    assert [test.title for test in made.content.tests] == ["Java", "Python Foundations"]
    assert made.content.custom_questions == ()
    assert made.content.total_time == made.content.test_time
    assert made.content.total_score == made.content.question_count


def test_an_assessment_is_made_from_the_template_of_a_job_role(
    make_workspace: MakeWorkspace,
) -> None:
    workspace = make_workspace()
    made = workspace.create_assessment(template="Accounts Assistant")
    role, tests = workspace.state.library.template("Accounts Assistant")
    assert (made.title, made.content.job_role_id) == ("Accounts Assistant", role.id)
    assert [test.id for test in made.content.tests] == [test.id for test in tests]
    assert made.description == "For the role Accounts Assistant."


def test_settings_of_an_assessment_have_the_names_of_the_api(make_workspace: MakeWorkspace) -> None:
    made = make_workspace().create_assessment(title="A, B & C", settings={"defaultLanguage": "fr"})
    assert made.settings.default_language == "fr"
    assert made.slug == "a-b-c"


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"tests": []}, InvalidInputError, "0 tests; expected 1 to 50 (at $.tests)"),
        ({"tests": ["Javva"]}, NotFoundError, "no test 'Javva' in the library"),
        ({"template": "Chief"}, NotFoundError, "no template 'Chief' in the library"),
        (
            {"tests": ["Java"], "template": "Accounts Assistant"},
            InvalidInputError,
            "both tests and a template; expected one of them (at $.tests)",
        ),
        (
            {"settings": {"skipRegistrations": True}},
            InvalidInputError,
            "unknown key 'skipRegistrations'; near: 'skipRegistration' (at $.settings)",
        ),
    ],
)
def test_an_assessment_that_cannot_be_made_changes_nothing(
    make_workspace: MakeWorkspace, wrong: dict[str, Any], error: type[Exception], message: str
) -> None:
    workspace = make_workspace()
    with pytest.raises(error) as refused:
        workspace.create_assessment(**wrong)
    assert str(refused.value) == message
    assert workspace.state.assessments == {}


def test_a_batch_is_invited_despite_an_invalid_person(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace()
    job = workspace.create_assessment()
    people = [
        {"email": email, "first_name": "Ada", "last_name": "L"}
        for email in ("ada@example.com", "nobody", "ADA@example.com")
    ]
    invited = workspace.invite_all(job.id, people, source="ATS")
    assert [one.status for one in invited] == ["VALID", "INVALID_EMAIL", "DUPLICATE"]
    ada = invited[0].candidate
    assert ada is not None
    assert ada.source == "ATS"
    assert list(workspace.state.candidates) == [ada.id]


def test_several_invitations_are_written_at_once_before_their_messages(
    make_workspace: MakeWorkspace,
) -> None:
    async def main() -> None:
        workspace = make_workspace()
        workspace.add_webhook(**(HOOK | {"events": ["candidate.invited"]}))
        job = workspace.create_assessment()
        last = workspace.last_entry
        people = [
            {"email": f"{name}@example.com", "first_name": name, "last_name": "Example"}
            for name in ("ada", "bob")
        ]
        workspace.invite_all(job.id, people)
        entries = list(workspace.entries(last))
        assert [entry.kind for entry in entries] == [
            "assessment.moved",
            *["candidate.invited"] * 2,
            *["message.created"] * 2,
        ]
        assert len({entry.at for entry in entries}) == 1

    asyncio.run(main())


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"title": ""}, "empty; expected some text (at $.title)"),
        ({"title": "x" * 10_001}, "10001 characters; the longest is 10000 (at $.title)"),
        (
            {"validity_days": 0},
            "a validity of 0 days; expected 1 to 3650 (at $.invitationEmailLinkValidity)",
        ),
        (
            {"validity_days": 3_651},
            "a validity of 3651 days; expected 1 to 3650 (at $.invitationEmailLinkValidity)",
        ),
    ],
)
def test_a_wrong_field_of_an_assessment_is_named(
    wrong: dict[str, Any], message: str, make_workspace: MakeWorkspace
) -> None:
    workspace = make_workspace()
    assert refused(workspace, InvalidInputError, workspace.create_assessment, **wrong) == message
    id_ = workspace.create_assessment().id
    assert refused(workspace, InvalidInputError, workspace.update_assessment, id_, **wrong) == (
        message
    )


def test_only_an_update_takes_details(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace()
    id_ = workspace.create_assessment().id
    for name, value in (("title", "x"), ("validity_days", 3)):
        assert refused(
            workspace, InvalidInputError, workspace.move_assessment, id_, "archive", **{name: value}
        ) == (f"unknown key {name!r}; it takes none (at $)")


def test_an_update_changes_only_the_named_fields(
    make_workspace: MakeWorkspace,
) -> None:
    async def main() -> None:
        workspace = make_workspace()
        before = workspace.create_assessment(title="One", validity_days=3)
        await workspace.advance(60)
        after = workspace.update_assessment(before.id, title="Two")
        assert (after.title, after.validity_days, after.state) == ("Two", 3, "PUBLISHED")
        assert (after.created_at, after.content) == (before.created_at, before.content)
        assert after.modified_at == EPOCH + timedelta(minutes=1)
        assert workspace.update_assessment(before.id, validity_days=5).title == "Two"
        assert workspace.state.assessment(before.id).validity_days == 5

    asyncio.run(main())


def test_the_named_assessment_commands_are_those_of_the_table(
    make_workspace: MakeWorkspace,
) -> None:
    workspace = make_workspace()
    id_ = workspace.create_assessment().id
    assert workspace.publish(id_).state == "PUBLISHED"
    assert workspace.archive_assessment(id_).state == "ARCHIVED"
    assert workspace.unarchive_assessment(id_).state == "PUBLISHED"
    assert workspace.delete_assessment(id_).state == "DELETED"
    assert workspace.state.assessment(id_).state == "DELETED"  # its record stays


def test_an_unknown_assessment_command_is_refused_with_the_known_commands(
    make_workspace: MakeWorkspace,
) -> None:
    workspace = make_workspace()
    id_ = workspace.create_assessment().id
    assert refused(workspace, UnknownNameError, workspace.move_assessment, id_, "achive") == (
        "no assessment command 'achive'; near: 'archive', 'unarchive';"
        " known: archive, delete, publish, unarchive, update"
    )
    assert refused(workspace, UnknownNameError, workspace.move_assessment, id_, "invite") == (
        "no assessment command 'invite'; known: archive, delete, publish, unarchive, update"
    )


def test_an_unknown_assessment_is_reported(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace()
    message = f"no assessment {NOBODY!r}; none exists yet"
    assert refused(workspace, NotFoundError, workspace.publish, NOBODY) == message
    assert refused(workspace, NotFoundError, workspace.invite, NOBODY) == message
    assert refused(workspace, NotFoundError, workspace.publish, "x" * 500) == (
        f"no assessment {'x' * 80!r}; none exists yet"
    )


# --- invitations ----------------------------------------------------------------------------


def test_missing_details_of_a_person_are_made_up(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace()
    id_ = workspace.create_assessment(title="Planner", validity_days=2).id
    made_up = workspace.invite(id_)
    assert made_up.email.endswith("@example.com")
    assert (made_up.state, made_up.number, made_up.moves) == ("INVITED", 1, 0)
    assert made_up.assessment_title == "Planner"
    assert (made_up.invited_at, made_up.valid_until) == (EPOCH, EPOCH + timedelta(days=2))
    half = workspace.invite(id_, first_name="Ada")
    assert half.first_name == "Ada"
    assert half.last_name
    given = workspace.invite(id_, email="ada@example.com", first_name="Ada", last_name="Byron")
    assert (given.email, given.first_name, given.last_name) == ("ada@example.com", "Ada", "Byron")
    assert workspace.state.assessment(id_).state == "SUBSCRIBED"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"first_name": ""}, "empty; expected some text (at $.firstName)"),
        ({"last_name": " "}, "empty; expected some text (at $.lastName)"),
        (
            {"email": ""},
            "not an e-mail address: ''; expected one like 'ada@example.com' (at $.email)",
        ),
        (
            {"email": "ada"},
            "not an e-mail address: 'ada'; expected one like 'ada@example.com' (at $.email)",
        ),
        (
            {"email": "a da@example.com"},
            (
                "not an e-mail address: 'a da@example.com'; expected one like 'ada@example.com'"
                " (at $.email)"
            ),
        ),
        (
            {"email": "x" * 65 + "@example.com"},
            (
                f"not an e-mail address: {'x' * 65 + '@example.com'!r}; expected one like"
                " 'ada@example.com' (at $.email)"
            ),
        ),
        (
            {"email": "a@b@c"},
            "not an e-mail address: 'a@b@c'; expected one like 'ada@example.com' (at $.email)",
        ),
    ],
)
def test_a_wrong_field_of_an_invitation_is_named(
    wrong: dict[str, Any], message: str, make_workspace: MakeWorkspace
) -> None:
    workspace = make_workspace()
    id_ = workspace.create_assessment().id
    assert refused(workspace, InvalidInputError, workspace.invite, id_, **wrong) == message


def test_a_person_is_known_by_their_address_in_any_case(
    make_workspace: MakeWorkspace,
) -> None:
    workspace = make_workspace()
    one, other = workspace.create_assessment().id, workspace.create_assessment().id
    first = workspace.invite(one, email="Ada@Example.com", first_name="Ada", last_name="Byron")
    second = workspace.invite(other, email="aDA@example.COM")
    assert second.candidate_id == first.candidate_id
    assert second.id != first.id
    assert second.invite_key != first.invite_key
    assert (second.first_name, second.last_name) == ("Ada", "Byron")
    assert second.email == "aDA@example.COM"
    third = workspace.invite(other, email="bob@example.com")
    assert third.candidate_id != first.candidate_id


def test_a_person_with_an_open_invitation_is_not_invited_again(
    make_workspace: MakeWorkspace,
) -> None:
    workspace = make_workspace()
    id_ = workspace.create_assessment().id
    first = workspace.invite(id_, email="ada@example.com")
    for command, state in (("", "INVITED"), ("enroll", "ENROLLED"), ("start", "IN_PROGRESS")):
        if command:
            workspace.move_candidate(first.id, command)
        assert refused(
            workspace, ConflictError, workspace.invite, id_, email="ADA@example.com"
        ) == (f"'ada@example.com' is already invited to {id_}: {first.id}, {state}")


@pytest.mark.parametrize(
    "way", [["expire"], ["enroll", "disqualify"], ["enroll", "start", "complete"]]
)
def test_a_person_with_a_closed_invitation_is_invited_again(
    way: list[str], make_workspace: MakeWorkspace
) -> None:
    workspace = make_workspace()
    id_ = workspace.create_assessment().id
    first = workspace.invite(id_, email="ada@example.com")
    for command in way:
        workspace.move_candidate(first.id, command)
    second = workspace.invite(id_, email="ada@example.com")
    assert second.candidate_id == first.candidate_id
    assert second.state == "INVITED"


def test_an_edit_reaches_only_later_invitations(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace()
    id_ = workspace.create_assessment(title="One").id
    before = workspace.invite(id_)
    workspace.update_assessment(id_, title="Two", validity_days=1)
    after = workspace.invite(id_)
    moved = workspace.enroll(before.id)
    assert (moved.assessment_title, after.assessment_title) == ("One", "Two")
    assert moved.valid_until == before.valid_until > after.valid_until


# --- candidates -----------------------------------------------------------------------------


def candidate_at(workspace: Workspace, *way: str) -> str:
    id_ = str(workspace.invite(workspace.create_assessment().id).id)
    for command in way:
        workspace.move_candidate(id_, command)
    return id_


def test_the_named_candidate_commands_are_those_of_the_table(
    make_workspace: MakeWorkspace,
) -> None:
    workspace = make_workspace()
    id_ = candidate_at(workspace)
    assert workspace.enroll(id_).state == "ENROLLED"
    assert workspace.start(id_).state == "IN_PROGRESS"
    completed = workspace.complete(id_, score=14, of=32, percentage=18)
    assert completed.score is not None
    assert (completed.score.points, completed.score.of, completed.score.percentage) == (14, 32, 18)
    assert workspace.reject(id_).state == "REJECTED"
    rescored = workspace.rescore(id_, score=10, of=37)
    assert rescored.score is not None
    assert rescored.score.percentage == 27
    assert rescored.moves == 5
    assert workspace.expire(candidate_at(workspace)).state == "INVITATION_EXPIRED"
    disqualified = workspace.disqualify(candidate_at(workspace, "enroll"), reason="proctoring")
    assert disqualified.disqualification is not None
    assert disqualified.disqualification.reason == "proctoring"


def test_an_unknown_candidate_command_is_refused_with_the_known_commands(
    make_workspace: MakeWorkspace,
) -> None:
    workspace = make_workspace()
    id_ = candidate_at(workspace)
    assert refused(workspace, UnknownNameError, workspace.move_candidate, id_, "compleet") == (
        "no candidate command 'compleet'; near: 'complete';"
        " known: answer, complete, disqualify, enroll, expire, invite, leave, reject, rescore,"
        " start"
    )


def test_a_misspelt_command_is_reported_before_its_details(
    make_workspace: MakeWorkspace,
) -> None:
    workspace = make_workspace()
    id_ = candidate_at(workspace)
    message = refused(
        workspace, UnknownNameError, workspace.move_candidate, id_, "compleet", score=3
    )
    assert message.startswith("no candidate command 'compleet'; near: 'complete'; ")


@pytest.mark.parametrize(
    ("way", "command", "details", "message"),
    [
        ([], "enroll", {"score": 3}, "unknown key 'score'; it takes none (at $)"),
        (
            ["enroll", "start"],
            "complete",
            {"scor": 3},
            "unknown key 'scor'; near: 'score' (at $)",
        ),
        (
            ["enroll", "start"],
            "complete",
            {"score": "3"},
            "expected 'int | null', got 'str' (at $.score)",
        ),
        (["enroll", "start"], "complete", {"score": -1}, "expected 'int' >= 0 (at $.score)"),
        (["enroll", "start"], "complete", {"of": 0}, "expected 'int' >= 1 (at $.of)"),
        (
            ["enroll", "start"],
            "complete",
            {"percentage": 101},
            "expected 'int' <= 100 (at $.percentage)",
        ),
        (
            ["enroll", "start"],
            "complete",
            {"score": 3, "of": 2},
            "a score of 3 exceeds the total of 2 points (at $.score)",
        ),
        (
            ["enroll", "start", "complete"],
            "rescore",
            {"score": 100_001},
            "expected 'int' <= 100000 (at $.score)",
        ),
    ],
)
def test_wrong_details_are_refused_at_their_place(
    way: list[str],
    command: str,
    details: dict[str, Any],
    message: str,
    make_workspace: MakeWorkspace,
) -> None:
    workspace = make_workspace()
    id_ = candidate_at(workspace, *way)
    assert message == refused(
        workspace, InvalidInputError, workspace.move_candidate, id_, command, **details
    )


def test_a_detail_that_is_none_counts_as_left_out(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace()
    assert workspace.move_candidate(candidate_at(workspace), "enroll", score=None).state == (
        "ENROLLED"
    )


def test_an_unknown_candidate_is_reported(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace()
    assert refused(workspace, NotFoundError, workspace.enroll, NOBODY) == (
        f"no candidate {NOBODY!r}; none exists yet"
    )
    id_ = candidate_at(workspace)
    assert refused(workspace, NotFoundError, workspace.enroll, NOBODY) == (
        f"no candidate {NOBODY!r}; the newest is {id_!r}"
    )


def test_a_person_s_id_is_distinguished_from_an_invitation_s(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace()
    one, other = workspace.create_assessment().id, workspace.create_assessment().id
    first = workspace.invite(one, email="ada@example.com")
    second = workspace.invite(other, email="ada@example.com")
    assert refused(workspace, NotFoundError, workspace.enroll, first.candidate_id) == (
        f"{first.candidate_id!r} is a person, not an invitation; theirs: {first.id}, {second.id}"
    )


def test_an_archived_assessment_takes_no_invitation(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace()
    id_ = workspace.create_assessment().id
    workspace.archive_assessment(id_)
    assert refused(workspace, IllegalCommandError, workspace.invite, id_) == (
        f"assessment {id_} is ARCHIVED: 'invite' is not legal; legal: delete, unarchive"
    )


# --- the clock ------------------------------------------------------------------------------


def test_a_time_without_utc_is_refused(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace()
    for at in (datetime(2026, 5, 1), datetime.fromisoformat("2026-05-01T00:00:00+02:00")):  # noqa: DTZ001
        assert refused(workspace, InvalidInputError, workspace.set_clock, "virtual", at) == (
            f"not a UTC time: {at.isoformat()!r}; expected one like '2026-01-01T00:00:00Z'"
            " (at $.now)"
        )


def test_a_real_clock_can_t_be_set(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace()
    assert refused(workspace, InvalidInputError, workspace.set_clock, "real", EPOCH) == (
        "a real clock takes no 'now'; only a virtual clock can be set (at $.now)"
    )


def test_a_clock_does_not_jump_over_a_timer(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace()
    candidate_at(workspace)
    beyond = EPOCH + timedelta(days=31)
    assert refused(workspace, ConflictError, workspace.set_clock, "virtual", beyond) == (
        "something is due at 2026-01-31T00:00:00.000Z; advance the clock there"
    )
    workspace.set_clock("virtual", EPOCH + timedelta(days=29))
    assert workspace.now() == EPOCH + timedelta(days=29)


def test_a_real_clock_takes_no_time(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace()
    assert refused(workspace, InvalidInputError, workspace.set_clock, "real", EPOCH) == (
        "a real clock takes no 'now'; only a virtual clock can be set (at $.now)"
    )


def test_a_clock_does_not_go_back_while_something_waits(make_workspace: MakeWorkspace) -> None:
    workspace = make_workspace()
    workspace.set_clock("virtual", EPOCH - timedelta(days=1))  # nothing waits
    assert workspace.now() == EPOCH - timedelta(days=1)
    id_ = candidate_at(workspace)
    back = EPOCH - timedelta(days=2)
    assert refused(workspace, ConflictError, workspace.set_clock, "virtual", back) == (
        "the clock can't go back while timers are set; reset first"
    )
    workspace.enroll(id_)
    workspace.set_clock("virtual", back)
    assert workspace.now() == workspace.state.now == back


def test_a_text_that_no_payload_can_carry_is_refused(make_workspace: MakeWorkspace) -> None:
    """Half a surrogate pair can't be sent as UTF-8."""
    workspace = make_workspace()
    refused(workspace, InvalidInputError, workspace.create_assessment, title="\ud800")
    id_ = workspace.create_assessment().id
    refused(workspace, InvalidInputError, workspace.invite, id_, first_name="\ud800")
    refused(workspace, InvalidInputError, workspace.add_webhook, **(HOOK | {"name": "\ud800"}))


@pytest.mark.parametrize("year", [1969, 2107, 9999])
def test_a_clock_stays_where_object_ids_can_carry_it(
    year: int, make_workspace: MakeWorkspace
) -> None:
    workspace = make_workspace()
    at = EPOCH.replace(year=year)
    refused(workspace, InvalidInputError, workspace.set_clock, "virtual", at)
