"""The entry point of the plugin: options, fixtures and hooks.

Every pytest run in an environment with the package imports this module, so the emulator is only
imported when it is used.
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
    """Declare the ini options."""
    parser.addini(
        "testlify_scenarios", "Folders whose *.scenario.yaml files are tests.", type="paths"
    )
    parser.addini(
        "testlify_set",
        "KEY=VALUE lines: values of ${KEY} in scenario files, before the environment.",
        type="linelist",
    )
    parser.addini(
        "testlify_overlay",
        "Folder that 'testlify-emulator learn' wrote: payloads have the shape of its captures.",
        type="paths",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line("markers", _MARKER)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> ScenarioFile | None:
    """Collect a scenario file in a folder of the ini option."""
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
    """The options of ``testlify``; override the fixture to change them."""
    from emulator.pytest_plugin.options import TestlifyOptions

    return TestlifyOptions()


@pytest.fixture(scope="session")
def testlify_server(request: pytest.FixtureRequest) -> Iterator[RunningEmulator]:
    """The emulator of the session with its HTTP server: ``.url`` and ``.token``."""
    from emulator.pytest_plugin.options import overlay
    from emulator.pytest_plugin.testlify import SEED
    from emulator.twin import running

    folder = overlay(request.config)
    with running(seed=SEED, clock="virtual", in_flight=1, overlay=folder) as emulator:
        yield emulator


@pytest.fixture
def testlify(
    request: pytest.FixtureRequest, testlify_options: TestlifyOptions
) -> Iterator[Testlify | AsyncTestlify]:
    """A new workspace: with synchronous calls, or in an async test on its event loop."""
    from emulator.errors import InvalidInputError
    from emulator.pytest_plugin.options import overlay
    from emulator.pytest_plugin.testlify import AsyncTestlify, Testlify

    changes: dict[str, Any] = {}
    for mark in reversed(list(request.node.iter_markers("testlify"))):  # the nearest is last
        changes |= mark.kwargs
    try:
        options = testlify_options.changed(changes)
    except InvalidInputError as error:
        raise pytest.fail.Exception(f"the marker testlify: {error}", pytrace=False) from None
    name = _workspace_name(request.node)
    if inspect.iscoroutinefunction(request.function):
        # The end of an async test stops the workspace, because its loop may be closed later.
        request.node.stash[_IN_USE] = AsyncTestlify(name, options, overlay(request.config))
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
    """A thread for receivers, and a group of the receivers that are still closing."""
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
        # Closing takes 0.2 s, so do not wait for it.
        group.create_task(receiver.__aexit__(None, None, None))

    receiver = thread.call(Receiver().__aenter__())
    try:
        yield receiver
    finally:
        thread.call(close())


@pytest.fixture
def testlify_variables() -> dict[str, str]:
    """Values of ``${NAME}`` in scenario files; override the fixture for your consumer."""
    return {}


def _workspace_name(node: pytest.Item) -> str:
    """Return a name of the workspace that is unique and the same in each run."""
    plain = _UNFIT.sub("-", node.name).strip("-.")[:_LONGEST_NAME] or "test"
    return f"{plain}-{hashlib.sha256(node.nodeid.encode()).hexdigest()[:8]}"


# --- the end of a test ----------------------------------------------------------------------


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Check the workspace at the end of a test, as part of the test; stop it in an async test."""
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
    """Remove our frames from the traceback of a rejected call, so that it ends in the test."""
    errors = sys.modules.get("emulator.errors")  # None if no call was made
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
    """Return *test* followed by the check and the stop of its workspace, on the same loop."""

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
