"""What is known of the provider beyond the other tables, and what the emulator does about it.

Facts as data, for ``docs/fidelity.md``; nothing runs by them. Event types and lifecycles carry
their provenance in their own tables.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from emulator.domain.events import Provenance

Emulated = Literal["yes", "partly", "no", "unknown"]


class Fact(msgspec.Struct, frozen=True):
    """One thing about the provider.

    Attributes:
        id: stable, for links and searches.
        known: what the provider does, or that it is unknown.
        is_emulated: whether the emulator does the same; ``unknown`` when nobody can tell.
        does: what the emulator does.
        provenance: how we know what is known; ``assumed`` where it is our choice.
        where: file below ``emulator/`` and a name in it, ``domain/ids.py:object_id``.
    """

    id: str
    known: str
    is_emulated: Emulated
    does: str
    provenance: Provenance
    where: str


_V1 = "domain/payloads/v1.py"

IRREGULARITIES = (
    Fact(
        "v1.event-words",
        "event words come in three styles: `candidateStatusChanged`, `in_progress`, `enrolled`; "
        "no example has a word for invited, rejected, score updated or invitation expired",
        "yes",
        "the documented words; `invited`, `rejected` and `scoreUpdated` are assumed, Invitation "
        "Expired has none",
        "documented",
        "domain/events.py:EVENT_TYPES",
    ),
    Fact(
        "v1.status-changed",
        "`candidateStatusChanged` stands over two unlike examples; the page calls it the event "
        "for every status",
        "yes",
        "`event` names the subscription that matched: `candidate.status_changed` gets every "
        "status change, with the data of that status (assumed)",
        "documented",
        "domain/candidate.py:LIFECYCLE",
    ),
    Fact(
        "v1.score-updated",
        "the example headed Score Updated is a rejection; there is no clean one",
        "partly",
        "`reject` sends that example as `candidate.status_changed`; `rescore` sends its shape "
        "with the word `scoreUpdated` and the state that the candidate is in (assumed)",
        "documented",
        f"{_V1}:_reported",
    ),
    Fact(
        "v1.disqualified-stage",
        "Disqualified and Rejected share one example: status `DISQUALIFIED`, stage `Rejected`",
        "yes",
        "both states have the stage `Rejected`",
        "documented",
        f"{_V1}:STAGES",
    ),
    Fact(
        "v1.metadata",
        "`metadata` is `false` for candidates, `{}` for assessments, absent in Invitation Expired",
        "yes",
        "the same three forms; never an object with content",
        "documented",
        f"{_V1}:payload",
    ),
    Fact(
        "v1.timestamp",
        "`timestamp`, Unix milliseconds, is in five of the eleven: not in Disqualified, "
        "Invitation Expired and the assessments",
        "yes",
        "the same; a disqualification or an expiry told by `candidate.status_changed` has one, "
        "and so have `invited` and `rejected` (assumed)",
        "documented",
        f"{_V1}:WITHOUT_TIMESTAMP",
    ),
    Fact(
        "v1.invitation-expired",
        "Invitation Expired has a shape of its own: `success` first, no `type`, `event`, "
        "`metadata`, `timestamp`, ten keys that no other has, and `expired` is `false`",
        "yes",
        "the same keys in the same order; told by `candidate.status_changed`, its data stand in "
        "the usual envelope (assumed)",
        "documented",
        f"{_V1}:_expired",
    ),
    Fact(
        "v1.plural",
        "candidates have `customQuestions` and `qualificationQuestions`, assessments "
        "`customQuestion` and `qualificationQuestion`",
        "yes",
        "the same names",
        "documented",
        f"{_V1}:_settings",
    ),
    Fact(
        "v1.key-order",
        "in ten examples the keys of every object are sorted by length, then by bytes; whether "
        "they are on the wire is unknown",
        "yes",
        "sorted so, at every depth; Invitation Expired in the order of its example",
        "documented",
        f"{_V1}:_sorted",
    ),
    Fact(
        "v1.result-link",
        'resultLink is `null` (Invited), the string `"null"` (Enrolled, In Progress), a URL '
        "(Completed), a path without scheme (Score Updated) or absent (the other two)",
        "yes",
        "the same five forms; URL and path end in the invitation's id. A rejection has the path",
        "documented",
        f"{_V1}:_completed",
    ),
    Fact(
        "v1.anti-cheating",
        '`antiCheatingMonitor` is absent, `""` or an object of 16 keys, with latitude and '
        "longitude as strings and a masked address",
        "yes",
        "the same three forms, by the same states; places are made up",
        "documented",
        f"{_V1}:_monitor",
    ),
    Fact(
        "v1.scores",
        "the percentage of Completed does not follow from its points (14 of 32, 18 %); the total "
        "goes 37, 32, 37 along one candidate, the points 14, then 10; Disqualified has `null`",
        "partly",
        "Completed leaves the written answer out of the total and averages custom points in as "
        "percentages; `rescore` has the whole total and a true percentage (both assumed). A "
        "rejection keeps the score as it was: points drop with the variant `score_drop` alone",
        "documented",
        "domain/transitions.py:_average",
    ),
    Fact(
        "v1.total-question",
        "`totalQuestion` counts the questions of the tests, not the custom ones",
        "yes",
        "the same",
        "documented",
        "domain/assessment.py:question_count",
    ),
    Fact(
        "v1.elapsed",
        "`totalTestElapsedTime` is 300 where the tests add up to 320.4 s; `elapsedTime` and "
        "`elapseDuration` are seconds with a fraction",
        "yes",
        "the sum of the tests in whole minutes (assumed); the others with three decimals",
        "documented",
        f"{_V1}:_scored",
    ),
    Fact(
        "v1.total-time",
        "`totalTime` of an assessment is tests and custom questions, `totalTestTimeLimit` of a "
        "candidate the tests alone",
        "yes",
        "the same",
        "documented",
        "domain/assessment.py:total_time",
    ),
    Fact(
        "v1.completed-at",
        '`completedAt` of an open test is `""`, of a candidate `null`; Disqualified has one',
        "yes",
        "the same; it is set once and stays",
        "documented",
        f"{_V1}:_open_test",
    ),
    Fact(
        "v1.candidate-tests",
        "a test has 8 keys in In Progress and Completed, 3 in Score Updated: no score by test",
        "yes",
        "the same; a rejection has the 3",
        "documented",
        f"{_V1}:_bare_test",
    ),
    Fact(
        "v1.assessment-tests",
        'a test has 17 keys in Updated and Deleted, 12 in Archived; `orgId` is `""` for one of '
        "Testlify's; `targetAudience` is `ENGLISH_SPEAKING` in one, `English Speaking` in another",
        "yes",
        "the same; every assessment has one test of Testlify's and one of the company's (assumed)",
        "documented",
        f"{_V1}:_archived_test",
    ),
    Fact(
        "v1.custom-questions",
        "a custom question has 20 keys in Updated and Deleted, 13 in Archived; five "
        "classifications are seen",
        "partly",
        "the same keys; every assessment has a chat, a written and a coding question, none has "
        "video or audio",
        "documented",
        "domain/questions.py:content",
    ),
    Fact(
        "v1.custom-fields",
        "`customFields` have no `id` in Created; later ids are seconds and sixteen zeros, "
        "counted up by one",
        "yes",
        "the same",
        "documented",
        "domain/ids.py:bare_object_id",
    ),
    Fact(
        "v1.recipients",
        "`recipientForNotification` is `[]` in Created, a list of addresses later",
        "yes",
        "the same, with one made-up address",
        "documented",
        f"{_V1}:_created",
    ),
    Fact(
        "v1.contradicting-state",
        "Archived says `isArchived: false`; Deleted differs from Updated in `event` and "
        "`assessmentStatus` alone",
        "yes",
        "the same; Archived and Deleted say `SUBSCRIBED`, also when nobody was invited (assumed)",
        "documented",
        f"{_V1}:_deleted",
    ),
    Fact(
        "v1.missing-keys",
        "Created lacks `qualificationQuestion`; Archived lacks ten keys",
        "yes",
        "the same",
        "documented",
        f"{_V1}:_later_settings",
    ),
    Fact(
        "v1.deleted-with-candidates",
        "the deleted assessment had candidates, though the page closes Delete after the first "
        "invitation",
        "yes",
        "`delete` is legal with candidates",
        "documented",
        "domain/assessment.py:LIFECYCLE",
    ),
    Fact(
        "v1.in-progress-stage",
        "In Progress keeps the stage `Enrolled For Assessment`; the first name is misspelt in "
        "Invited alone",
        "partly",
        "the stage is kept; a name stays the same but for the variant `corrected_name`",
        "documented",
        f"{_V1}:STAGES",
    ),
    Fact(
        "v1.invite-link",
        "the `key` of `inviteLink` is base64 of compact JSON with the address, a UUID with `-ik` "
        "and a language; the page masks addresses as `[email protected]`",
        "yes",
        "the same link, the same along a lifecycle; addresses are at example.com unless given, "
        "never masked",
        "documented",
        f"{_V1}:invite_link",
    ),
    Fact(
        "v1.detail-link",
        "`candidateDetailLink` is `https://ORGNAME.testlify.com/assessment/ID/candidate/ID`",
        "yes",
        "the same, with a made-up organisation; absent in Disqualified and Invitation Expired",
        "documented",
        f"{_V1}:_detail_link",
    ),
)
"""The irregularities of the documented v1 examples, in the order of the reference."""

DELIVERY = (
    Fact(
        "delivery.request",
        "a POST with a JSON body",
        "yes",
        "the same, with `Content-Type: application/json` (assumed) and `Content-Length`",
        "documented",
        "delivery/plan.py:plan",
    ),
    Fact(
        "delivery.user-agent",
        "unknown",
        "unknown",
        "`Testlify-Emulator/VERSION`: says who calls, not what the real service says",
        "assumed",
        "delivery/plan.py:USER_AGENT",
    ),
    Fact(
        "delivery.custom-headers",
        "consumers check a shared secret in a header that they chose; whether v1 can send one is "
        "unknown",
        "unknown",
        "a webhook's `headers` go with each attempt, the test ping too",
        "observed",
        "domain/webhook.py:checked_headers",
    ),
    Fact(
        "delivery.signature",
        "none is documented for v1",
        "yes",
        "v1 signs nothing unless a profile says so: its `secret` is kept and not used",
        "documented",
        "delivery/profiles.py:PROFILES",
    ),
    Fact(
        "delivery.retries",
        "v1 has `Force Retry` alone; a schedule is unknown",
        "yes",
        "v1 has no automatic retry; `redeliver` is the button. A workspace can set a schedule",
        "documented",
        "delivery/profiles.py:PROFILES",
    ),
    Fact(
        "delivery.time-outs",
        "unknown for v1",
        "unknown",
        "5 s to connect, 15 s to the first byte, 15 s in all",
        "assumed",
        "delivery/records.py:Timeouts",
    ),
    Fact(
        "delivery.success",
        "unknown for v1",
        "unknown",
        "any 2xx; a redirect is not followed and is a failure",
        "assumed",
        "delivery/profiles.py:success",
    ),
    Fact(
        "delivery.order",
        "unknown",
        "unknown",
        "a candidate's next message to a webhook starts after the first attempt of the one "
        "before; `timestamp` is the instant of the change",
        "assumed",
        "delivery/queue.py:Chain",
    ),
    Fact(
        "delivery.duplicates",
        "the same event arrives more than once",
        "partly",
        "on `redeliver`, when the process was killed during an attempt, and by a fault that is set "
        "(`duplicate`, `flood`); not by chance",
        "observed",
        "delivery/retry_policy.py:NOT_ITS_FAULT",
    ),
    Fact(
        "delivery.disabled",
        "a v2 endpoint that fails everything for five days is disabled, counted from several "
        "failures within a day",
        "yes",
        "the clock starts with the third failure in a day; what is pending is dropped; an edit "
        "enables the webhook again (assumed)",
        "documented",
        "delivery/profiles.py:SEVERAL",
    ),
    Fact(
        "delivery.ping",
        "the test event has neither `type` nor `event`; its body is unknown",
        "yes",
        "`{}`, sent as it is",
        "observed",
        "workspace/commands/deliveries.py:test_event",
    ),
    Fact(
        "delivery.message-id",
        "unknown for v1",
        "unknown",
        "in Svix's form, in answers and the journal; v1 does not send it",
        "assumed",
        "domain/ids.py:message_id",
    ),
    Fact(
        "delivery.v2-payloads",
        "the second generation has payloads of its own, and v1 was to end on 1 June 2026",
        "no",
        "bodies are those of v1, and no date ends them",
        "documented",
        "workspace/messages.py:messages",
    ),
)
"""How messages travel."""

API = (
    Fact(
        "api.create-webhook",
        "`POST /v1/webhook` takes `name`, `payloadUrl`, `events` and answers with eleven fields",
        "yes",
        "the same fields, 201; `headers`, `secret`, `description` are taken, too, and unknown "
        "keys are let pass (assumed)",
        "documented",
        "server/provider/webhooks.py:_view",
    ),
    Fact(
        "api.other-webhook-calls",
        "no call that lists, reads, changes, deletes or tests a webhook is in any source",
        "unknown",
        "they exist, as the settings page has them",
        "assumed",
        "server/provider/webhooks.py:list_all",
    ),
    Fact(
        "api.events",
        "the words that `events` takes are unknown",
        "unknown",
        "ids, words of the wire, and the part of an id behind its dot; the answer echoes them",
        "assumed",
        "domain/events.py:event_type",
    ),
    Fact(
        "api.every-event",
        "an endpoint of v2 with no event ticked gets every event; v1 is unknown",
        "yes",
        "`events: []` does the same for a v2 webhook, later event types included; for a v1 "
        "webhook it is 400 (assumed)",
        "documented",
        "domain/webhook.py:wanted",
    ),
    Fact(
        "api.restructure",
        "`restructureBySchema` is a boolean of unknown meaning",
        "partly",
        "always `false`",
        "documented",
        "server/provider/webhooks.py:_view",
    ),
    Fact(
        "api.token",
        "`Authorization: Bearer TOKEN`; 401 and 403 mean a bad one",
        "partly",
        "401 without one; any token is good and names a workspace, unless tokens are strict",
        "documented",
        "server/provider/access.py:workspace_of",
    ),
    Fact(
        "api.errors",
        "consumers read `error.message`; the rest is unknown",
        "yes",
        "`error.message` and `error.code` (assumed)",
        "observed",
        "server/provider/errors.py:error",
    ),
    Fact(
        "api.paging",
        "`limit` (50 by default) and `skip`; whether lists carry a total is unknown",
        "yes",
        "the same, without a total (assumed)",
        "documented",
        "server/provider/listing.py:DEFAULT_LIMIT",
    ),
    Fact(
        "api.envelope",
        "answers have `data`; that the list of groups has `groupList` instead is observed. Whether "
        "`data` of a single record is an object or a list is unknown",
        "yes",
        "an object for a single record, a list for several (assumed)",
        "observed",
        "server/operations.py:Operation",
    ),
    Fact(
        "api.order",
        "lists are sorted by `colName` and `inOrder`; the order without them is unknown, and so is "
        "which columns there are. A client in use sends `created`, `desc`",
        "partly",
        "any field of a row is a column; without one, assessments and candidates come newest first",
        "observed",
        "server/provider/listing.py:Sorted",
    ),
    Fact(
        "api.flags",
        "a client in use sends `isActive`, `isArchived`, `isEditable`, `isDraft` all false and "
        "expects published assessments",
        "partly",
        "a flag that is false counts as left out, several that are true add up; without any, "
        "drafts and archived assessments are listed, too",
        "observed",
        "server/provider/assessments.py:AssessmentQuery",
    ),
    Fact(
        "api.parameters",
        "what happens with unknown or empty parameters is unknown; clients in use send both",
        "unknown",
        "an unknown one passes, and the log names it; an empty one counts as left out; a wrong "
        "value is 400 and names the parameter",
        "assumed",
        "server/operations.py:_query",
    ),
    Fact(
        "api.archived",
        "whether `assessmentStatus` has a word for archived assessments is unknown",
        "unknown",
        "`SUBSCRIBED`, as in payloads, but `isArchived` is true here",
        "assumed",
        "server/provider/assessments.py:status",
    ),
    Fact(
        "api.drafts",
        "the Created example shows no content",
        "yes",
        "a draft has no tests, no time and no recipients here, either",
        "documented",
        "domain/assessment.py:is_hidden",
    ),
    Fact(
        "api.counts",
        "`totalInvited`, `totalInProgress` and the like are numbers of unknown meaning",
        "partly",
        "invited are all who were told; in progress includes those who enrolled; rejected includes "
        "those who were disqualified",
        "observed",
        "server/provider/assessments.py:_row",
    ),
    Fact(
        "api.filters",
        "candidates are filtered by status, stage, grade, type of invitation, inviter and range of "
        "completion; the form of their values is unknown",
        "partly",
        "whole values, and for the range two instants with a comma",
        "observed",
        "server/provider/candidates.py:CandidateQuery",
    ),
    Fact(
        "api.candidate-id",
        "a result is read by the id of a candidate",
        "partly",
        "the person's id, or the invitation's; of several attempts the last",
        "observed",
        "workspace/selection.py:candidate_of",
    ),
    Fact(
        "api.writing",
        "assessments are composed, candidates and users invited, tokens generated",
        "no",
        "the control API has what webhooks need of them",
        "documented",
        "server/provider/routes.py:ROUTES",
    ),
)
"""The provider's API."""

PRODUCT = (
    Fact(
        "product.scheduled",
        "an invitation takes a `scheduledDate`; how it shows until then is unknown",
        "yes",
        "the candidate is SCHEDULED, nobody is told, and on the date it is INVITED by itself",
        "documented",
        "domain/candidate.py:SCHEDULED",
    ),
    Fact(
        "product.validity",
        "an invitation is open for 30 days unless the assessment says otherwise",
        "yes",
        "it expires by itself while the candidate is INVITED; one who enrolled expires by "
        "command alone (assumed)",
        "documented",
        "domain/assessment.py:VALIDITY_DAYS",
    ),
    Fact(
        "product.second-invitation",
        "unknown",
        "unknown",
        "refused while the first one to that assessment is open; the same address is the same "
        "person, `candidateId`",
        "assumed",
        "workspace/commands/candidates.py:_refuse_second",
    ),
    Fact(
        "product.qualifying-question",
        "assessments show `[]`, Disqualified one wrong answer",
        "yes",
        "the question is drawn at the disqualification; the assessment does not have it",
        "documented",
        "domain/questions.py:wrong_answer",
    ),
    Fact(
        "product.proctoring",
        "a violation disqualifies; no example shows one",
        "yes",
        "the Disqualified keys, with the open tests and without a question (assumed)",
        "documented",
        f"{_V1}:_disqualified",
    ),
    Fact(
        "product.edits",
        "edits reach only later invitations",
        "yes",
        "a candidate keeps the title of their invitation; the content of an assessment never "
        "changes",
        "documented",
        "domain/candidate.py:assessment_title",
    ),
    Fact(
        "product.content",
        "the Updated example has two tests and three custom questions",
        "yes",
        "every assessment has so many (assumed), drawn at its creation, shown once it is no draft",
        "documented",
        "domain/questions.py:content",
    ),
    Fact(
        "product.library",
        "Testlify has a library of tests and questions, and companies add their own",
        "partly",
        "200 made-up tests of eight made-up types, ten questions each; three are the company's; "
        "assessments take their tests from it",
        "documented",
        "domain/library.py:Library",
    ),
    Fact(
        "product.ids",
        "ids are MongoDB ObjectIds: their first eight digits are the seconds of their making",
        "yes",
        "the same, by the workspace's clock",
        "observed",
        "domain/ids.py:object_id",
    ),
    Fact(
        "product.monitor",
        "one end of a test is known: 17 times and 157 s outside the window",
        "yes",
        "every second candidate leaves the window (assumed)",
        "documented",
        "domain/people.py:watched",
    ),
    Fact(
        "product.automation",
        "there are automatic rejections and invitations, and results sent by mail",
        "no",
        "nothing moves by itself but an invitation that expires",
        "documented",
        "domain/candidate.py:LIFECYCLE",
    ),
)
"""What the product does beside the webhooks."""
