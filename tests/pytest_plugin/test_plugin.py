"""The plugin as its users see it: pytest runs of their own."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.pytest_plugin.conftest import RunPytest

pytestmark = pytest.mark.slow

FIXTURES = (
    "testlify", "testlify_options", "testlify_receiver", "testlify_server", "testlify_variables",
)  # fmt: skip


def test_it_is_there_by_itself_and_imports_nothing_until_it_is_used(run_pytest: RunPytest) -> None:
    result = run_pytest(
        """
        import sys

        def test_one(pytestconfig):
            assert pytestconfig.pluginmanager.get_plugin("testlify_emulator") is not None
            assert {one for one in sys.modules if one.startswith("emulator")} == {
                "emulator", "emulator.pytest_plugin", "emulator.pytest_plugin.plugin"
            }
            assert not {"msgspec", "starlette", "uvicorn", "ruamel"} & set(sys.modules)
        """,
        is_fresh=True,
    )
    result.assert_outcomes(passed=1)


def test_its_module_imports_only_pytest_and_the_standard_library() -> None:
    code = (
        "import sys, pytest; before = set(sys.modules); import emulator.pytest_plugin.plugin\n"
        "print(*sorted({n.partition('.')[0] for n in set(sys.modules) - before}"
        " - set(sys.stdlib_module_names)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout.split(), done.stderr) == (["emulator"], "")


def test_fixtures_settings_and_marker_explain_themselves(run_pytest: RunPytest) -> None:
    shown = run_pytest("", "--fixtures").stdout.str()
    for name in FIXTURES:
        assert f"\n{name}" in shown
    assert "_testlify_receivers" not in shown
    output = run_pytest("", "--help").stdout.str()
    assert "testlify_scenarios (paths):" in output
    assert "testlify_set (linelist):" in output
    markers = run_pytest("", "--markers").stdout.str()
    assert "@pytest.mark.testlify(seed=..., webhooks=..., clock=..., ...): set the " in markers


SYNC = """
    import pytest
    from emulator import Testlify, TestlifyOptions

    names = []

    @pytest.mark.parametrize("number", [1, 2])
    def test_it_is_fresh(testlify, number):
        assert testlify.last_entry == 1
        testlify.create_assessment()
        names.append(testlify.name)

    def test_its_name_is_of_its_own(testlify, testlify_server):
        assert len({*names, testlify.name}) == 3
        assert not set(names) & set(testlify_server.workspaces)
        assert testlify.name in testlify_server.workspaces
        assert testlify.url == testlify_server.url

    def test_its_clock_is_virtual(testlify):
        before = testlify.now()
        testlify.advance(86_400)
        assert (testlify.now() - before).total_seconds() == 86_400

    def test_it_draws_the_same_in_each_run(testlify):
        assert testlify.create_assessment().id == "{id}"

    @pytest.mark.testlify(seed=5, webhooks="v2", clock="real")
    class TestMarked:
        @pytest.mark.testlify(seed=6)
        def test_the_nearest_marker_counts(self, testlify):
            settings = testlify.read(lambda one: one.state.settings)
            assert (settings.seed, settings.generation, settings.clock) == (6, "v2", "real")

    @pytest.mark.testlify(report_delay=180.0)
    def test_the_delay_of_reports_is_an_option(testlify):
        assert testlify.read(lambda one: one.state.settings.report_delay) == 180.0

    @pytest.mark.testlify(observed=["skills"])
    def test_variants_of_payloads_are_an_option(testlify):
        sample = testlify.sample_of("candidate.completed")
        assert sample["data"]["testLibrary"][0]["skills"]

    class TestOptions:
        @pytest.fixture
        def testlify_options(self):
            return TestlifyOptions(seed=8)

        def test_the_fixture_sets(self, testlify):
            assert testlify.read(lambda one: one.state.settings.seed) == 8
"""


def test_in_a_sync_test_it_is_a_fresh_workspace_set_by_marker_and_fixture(
    run_pytest: RunPytest,
) -> None:
    result = run_pytest(SYNC)
    result.assert_outcomes(passed=8, failed=1)
    made = next(line for line in result.outlines if line.startswith("E       AssertionError"))
    again = run_pytest(SYNC.replace("{id}", made.split("'")[1]))
    again.assert_outcomes(passed=9)


FAILING = """
    import pytest

    @pytest.fixture(autouse=True)
    def failing(testlify, testlify_receiver):
        testlify_receiver.answer(500)
        testlify.add_webhook(name="a", payload_url=testlify_receiver.url, events=["invited"])
        testlify.ada = testlify.invite(testlify.create_assessment().id, email="ada@example.com")

    def test_nothing_fits(testlify):
        testlify.expect(
            "candidate.invited", where={"data.emial": "ada@example.com"}, attempt=2, answered=200
        )

    def test_too_many(testlify):
        testlify.expect("candidate.invited", candidate=testlify.ada, count=0)

    def test_no_webhook_subscribes(testlify):
        testlify.expect("candidate.completed")

    def test_a_wrong_word(testlify):
        testlify.expect("candidate.complete")

    @pytest.mark.testlify(sede=1)
    def test_a_wrong_option(testlify):
        pass

    @pytest.mark.testlify(seed="x")
    def test_a_wrong_value(testlify):
        pass

    @pytest.mark.testlify(fail_on_undelivered=True)
    def test_left_alone(testlify):
        pass

    @pytest.mark.testlify(fail_on_undelivered=True)
    def test_asked_for(testlify):
        [delivery] = testlify.expect("candidate.invited", answered="5xx")
        assert delivery.attempts[0].answer == "500"
"""


def test_a_failure_says_why(run_pytest: RunPytest) -> None:
    result = run_pytest(FAILING, "-p", "no:xdist", "--tb=short")
    result.assert_outcomes(passed=1, failed=5, errors=2)
    result.stdout.fnmatch_lines(
        [
            "the marker testlify: no testlify option 'sede'; near: 'seed'",
            (
                "the marker testlify: can't set the testlify options {'seed': 'x'}: "
                "expected 'int | null', got 'str' (at $.seed)"
            ),
            (
                "E   AssertionError: expected at least 1 candidate.invited with data.emial "
                "'ada@example.com' in attempt 2 answered 200; got 0"
            ),
            "E     nearest: delivery 1-1 candidate.invited, attempt 1: 500",
            "E       = event: 'candidate.invited'",
            "E       x data.emial: expected 'ada@example.com', got absent, near: 'email'",
            "E       x attempt: expected 2, got 1",
            "E       x answered: expected 200, got 500",
            "E   AssertionError: expected exactly 0 candidate.invited of *; got 1",
            "E     delivery 1-1 candidate.invited, attempt 1: 500",
            "E     no webhook subscribes to 'candidate.completed'",
            "*UnknownNameError: no event type 'candidate.complete'; near: 'candidate.completed'*",
            "the test ended with 1 delivery that was not accepted, and no expect() matched:",
            "  delivery 1-1 candidate.invited, attempt 1: 500",
        ]
    )
    assert "emulator/" not in result.stdout.str()


REFUSED = """
    import json
    import pytest
    from emulator import running

    @pytest.fixture(scope="session")
    def testlify_server(tmp_path_factory):
        folder = tmp_path_factory.mktemp("schemas")
        (folder / "v1").mkdir()
        (folder / "v1" / "candidate.invited.json").write_text(json.dumps({"required": ["colour"]}))
        with running(overlay=folder, clock="virtual", in_flight=1) as emulator:
            yield emulator

    def invite(testlify, payload_url):
        testlify.add_webhook(name="a", payload_url=payload_url, events=["invited"])
        testlify.invite(testlify.create_assessment().id)

    def test_refused(testlify, testlify_receiver):
        invite(testlify, testlify_receiver.url)

    @pytest.mark.testlify(fail_on_refused=False)
    def test_let_pass(testlify, testlify_receiver):
        invite(testlify, testlify_receiver.url)
        assert testlify_receiver.requests == []
"""


def test_a_refused_payload_fails_the_test_unless_that_is_allowed(
    run_pytest: RunPytest,
) -> None:
    """The session's server is one of the user's own, with their schemas."""
    result = run_pytest(REFUSED)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "the payload of candidate.invited did not fit its schema, so it was not sent:",
            "  $: lacks the key 'colour'",
        ]
    )


def test_names_that_begin_with_test_are_not_collected_as_tests(run_pytest: RunPytest) -> None:
    result = run_pytest(
        """
        from emulator import AsyncTestlify, Testlify, TestlifyOptions

        def test_one():
            pass
        """
    )
    result.assert_outcomes(passed=1)


ASYNC = """
    import asyncio
    import json
    import urllib.request
    import pytest
    {setup}

    ENDS = []

    @pytest.fixture
    def consumer():
        # Teardown follows the end of the workspace on every loop.
        yield
        ENDS.append("consumer")

    {marker}
    async def test_it_is_on_the_test_s_own_loop(testlify, consumer):
        loop = asyncio.get_running_loop()

        async def app(scope, receive, send):
            assert asyncio.get_running_loop() is loop
            await receive()
            await send({{"type": "http.response.start", "status": 204}})
            await send({{"type": "http.response.body"}})

        testlify.add_webhook(name="a", payload_url=app, events=["invited"])
        job = testlify.create_assessment()
        testlify.invite(job.id)
        await testlify.settle()
        [delivery] = await testlify.expect("candidate.invited", answered=204, count=1)
        matcher = {{"data.email": {{"matches": "@example"}}}}
        await testlify.expect("candidate.invited", assessment=job, where=matcher, count=1)
        matcher = {{"data.email": {{"matches": "nobody"}}}}
        await testlify.expect("candidate.invited", where=matcher, count=0)
        assert testlify.deliveries() == [delivery]
        await testlify.advance(60)

    {marker}
    async def test_its_api_is_served_there(testlify, testlify_receiver):
        body = {{"name": "a", "payloadUrl": testlify_receiver.url, "events": ["invited"]}}
        request = urllib.request.Request(
            f"{{testlify.url}}/v1/webhook",
            json.dumps(body).encode(),
            {{"Authorization": f"Bearer {{testlify.token}}"}},
        )

        def post():
            with urllib.request.urlopen(request) as answer:
                return json.load(answer)["data"]["id"]

        webhook = await asyncio.to_thread(post)
        testlify.invite(testlify.create_assessment().id)
        await testlify.expect("candidate.invited", webhook=webhook, answered=200)
        assert len(testlify_receiver.requests) == 1

    {marker}
    async def test_a_hanging_consumer_delays_no_other(testlify, consumer):
        started = asyncio.Event()

        async def app(scope, receive, send):
            started.set()
            await asyncio.Event().wait()

        testlify.add_webhook(name="a", payload_url=app, events=["invited"])
        testlify.invite(testlify.create_assessment().id)
        await started.wait()

    {marker}
    async def test_a_failure_says_why(testlify):
        await testlify.expect("candidate.invited")

    {marker}
    @pytest.mark.testlify(fail_on_undelivered=True)
    async def test_left_alone(testlify):
        async def app(scope, receive, send):
            raise ValueError

        testlify.add_webhook(name="a", payload_url=app, events=["invited"])
        testlify.invite(testlify.create_assessment().id)

    def test_all_came_to_their_end():
        assert ENDS == ["consumer", "consumer"]
"""


ANYIO = "@pytest.fixture\n    def anyio_backend():\n        return 'asyncio'"


@pytest.mark.parametrize(
    ("setup", "marker", "mode", "has_asyncio"),
    [
        ("", "@pytest.mark.asyncio", "strict", True),
        ("", "", "auto", True),
        (ANYIO, "@pytest.mark.anyio", "strict", True),
        (ANYIO, "@pytest.mark.anyio", "", False),
    ],
    ids=["pytest-asyncio", "pytest-asyncio, auto", "anyio", "anyio alone"],
)
def test_in_an_async_test_it_lives_on_the_test_s_loop(
    run_pytest: RunPytest, setup: str, marker: str, mode: str, has_asyncio: bool
) -> None:
    arguments = ("-o", f"asyncio_mode={mode}") if mode else ()
    code = ASYNC.format(setup=setup, marker=marker)
    result = run_pytest(code, "--tb=short", *arguments, has_asyncio=has_asyncio)
    result.assert_outcomes(passed=4, failed=2)
    result.stdout.fnmatch_lines(
        [
            "E   AssertionError: expected at least 1 candidate.invited; got 0",
            "E     no webhook subscribes to 'candidate.invited'",
            "E     nothing was sent so far",
            "the test ended with 1 delivery that was not accepted, and no expect() matched:",
            "  delivery 1-1 candidate.invited, attempt 1: app_failed",
        ]
    )
    assert "emulator/" not in result.stdout.str()


def test_another_loop_than_asyncio_s_is_reported(
    run_pytest: RunPytest, pytester: pytest.Pytester
) -> None:
    """What runs the test here is no loop at all; to asyncio, trio's is none either."""
    pytester.syspathinsert()
    pytester.makepyfile(
        another_loop="""
        import pytest

        @pytest.hookimpl(tryfirst=True)
        def pytest_pyfunc_call(pyfuncitem):
            with pytest.raises(StopIteration):
                pyfuncitem.obj(testlify=pyfuncitem.funcargs["testlify"]).send(None)
            return True
        """
    )
    result = run_pytest(
        """
        import pytest

        async def test_one(testlify):
            pytest.fail("it never ran")
        """,
        "-p",
        "another_loop",
        has_asyncio=False,
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["testlify needs asyncio, and this test runs on another loop; for anyio's tests, *"]
    )


def test_workers_of_xdist_do_not_meet(run_pytest: RunPytest) -> None:
    result = run_pytest(
        """
        import pytest

        @pytest.mark.parametrize("number", range(12))
        def test_one(testlify, testlify_receiver, number):
            testlify.add_webhook(name="a", payload_url=testlify_receiver.url, events=["invited"])
            testlify.invite(testlify.create_assessment().id, email="ada@example.com")
            testlify.expect("candidate.invited", answered=200, count=1)
            assert len(testlify_receiver.requests) == 1
        """,
        "-n",
        "2",
    )
    result.assert_outcomes(passed=12)
