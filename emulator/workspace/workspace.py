"""A workspace: the commands and queries of one tenant."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec

from emulator.workspace.access import Access
from emulator.workspace.commands import webhooks
from emulator.workspace.entry_data import Configured
from emulator.workspace.queries import selected
from emulator.workspace.subject_calls import SubjectCalls
from emulator.workspace.time_control import TimeControl
from emulator.workspace.webhook_calls import WebhookCalls

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator.delivery.records import Delivery
    from emulator.journal.entry import Entry
    from emulator.workspace.engine import Engine
    from emulator.workspace.entry_data import Settings


class Workspace(TimeControl, WebhookCalls, SubjectCalls):
    """One tenant. Commands are plain calls that return records; sending and waiting is async.

    Args:
        engine: the engine of the workspace; two workspaces with one engine are the same tenant.

    Attributes:
        access: the calls on access tokens, the team and logins.
    """

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.access = Access(engine)

    @property
    def engine(self) -> Engine:
        """The engine of the workspace."""
        return self._engine

    @property
    def name(self) -> str:
        """The name of the workspace."""
        return self._engine.name

    @property
    def is_closed(self) -> bool:
        """Whether the workspace is closed, or about to be: it takes no more commands."""
        return self._engine.is_stopped

    def configure(self, settings: Settings) -> None:
        """Change seed, generation and profile; `set_clock` changes the clock."""
        settings = msgspec.structs.replace(settings, clock=self.state.settings.clock)
        webhooks.check_secrets(self.state, settings)
        self._engine.commit([("workspace.configured", Configured(settings))])

    def reset(self) -> None:
        """Start again with the same settings; pending deliveries are dropped, reason ``reset``."""
        self._engine.reset()

    @contextmanager
    def out_of_lockstep(self, in_flight: int, per_webhook: int) -> Iterator[None]:
        """Allow several concurrent attempts inside the context.

        Args:
            in_flight: how many in total.
            per_webhook: how many to one webhook.
        """
        before = self._engine.set_limits(in_flight=in_flight, per_webhook=per_webhook)
        try:
            yield
        finally:
            self._engine.set_limits(in_flight=before[0], per_webhook=before[1])

    # --- the journal --------------------------------------------------------------------------

    @property
    def last_entry(self) -> int:
        """The number of the newest entry."""
        return self._engine.journal.last(self.name)

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """Yield the journal's entries whose number is above *after*."""
        return self._engine.journal.entries(self.name, after)

    async def flush(self) -> None:
        """Wait until the store of the journal has saved all entries so far."""
        await self._engine.journal.flush()

    # --- views --------------------------------------------------------------------------------

    def deliveries(
        self,
        *,
        event: str | None = None,
        candidate: str | None = None,
        webhook: str | None = None,
        status: str | None = None,
    ) -> list[Delivery]:
        """Return deliveries in the order of their messages.

        Args:
            event: an event type, or ``test``.
            candidate: an invitation's or a person's id.
            webhook: a webhook's id.
            status: ``pending``, ``succeeded``, ``failed`` or ``dropped``.

        Raises:
            UnknownNameError: no such event type or status.
        """
        return selected(
            self.state, event=event, candidate=candidate, webhook=webhook, status=status
        )

    async def wait(
        self,
        *,
        event: str | None = None,
        candidate: str | None = None,
        webhook: str | None = None,
        status: str | None = None,
        count: int = 1,
        within: float = 5.0,
    ) -> bool:
        """Wait for deliveries that fit the filters of `deliveries`.

        Args:
            event, candidate, webhook, status: the filters.
            count: how many at least; 0 waits the whole time for none.
            within: real seconds.

        Returns:
            Whether there were *count* deliveries in time; for 0, whether there were none.

        Raises:
            UnknownNameError: no such event type or status.
        """
        filters = {"event": event, "candidate": candidate, "webhook": webhook, "status": status}
        selected(self.state, **filters)  # raises for wrong filters before it waits
        least = max(count, 1)
        is_met = await self._engine.journal.until(
            self.name, lambda: len(selected(self.state, **filters)) >= least, within
        )
        return is_met if count else not is_met
