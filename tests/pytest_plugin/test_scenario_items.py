"""Scenario files as tests, in pytest runs of their own."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING

import pytest

from emulator.captures.capture import Capture
from emulator.captures.overlay import learn
from emulator.captures.sample_payloads import sent
from emulator.contracts.validation import Contracts

if TYPE_CHECKING:
    from tests.pytest_plugin.conftest import RunPytest

pytestmark = pytest.mark.slow

SCENARIO = """\
scenario: A candidate is invited
seed: 7
consumer:
  - payload_url: ${CONSUMER_URL}
    events: [candidate.invited]
steps:
  - create_assessment: {as: job, title: Cook}
  - invite: {as: ada, to: job, email: ada@example.com}
  - expect: {event: candidate.invited, answered: ${ANSWER:-2xx}, count: 1}
"""

CONFTEST = """
import pytest

@pytest.fixture
def testlify_variables(testlify_receiver):
    return {"CONSUMER_URL": testlify_receiver.url}
"""


@pytest.fixture
def scenarios(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(CONFTEST)
    folder = pytester.mkdir("scenarios")
    (folder / "invited.scenario.yaml").write_text(SCENARIO)
    (folder / "other.yaml").write_text("not: a scenario")
    (pytester.mkdir("elsewhere") / "left-alone.scenario.yaml").write_text("not: a scenario")


@pytest.mark.usefixtures("scenarios")
def test_a_file_below_the_folder_is_a_test(run_pytest: RunPytest) -> None:
    result = run_pytest("", "-v")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["scenarios/invited.scenario.yaml::invited PASSED*"])


@pytest.mark.usefixtures("scenarios")
def test_a_failure_is_the_step_with_its_place(run_pytest: RunPytest) -> None:
    result = run_pytest("", "-o", "testlify_set=ANSWER = 409\n")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*_ scenario invited _*",
            "scenarios/invited.scenario.yaml:9: expect event: candidate.invited, answered: *409*",
            "  expected exactly 1 candidate.invited answered 409; got 0",
            "    nearest: delivery 1-1 candidate.invited, attempt 1: 200",
            "      = event: 'candidate.invited'",
            "      x answered: expected 409, got 200",
            "failed: 1 of 3 steps failed; first 'expect' at line 9 (seed 7)",
            "FAILED scenarios/invited.scenario.yaml::invited - scenarios/invited.scenario.*",
        ],
        consecutive=False,
    )
    assert "emulator/" not in result.stdout.str()


@pytest.mark.usefixtures("scenarios")
def test_no_evidence_is_a_failure(
    run_pytest: RunPytest, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONSUMER_URL", "http://127.0.0.1:1/")
    pytester.makeconftest("")
    result = run_pytest("")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["no evidence: the consumer never answered: refused*(seed 7)"])
    (pytester.path / "scenarios/invited.scenario.yaml").write_text(
        "\n".join(SCENARIO.splitlines()[:7])
    )
    result = run_pytest("")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "scenarios/invited.scenario.yaml:1: A candidate is invited",
            "no evidence: nothing was sent (seed 7)",
        ]
    )


@pytest.mark.usefixtures("scenarios")
def test_problems_of_a_file_are_reported_with_their_places(
    run_pytest: RunPytest, pytester: pytest.Pytester
) -> None:
    (pytester.path / "scenarios/invited.scenario.yaml").write_text(
        SCENARIO.replace("invite:", "invit:").replace("${CONSUMER_URL}", "${CONSUMER_ULR}")
    )
    result = run_pytest("", "--tb=short")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "scenarios/invited.scenario.yaml:4:18: the variable 'CONSUMER_ULR' is not set; *",
            "scenarios/invited.scenario.yaml:8:5: *'invit'*near: 'invite'*",
        ]
    )
    assert "emulator/" not in result.stdout.str()


@pytest.mark.usefixtures("scenarios")
def test_an_invalid_setting_is_reported(run_pytest: RunPytest) -> None:
    result = run_pytest("", "-o", "testlify_set=ANSWER\n")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["testlify_set 'ANSWER': expected KEY=VALUE"])


@pytest.mark.usefixtures("scenarios")
def test_a_bug_shows_its_traceback(run_pytest: RunPytest, pytester: pytest.Pytester) -> None:
    pytester.makeconftest(CONFTEST.replace("testlify_receiver.url", "1 / 0"))
    result = run_pytest("")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["E*ZeroDivisionError: division by zero"])


def test_without_the_setting_no_file_is_a_test(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\naddopts = -p no:schemathesis -p no:faker")
    (pytester.path / "invited.scenario.yaml").write_text(SCENARIO)
    result = pytester.runpytest_subprocess("-p", "no:asyncio")
    result.assert_outcomes()
    result.stdout.fnmatch_lines(["collected 0 items"])


OVERLAID = """
    import pytest

    def invite(testlify, url):
        testlify.add_webhook(name="a", payload_url=url, events=["candidate.invited"])
        testlify.invite(testlify.create_assessment().id)

    def test_plain(testlify, testlify_receiver):
        invite(testlify, testlify_receiver.url)
        testlify.expect(event="candidate.invited", where={"data.stage": "Made-up stage"})

    @pytest.mark.asyncio
    async def test_async(testlify, testlify_receiver):
        invite(testlify, testlify_receiver.url)
        await testlify.expect(event="candidate.invited", where={"data.stage": "Made-up stage"})
"""


@pytest.mark.usefixtures("scenarios")
def test_payloads_have_the_shape_of_the_overlay(
    run_pytest: RunPytest, pytester: pytest.Pytester
) -> None:
    payload = copy.deepcopy(sent("v1", "candidate.invited")[0])
    payload["data"]["stage"] = "somewhere else"
    learn([Capture(json.dumps(payload).encode())], pytester.path / "overlay", Contracts())
    (pytester.path / "scenarios" / "invited.scenario.yaml").write_text(
        SCENARIO.replace("count: 1", "where: {data.stage: Made-up stage}, count: 1")
    )
    result = run_pytest(OVERLAID, "-o", "testlify_overlay=overlay")
    result.assert_outcomes(passed=3)
    result = run_pytest(OVERLAID, "-o", "testlify_overlay=nowhere")
    result.stdout.fnmatch_lines(["*testlify_overlay: no schemas in '*nowhere': expected v1/*"])
