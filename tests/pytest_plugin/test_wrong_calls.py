"""A call that a test makes wrongly fails that test, at the line of the call."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import pytest

from emulator.pytest_plugin.testlify import AsyncTestlify
from emulator.workspace.workspace import Workspace

if TYPE_CHECKING:
    from tests.pytest_plugin.conftest import RunPytest

ANYIO = "@pytest.fixture\n    def anyio_backend():\n        return 'asyncio'"

in_async_tests = pytest.mark.parametrize(
    ("setup", "marker", "has_asyncio"),
    [("", "@pytest.mark.asyncio", True), (ANYIO, "@pytest.mark.anyio", False)],
    ids=["pytest-asyncio", "anyio"],
)

# --- calls that were not awaited ------------------------------------------------------------

NOT_AWAITED = """
    import asyncio
    import pytest
    {setup}

    {marker}
    async def test_a_demand(testlify):
        testlify.expect("candidate.invited")

    {marker}
    async def test_several_calls(testlify):
        testlify.settle()
        await testlify.settle()
        testlify.expect(
            "candidate.invited",
            count=1,
        )

    {marker}
    async def test_a_task_that_does_not_end(testlify):
        task = asyncio.create_task(testlify.wait(within=60))
        await asyncio.sleep(0)

    {marker}
    async def test_another_failure_is_reported_first(testlify):
        testlify.expect("candidate.invited")
        raise ValueError("of the test")

    {marker}
    async def test_awaited_later(testlify):
        demand = testlify.expect("candidate.invited", count=0)
        await asyncio.gather(testlify.settle(), asyncio.create_task(testlify.advance(60)))
        assert await demand == []
"""


@in_async_tests
def test_an_async_call_that_is_not_awaited_fails_the_test(
    run_pytest: RunPytest, setup: str, marker: str, has_asyncio: bool
) -> None:
    """And Python's own warning, an error here, does not come a second time."""
    code = NOT_AWAITED.format(setup=setup, marker=marker)
    lines = [line.strip() for line in code.splitlines()]
    demand = lines.index('testlify.expect("candidate.invited")')
    settled = lines.index("testlify.settle()")
    several = lines.index("testlify.expect(")
    task = lines.index("task = asyncio.create_task(testlify.wait(within=60))")
    result = run_pytest(code, has_asyncio=has_asyncio)
    result.assert_outcomes(passed=1, failed=4)
    result.stdout.fnmatch_lines(
        [
            f"test_it.py:{demand}: expect() was not awaited",
            f"test_it.py:{settled}: settle() was not awaited",
            f"test_it.py:{several}: expect() was not awaited",
            f"test_it.py:{task}: wait() was not awaited",
            "E*ValueError: of the test",
        ]
    )
    assert "never awaited" not in result.stdout.str() + result.stderr.str()


def test_every_async_call_of_a_workspace_is_watched() -> None:
    def is_async(name: str) -> bool:
        return inspect.iscoroutinefunction(getattr(Workspace, name))

    calls = {name for name in dir(Workspace) if not name.startswith("_") and is_async(name)}
    assert calls <= set(vars(AsyncTestlify))


# --- calls that the emulator refuses --------------------------------------------------------

REFUSED = """
    import pytest
    {setup}

    def enroll(testlify):
        testlify.enroll("nobody")  # of a helper

    {marker}
    {async_}def test_an_unknown_event_type(testlify):
        {await_}testlify.expect(event="candidate.invitd")

    {marker}
    {async_}def test_an_unknown_demand(testlify):
        {await_}testlify.expect("candidate.invited", candidat="ada")

    {marker}
    {async_}def test_an_unknown_record(testlify):
        enroll(testlify)

    {marker}
    {async_}def test_an_unknown_argument(testlify):
        testlify.create_assessment(titel="Cook")
"""


@pytest.mark.parametrize(
    ("setup", "marker", "async_", "await_", "has_asyncio"),
    [
        ("", "", "", "", False),
        ("", "@pytest.mark.asyncio", "async ", "await ", True),
        (ANYIO, "@pytest.mark.anyio", "async ", "await ", False),
    ],
    ids=["sync", "pytest-asyncio", "anyio"],
)
def test_a_refused_call_is_shown_at_the_line_of_the_test(
    run_pytest: RunPytest, setup: str, marker: str, async_: str, await_: str, has_asyncio: bool
) -> None:
    code = REFUSED.format(setup=setup, marker=marker, async_=async_, await_=await_)
    result = run_pytest(code, has_asyncio=has_asyncio)
    result.assert_outcomes(failed=4)
    result.stdout.fnmatch_lines(
        [
            f'>       {await_}testlify.expect(event="candidate.invitd")',
            "E       emulator.errors.UnknownNameError: no event type 'candidate.invitd'; near: *",
            "test_it.py:*: UnknownNameError",
            f'>       {await_}testlify.expect("candidate.invited", candidat="ada")',
            "E       emulator.errors.UnknownNameError: no demand 'candidat'; near: 'candidate'",
            '>       testlify.enroll("nobody")  # of a helper',
            "E       emulator.errors.NotFoundError: no candidate 'nobody'; none exists yet",
            '>       testlify.create_assessment(titel="Cook")',
            "E       TypeError: *got an unexpected keyword argument 'titel'",
        ]
    )
    assert "emulator/" not in result.stdout.str()


@pytest.mark.slow
def test_full_trace_shows_where_the_call_was_refused(run_pytest: RunPytest) -> None:
    code = REFUSED.format(setup="", marker="", async_="", await_="")
    result = run_pytest(code, "--full-trace", "-k", "unknown_event", has_asyncio=False)
    assert "emulator/domain/events.py" in result.stdout.str()
