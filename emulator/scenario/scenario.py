"""A scenario as it is run: checked, its variables filled in."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from emulator.domain.webhook import checked_headers
from emulator.scenario.steps.step import Step
from emulator.scenario.words import EventWord, GenerationName, PayloadUrl

Title = Annotated[str, msgspec.Meta(min_length=1, max_length=1_000)]


class Consumer(msgspec.Struct, frozen=True):
    """A webhook that the run registers.

    Attributes:
        headers: sent along with each attempt.
        name: ``consumer N`` when left out.
        secret: to sign with.
    """

    payload_url: PayloadUrl
    events: Annotated[list[EventWord], msgspec.Meta(min_length=1)]
    headers: dict[str, str] = {}
    name: Title | None = None
    secret: Title | None = None

    def __post_init__(self) -> None:
        """Refuse headers that can't be sent, before anything runs."""
        checked_headers(self.headers.items())

    def __repr__(self) -> str:
        """Leave out what may be a secret."""
        return f"Consumer({self.payload_url!r}, {self.events!r})"


class PlacedStep(msgspec.Struct, frozen=True):
    """A step and where it stands.

    Attributes:
        name: of its type.
        detail: what stands behind the name, on one line.
        line: from 1.
    """

    name: str
    detail: str
    line: int
    step: Step


class Document(msgspec.Struct, frozen=True):
    """The keys of a scenario file."""

    scenario: Title
    consumer: Annotated[list[Consumer], msgspec.Meta(min_length=1)]
    steps: Annotated[list[PlacedStep], msgspec.Meta(min_length=1)]
    description: str | None = None
    seed: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] | None = None
    clock: Literal["virtual", "real"] = "virtual"
    webhooks: GenerationName = GenerationName("v1")


class Scenario(msgspec.Struct, frozen=True):
    """A scenario file, read.

    Attributes:
        file: as it was given, for messages.
        document: what stands in it.
    """

    file: str
    document: Document

    @property
    def title(self) -> str:
        """What it shows, one sentence."""
        return self.document.scenario

    @property
    def steps(self) -> tuple[PlacedStep, ...]:
        """Its steps, in order."""
        return tuple(self.document.steps)


def one_line(value: Any) -> str:
    """Return plain data on one line, as YAML's flow style without its outer braces."""
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_flow(one)}" for key, one in value.items())
    return _flow(value) if value is not None else ""


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + one_line(value) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
