"""Messages of candidates as bytes: patterns of real messages, filled with an identity.

The emulator makes a few candidates of each kind. All others share their bodies except for ids,
address and links, so that a message takes microseconds.
"""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

from emulator.conformance.sample_messages import ENDS
from emulator.conformance.session import CHANGED, accept_everything
from emulator.domain.events import EVENT_TYPES
from emulator.domain.ids import short_id
from emulator.domain.payloads import fields
from emulator.errors import InvalidInputError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.conformance.target import Target
    from emulator.domain.candidate import Candidate
    from emulator.load.schedule import Slot
    from emulator.workspace.workspace import Workspace

VARIANTS = 10
"""Candidates of each kind that are made; more would only cost time at the start."""

_REMEMBERED = 10_000  # identities

_BETWEEN = 3_600.0  # seconds of workspace time between two events


class Identity(NamedTuple):
    """The values in bodies that distinguish a candidate from all others."""

    id: bytes
    candidate_id: bytes
    email: bytes
    invite_key: bytes
    short_id: bytes


class Pattern(NamedTuple):
    """A message without the identity of its candidate.

    Attributes:
        event: id of its event type.
        status: of the candidate after the event.
        moment: number of the event in the candidate's life, from 0.
        parts: the bytes between the values of the identity.
        places: index in `Identity` of each value; one fewer than parts.
    """

    event: str
    status: str
    moment: int
    parts: tuple[bytes, ...]
    places: tuple[int, ...]

    def body(self, identity: Identity) -> bytes:
        """Return the body about a candidate."""
        filled = [self.parts[0]]
        for place, part in zip(self.places, self.parts[1:], strict=True):
            filled += (identity[place], part)
        return b"".join(filled)


class Book:
    """The patterns of all kinds of candidates.

    Args:
        lives: status in which a candidate ends -> several lives, each the patterns in order.
        seed: of the identities.

    Attributes:
        identity: number of a candidate -> its identity, which no other has, on any worker.
    """

    def __init__(self, lives: Mapping[str, list[tuple[Pattern, ...]]], seed: int) -> None:
        self._lives = lives
        self._seed = seed
        # A candidate's messages are sent close to each other.
        self.identity = lru_cache(maxsize=_REMEMBERED)(self._identity)

    @property
    def events(self) -> dict[str, tuple[int, ...]]:
        """Status -> how many messages each event of such a candidate has."""
        found = {}
        for status, (life, *_) in self._lives.items():
            moments = [pattern.moment for pattern in life]
            found[status] = tuple(moments.count(moment) for moment in dict.fromkeys(moments))
        return found

    def patterns(self, candidate: int, status: str) -> tuple[Pattern, ...]:
        """Return the messages of a candidate, in order."""
        lives = self._lives[status]
        return lives[candidate % len(lives)]

    def pattern(self, slot: Slot) -> Pattern:
        """Return the message of a place in the schedule."""
        return self.patterns(slot.candidate, slot.status)[slot.message]

    def _identity(self, candidate: int) -> Identity:
        digest = blake2b(f"{self._seed}/load/{candidate}".encode(), digest_size=32).hexdigest()
        # As ObjectIds and keys of invitations look.
        id_, person = f"65{digest[:22]}", f"65{digest[22:44]}"
        key = f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-a{digest[17:20]}-{digest[20:32]}-ik"
        email = f"load.{self._seed:x}.{candidate}@example.com"
        return Identity(*(one.encode() for one in (id_, person, email, key, short_id(key))))


def wanted(events: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of *events* that are about candidates.

    Raises:
        InvalidInputError: there are none.
    """
    found = tuple(event for event in events if EVENT_TYPES[event].subject == "candidate")
    if not found:
        message = (
            f"no event of candidates among {', '.join(events)}; expected for example {CHANGED}"
        )
        raise InvalidInputError(message, path="--events")
    return found


def checked_mix(mix: Mapping[str, float]) -> None:
    """Check the statuses and weights of a mix.

    Raises:
        UnknownNameError: no candidate ends in that status.
        InvalidInputError: all weights are zero.
    """
    for status in mix:
        if status not in ENDS:
            raise UnknownNameError("final status", status, ENDS, path="--mix", show_all=True)
    if not sum(mix.values()):
        message = "all weights are zero; expected at least one above zero"
        raise InvalidInputError(message, path="--mix")


async def book(target: Target, mix: Mapping[str, float]) -> Book:
    """Return the patterns of a consumer's messages.

    Args:
        target: the consumer; its generation, seed and event types count.
        mix: its statuses, each with a weight.

    Raises:
        InvalidInputError: no event of a status is among the event types.
    """
    events = wanted(target.events)
    async with target.emulator() as emulator:
        workspace = emulator.workspace("load")
        workspace.add_webhook(name="load", payload_url=accept_everything, events=list(events))
        lives = {
            status: [await _life(workspace, ENDS[status].split()) for _ in range(VARIANTS)]
            for status, weight in mix.items()
            if weight
        }
    silent = [status for status, (life, *_) in lives.items() if not life]
    if silent:
        message = f"no event type has a message about {', '.join(silent)}; exclude it with --mix"
        raise InvalidInputError(message, path="--events")
    return Book(lives, target.seed)


async def _life(workspace: Workspace, commands: list[str]) -> tuple[Pattern, ...]:
    job = workspace.create_assessment()
    candidate = workspace.invite(job.id)
    found: list[Pattern] = []
    for moment, command in enumerate(["", *commands]):
        if command:
            await workspace.advance(_BETWEEN)
            workspace.move_candidate(candidate.id, command)
        await workspace.settle()
        sent = workspace.deliveries(candidate=candidate.id)[len(found) :]
        for delivery in sent:
            status = fields.text(delivery.payload, "candidateStatus")
            parts, places = _opened(delivery.message.body, candidate)
            found.append(Pattern(delivery.event, status, moment, parts, places))
    return tuple(found)


def _opened(body: bytes, candidate: Candidate) -> tuple[tuple[bytes, ...], tuple[int, ...]]:
    """Return the parts of a body around the candidate's identity, and the fields between them."""
    key = candidate.invite_key
    known = Identity(
        *(
            one.encode()
            for one in (candidate.id, candidate.candidate_id, candidate.email, key, short_id(key))
        )
    )
    # With a group, so that the split keeps the separators.
    pieces = re.split(b"(" + b"|".join(map(re.escape, known)) + b")", body)
    return tuple(pieces[::2]), tuple(map(known.index, pieces[1::2]))
