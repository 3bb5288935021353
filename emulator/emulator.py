"""The emulator: starts and stops the workspaces and the resources that they share."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self, get_args

import msgspec

from emulator.clock import EPOCH, Mode, checked
from emulator.contracts.validation import Contracts
from emulator.delivery.transports.address_guard import Guard, kind_never_dialled, unwrapped
from emulator.delivery.transports.trust import trusting
from emulator.delivery.transports.wire import Wire
from emulator.delivery.transports.wire_actions import parse_destination
from emulator.domain.events import Generation
from emulator.domain.tokens import EXPIRED, digest_of
from emulator.domain.webhook import checked_url
from emulator.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    StoppingError,
    UnauthorizedError,
    UnknownNameError,
)
from emulator.event_loops import without_collector
from emulator.journal.journal import Journal
from emulator.journal.store import MemoryStore
from emulator.workspace.engine import Engine
from emulator.workspace.entry_data import KEEP, Settings
from emulator.workspace.fold import TYPES
from emulator.workspace.names import DEFAULT_WORKSPACE, is_name, pages_path, workspace_name
from emulator.workspace.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping
    from datetime import datetime

    from emulator.journal.store import Store

_log = logging.getLogger("emulator")

IN_FLIGHT = 512
PER_WEBHOOK = 16
GRACE = 3.5  # seconds to wait for attempts under way; a stop takes 5 s in total


class Emulator:
    """All workspaces of a process, with their journal and their connections.

    Use it as an async context manager; deliveries are made while it is open.

    Args:
        seed: for random choices in new workspaces; None draws a seed.
        clock: clock of new workspaces, ``real`` or ``virtual``.
        now: start of their virtual clocks.
        generation: generation of their webhooks by default.
        overlay: a folder of schemas that override the bundled schemas, as `learn` writes it.
        allow_hosts: host names and CIDRs to allow besides loopback and private networks.
        journal: file of the journal; None keeps it in memory.
        in_flight: limit of concurrent attempts in a workspace; 1 is lockstep.
        is_strict: accept only tokens of open workspaces.
        ca: file with the trusted certificates (PEM), instead of the system's.
        is_insecure: accept any certificate of consumers.
        keep: how many finished deliveries of a workspace keep their bodies and answers.
        observed: names of the variants that payloads of new workspaces follow.
        event_names: event type -> its name in v2, in new workspaces, where that is assumed.
        report_delay: seconds of workspace time from a completion until its report is available,
            in new workspaces.
        public_url: the URL under which others reach the server, for links to its pages.

    Raises:
        InvalidInputError: an invalid argument; the error names it.
        JournalError: the journal file can't be used.
    """

    def __init__(
        self,
        *,
        seed: int | None = None,
        clock: Mode = "real",
        now: datetime = EPOCH,
        generation: Generation = "v1",
        overlay: Path | None = None,
        allow_hosts: tuple[str, ...] = (),
        journal: Path | str | None = None,
        in_flight: int = IN_FLIGHT,
        is_strict: bool = False,
        ca: Path | None = None,
        is_insecure: bool = False,
        keep: int = KEEP,
        observed: Iterable[str] = (),
        event_names: Mapping[str, str] | None = None,
        report_delay: float = 0.0,
        public_url: str = "",
    ) -> None:
        _check(clock, generation, in_flight, keep)
        self.settings = Settings(
            seed=secrets.randbits(32) if seed is None else seed,
            clock=clock,
            now=checked(now),
            generation=generation,
            keep=keep,
            observed=tuple(observed),
            event_names=dict(event_names or {}),
            report_delay=report_delay,
            is_insecure=is_insecure,
        )
        self.contracts = Contracts(overlay)
        self.guard = Guard(allow_hosts)
        self._transport = Wire(self.guard, tls=trusting(ca, is_insecure=is_insecure))
        self.journal = Journal(MemoryStore(TYPES) if journal is None else _on_disk(Path(journal)))
        self.is_ready = journal is None  # nothing to replay then
        self.is_strict = is_strict
        self._in_flight = in_flight
        self._public_url = _base(public_url) if public_url else ""
        self._workspaces: dict[str, Workspace] = {}
        self.is_stopping = False  # `stop` or `drain` was called
        self._waits: set[asyncio.Timeout] = set()  # of the calls inside `unless_stopping`

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Replay the workspaces of the journal.

        Raises:
            JournalError: the journal can't be read, or is damaged.
        """
        with without_collector():
            for name in self.journal.workspaces():
                workspace = self._open(name, self.settings)
                await workspace.engine.replay()
                settings = self._fitting(name, workspace.state.settings)
                if settings != workspace.state.settings:
                    workspace.configure(settings)
        self.is_ready = True

    async def stop(self, grace: float = GRACE) -> None:
        """Stop all workspaces, and close all connections and the journal.

        Pending deliveries are dropped, reason ``shutdown``, unless the journal is on disk.

        Args:
            grace: real seconds to wait for attempts under way.

        Raises:
            Exception: the first bug that occurred in a delivery, after everything was stopped.
        """
        try:
            await self.drain(grace)
        finally:
            await self._transport.close()
            self.journal.close()

    async def drain(self, grace: float = GRACE) -> None:
        """Wait for the attempts under way in all workspaces, and start no more.

        Calls inside `unless_stopping` raise StoppingError.

        Raises:
            Exception: the first bug that occurred in a delivery.
        """
        self.is_stopping = True
        for scope in self._waits:
            scope.reschedule(0.0)
        self._waits.clear()
        closing = [one.engine.close(grace, "shutdown") for one in self._workspaces.values()]
        for result in await asyncio.gather(*closing, return_exceptions=True):
            if isinstance(result, BaseException):
                raise result
        await self.journal.flush()

    @property
    def waiting(self) -> int:
        """The number of calls that wait inside `unless_stopping`."""
        return len(self._waits)

    @asynccontextmanager
    async def unless_stopping(self) -> AsyncIterator[None]:
        """Cancel the code inside the context when the emulator stops.

        Raises:
            StoppingError: the emulator stops.
        """
        if self.is_stopping:
            raise StoppingError
        scope = asyncio.timeout(None)
        try:
            async with scope:
                self._waits.add(scope)
                try:
                    yield
                finally:
                    self._waits.discard(scope)
        except TimeoutError:
            if scope.expired():
                raise StoppingError from None
            raise

    def refusal(self, url: str) -> str | None:
        """Return why deliveries to *url* will be refused; None if they are not, or for a name.

        A host name is resolved for each connection, so its addresses are not known now.

        Raises:
            InvalidInputError: not an http or https URL.
        """
        destination = parse_destination(url)
        if destination.address is None:
            return None
        refusal = self.guard.refusal(destination.address, destination.host)
        is_final = kind_never_dialled(unwrapped(destination.address)) is not None
        return refusal if refusal is None or is_final else f"{refusal} with --allow-host"

    @property
    def workspaces(self) -> dict[str, Workspace]:
        """The open workspaces, by name."""
        return dict(self._workspaces)

    def workspace(
        self,
        name: str = DEFAULT_WORKSPACE,
        settings: Settings | None = None,
        *,
        in_flight: int | None = None,
    ) -> Workspace:
        """Return the workspace called *name*; open it if necessary.

        Args:
            name: up to 64 letters, digits, ``_``, ``.`` or ``-``.
            settings: settings of a new workspace; by default the emulator's.
            in_flight: limit of concurrent attempts in a new workspace; by default the emulator's.

        Raises:
            InvalidInputError: an invalid name.
            ConflictError: the workspace is being removed.
        """
        if name in self._workspaces and self._is_going(name):
            message = f"workspace {name!r} is being removed; try again"
            raise ConflictError(message)
        if name not in self._workspaces:
            if not is_name(name):
                message = f"not a workspace name: {name[:80]!r}; expected letters, digits, _ . -"
                raise InvalidInputError(message)
            self._open(name, self._fitting(name, settings or self.settings_of(name)), in_flight)
        return self._workspaces[name]

    def settings_of(self, name: str) -> Settings:
        """Return the default settings of a new workspace.

        The seed is derived from the emulator's seed and the name, so that two workspaces never
        have the same ids. The default workspace has the emulator's seed.
        """
        if name == DEFAULT_WORKSPACE:
            return self.settings
        digest = hashlib.blake2b(f"{self.settings.seed}/{name}".encode(), digest_size=4).digest()
        return msgspec.structs.replace(self.settings, seed=int.from_bytes(digest))

    def _fitting(self, name: str, settings: Settings) -> Settings:
        """Return *settings* with the values that the process decides for all workspaces."""
        return msgspec.structs.replace(
            settings,
            is_insecure=self.settings.is_insecure,
            keep=self.settings.keep,
            public_url=self._public_url and self._public_url + pages_path(name),
        )

    def _open(self, name: str, settings: Settings, in_flight: int | None = None) -> Workspace:
        in_flight = in_flight or self._in_flight
        engine = Engine(
            name,
            journal=self.journal,
            contracts=self.contracts,
            transport=self._transport,
            settings=settings,
            in_flight=in_flight,
            per_webhook=min(PER_WEBHOOK, in_flight),
        )
        self._workspaces[name] = Workspace(engine)
        return self._workspaces[name]

    def existing(self, name: str) -> Workspace:
        """Return the open workspace called *name*.

        Raises:
            NotFoundError: no such workspace.
        """
        if name not in self._workspaces or self._is_going(name):
            known = ", ".join(sorted(self._workspaces)) or "none"
            raise NotFoundError(f"no workspace {name[:80]!r}; open: {known}")
        return self._workspaces[name]

    def by_pages(self, path: str) -> Workspace:
        """Return the open workspace whose pages are below *path*.

        Raises:
            NotFoundError: there is none.
        """
        for name in self._workspaces:
            if pages_path(name) == path and not self._is_going(name):
                return self._workspaces[name]
        raise NotFoundError("no such page")

    def _is_going(self, name: str) -> bool:
        return self._workspaces[name].is_closed and not self.is_stopping

    async def remove(self, name: str) -> None:
        """Close a workspace and delete its journal.

        Raises:
            NotFoundError: no such workspace.
            JournalError: the journal can't be written.
        """
        await self.journal.flush()  # raises for a failed journal before anything is removed
        workspace = self.existing(name)
        try:
            await workspace.engine.close(0.0, "workspace removed")
        finally:
            # At the same time: otherwise, a new workspace with this name would continue the old
            # entries, and its entries would be deleted with them.
            self.journal.forget(name)
            del self._workspaces[name]
        await self.journal.flush()

    def by_token(self, token: str) -> Workspace:
        """Return the workspace that generated an access token, or that the token names.

        A workspace that the token names is opened if necessary.

        Raises:
            UnauthorizedError: the token has expired, or is unknown and tokens are strict.
        """
        name = workspace_name(token)
        if name not in self._workspaces and (found := self._generator(token)) is not None:
            return found
        if self.is_strict and name not in self._workspaces:
            message = "unknown access token; the workspace has to be opened first"
            raise UnauthorizedError(message)
        return self.workspace(name)

    def _generator(self, token: str) -> Workspace | None:
        """Return the workspace that generated *token*; None if no workspace did.

        Raises:
            UnauthorizedError: the token has expired.
        """
        digest = digest_of(token)
        for workspace in self._workspaces.values():
            known = workspace.state.tokens.get(digest)
            if known is not None and not workspace.is_closed:
                if known.status(workspace.now()) == EXPIRED:
                    message = "the access token has expired"
                    raise UnauthorizedError(message)
                return workspace
        return None


def _check(clock: str, generation: str, in_flight: int, keep: int) -> None:
    """Check the arguments of an emulator as a type checker would, and their numbers.

    Raises:
        InvalidInputError: one of them can't be used.
    """
    for kind, given, known in (
        ("clock", clock, get_args(Mode)),
        ("generation", generation, get_args(Generation)),
    ):
        if given not in known:
            raise UnknownNameError(kind, str(given), known, show_all=True)
    for name, number, least in (("in_flight", in_flight, 1), ("keep", keep, 0)):
        if number < least:
            message = f"{name} is {number}; expected at least {least}"
            raise InvalidInputError(message)


def _base(url: str) -> str:
    """Return a public URL, checked, without a slash at its end."""
    base = checked_url(url, path="public_url").rstrip("/")
    if base.count("/") > 2 or "?" in base:  # pages load their style sheet from the root
        message = f"a path or a query in the public URL: {url[:80]!r}"
        raise InvalidInputError(message + "; expected one like 'http://host:4800'")
    return base


def _on_disk(path: Path) -> Store:
    from emulator.journal.sqlite import SqliteStore

    return SqliteStore(path, TYPES)
