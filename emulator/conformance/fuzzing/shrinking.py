"""Draws examples with Hypothesis until one fails, and shrinks it."""

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

    from hypothesis.strategies import SearchStrategy

_T = TypeVar("_T")


class _FoundError(Exception):
    """One try failed; for Hypothesis, which makes small what raises."""


class Worst(msgspec.Struct, frozen=True):
    """The smallest draw that failed.

    Attributes:
        drawn: as the strategy gave it.
        trouble: what was wrong with it.
    """

    drawn: Any
    trouble: Any


def need(*modules: str) -> None:
    """Raise unless the libraries of the extra are there.

    Raises:
        InvalidInputError: says how to install them.
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
    """Keep what Hypothesis would leave in the working directory in a folder that goes away."""
    from hypothesis.configuration import set_hypothesis_home_dir

    with tempfile.TemporaryDirectory(prefix="testlify-emulator-") as folder:
        set_hypothesis_home_dir(folder)
        try:
            yield
        finally:
            set_hypothesis_home_dir(None)


class Search(Generic[_T]):
    """One search.

    Args:
        strategy: of what is drawn.
        trouble: tries a draw; returns what was wrong, None when nothing was.
        size: orders draws; the smallest that fails is reported.
        shrink_time: real seconds, from the first failure on; then the smallest so far counts.

    Attributes:
        worst: the smallest draw that failed; None while none has.
        draws: how many were tried up to the first that failed.
        is_flaky: a draw failed, and then did not.
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
        self.worst: Worst | None = None
        self.draws = 0
        self.is_flaky = False

    def run(self, *, seed: int, examples: int) -> None:
        """Draw up to *examples* times, and make the first draw that fails small."""
        from hypothesis import HealthCheck, Phase, Verbosity, given, settings
        from hypothesis import seed as seeded
        from hypothesis.errors import Flaky

        @seeded(seed)
        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            derandomize=False,
            print_blob=False,
            report_multiple_bugs=False,
            verbosity=Verbosity.quiet,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )
        @given(self._strategy)
        def search(drawn: _T) -> None:
            self._tried(drawn)

        try:
            search()
        except _FoundError:
            pass
        except Flaky:
            # Past the budget nothing fails any more, which is our doing.
            self.is_flaky = not self._is_over

    @property
    def _is_over(self) -> bool:
        return self._ends is not None and time.monotonic() >= self._ends

    def _tried(self, drawn: _T) -> None:
        if self._is_over:
            return
        self.draws += self._ends is None
        trouble = self._trouble(drawn)
        if trouble is None:
            return
        if self._ends is None:
            self._ends = time.monotonic() + self._shrink_time
        if self.worst is None or self._size(drawn) < self._size(self.worst.drawn):
            self.worst = Worst(drawn, trouble)
        raise _FoundError
