"""Describes a consumer: how to reach it, and how to read its state."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import msgspec

from emulator.conformance.state import StateMap
from emulator.delivery.profiles import PROFILES, Profile, signing
from emulator.delivery.records import Timeouts
from emulator.domain.events import EVENTS_OF, Generation
from emulator.emulator import Emulator
from emulator.errors import InvalidInputError
from emulator.paths import ABSENT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator.workspace.workspace import Workspace

_T = TypeVar("_T")

TIMEOUT = 5.0
"""Real seconds in which a consumer has to answer; less than the service waits, so that a slow
consumer does not delay the test."""

WITHIN = 2.0
"""Real seconds in which a consumer's state has to show an event that it accepted."""

PLACES = ("{email}", "{candidate_id}", "{assessment_id}", "{id}")
"""Placeholders in probes and set-up hooks for attributes of `Subject`."""


SetupMethod = Literal["GET", "POST"]


class KnownPerson(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A person whom the consumer already knows."""

    email: str
    first_name: str | None = None
    last_name: str | None = None


class Subject(msgspec.Struct, frozen=True):
    """The data of a candidate that messages contain.

    Attributes:
        id: id of the invitation.
        candidate_id: id of the person.
    """

    id: str
    email: str
    candidate_id: str
    assessment_id: str
    first_name: str = ""
    last_name: str = ""


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A consumer: how to reach it, and how to see its state.

    Attributes:
        url: the URL of deliveries; with *app*, the path in the application.
        app: an ASGI application in this process, instead of a socket.
        generation: the generation of the webhook.
        headers: sent with each delivery, for example a token.
        secret: signs deliveries of any generation.
        events: ids of the event types that the consumer subscribes to, by default all of the
            generation; checks of other event types are skipped.
        claims: names of `claims.CLAIMS` that the consumer makes.
        probe: URL that shows a candidate's state, or a path of the *app*; with `PLACES`.
        probe_command: program and arguments that print the state; with `PLACES`.
        state_map: where the output of the probe has the state.
        setup: URL to call before the first message about a candidate; with `PLACES`.
        setup_method: method of that call.
        setup_json: JSON body of that call, with `PLACES` in its strings; None for no body.
        setup_command: program and arguments to run instead of a call.
        restart: restarts the consumer, which then listens on the same address.
        restart_command: program and arguments that restart the consumer.
        people: used in turn, instead of made-up people.
        title: title of assessments.
        timeout: real seconds in which the consumer has to answer.
        within: real seconds in which its state has to show an accepted event.
        linger: real seconds after the last request after which the consumer is checked again; 0
            does not check.
        overlay, allow_hosts, ca, is_insecure: as for `Emulator`.
        seed: for random choices; random by default, because a consumer remembers the candidates of
            earlier runs.
        folder: working directory of commands.
    """

    url: str = ""
    app: Any = None
    generation: Generation = "v1"
    headers: dict[str, str] = {}
    secret: str | None = None
    events: tuple[str, ...] = ()
    claims: frozenset[str] = frozenset()
    probe: str | None = None
    probe_command: tuple[str, ...] = ()
    state_map: StateMap = StateMap()
    setup: str | None = None
    setup_method: SetupMethod = "GET"
    setup_json: Any = None
    setup_command: tuple[str, ...] = ()
    restart: Callable[[], object] | None = None
    restart_command: tuple[str, ...] = ()
    people: tuple[KnownPerson, ...] = ()
    title: str | None = None
    timeout: float = TIMEOUT
    within: float = WITHIN
    linger: float = 0.0
    overlay: Path | None = None
    allow_hosts: tuple[str, ...] = ()
    ca: Path | None = None
    is_insecure: bool = False
    seed: int = msgspec.field(default_factory=partial(secrets.randbits, 32))
    folder: Path = Path()

    def __post_init__(self) -> None:
        """Take all event types of the generation when none is named."""
        events = self.events or EVENTS_OF[self.generation]
        msgspec.structs.force_setattr(self, "events", events)

    @property
    def has_probe(self) -> bool:
        """Whether the consumer's state is visible."""
        return bool(self.probe or self.probe_command)

    def shows(self, status: str) -> bool:
        """Return whether the consumer's state can show *status*."""
        return self.has_probe and self.state_map.word(status) is not ABSENT

    @property
    def has_setup(self) -> bool:
        """Whether a hook makes candidates known to the consumer before their first message."""
        return bool(self.setup or self.setup_command)

    @property
    def can_restart(self) -> bool:
        """Whether the consumer can be restarted."""
        return bool(self.restart or self.restart_command)

    @property
    def profile(self) -> Profile:
        """The profile of the generation with short time-outs, and with a signature for a secret."""
        default = PROFILES[self.generation]
        return msgspec.structs.replace(
            signing(default) if self.secret else default,
            timeouts=Timeouts(self.timeout, self.timeout, self.timeout),
        )

    def address(self, workspace: Workspace) -> str:
        """Return the URL of deliveries; an application is mounted in *workspace*."""
        if self.app is None:
            return self.url
        return workspace.mount(self.app, "app") + self.url.lstrip("/")

    @property
    def name(self) -> str:
        """The name of the consumer in reports."""
        return self.url or "the application"

    def emulator(self) -> Emulator:
        """Return an emulator for the consumer, with a virtual clock in lockstep, not yet started.

        Raises:
            InvalidInputError: invalid hosts or certificates.
        """
        return Emulator(
            seed=self.seed,
            clock="virtual",
            generation=self.generation,
            overlay=self.overlay,
            allow_hosts=self.allow_hosts,
            in_flight=1,
            ca=self.ca,
            is_insecure=self.is_insecure,
        )


def check(target: Target) -> None:
    """Check the settings of a target before anything is sent.

    Raises:
        InvalidInputError: neither URL nor application, two probes, an unknown placeholder.
    """
    if not target.url and target.app is None:
        message = "no consumer; expected its URL, or an ASGI application"
        raise InvalidInputError(message)
    for one, other, name in (
        (target.probe, target.probe_command, "probe"),
        (target.setup, target.setup_command, "setup"),
    ):
        if one and other:
            message = f"both a URL and a command as {name}; expected one of them"
            raise InvalidInputError(message)
    filled([*_templates(target)], Subject("", "", "", ""))
    if target.probe and not any(place in target.probe for place in PLACES):
        message = f"the probe {target.probe!r} names no candidate; expected one of {_known()}"
        raise InvalidInputError(message)


def check_setup(target: Target, subject: Subject) -> None:
    """Check that the set-up hook uses only known data of a candidate.

    Raises:
        InvalidInputError: it uses a placeholder that is empty in *subject*.
    """
    texts = repr((target.setup, target.setup_json, target.setup_command))
    for place in PLACES:
        if place in texts and not getattr(subject, place[1:-1]):
            message = f"a set-up hook with {place}, which is not known before the message"
            raise InvalidInputError(message)


def filled(template: _T, subject: Subject, quote: Any = str) -> _T:
    """Return *template* with its placeholders filled in.

    Args:
        template: a string with `PLACES`, or a JSON value with such strings.
        subject: the candidate.
        quote: escapes a value for its place in the string.

    Raises:
        InvalidInputError: an unknown placeholder.
    """
    found: Any = template
    match template:
        case str():
            found = _filled(template, subject, quote)
        case list():
            found = [filled(one, subject, quote) for one in template]
        case dict():
            found = {key: filled(one, subject, quote) for key, one in template.items()}
    return found  # type: ignore[no-any-return]


def _filled(template: str, subject: Subject, quote: Any) -> str:
    try:
        return template.format_map(
            {key: quote(value) for key, value in msgspec.structs.asdict(subject).items()}
        )
    except (KeyError, ValueError, IndexError, AttributeError) as error:
        wrong = f"{{{error.args[0]}}}" if isinstance(error, KeyError) else str(error)
        message = f"can't fill {template!r}: {wrong}; known: {_known()}"
        raise InvalidInputError(message) from None


def _templates(target: Target) -> Iterator[Any]:
    yield from (target.probe, target.setup, target.setup_json)
    yield from (*target.probe_command, *target.setup_command)


def _known() -> str:
    return ", ".join(PLACES)
