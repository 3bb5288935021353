"""Commands to the processes that send, and their replies: JSON lines.

They are the same on one machine and between several.
"""

from __future__ import annotations

from typing import Any

import msgspec

from emulator.conformance.state import StateMap
from emulator.conformance.target import Target
from emulator.domain.events import Generation
from emulator.load.rate import Rate
from emulator.load.schedule import Traffic
from emulator.scenario.value_types import READERS


class LoadedConsumer(msgspec.Struct, frozen=True):
    """The part of a `Target` that other processes need; attributes as there."""

    url: str
    generation: Generation
    headers: dict[str, str]
    secret: str | None
    events: tuple[str, ...]
    probe: str | None
    state_map: StateMap
    timeout: float
    within: float
    allow_hosts: tuple[str, ...]
    ca: str | None
    is_insecure: bool
    seed: int

    @classmethod
    def of(cls, target: Target) -> LoadedConsumer:
        """Return the part of *target* that other processes need."""
        plain: dict[str, Any] = {name: getattr(target, name) for name in cls.__struct_fields__}
        state = target.state_map  # may be a subclass with the probe's URL
        plain["state_map"] = StateMap(state.status, state.completions, state.statuses)
        plain["ca"] = None if target.ca is None else str(target.ca)
        return cls(**plain)

    def target(self) -> Target:
        """Return the consumer as the emulator reaches it."""
        from pathlib import Path

        return Target(
            **msgspec.structs.asdict(self) | {"ca": None if self.ca is None else Path(self.ca)}
        )


class Prepare(msgspec.Struct, frozen=True, tag=True):
    """Make the messages; answered by `Prepared`.

    Attributes:
        index: of the worker, from 0.
        workers: how many there are.
    """

    consumer: LoadedConsumer
    traffic: Traffic
    index: int
    workers: int


class Phase(msgspec.Struct, frozen=True, tag=True):
    """Send at a rate; answered by many `Tick` and a `PhaseEnded`.

    Attributes:
        rate: of all workers together.
        seconds: the duration, over which the rate rises.
        total: messages of all workers together.
        first: number of the first candidate.
        candidates: how many there are; None for as many as it takes.
    """

    rate: Rate
    seconds: float
    total: int
    first: int
    candidates: int | None = None


class Reconcile(msgspec.Struct, frozen=True, tag=True):
    """Compare the consumer's state with the acknowledged messages; answered by `Reconciled`."""


class Stop(msgspec.Struct, frozen=True, tag=True):
    """End the process."""


Command = Prepare | Phase | Reconcile | Stop


class Prepared(msgspec.Struct, frozen=True, tag=True):
    """The worker can send.

    Attributes:
        events: as `Book.events` has them; all workers have the same.
    """

    events: dict[str, tuple[int, ...]]


class Tick(msgspec.Struct, frozen=True, tag=True):
    """The measurements of one second since the last tick.

    Attributes:
        second: of the phase, from 0.
        scheduled: messages that were due in it.
        sent: messages that left in it, whenever they were due.
        accepted: messages due in it that were answered with 2xx.
        errors: reason -> how many were not accepted.
        latency: from when a message was due to its answer, in microseconds; an encoded HDR
            histogram.
        service: from when a message was sent to its answer; likewise.
        lateness: from when a message was due to when it was sent; likewise.
    """

    second: int
    scheduled: int
    sent: int
    accepted: int
    errors: dict[str, int]
    latency: str
    service: str
    lateness: str


class PhaseEnded(msgspec.Struct, frozen=True, tag=True):
    """All messages of the phase have ended.

    Attributes:
        candidates: the number after the last candidate of whom a message was sent.
    """

    candidates: int


class Difference(msgspec.Struct, frozen=True):
    """A candidate whose state at the consumer is not the acknowledged state.

    Attributes:
        email: of the candidate.
        acknowledged: the status that follows from the messages answered with 2xx.
        message: id of the message that said so.
        found: the state at the consumer, in words.
    """

    email: str
    acknowledged: str
    message: str
    found: str


class Reconciled(msgspec.Struct, frozen=True, tag=True):
    """The result of the comparison.

    Attributes:
        compared: candidates whose state was compared.
        undecided: candidates with a message that was not accepted, so that their state is unknown.
        differences: those whose state differs, up to `MOST_DIFFERENCES`.
        missing: the number of candidates whose state differs.
    """

    compared: int
    undecided: int
    differences: tuple[Difference, ...]
    missing: int


class Failed(msgspec.Struct, frozen=True, tag=True):
    """A command that a worker could not execute.

    Attributes:
        message: why, for the user.
        is_bug: the cause is a bug of the emulator.
    """

    message: str
    is_bug: bool = False


Reply = Prepared | Tick | PhaseEnded | Reconciled | Failed


def encoded(record: Command | Reply) -> bytes:
    """Return a record as one line."""
    return msgspec.json.encode(record, enc_hook=str) + b"\n"


def _read(type_: type, value: Any) -> Any:
    return READERS[type_](value)


commands: msgspec.json.Decoder[Command] = msgspec.json.Decoder(Command, dec_hook=_read)
replies: msgspec.json.Decoder[Reply] = msgspec.json.Decoder(Reply, dec_hook=_read)

MOST_DIFFERENCES = 100
"""Candidates that a worker names."""
