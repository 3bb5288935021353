"""A scenario that is ready to run: checked, with its variables filled in."""

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
    EventNames,
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
    """A webhook that a run registers.

    Attributes:
        events: event types; an empty list means all of them (v2 only).
        headers: headers of each attempt.
        name: by default ``consumer N``.
        secret: the signing secret.
    """

    payload_url: PayloadUrl
    events: list[EventWord]
    headers: dict[str, str] = {}
    name: Title | None = None
    secret: Title | None = None

    def __post_init__(self) -> None:
        """Refuse headers that can't be sent."""
        checked_headers(self.headers.items())

    def __repr__(self) -> str:
        """Return a text without headers and secret."""
        return f"Consumer({self.payload_url!r}, {self.events!r})"


def reached(
    consumers: Iterable[Consumer],
    *,
    headers: Mapping[str, str],
    secret: str | None,
    events: Sequence[str],
) -> list[Consumer]:
    """Return the consumers of a file, completed with a caller's options.

    Args:
        consumers: the consumers; the values in the file take precedence.
        headers: additional headers.
        secret: the signing secret of consumers without one.
        events: restrict the subscriptions to these event types; empty for no restriction.
    """
    wanted = set(events)
    found = []
    for consumer in consumers:
        names = {name.lower() for name in consumer.headers}
        more = {name: value for name, value in headers.items() if name.lower() not in names}
        named = consumer.events or events  # none means every event
        kept = [word for word in named if not wanted or event_type(word).id in wanted]
        changed = msgspec.structs.replace(
            consumer,
            headers={**consumer.headers, **more},
            secret=consumer.secret or secret,
            events=kept,
        )
        found += [changed] if kept or not wanted else []
    return found


class PlacedStep(msgspec.Struct, frozen=True):
    """A step and its place in the file.

    Attributes:
        name: the type of the step.
        detail: the value of the step in the file, on one line.
        place: the place of the name.
        body: the value of the step in the file.
        step: None if the step contains captured values, which are known only when it runs.
        late: creates the step from the captured values.
    """

    name: str
    detail: str
    place: Place
    body: Node
    step: Step | None = None
    late: Any = None

    def __repr__(self) -> str:
        """Return a text without the body, which may contain secrets."""
        return f"<PlacedStep {self.name} {self.detail} at line {self.line}>"

    @property
    def line(self) -> int:
        """The line in the file, from 1."""
        return self.place[0]

    def ready(self, captured: dict[str, str], room: Room) -> Step:
        """Return the step with its variables filled in.

        Args:
            captured: the variables that the run has captured so far, name -> value.
            room: the remaining size of filled-in values.

        Raises:
            ScenarioError: a captured value is not valid in its place.
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
    event_names: EventNames = EventNames()
    report_delay: Duration | None = None


class Scenario(msgspec.Struct, frozen=True):
    """A scenario file that was read.

    Attributes:
        file: the path as given, for messages.
        document: the keys of the file.
        text: the content of the file, for messages.
        files: name -> body of the files that steps send.
    """

    file: str
    document: Document
    text: str = ""
    files: dict[str, bytes] = {}

    def __repr__(self) -> str:
        """Return a text without the content, which may contain secrets."""
        return f"<Scenario {self.file} of {len(self.document.steps)} steps>"

    @property
    def title(self) -> str:
        """The sentence that describes the scenario."""
        return self.document.scenario

    @property
    def steps(self) -> tuple[PlacedStep, ...]:
        """The steps, in order."""
        return tuple(self.document.steps)


def secrets_of(scenario: Scenario) -> set[str]:
    """Return the secrets and the values of secret headers in a scenario.

    Captured secrets are not known before the run; they are in its journal.
    """
    bodies = [placed.body.plain() for placed in every(scenario.steps)]
    return configured_secrets([scenario.document.consumer, bodies])


def every(steps: Iterable[PlacedStep]) -> Iterator[PlacedStep]:
    """Yield *steps* and the steps inside them, in the order in which they run."""
    for placed in steps:
        yield placed
        yield from every(getattr(placed.step, "steps", ()))


def one_line(value: Any) -> str:
    """Return plain data on one line, in YAML's flow style without the outer braces.

    Secrets are masked: the values of headers and of keys called ``secret``.
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
