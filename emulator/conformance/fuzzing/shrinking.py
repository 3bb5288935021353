"""Draws examples with Hypothesis until an example fails, and shrinks it."""

from __future__ import annotations

import importlib.util
import tempfile
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from emulator.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hypothesis import Phase, settings
    from hypothesis.strategies import SearchStrategy

_T = TypeVar("_T")


class _FoundError(Exception):
    """An example failed; Hypothesis shrinks examples that raise."""


class Worst(msgspec.Struct, frozen=True):
    """The smallest example that failed.

    Attributes:
        drawn: the example.
        trouble: the result of the search's *trouble*.
    """

    drawn: Any
    trouble: Any


def need(*modules: str) -> None:
    """Check that the libraries of the extra are installed.

    Raises:
        InvalidInputError: a library is missing; says how to install it.
    """
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        message = (
            f"fuzz needs {' and '.join(missing)}; install the extra with"
            " pip install 'testlify-emulator[fuzz]'"
        )
        raise InvalidInputError(message)


@contextmanager
def no_traces() -> Iterator[None]:
    """Let Hypothesis use a temporary folder, which it would leave in the working directory."""
    from hypothesis.configuration import set_hypothesis_home_dir

    with tempfile.TemporaryDirectory(prefix="testlify-emulator-") as folder:
        set_hypothesis_home_dir(folder)
        try:
            yield
        finally:
            set_hypothesis_home_dir(None)


def quiet(examples: int, *phases: Phase) -> settings:
    """Return settings of Hypothesis without output, database and health checks."""
    from hypothesis import HealthCheck, Verbosity, settings

    return settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=False,
        print_blob=False,
        report_multiple_bugs=False,
        verbosity=Verbosity.quiet,
        phases=phases,
        suppress_health_check=list(HealthCheck),
    )


class Search(Generic[_T]):
    """A search for the smallest example that fails.

    Args:
        strategy: the strategy of the examples.
        trouble: tries an example; returns the failures, or None if there are none.
        size: orders examples by size.
        shrink_time: real seconds after the first failure, after which the search ends.

    Attributes:
        worst: the smallest example that failed; None if none has.
        draws: how many examples were tried, including the first that failed.
        is_flaky: an example failed once, but not again.
    """

    def __init__(
        self,
        strategy: SearchStrategy[_T],
        trouble: Callable[[_T], Any],
        size: Callable[[_T], Any],
        *,
        shrink_time: float,
    ) -> None:
        self._strategy, self._trouble, self._size = strategy, trouble, size
        self._shrink_time = shrink_time
        self._ends: float | None = None
        self._passed: set[str] = set()  # Hypothesis tries some examples several times
        self.worst: Worst | None = None
        self.draws = 0
        self.is_flaky = False

    def run(self, *, seed: int, examples: int) -> None:
        """Draw up to *examples* examples, and shrink the first that fails."""
        from hypothesis import Phase, given
        from hypothesis import seed as seeded
        from hypothesis.errors import Flaky

        @seeded(seed)
        @quiet(examples, Phase.generate, Phase.shrink)
        @given(self._strategy)
        def search(drawn: _T) -> None:
            self._tried(drawn)

        try:
            search()
        except _FoundError:
            pass
        except Flaky:
            # When the time is over, examples pass without a try, so that they seem flaky.
            self.is_flaky = not self._is_over

    @property
    def _is_over(self) -> bool:
        return self._ends is not None and time.monotonic() >= self._ends

    def _tried(self, drawn: _T) -> None:
        if self._is_over:
            return
        self.draws += self._ends is None
        key = repr(drawn)
        if key in self._passed:
            return
        trouble = self._trouble(drawn)
        if trouble is None:
            self._passed.add(key)
            return
        if self._ends is None:
            self._ends = time.monotonic() + self._shrink_time
        if self.worst is None or self._size(drawn) < self._size(self.worst.drawn):
            self.worst = Worst(drawn, trouble)
        raise _FoundError
