"""How a sample consumer is asked: deliveries made by hand over real sockets, and its probe."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from emulator.delivery.signing import SigningScheme, sign

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tests.consumers.starting import Running

PATIENCE = 4.0  # real seconds; only a consumer that is held up takes as long
CHANGED = "candidate.status_changed"
STANDARD = SigningScheme("standard")


@dataclass(frozen=True)
class Life:
    """The deliveries about one candidate.

    Attributes:
        bodies: (event type, status) -> body.
    """

    email: str
    bodies: Mapping[tuple[str, str], bytes]

    def __getitem__(self, status: str) -> bytes:
        """Return the body of the status change to *status*."""
        return self.bodies[CHANGED, status]


def headers_for(consumer: Running, body: bytes, signed: bytes | None = None) -> dict[str, str]:
    """Return the headers of a delivery.

    Args:
        signed: what the signature is of, if not the body.
    """
    headers = {"Content-Type": "application/json"}
    if consumer.token:
        headers["X-Webhook-Token"] = consumer.token
    if consumer.secret:
        secrets, at = [consumer.secret], time.time()
        signed = body if signed is None else signed
        headers |= dict(sign(STANDARD, secrets, message_id="msg_1", body=signed, now=at))
    return headers


def post(
    consumer: Running,
    body: bytes | Iterable[bytes],
    headers: dict[str, str] | None = None,
    timeout: float = 5 * PATIENCE,
) -> int:
    """Deliver one body and return the status; an iterable goes out in chunks."""
    if headers is None:
        assert isinstance(body, bytes)
        headers = headers_for(consumer, body)
    connection = http.client.HTTPConnection(urlsplit(consumer.url).netloc, timeout=timeout)
    try:
        is_chunked = not isinstance(body, bytes)
        path = urlsplit(consumer.hook).path
        with contextlib.suppress(ConnectionError):  # answered before all of it was sent
            connection.request("POST", path, body, headers, encode_chunked=is_chunked)
        return connection.getresponse().status
    finally:
        connection.close()


def accepted(consumer: Running, *bodies: bytes) -> None:
    """Deliver each body; each has to be taken."""
    for body in bodies:
        status = post(consumer, body)
        assert 200 <= status < 300, f"answered {status} to {body[:300]!r}"


def delivered(consumer: Running, *bodies: bytes) -> None:
    """Deliver each body, regardless of the answer."""
    for body in bodies:
        post(consumer, body)


def seen(consumer: Running, name: str, query: str = "") -> dict[str, Any]:
    """Return the consumer's state of a candidate; empty if it has none."""
    connection = http.client.HTTPConnection(urlsplit(consumer.url).netloc, timeout=5 * PATIENCE)
    try:
        connection.request("GET", f"/candidates/{quote(name, safe='')}{query}")
        response = connection.getresponse()
        answer: dict[str, Any] = json.loads(response.read())
        assert response.status in (200, 404), answer
        return answer if response.status == 200 else {}
    finally:
        connection.close()


def check_state(consumer: Running, life: Life, status: str, completions: int) -> None:
    """Check where the consumer thinks a candidate is."""
    known = seen(consumer, life.email)
    assert (known.get("status"), known.get("completions")) == (status, completions)


def edited(body: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    """Return a body with its payload changed."""
    payload = json.loads(body)
    change(payload)
    return dumped(payload)


def dumped(value: Any) -> bytes:
    """Return *value* as the emulator and JavaScript serialise it, half a surrogate pair escaped."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace")


def opened(consumer: Running, length: str, headers: Mapping[str, str]) -> socket.socket:
    """Return a connection on which the head of a delivery went out.

    Args:
        length: the header line that says how long the body is.
    """
    url = urlsplit(consumer.hook)
    assert url.hostname is not None
    lines = [f"POST {url.path} HTTP/1.1", f"Host: {url.netloc}", length]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    connection = socket.create_connection((url.hostname, url.port), 5 * PATIENCE)
    connection.sendall("\r\n".join([*lines, "", ""]).encode())
    return connection


def started_request(consumer: Running, body: bytes) -> tuple[socket.socket, bytes]:
    """Send the first half of a delivery; return its connection and the other half."""
    length = f"Content-Length: {len(body)}"
    connection = opened(consumer, length, headers_for(consumer, body))
    half = len(body) // 2
    connection.sendall(body[:half])
    return connection, body[half:]
