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
from emulator.domain.events import EVENT_TYPES, Generation
from emulator.emulator import Emulator
from emulator.errors import InvalidInputError
from emulator.paths import ABSENT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator.workspace.workspace import Workspace

_T = TypeVar("_T")

TIMEOUT = 5.0
"""Real seconds in which a consumer has to answer. The service waits longer, but who is graded
shall not hold up the grading."""

WITHIN = 2.0
"""Real seconds in which a consumer has to come to the state that its answers promised."""

PLACES = ("{email}", "{candidate_id}", "{assessment_id}", "{id}")
"""What is replaced in probes and set-up hooks, by `Subject`'s attributes."""


SetupMethod = Literal["GET", "POST"]


class KnownPerson(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody whom the consumer knows already."""

    email: str
    first_name: str | None = None
    last_name: str | None = None


class Subject(msgspec.Struct, frozen=True):
    """Whom a message is about, as far as a consumer can know.

    Attributes:
        id: of the invitation.
        candidate_id: of the person.
    """

    id: str
    email: str
    candidate_id: str
    assessment_id: str
    first_name: str = ""
    last_name: str = ""


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A consumer.

    Attributes:
        url: where deliveries go; with an *app* the path in it.
        app: an ASGI application in this process, in place of a socket.
        generation: how deliveries are made, and what they look like.
        headers: sent along with each, a token say.
        secret: to sign with, whatever the generation.
        events: ids of the event types that the consumer subscribes to; checks of others are
            skipped.
        claims: what the consumer says of itself, names of `claims.CLAIMS`.
        probe: URL whose answer shows a candidate's state, a path of the *app*, with `PLACES`.
        probe_command: program and arguments that print it, with `PLACES`.
        state_map: how the state is read from what the probe shows.
        setup: URL that is called before a candidate is first told of, with `PLACES`.
        setup_method: of that call.
        setup_json: JSON value that the call sends, with `PLACES` in its texts; None sends nothing.
        setup_command: program and arguments for that.
        restart: restarts the consumer, which then listens at the same place.
        restart_command: program and arguments for that.
        people: in place of made-up ones, in turn.
        title: of assessments.
        timeout: real seconds in which it has to answer.
        within: real seconds in which its state has to follow.
        linger: real seconds to wait after the last request, to see whether the consumer still
            answers then; 0 does not look.
        allow_hosts, ca, is_insecure: as `Emulator` takes them.
        seed: of all that is made up; drawn when left out, since who was told of somebody once
            knows them.
        folder: in which commands are run.
    """

    url: str = ""
    app: Any = None
    generation: Generation = "v1"
    headers: dict[str, str] = {}
    secret: str | None = None
    events: tuple[str, ...] = tuple(EVENT_TYPES)
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
    allow_hosts: tuple[str, ...] = ()
    ca: Path | None = None
    is_insecure: bool = False
    seed: int = msgspec.field(default_factory=partial(secrets.randbits, 32))
    folder: Path = Path()

    @property
    def has_probe(self) -> bool:
        """Whether the consumer's state can be looked at."""
        return bool(self.probe or self.probe_command)

    def shows(self, status: str) -> bool:
        """Return whether the consumer's state can show that a candidate has a status."""
        return self.has_probe and self.state_map.word(status) is not ABSENT

    @property
    def has_setup(self) -> bool:
        """Whether candidates are made known to the consumer before it is told of them."""
        return bool(self.setup or self.setup_command)

    @property
    def can_restart(self) -> bool:
        """Whether the consumer can be restarted."""
        return bool(self.restart or self.restart_command)

    @property
    def profile(self) -> Profile:
        """How deliveries are made: as the generation's, but with short time-outs, and signed."""
        usual = PROFILES[self.generation]
        return msgspec.structs.replace(
            signing(usual) if self.secret else usual,
            timeouts=Timeouts(self.timeout, self.timeout, self.timeout),
        )

    def address(self, workspace: Workspace) -> str:
        """Return the URL of its deliveries; an application is mounted in *workspace* for that."""
        if self.app is None:
            return self.url
        return workspace.mount(self.app, "app") + self.url.lstrip("/")

    @property
    def name(self) -> str:
        """What it is called in reports."""
        return self.url or "the application"

    def emulator(self) -> Emulator:
        """Return an emulator to reach it with, not yet started: virtual clock, lockstep.

        Raises:
            InvalidInputError: hosts or certificates that can't be.
        """
        return Emulator(
            seed=self.seed,
            clock="virtual",
            generation=self.generation,
            allow_hosts=self.allow_hosts,
            in_flight=1,
            ca=self.ca,
            is_insecure=self.is_insecure,
        )


def check(target: Target) -> None:
    """Look for what can't be, before anything is sent.

    Raises:
        InvalidInputError: neither URL nor application, two probes, an unknown place.
    """
    if not target.url and target.app is None:
        message = "no consumer; expected its URL, or --app package:app"
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
    """Check that the set-up hook needs no more of a candidate than is known.

    Raises:
        InvalidInputError: it names a place that *subject* leaves empty.
    """
    texts = repr((target.setup, target.setup_json, target.setup_command))
    for place in PLACES:
        if place in texts and not getattr(subject, place[1:-1]):
            message = f"a set-up hook with {place}, which is not known before the message"
            raise InvalidInputError(message)


def filled(template: _T, subject: Subject, quote: Any = str) -> _T:
    """Return *template* with its places filled.

    Args:
        template: text with ``{email}`` and the like, or a JSON value with such texts.
        subject: whom it is about.
        quote: makes a value fit for the text around it.

    Raises:
        InvalidInputError: a place that is not known.
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
