"""The process that sends: reads commands as JSON lines, and writes replies as JSON lines.

It is a process of its own, which separates its event loop from the threads of Locust. Run as
``python -m emulator.load.sender``.
"""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Self

from emulator.delivery.plan import plan, signed
from emulator.delivery.records import Message
from emulator.delivery.transports.wire import Wire, tls_context
from emulator.domain.ids import message_id
from emulator.errors import EmulatorError
from emulator.event_loops import loop_factory
from emulator.load.measurements import STATUS, Second
from emulator.load.message_patterns import book
from emulator.load.reconciliation import Acknowledged, reconciled
from emulator.load.schedule import mine, slots
from emulator.load.worker_protocol import (
    Command,
    Failed,
    Phase,
    PhaseEnded,
    Prepare,
    Prepared,
    Reconcile,
    Reply,
    Stop,
    commands,
    encoded,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from emulator.delivery.records import Outcome
    from emulator.load.schedule import Slot

MOST_UNDER_WAY = 5_000
"""Messages that a worker has under way at once; any further message is the error ``too_many``."""

_TICK = 0.5  # seconds between two reports
_BETWEEN_TURNS = 16  # messages that are sent late, until others get their turn
_START = 0.3  # seconds from the command to the first message, so that all workers begin together


class Sender:
    """One worker: its share of the candidates.

    Args:
        prepare: the consumer, the messages, and the share of this worker.
        reply: takes the replies.
    """

    def __init__(self, prepare: Prepare, reply: Callable[[Reply], None]) -> None:
        self._prepare = prepare
        self._target = prepare.consumer.target()
        self._reply = reply
        self._stack = AsyncExitStack()
        self._seconds: dict[int, Second] = {}
        self._under_way = 0
        self._acknowledged: dict[int, Acknowledged] = {}

    async def __aenter__(self) -> Self:
        """Make the messages.

        Raises:
            InvalidInputError: the consumer's URL or secret is invalid.
        """
        target, traffic = self._target, self._prepare.traffic
        self._book = await book(target, traffic.mix)
        emulator = await self._stack.enter_async_context(target.emulator())
        self._guard = emulator.guard
        self._profile = target.profile
        self._webhook = emulator.workspace("load").add_webhook(
            name="load",
            payload_url=target.url,
            events=list(target.events),
            headers=target.headers,
            secret=target.secret,
            profile=self._profile,
        )
        self._wire = Wire(
            emulator.guard,
            per_host=MOST_UNDER_WAY,
            total=MOST_UNDER_WAY,
            tls=tls_context(ca=target.ca, is_insecure=target.is_insecure),
        )
        self._stack.push_async_callback(self._wire.close)
        self._reply(Prepared(self._book.events))
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close all connections."""
        await self._stack.aclose()

    async def run(self, phase: Phase) -> None:
        """Send this worker's share of a phase, and report on it."""
        begin = asyncio.get_running_loop().time() + _START
        self._seconds.clear()
        reporting = asyncio.create_task(self._report())
        last = phase.first - 1
        try:
            async with asyncio.TaskGroup() as tasks:
                async for due, slot in self._due(phase, begin):
                    last = max(last, slot.candidate)
                    second = self._second(due - begin)
                    second.scheduled += 1
                    if self._under_way < MOST_UNDER_WAY:
                        self._under_way += 1
                        tasks.create_task(self._send(slot, due, begin))
                    else:
                        second.errors["too_many"] += 1
        finally:
            reporting.cancel()
        self._flush()
        self._reply(PhaseEnded(last + 1))

    async def reconcile(self) -> None:
        """Compare the consumer's state with the acknowledged messages."""
        self._reply(await reconciled(self._acknowledged.values(), self._target, self._guard))

    async def _due(self, phase: Phase, begin: float) -> AsyncIterator[tuple[float, Slot]]:
        """Yield each message, with its due time, when it is due; late if the sender is too slow."""
        prepare, loop = self._prepare, asyncio.get_running_loop()
        schedule = slots(
            prepare.traffic,
            self._book.events,
            phase.rate.mean,
            first=phase.first,
            candidates=phase.candidates,
        )
        late = 0
        for place, slot in mine(schedule, phase.total, prepare.index, prepare.workers):
            due = begin + phase.rate.due(place, phase.seconds)
            wait = due - loop.time()
            late = 0 if wait > 0 else late + 1
            if wait > 0 or late % _BETWEEN_TURNS == 0:
                await asyncio.sleep(max(wait, 0))
            yield due, slot

    async def _send(self, slot: Slot, due: float, begin: float) -> None:
        message = self._message(slot)
        request = plan(message, self._webhook, self._profile)
        secrets = () if self._webhook.secret is None else (self._webhook.secret,)
        request = signed(request, message, secrets, self._profile, time.time())
        loop = asyncio.get_running_loop()
        sent = loop.time()
        self._second(sent - begin).sent += 1
        outcome = await self._wire.send(request)
        took = loop.time() - sent
        self._under_way -= 1
        error = self._error(outcome)
        self._second(due - begin).note(late=sent - due, took=took, error=error)
        self._note(slot, message, is_accepted=not error)

    def _second(self, at: float) -> Second:
        """Return the measurements of a second since the last report."""
        number = int(at)
        if number not in self._seconds:
            self._seconds[number] = Second()
        return self._seconds[number]

    def _message(self, slot: Slot) -> Message:
        pattern = self._book.pattern(slot)
        identity = self._book.identity(slot.candidate)
        # Two copies of a message have one id.
        number = slot.candidate << 8 | slot.message
        return Message(
            number=number,
            id=message_id(self._target.seed, number),
            event=pattern.event,
            generation=self._target.generation,
            subject=identity.id.decode(),
            person=identity.candidate_id.decode(),
            at=self._webhook.created_at,
            body=pattern.body(identity),
            webhooks=(self._webhook.number,),
        )

    def _error(self, outcome: Outcome) -> str:
        """Return why a message was not accepted; empty if it was."""
        if outcome.status is None:
            return outcome.reason
        first, last = self._profile.success
        return "" if first <= outcome.status <= last else f"{STATUS}{outcome.status}"

    def _note(self, slot: Slot, message: Message, *, is_accepted: bool) -> None:
        if self._target.probe is None:
            return
        known = self._acknowledged.get(slot.candidate)
        if known is None:
            identity = self._book.identity(slot.candidate)
            known = self._acknowledged[slot.candidate] = Acknowledged(
                identity, self._book.patterns(slot.candidate, slot.status)
            )
        known.note(slot.message, message.id, is_accepted=is_accepted)

    async def _report(self) -> None:
        while True:
            await asyncio.sleep(_TICK)
            self._flush()

    def _flush(self) -> None:
        seconds, self._seconds = self._seconds, {}
        for number, second in seconds.items():
            self._reply(second.tick(number))


async def _commands() -> AsyncIterator[Command]:
    """Yield the commands from standard input, to its end."""
    reader = asyncio.StreamReader(limit=2**20)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        yield commands.decode(line)


async def _work(reply: Callable[[Reply], None]) -> None:
    async with AsyncExitStack() as stack:
        sender: Sender | None = None
        async for command in _commands():
            if isinstance(command, Stop):
                return
            if isinstance(command, Prepare):
                sender = await stack.enter_async_context(Sender(command, reply))
            elif sender is None:
                message = "not prepared"
                raise RuntimeError(message)
            elif isinstance(command, Phase):
                await sender.run(command)
            elif isinstance(command, Reconcile):
                await sender.reconcile()


def main() -> None:
    """Execute commands until `Stop`, or until standard input ends."""

    def reply(record: Reply) -> None:
        sys.stdout.buffer.write(encoded(record))
        sys.stdout.buffer.flush()

    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(_work(reply))
    except EmulatorError as error:
        reply(Failed(str(error)))
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as bug:
        reply(Failed(repr(bug), is_bug=True))
        raise


if __name__ == "__main__":
    main()
