"""A user for locustfiles: sends the messages of candidates, one candidate after the other."""

from __future__ import annotations

import asyncio
import time
from ipaddress import ip_address
from itertools import count
from typing import TYPE_CHECKING, Any, ClassVar

import gevent
from locust import FastHttpUser, events, task

from emulator.conformance.target import Target
from emulator.delivery.signing import sign
from emulator.delivery.transports.address_guard import Guard
from emulator.delivery.transports.dns import resolve
from emulator.delivery.transports.wire_actions import parse_destination
from emulator.domain.ids import message_id
from emulator.errors import ForbiddenError
from emulator.load.message_patterns import book
from emulator.load.schedule import DEFAULT_MIX, Traffic, life

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from emulator.domain.events import Generation
    from emulator.load.message_patterns import Book, Pattern

_MOST_PER_WORKER = 2**32


class TestlifyUser(FastHttpUser):
    """Posts the messages of whole lifecycles, each candidate's in order.

    Set ``host`` to the URL of the consumer's endpoint; the rest are class attributes. A user waits
    for each answer; `testlify-emulator load` does not wait.

    Attributes:
        webhooks: generation of the webhooks.
        headers: sent with each message.
        secret: to sign with; None signs nothing.
        events: ids of event types; those of candidates are sent.
        mix: status in which a candidate ends -> weight.
        gap: mean seconds between two events of one candidate.
        allow_hosts: public hosts or CIDR networks that may receive messages.
        seed: of all that is generated; no two users of a run have the same candidate.
    """

    abstract = True
    __test__ = False  # its name makes pytest look at it

    webhooks: ClassVar[Generation] = "v1"
    headers: ClassVar[Mapping[str, str]] = {}
    secret: ClassVar[str | None] = None
    events: ClassVar[tuple[str, ...]] = ("candidate.status_changed",)
    mix: ClassVar[Mapping[str, float]] = DEFAULT_MIX
    gap: ClassVar[float] = 1.0
    allow_hosts: ClassVar[tuple[str, ...]] = ()
    seed: ClassVar[int] = 0

    _target: ClassVar[Target]
    _book: ClassVar[Book]
    _numbers: ClassVar[Iterator[int]]

    @classmethod
    def prepare(cls, worker: int) -> None:
        """Make the messages that all users of this class share.

        Args:
            worker: its index, from 0.
        """
        cls._target = Target(
            url=cls.host or "",
            generation=cls.webhooks,
            headers=dict(cls.headers),
            secret=cls.secret,
            events=tuple(cls.events),
            allow_hosts=tuple(cls.allow_hosts),
            seed=cls.seed,
        )
        cls._book = asyncio.run(_checked_book(cls._target, cls.mix))
        cls._numbers = count(worker * _MOST_PER_WORKER)

    @task
    def play_candidate(self) -> None:
        """Post all messages of one candidate."""
        number = next(self._numbers)
        traffic = Traffic(self.seed, dict(self.mix), self.gap)
        before = 0.0
        for at, slot in life(traffic, self._book.events, number, self.gap):
            gevent.sleep(at - before)
            before = at
            self._post(number, slot.message, self._book.pattern(slot))

    def _post(self, candidate: int, message: int, pattern: Pattern) -> None:
        body = pattern.body(self._book.identity(candidate))
        headers = {"Content-Type": "application/json", **self.headers}
        scheme = self._target.profile.signature
        if scheme is not None and self.secret is not None:
            id_ = message_id(self.seed, candidate << 8 | message)
            made = sign(scheme, (self.secret,), message_id=id_, body=body, now=time.time())
            headers.update(made)
        body_type: Any = body  # the client also accepts bytes
        self.client.post("", data=body_type, headers=headers, name=pattern.event)


async def _checked_book(target: Target, mix: Mapping[str, float]) -> Book:
    """Return the messages for a host at whose addresses they may be sent.

    Raises:
        ForbiddenError: one of its addresses is public, and not allowed.
    """
    destination, guard = parse_destination(target.url), Guard(target.allow_hosts)
    for address in await resolve(destination.host, destination.port):
        refusal = guard.refusal(ip_address(address), destination.host)
        if refusal is not None:
            raise ForbiddenError(refusal)
    return await book(target, mix)


def _prepare(environment: Any, **_: object) -> None:
    for user in environment.user_classes:
        if issubclass(user, TestlifyUser):
            user.prepare(max(getattr(environment.runner, "worker_index", 0), 0))


events.init.add_listener(_prepare)  # type: ignore[no-untyped-call]
