"""The entry point: options, fixtures, hooks. Imports the emulator only when it is used.

Every pytest run of everybody who has the package installed imports this.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Generator, Iterator
    from pathlib import Path
    from types import TracebackType

    from emulator.event_loops import LoopThread
    from emulator.pytest_plugin.options import TestlifyOptions
    from emulator.pytest_plugin.scenario_items import ScenarioFile
    from emulator.pytest_plugin.testlify import AsyncTestlify, Testlify
    from emulator.receiver import Receiver
    from emulator.twin import RunningEmulator

_ENDING = ".scenario.yaml"
_MARKER = (
    "testlify(seed=..., webhooks=..., clock=..., ...): set the testlify fixture for this test; "
    "takes the fields of TestlifyOptions"
)
_UNFIT = re.compile(r"[^A-Za-z0-9_.-]+")
_LONGEST_NAME = 48
_IN_USE = pytest.StashKey["Testlify | AsyncTestlify"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the settings."""
    parser.addini(
        "testlify_scenarios", "Folders whose *.scenario.yaml files are tests.", type="paths"
    )
    parser.addini(
        "testlify_set",
        "KEY=VALUE lines: what ${KEY} stands for in scenario files; comes before the environment.",
        type="linelist",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line("markers", _MARKER)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> ScenarioFile | None:
    """Collect a scenario file below one of the folders of the setting."""
    if not file_path.name.endswith(_ENDING):
        return None
    folders = parent.config.getini("testlify_scenarios")
    if not any(file_path.is_relative_to(folder) for folder in folders):
        return None
    from emulator.pytest_plugin.scenario_items import ScenarioFile

    return ScenarioFile.from_parent(parent, path=file_path)


# --- fixtures -------------------------------------------------------------------------------


@pytest.fixture
def testlify_options() -> TestlifyOptions:
    """How ``testlify`` is set; override it to set it otherwise."""
    from emulator.pytest_plugin.options import TestlifyOptions

    return TestlifyOptions()


@pytest.fixture(scope="session")
def testlify_server() -> Iterator[RunningEmulator]:
    """An emulator with its HTTP server, one for the session; ``.url`` and ``.token``."""
    from emulator.pytest_plugin.testlify import SEED
    from emulator.twin import running

    with running(seed=SEED, clock="virtual", in_flight=1) as emulator:
        yield emulator


@pytest.fixture
def testlify(
    request: pytest.FixtureRequest, testlify_options: TestlifyOptions
) -> Iterator[Testlify | AsyncTestlify]:
    """A fresh workspace: plain calls in a sync test, on the test's own loop in an async one."""
    from emulator.errors import InvalidInputError
    from emulator.pytest_plugin.testlify import AsyncTestlify, Testlify

    changes: dict[str, Any] = {}
    for mark in reversed(list(request.node.iter_markers("testlify"))):  # the nearest comes last
        changes |= mark.kwargs
    try:
        options = testlify_options.changed(changes)
    except InvalidInputError as error:
        raise pytest.fail.Exception(f"the marker testlify: {error}", pytrace=False) from None
    name = _workspace_name(request.node)
    if inspect.iscoroutinefunction(request.function):
        # The end of an async test stops it: after it there may be no loop left.
        request.node.stash[_IN_USE] = AsyncTestlify(name, options)
        yield request.node.stash[_IN_USE]
        return
    opened = Testlify(request.getfixturevalue("testlify_server"), name, options)
    request.node.stash[_IN_USE] = opened
    try:
        yield opened
    finally:
        opened.close()


@pytest.fixture(scope="session")
def _testlify_receivers() -> Iterator[tuple[LoopThread[Any], asyncio.TaskGroup]]:
    """A thread for receivers; at its end it waits for those that are still closing."""
    import asyncio

    from emulator.event_loops import hosted

    with hosted(asyncio.TaskGroup()) as opened:
        yield opened


@pytest.fixture
def testlify_receiver(
    _testlify_receivers: tuple[LoopThread[Any], asyncio.TaskGroup],
) -> Iterator[Receiver]:
    """A consumer on a real socket: ``.url``, ``.requests``, ``.answer(500, 200)``."""
    from emulator.receiver import Receiver

    thread, group = _testlify_receivers

    async def close() -> None:
        # Closing takes a fifth of a second, so the next test does not wait for it.
        group.create_task(receiver.__aexit__(None, None, None))

    receiver = thread.call(Receiver().__aenter__())
    try:
        yield receiver
    finally:
        thread.call(close())


@pytest.fixture
def testlify_variables() -> dict[str, str]:
    """What ``${NAME}`` stands for in scenario files; override it to point at your consumer."""
    return {}


def _workspace_name(node: pytest.Item) -> str:
    """Return a name that is the same in each run, and no other test's."""
    plain = _UNFIT.sub("-", node.name).strip("-.")[:_LONGEST_NAME] or "test"
    return f"{plain}-{hashlib.sha256(node.nodeid.encode()).hexdigest()[:8]}"


# --- the end of a test ----------------------------------------------------------------------


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Check how a test left its workspace, as part of the test; an async one also stops it."""
    testlify: Any = item.stash.get(_IN_USE, None)
    if testlify is None:
        return (yield)
    del item.stash[_IN_USE]
    test: Any = item
    if not inspect.iscoroutinefunction(test.obj):
        result = yield
        _fail(testlify.left())
        return result
    original = test.obj
    test.obj = _stopping(original, testlify)
    try:
        return (yield)
    finally:
        test.obj = original


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Show a call that the emulator refused at the line that made it, without our own frames."""
    errors = sys.modules.get("emulator.errors")  # not imported: then nothing was refused
    if call.excinfo is None or errors is None or item.config.getoption("fulltrace"):
        return
    if call.excinfo.errisinstance(errors.EmulatorError):
        _without_ours(call.excinfo.tb)


def _without_ours(trace: TracebackType | None) -> TracebackType | None:
    while trace is not None and _is_ours(trace):
        trace = trace.tb_next
    if trace is not None:
        trace.tb_next = _without_ours(trace.tb_next)
    return trace


def _is_ours(trace: TracebackType) -> bool:
    return str(trace.tb_frame.f_globals.get("__name__")).partition(".")[0] == "emulator"


def _stopping(test: Any, testlify: AsyncTestlify) -> Any:
    """Return *test* with the end of its workspace in it, on the same loop."""

    @functools.wraps(test)
    async def run(*args: Any, **kwargs: Any) -> None:
        __tracebackhide__ = True
        _check_loop()
        try:
            await test(*args, **kwargs)
            _fail(await testlify.left())
        finally:
            await testlify.stop()

    return run


def _check_loop() -> None:
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        _fail("testlify needs asyncio, and this test runs on another loop; for anyio's tests, "
              "have the fixture anyio_backend return 'asyncio'")  # fmt: skip


def _fail(left: str) -> None:
    if left:
        pytest.fail(left, pytrace=False)
