"""The master and its workers, connected by Locust: on this machine, or on many.

A worker relays: commands of the master to a process that sends, replies of that process to the
master. This module does not look into them.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, Any, Self

from emulator.errors import EmulatorError, NotReadyError
from emulator.load.worker_protocol import Command, Failed, Reply, Stop, encoded, replies

# Nothing here needs the patched standard library: another process sends.
os.environ.setdefault("LOCUST_SKIP_MONKEY_PATCH", "1")

import gevent
import gevent.queue
import gevent.subprocess
from locust.env import Environment
from locust.runners import STATE_MISSING

if TYPE_CHECKING:
    from collections.abc import Iterator

_READY, _COMMAND, _REPLY = "testlify_ready", "testlify_command", "testlify_reply"
_STOP = encoded(Stop())
_PATIENCE = 60.0  # seconds in which workers have to connect
_LOOK = 0.5  # seconds between two checks that all workers are connected


class Master:
    """The side of the connection that sends commands.

    Args:
        workers: how many there are.
        host, port: where workers connect; port 0 is a free one.
        is_local: start the workers, as processes of this machine; otherwise wait for them.
    """

    def __init__(self, workers: int, *, host: str, port: int, is_local: bool) -> None:
        self.workers = workers
        self._is_local = is_local
        self._environment = Environment()
        self._runner = self._environment.create_master_runner(host, port)
        self._runner.register_message(_READY, self._add)
        self._runner.register_message(_REPLY, self._take)
        self._replies: gevent.queue.Queue[tuple[str, bytes]] = gevent.queue.Queue()
        self._processes: list[gevent.subprocess.Popen[bytes]] = []
        self._clients: list[str] = []

    @property
    def port(self) -> int:
        """Where workers connect."""
        port: int = self._runner.server.port
        return port

    def __enter__(self) -> Self:
        """Wait until all workers can receive commands.

        Raises:
            NotReadyError: not all can after a minute.
        """
        if self._is_local:
            self._processes = [_start(self.port) for _ in range(self.workers)]
        try:
            with gevent.Timeout(_PATIENCE, exception=None):
                while len(self._clients) < self.workers and self._is_running():
                    gevent.sleep(0.05)
            if len(self._clients) < self.workers:
                message = (
                    f"{len(self._clients)} of {self.workers} workers connected to port"
                    f" {self.port} within {_PATIENCE:.0f} seconds"
                )
                raise NotReadyError(message)
        except BaseException:
            self.__exit__()
            raise
        del self._clients[self.workers :]
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the workers."""
        self.send(Stop())
        gevent.sleep(0.1)  # for the messages to leave
        self._runner.quit()
        for process in self._processes:
            try:
                process.wait(10)
            except gevent.subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def send(self, command: Command, worker: int | None = None) -> None:
        """Send a command to one worker, or to all.

        Args:
            command: the command.
            worker: its index, from 0.
        """
        line = encoded(command)
        for client in self._clients if worker is None else [self._clients[worker]]:
            self._runner.send_message(_COMMAND, {"line": line}, client)

    def replies(self, last: type[Reply]) -> Iterator[Reply]:
        """Yield the replies of the workers, until each of them has sent a record of type *last*.

        Raises:
            EmulatorError: a worker could not execute the command.
            NotReadyError: a worker is lost.
        """
        ended = 0
        while ended < self.workers:
            try:
                _, line = self._replies.get(timeout=_LOOK)
            except gevent.queue.Empty:
                self._look()
                continue
            reply = replies.decode(line)
            if isinstance(reply, Failed):
                if reply.is_bug:
                    message = f"a bug in a worker: {reply.message}"
                    raise RuntimeError(message)
                raise EmulatorError(reply.message)
            ended += isinstance(reply, last)
            yield reply

    def _add(self, environment: Environment, msg: Any) -> None:  # noqa: ARG002 - Locust's call
        self._clients.append(msg.node_id)

    def _take(self, environment: Environment, msg: Any) -> None:  # noqa: ARG002 - Locust's call
        self._replies.put((msg.node_id, msg.data["line"]))

    def _is_running(self) -> bool:
        return not self._is_local or all(process.poll() is None for process in self._processes)

    def _look(self) -> None:
        clients = self._runner.clients
        lost = [
            client
            for client in self._clients
            if client not in clients or clients[client].state == STATE_MISSING
        ]
        if lost or not self._is_running():
            message = f"{len(lost) or 'some'} of {self.workers} workers were lost; the run ends"
            raise NotReadyError(message)


def _start(port: int) -> gevent.subprocess.Popen[bytes]:
    argv = [sys.executable, "-m", "emulator", "load", "--worker", "--master-host", "127.0.0.1"]
    # In its own process group: Ctrl-C reaches the master alone, which then stops its workers.
    return gevent.subprocess.Popen([*argv, "--master-port", str(port)], start_new_session=True)


def work(host: str, port: int) -> int:
    """Work until the master sends `Stop`.

    Args:
        host, port: of the master.

    Returns:
        The exit code.

    Raises:
        NotReadyError: there is no master, or it stopped without `Stop`.
    """
    process = gevent.subprocess.Popen(
        [sys.executable, "-m", "emulator.load.sender"],
        stdin=gevent.subprocess.PIPE,
        stdout=gevent.subprocess.PIPE,
    )
    assert process.stdin is not None  # noqa: S101 - a pipe
    assert process.stdout is not None  # noqa: S101 - a pipe
    commands, is_stopped = process.stdin, False

    def relay(environment: Environment, msg: Any) -> None:  # noqa: ARG001 - Locust's call
        nonlocal is_stopped
        is_stopped = msg.data["line"] == _STOP
        commands.write(msg.data["line"])
        commands.flush()

    def close_with_connection() -> None:
        runner.greenlet.join()  # ends when Locust has received nothing from the master for a minute
        commands.close()

    try:
        runner = Environment().create_worker_runner(host, port)
        runner.register_message(_COMMAND, relay)
        # A command that comes before the registration is lost, so the master waits for this.
        runner.send_message(_READY)
        gevent.spawn(close_with_connection)
        for line in process.stdout:
            runner.send_message(_REPLY, {"line": line})
        if commands.closed and not is_stopped:
            message = f"the master at {host}:{port} no longer answers"
            raise NotReadyError(message)
        gevent.sleep(0.1)  # for the last message to leave
        runner.quit()
    except ConnectionError:
        message = f"no master at {host}:{port}; is 'load --master' running there?"
        raise NotReadyError(message) from None
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
    return 0
