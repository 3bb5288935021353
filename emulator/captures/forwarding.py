"""Forwards a received request to another consumer, and returns its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.delivery.records import Request
from emulator.receiver import Answer

if TYPE_CHECKING:
    from emulator.delivery.records import Headers, Outcome, Transport
    from emulator.receiver import Received

_HOP_BY_HOP = frozenset({
    "connection", "expect", "host", "content-length", "keep-alive", "proxy-authenticate",
    "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
})  # fmt: skip
_BAD_GATEWAY, _GATEWAY_TIMEOUT, _NOT_ALLOWED = 502, 504, 405


def end_to_end(headers: Headers) -> Headers:
    """Return *headers* without those of a single connection (RFC 9110, 7.6.1)."""
    listed = (value for name, value in headers if name.lower() == "connection")
    named = {one.strip().lower() for value in listed for one in value.split(",")}
    return tuple((k, v) for k, v in headers if k.lower() not in _HOP_BY_HOP | named)


async def forwarded(received: Received, url: str, transport: Transport) -> tuple[Answer, str]:
    """Post a request to *url* with its body and its headers.

    Returns:
        The answer, and why it is not the consumer's own; empty for the consumer's answer.
    """
    if received.method != "POST":
        answer = Answer(_NOT_ALLOWED, (("allow", "POST"),))
        return answer, f"only POST is forwarded, not {received.method}"
    outcome = await transport.send(Request(url, end_to_end(received.headers), received.body))
    if outcome.status is None:
        status = _GATEWAY_TIMEOUT if outcome.reason.endswith("timeout") else _BAD_GATEWAY
        return Answer(status), ": ".join(filter(None, (outcome.reason, outcome.detail)))
    return Answer(outcome.status, _answered(outcome), outcome.body), ""


def _answered(outcome: Outcome) -> Headers:
    return (*end_to_end(outcome.headers), ("content-length", str(len(outcome.body))))
