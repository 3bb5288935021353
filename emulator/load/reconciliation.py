"""Compares a consumer's state of each candidate with the messages that it acknowledged."""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import quote

from emulator.load.worker_protocol import MOST_DIFFERENCES, Difference, Reconciled
from emulator.paths import ABSENT
from emulator.scenario import probes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from emulator.conformance.state import ConsumerState
    from emulator.conformance.target import Target
    from emulator.delivery.transports.address_guard import Guard
    from emulator.load.message_patterns import Identity, Pattern

_AT_ONCE = 32


class Acknowledged:
    """The messages about one candidate that a consumer acknowledged.

    Args:
        identity: of the candidate.
        patterns: the candidate's messages, in the order of the lifecycle.
    """

    __slots__ = ("_accepted", "_ids", "_patterns", "_refused", "identity")

    def __init__(self, identity: Identity, patterns: tuple[Pattern, ...]) -> None:
        self.identity = identity
        self._patterns = patterns
        self._accepted: set[int] = set()
        self._refused: set[int] = set()
        self._ids: dict[int, str] = {}

    def note(self, message: int, id_: str, *, is_accepted: bool) -> None:
        """Record the result of a message.

        Args:
            message: its index among the candidate's.
            id_: of the message.
            is_accepted: whether the answer was 2xx.
        """
        (self._accepted if is_accepted else self._refused).add(message)
        self._ids[message] = id_

    @property
    def is_undecided(self) -> bool:
        """Whether a message was never accepted, so that its effect is unknown."""
        return not self._accepted or bool(self._refused - self._accepted)

    @property
    def status(self) -> str:
        """The last status, in the order of the lifecycle, that was acknowledged."""
        return self._patterns[max(self._accepted)].status

    @property
    def message_id(self) -> str:
        """The id of the message with that status."""
        return self._ids[max(self._accepted)]

    @property
    def is_completed(self) -> bool:
        """Whether a completion was acknowledged."""
        return any(self._patterns[one].status == "COMPLETED" for one in self._accepted)


async def reconciled(
    candidates: Collection[Acknowledged], target: Target, guard: Guard
) -> Reconciled:
    """Return the candidates whose acknowledged state the consumer lost.

    Args:
        candidates: the candidates about whom messages were sent.
        target: the consumer; its probe is asked about each candidate.
        guard: decides which addresses may be dialled.
    """
    # A status without a word for it cannot be compared.
    word = target.state_map.word
    decided = [
        candidate
        for candidate in candidates
        if not candidate.is_undecided and word(candidate.status) is not ABSENT
    ]
    waiting = iter(decided)
    found: list[Difference] = []

    async def compare_some() -> None:
        for one in waiting:
            difference = await _difference(one, target, guard)
            if difference is not None:
                found.append(difference)

    await asyncio.gather(*(compare_some() for _ in range(_AT_ONCE)))
    found.sort(key=lambda one: one.email)
    return Reconciled(
        compared=len(decided),
        undecided=len(candidates) - len(decided),
        differences=tuple(islice(found, MOST_DIFFERENCES)),
        missing=len(found),
    )


async def _difference(one: Acknowledged, target: Target, guard: Guard) -> Difference | None:
    identity = [text.decode() for text in one.identity]
    assert target.probe is not None  # noqa: S101 - nothing is noted without one
    url = target.probe
    for place, value in zip(("{id}", "{candidate_id}", "{email}"), identity, strict=False):
        url = url.replace(place, quote(value, safe=""))

    state = await probes.until(
        lambda: probes.request(url, guard),
        lambda seen: not list(_wrong(one, target.state_map.state(seen), target)),
        target.within,
    )
    wrong = list(_wrong(one, target.state_map.state(state), target))
    if not wrong:
        return None
    return Difference(identity[2], one.status, one.message_id, "; ".join(wrong))


def _wrong(one: Acknowledged, state: ConsumerState, target: Target) -> Iterator[str]:
    """Yield the differences in words."""
    if state.trouble:
        yield state.trouble
        return
    if not state.is_known:
        yield "the consumer does not know the candidate"
        return
    if state.status != target.state_map.word(one.status):
        yield f"status {_shown(state.status)}"
    wanted = int(one.is_completed)
    if state.completions not in (ABSENT, wanted):
        yield f"{_shown(state.completions)} completions, {wanted} acknowledged"


def _shown(value: object) -> str:
    return "missing" if value is ABSENT else repr(value)
