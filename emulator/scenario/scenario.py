"""A scenario that is ready to run: checked, with its variables replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from emulator.delivery.redaction import MASK, configured_secrets
from emulator.domain.events import event_type
from emulator.domain.webhook import checked_headers
from emulator.scenario.steps.step import Step
from emulator.scenario.tree import Node, Place
from emulator.scenario.value_types import (
    Duration,
    EventWord,
    GenerationName,
    PayloadUrl,
    VariantName,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from emulator.scenario.variables import Room

Title = Annotated[str, msgspec.Meta(min_length=1, max_length=1_000)]


class Consumer(msgspec.Struct, frozen=True):
    """A webhook that the run registers.

    Attributes:
        events: none for every event (v2 only).
        headers: sent along with each attempt.
        name: ``consumer N`` when left out.
        secret: to sign with.
    """

    payload_url: PayloadUrl
    events: list[EventWord]
    headers: dict[str, str] = {}
    name: Title | None = None
    secret: Title | None = None

    def __post_init__(self) -> None:
        """Refuse headers that can't be sent, before anything runs."""
        checked_headers(self.headers.items())

    def __repr__(self) -> str:
        """Leave out what may be a secret."""
        return f"Consumer({self.payload_url!r}, {self.events!r})"


def reached(
    consumers: Iterable[Consumer],
    *,
    headers: Mapping[str, str],
    secret: str | None,
    events: Sequence[str],
) -> list[Consumer]:
    """Return the consumers of a file as a caller says that they are reached.

    Args:
        consumers: of the file; what it says itself comes first.
        headers: sent along where the file has no header of that name.
        secret: to sign with where the file has none.
        events: event types to which the consumers subscribe, of those in the file; all without.
    """
    wanted = set(events)
    found = []
    for one in consumers:
        names = {name.lower() for name in one.headers}
        more = {name: value for name, value in headers.items() if name.lower() not in names}
        named = one.events or events  # none stands for every event
        kept = [word for word in named if not wanted or event_type(word).id in wanted]
        changed = msgspec.structs.replace(
            one, headers={**one.headers, **more}, secret=one.secret or secret, events=kept
        )
        found += [changed] if kept or not wanted else []
    return found


class PlacedStep(msgspec.Struct, frozen=True):
    """A step and where it stands.

    Attributes:
        name: of its type.
        detail: what stands behind the name, on one line.
        place: of the name.
        body: what stands behind the name; the step's fields, as the file has them.
        step: None when it holds values that are known only when it runs.
        late: makes it then, from what captures gave.
    """

    name: str
    detail: str
    place: Place
    body: Node
    step: Step | None = None
    late: Any = None

    def __repr__(self) -> str:
        """Leave out the body, which may hold secrets."""
        return f"<PlacedStep {self.name} {self.detail} at line {self.line}>"

    @property
    def line(self) -> int:
        """Where it stands, from 1."""
        return self.place[0]

    def ready(self, captured: dict[str, str], room: Room) -> Step:
        """Return the step, its variables filled in.

        Args:
            captured: name -> value, captured by the run so far.
            room: how much the run may still fill in.

        Raises:
            ScenarioError: what a capture gave does not fit there.
        """
        if self.step is not None:
            return self.step
        made: Step = self.late(captured, room)
        return made


class Document(msgspec.Struct, frozen=True):
    """The keys of a scenario file."""

    scenario: Title
    consumer: Annotated[list[Consumer], msgspec.Meta(min_length=1)]
    steps: Annotated[list[PlacedStep], msgspec.Meta(min_length=1)]
    description: str | None = None
    seed: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] | None = None
    clock: Literal["virtual", "real"] = "virtual"
    webhooks: GenerationName = GenerationName("v1")
    observed: list[VariantName] = []
    report_delay: Duration | None = None


class Scenario(msgspec.Struct, frozen=True):
    """A scenario file, read.

    Attributes:
        file: as it was given, for messages.
        document: what stands in it.
        text: as it stands there, for messages.
        files: that it sends, by the names that stand there.
    """

    file: str
    document: Document
    text: str = ""
    files: dict[str, bytes] = {}

    def __repr__(self) -> str:
        """Leave out the text, which may hold secrets."""
        return f"<Scenario {self.file} of {len(self.document.steps)} steps>"

    @property
    def title(self) -> str:
        """What it shows, one sentence."""
        return self.document.scenario

    @property
    def steps(self) -> tuple[PlacedStep, ...]:
        """Its steps, in order."""
        return tuple(self.document.steps)


def secrets_of(scenario: Scenario) -> set[str]:
    """Return the secrets and the values of secret headers that a scenario configures.

    Those that a capture gives are known only when it runs; the journal of the run has them.
    """
    bodies = [placed.body.plain() for placed in every(scenario.steps)]
    return configured_secrets([scenario.document.consumer, bodies])


def every(steps: Iterable[PlacedStep]) -> Iterator[PlacedStep]:
    """Yield *steps* and those that stand inside of them, in the order in which they run."""
    for placed in steps:
        yield placed
        yield from every(getattr(placed.step, "steps", ()))


def one_line(value: Any) -> str:
    """Return plain data on one line, as YAML's flow style without its outer braces.

    Secrets are masked: values of headers, and what is called ``secret``.
    """
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_flow(_masked(key, one))}" for key, one in value.items())
    return _flow(value) if value is not None else ""


def _masked(key: str, value: Any) -> Any:
    if key == "secret":
        return MASK
    if key == "headers" and isinstance(value, dict):
        return dict.fromkeys(value, MASK)
    return value


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + one_line(value) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
