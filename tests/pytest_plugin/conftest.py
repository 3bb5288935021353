from __future__ import annotations

from typing import Protocol

import pytest

INI = """
[pytest]
addopts =
    --strict-markers --strict-config -p no:cacheprovider
    -p no:hypothesispytest -p no:faker -p no:pytest_cov -p no:schemathesis
filterwarnings = error
testlify_scenarios = scenarios
"""
"""Warnings are errors there, too. What is left out only takes time."""

ASYNCIO = "asyncio_default_fixture_loop_scope = function\n"
"""Without it pytest-asyncio warns; without pytest-asyncio it is unknown."""


class RunPytest(Protocol):
    """Runs pytest on the tests in some code, in this process unless it is to be a fresh one."""

    def __call__(
        self, code: str, *arguments: str, has_asyncio: bool = True, is_fresh: bool = False
    ) -> pytest.RunResult: ...


@pytest.fixture
def run_pytest(pytester: pytest.Pytester) -> RunPytest:
    def run(
        code: str, *arguments: str, has_asyncio: bool = True, is_fresh: bool = False
    ) -> pytest.RunResult:
        pytester.makeini(INI + ASYNCIO if has_asyncio else INI)
        pytester.makepyfile(test_it=code)
        without = () if has_asyncio else ("-p", "no:asyncio")
        run = pytester.runpytest_subprocess if is_fresh else pytester.runpytest_inprocess
        return run(*without, *arguments)

    return run
