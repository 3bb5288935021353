"""What checks come to, of small applications in this process."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any

import pytest

from emulator import conformance
from emulator.conformance.catalogue import CHECKS
from emulator.conformance.check import NEEDS
from emulator.conformance.claims import CLAIMS
from emulator.conformance.grading import CheckResult, exit_code, grade
from emulator.conformance.target import PLACES, KnownPerson, Target
from emulator.decoding import parsed
from emulator.errors import InvalidInputError
from emulator.receiver import Receiver
from tests.consumers.core import HOOK, Consumer
from tests.consumers.starlette_app import starlette_app
from tests.consumers.verifies_a_serialised_body import VerifiesASerialisedBody

if TYPE_CHECKING:
    from emulator.conformance.check import Check, Outcome

pytestmark = pytest.mark.slow  # most go through the whole catalogue

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PROBE = "/candidates/{email}?assessment={assessment_id}"


def answering(status: int, body: bytes = b"{}", probe: bytes | None = None) -> Any:
    """Return an application that answers every delivery so, and every probe with *probe*."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        is_probe = scope["method"] == "GET"
        code = status if not is_probe else 404 if probe is None else 200
        await send({"type": "http.response.start", "status": code, "headers": []})
        await send({"type": "http.response.body", "body": (probe or b"") if is_probe else body})

    return app


def graded(app: Any, **options: Any) -> dict[str, CheckResult]:
    given: dict[str, Any] = {
        "claims": CLAIMS,
        "headers": {"X-Webhook-Token": "s3cret"},
        "secret": SECRET,
        "probe": PROBE,
        "within": 0.0,
    }
    return {one.check.id: one for one in conformance.run(app, **given | options)}


def outcomes(results: dict[str, CheckResult], family: str) -> set[str]:
    return {one.outcome for one in results.values() if one.check.family == family}


def in_family(*families: str) -> set[str]:
    return {
        id_
        for id_, check in CHECKS.items()
        if check.family in families and "socket" not in check.requires
    }


def test_a_consumer_that_always_answers_200_fails_all_refusals() -> None:
    results = graded(answering(200))
    assert {results[id_].outcome for id_ in in_family("refuses")} == {"failed"}
    assert outcomes(results, "accepts") == {"passed"}


def test_a_consumer_that_always_answers_200_and_has_no_state_has_no_effects() -> None:
    results = graded(answering(200))
    passed = {id_ for id_ in in_family("effects") if results[id_].outcome == "passed"}
    assert passed == set()


def test_a_consumer_that_always_answers_500_fails_all_that_has_to_be_accepted() -> None:
    results = graded(answering(500))
    assert outcomes(results, "accepts") == {"failed"}
    assert outcomes(results, "tolerates") == {"failed"}
    assert {results[id_].outcome for id_ in in_family("effects", "refuses")} == {"incomplete"}


def test_a_consumer_that_always_answers_400_passes_no_refusals() -> None:
    results = graded(answering(400))
    assert {results[id_].outcome for id_ in in_family("refuses")} == {"incomplete"}
    assert results["refuses.empty"].message == (
        "answered 400 to a regular payload (INVITED), without which there is no evidence"
    )


def test_a_consumer_that_always_answers_410_is_reported() -> None:
    found = graded(answering(410))["retries.never-gone"]
    assert (
        found.message
        == "answered 410, which only an endpoint that was removed for good should answer"
    )


def test_checks_with_equal_answers_have_one_cause() -> None:
    results = graded(answering(500), only=["accepts.candidate"])
    assert {one.cause for one in results.values()} == {"answered 500; expected 2xx"}
    found = results["accepts.candidate.invited"]
    assert found.message == "answered 500 to candidate.invited; expected 2xx"


def test_a_consumer_that_verifies_a_reserialised_body_is_reported() -> None:
    consumer = VerifiesASerialisedBody()
    consumer.configure(None, SECRET, None)
    asked = ["tolerates.white-space", "tolerates.escaped", "tolerates.keys-in-another-order"]
    found = graded(starlette_app(consumer), url=HOOK, probe="", only=asked)
    cause = (
        "it seems to verify the signature of a body that it parsed and serialised again, "
        "not of the bytes that arrived"
    )
    for id_, form in (("white-space", "white space"), ("escaped", "\\u escapes")):
        one = found[f"tolerates.{id_}"]
        answered = f"answered 401 to JSON with {form}; expected 2xx"
        assert one.message == f"{answered}; accepted the same payload, compact: {cause}"
        assert one.cause == cause
    assert found["tolerates.keys-in-another-order"].outcome == "passed"


@pytest.mark.parametrize("secret", [None, SECRET])
def test_a_consumer_that_rejects_every_form_gets_no_such_diagnosis(secret: str | None) -> None:
    found = graded(answering(401), secret=secret, only=["tolerates.white-space"])
    message = "answered 401 to JSON with white space; expected 2xx"
    assert found["tolerates.white-space"].message == message


def test_without_a_secret_there_is_no_signature_to_blame() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        message = await receive()

        async def again() -> Any:
            return message

        status = 400 if message["body"].startswith(b"\n") else 200
        await answering(status)(scope, again, send)

    found = graded(app, secret=None, probe="", only=["tolerates.white-space"])
    message = "answered 400 to JSON with white space; expected 2xx"
    assert found["tolerates.white-space"].message == message


def test_a_stack_trace_in_an_answer_is_found() -> None:
    trace = b'Traceback (most recent call last):\n  File "/app/hook.py", line 7, in hook\n'

    async def app(scope: Any, receive: Any, send: Any) -> None:
        body = (await receive())["body"]
        leaks = not body.startswith(b"{")
        await answering(400 if leaks else 200, trace if leaks else b"")(scope, receive, send)

    async def once(scope: Any, receive: Any, send: Any) -> None:
        message = await receive()

        async def again() -> Any:
            return message

        await app(scope, again, send)

    found = graded(once, only=["refuses.html"], probe=None)["refuses.html"]
    assert (found.outcome, found.message) == (
        "failed",
        "the answer to an HTML body contains a stack trace",
    )


def test_the_right_consumer_passes_in_this_process_with_reasons_for_skips() -> None:
    consumer = Consumer()
    consumer.configure("s3cret", SECRET, None)
    results = graded(starlette_app(consumer), url=HOOK)
    assert {one.outcome for one in results.values()} == {"passed", "skipped"}
    skipped = {one.message for one in results.values() if one.outcome == "skipped"}
    assert skipped == {
        "the check needs a socket, and an application in this process has none (--app)",
        "v1 webhooks are not retried automatically (--webhooks v2)",
    }


def test_a_consumer_without_a_description_gets_fewer_checks() -> None:
    results = graded(answering(200), claims=(), headers={}, secret=None, probe=None)
    assert outcomes(results, "effects") == {"skipped"}
    messages = {
        id_: results[id_].message for id_ in ("effects.late-invited", "refuses.header-missing")
    }
    assert messages == {
        "effects.late-invited": "the consumer's state is not visible (--probe or --probe-command)",
        "refuses.header-missing": (
            "no header is configured that the consumer could require (--header)"
        ),
    }
    assert results["refuses.array"].message == (
        "the consumer does not claim 'validates': rejects JSON that is not a payload"
        " (--claim validates)"
    )


def test_an_unreachable_consumer_is_no_evidence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    results = conformance.run(f"http://127.0.0.1:{port}/hook", tags=["ping"])
    assert {one.outcome for one in results} == {"incomplete"}
    assert all(one.message.startswith("the consumer can't be reached: ") for one in results)
    assert exit_code(results) == 2


def test_a_slow_consumer_is_reported_with_the_time_limit() -> None:
    async def hang(_scope: Any, receive: Any, _send: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    (found,) = conformance.run(hang, only=["accepts.candidate.invited"], timeout=0.1)
    assert found.outcome == "failed"
    assert found.message.startswith("did not answer within 100ms to candidate.invited")


def test_a_probe_that_shows_too_little_skips_the_check() -> None:
    app = answering(200, probe=b'{"status": "COMPLETED"}')
    found = graded(app, only=["effects.completion-counts"])["effects.completion-counts"]
    assert found.outcome == "skipped"
    assert found.message == "the probe's answer has no 'completions', only status"


def test_a_probe_that_fails_is_no_evidence() -> None:
    app = answering(200, probe=b"<html>")
    found = graded(app, only=["effects.completion-counts"])["effects.completion-counts"]
    assert found.outcome == "incomplete"
    assert (
        found.message == "the consumer's state is not visible: the probe answered no JSON: '<html>'"
    )


def result(outcome: Outcome) -> CheckResult:
    return CheckResult(CHECKS["accepts.ping"], outcome)


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        (("passed", "skipped"), 0),
        (("passed", "failed", "incomplete"), 1),
        (("passed", "incomplete"), 2),
        (("skipped",), 2),
        ((), 2),
    ],
)
def test_nothing_shown_is_never_0(seen: tuple[Outcome, ...], code: int) -> None:
    assert exit_code([result(one) for one in seen]) == code


# --- own data and hooks -----------------------------------------------------------------------


def test_a_consumer_that_knows_its_own_people_only_can_pass() -> None:
    """The hook announces each candidate before the first delivery about them."""
    known: set[str] = set()
    consumer = Consumer()
    consumer.configure(None, None, None)
    right = starlette_app(consumer)

    async def picky(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"].startswith("/known/"):
            known.add(scope["path"].removeprefix("/known/"))
            await answering(200, probe=b"{}")(scope, receive, send)
            return
        if scope["method"] == "GET":
            await right(scope, receive, send)
            return
        message = await receive()

        async def again() -> Any:
            return message

        is_known = any(one.encode() in message["body"] for one in known)
        is_about = b'"email"' in message["body"] and b"candidateStatus" in message["body"]
        app = right if is_known or not is_about else answering(404)
        await app(scope, again, send)

    results = graded(picky, url=HOOK, setup="/known/{email}", secret=None, headers={})
    assert {one.outcome for one in results.values()} == {"passed", "skipped"}
    refused = graded(picky, url=HOOK, secret=None, headers={}, only=["accepts.candidate.enrolled"])
    assert refused["accepts.candidate.enrolled"].outcome == "failed"


def test_a_set_up_may_be_a_post_of_json() -> None:
    made: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        body = (await receive())["body"]
        if scope["path"] == "/people":
            made.append((scope["method"], dict(scope["headers"])[b"content-type"], parsed(body)))
        await send({"type": "http.response.start", "status": 201, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    template = {"person": {"email": "{email}", "tags": ["{assessment_id}", 7, None]}}
    (result,) = conformance.run(
        app, only=["accepts.candidate.invited"], people=(KnownPerson("ada@example.com"),),
        setup="/people", setup_method="POST", setup_json=template,
    )  # fmt: skip
    assert result.outcome == "passed"
    data = result.deliveries[0].payload["data"]
    person = {"email": "ada@example.com", "tags": [data["assessmentId"], 7, None]}
    assert made == [("POST", b"application/json", {"person": person})]


def test_the_user_s_own_people_are_sent() -> None:
    bodies: list[bytes] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        bodies.append(message["body"])

        async def again() -> Any:
            return message

        await answering(200)(scope, again, send)

    people = (KnownPerson("ada@example.com", "Ada"), KnownPerson("ben@example.com", "Ben"))
    conformance.run(app, only=["accepts.candidate"], people=people, title="Pilot")
    about = [body for body in bodies if b'"email"' in body]
    assert about
    assert all(b"ada@example.com" in body or b"ben@example.com" in body for body in about)
    assert all(b'"Pilot"' in body for body in about)


def test_a_hook_that_fails_stops_the_run() -> None:
    with pytest.raises(InvalidInputError, match=r"the set-up hook failed for '.*': answered 404"):
        conformance.run(answering(200), only=["accepts.candidate.invited"], setup="/x/{email}")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"probe": "/candidates"},
            f"the probe '/candidates' names no candidate; expected one of {', '.join(PLACES)}",
        ),
        ({"probe": "/{mail}"}, f"can't fill '/{{mail}}': {{mail}}; known: {', '.join(PLACES)}"),
        (
            {"setup": "/", "setup_json": {"a": ["{mail}"]}},
            f"can't fill '{{mail}}': {{mail}}; known: {', '.join(PLACES)}",
        ),
        (
            {"probe": "/{id}", "probe_command": ("x",)},
            "both a URL and a command as probe; expected one of them",
        ),
    ],
)
def test_an_invalid_probe_is_reported_before_anything_is_sent(
    options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        conformance.run(answering(200), **options)
    assert str(caught.value) == message


# --- every check can fail -----------------------------------------------------------------------


def test_each_check_over_a_socket_can_fail() -> None:
    """A receiver that always answers 500 fails all deliveries that it has to accept."""

    async def ask() -> list[CheckResult]:
        async with Receiver(statuses=[500]) as receiver:
            target = Target(url=receiver.url, generation="v2", secret=SECRET)
            checks = [
                check
                for check in CHECKS.values()
                if check.family in ("withstands", "retries") and not check.missing(target)
            ]
            return await grade(target, checks)

    passed = {one.check.id for one in asyncio.run(ask()) if one.outcome == "passed"}
    # Checks that only forbid certain answers pass: 500 is neither 410 nor 429.
    assert passed == {"retries.never-gone", "retries.says-when"}


def test_a_consumer_that_rejects_crowds_has_to_send_retry_after() -> None:
    async def ask() -> list[CheckResult]:
        async with Receiver(statuses=[503]) as receiver:
            return await grade(Target(url=receiver.url), [CHECKS["retries.says-when"]])

    (found,) = asyncio.run(ask())
    assert found.message == "answered 503 without Retry-After"


def test_each_check_is_fully_documented() -> None:
    def texts(check: Check) -> list[str]:
        return [check.title, check.sends, check.expects, check.why]

    assert len(CHECKS) >= 60
    assert [id_ for id_, one in CHECKS.items() if not all(texts(one))] == []
    assert [id_ for id_, one in CHECKS.items() if set(one.requires) - known_needs()] == []


@pytest.mark.parametrize(
    ("verb", "family"), [("accepts ", None), ("rejects ", "refuses"), ("survives ", "withstands")]
)
def test_titles_fit_their_family(verb: str, family: str | None) -> None:
    families = {check.family for check in CHECKS.values() if check.title.startswith(verb)}
    assert "refuses" not in families if family is None else families == {family}


def known_needs() -> set[str]:
    return set(CLAIMS) | set(NEEDS)


def test_a_check_is_a_test_of_pytest() -> None:
    conformance.demand("accepts.ping", answering(200))
    with pytest.raises(AssertionError) as caught:
        conformance.demand("accepts.ping", answering(500))
    assert str(caught.value) == (
        "accepts.ping failed: answered 500 to an empty test ping; expected 2xx (why: the webhook"
        " can't be saved when its test ping fails)"
    )
    with pytest.raises(pytest.skip.Exception, match="the consumer's state is not visible"):
        conformance.demand("effects.late-invited", answering(200))
