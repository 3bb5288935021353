"""Makes requests, or a scenario, of captures. Pure."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from emulator.captures.event_recognition import event_of, generation_of
from emulator.captures.forwarding import end_to_end
from emulator.conformance.fuzzing import scenario_yaml
from emulator.delivery.records import Request
from emulator.delivery.redaction import MASK
from emulator.delivery.signing import SigningScheme, prefix_in, sign
from emulator.domain.events import EVENT_TYPES, TEST_EVENT
from emulator.durations import show
from emulator.scenario.variables import URL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from emulator.captures.capture import Capture
    from emulator.delivery.records import Headers

_SHORTEST_WAIT = 1.0  # seconds between two captures, for which the scenario has a step


def request(
    capture: Capture, url: str, headers: Mapping[str, str], secret: str | None, now: float
) -> Request:
    """Return the request that sends a capture again.

    Its headers are those of the capture, in order. Those that were masked when it was saved are
    left out.

    Args:
        capture: the request to send.
        url: of the consumer.
        headers: replace headers of the capture with the same name; others are appended.
        secret: signs anew; None leaves the old signature.
        now: real Unix seconds.

    Raises:
        InvalidInputError: a secret that cannot sign.
    """
    kept = tuple((k, v) for k, v in end_to_end(capture.headers) if v != MASK)
    kept = _replaced(kept, tuple(headers.items()))
    if secret is not None:
        kept = _replaced(kept, _signature(capture, secret, now))
    return Request(url, kept, capture.body)


def masked_names(captures: Sequence[Capture]) -> list[str]:
    """Return the names of headers that were masked when the captures were saved."""
    return sorted(
        {name for capture in captures for name, value in capture.headers if value == MASK}
    )


def _signature(capture: Capture, secret: str, now: float) -> Headers:
    prefix = prefix_in(capture.headers)
    known = capture.header(f"{prefix}id")
    message_id = known or f"msg_{sha256(capture.body).hexdigest()[:27]}"
    scheme = SigningScheme("standard", prefix=prefix)
    return sign(scheme, [secret], message_id=message_id, body=capture.body, now=now)


def _replaced(headers: Headers, new: Headers) -> Headers:
    """Return *headers* with the values of *new*, in the old places where there are any."""
    values = {name.lower(): value for name, value in new}
    found = {name.lower() for name, _ in headers}
    return (
        *((name, values.get(name.lower(), value)) for name, value in headers),
        *((name, value) for name, value in new if name.lower() not in found),
    )


# --- as a scenario --------------------------------------------------------------------------


def scenario(captures: Sequence[Capture], name: str) -> tuple[str, dict[str, bytes]]:
    """Return captures as a scenario of ``send`` steps, and the files that it sends.

    The bodies are files, so that they stay as they are. Pauses of a second and more become
    ``wait`` steps.

    Args:
        captures: in order.
        name: of the scenario's file; that of the folder of bodies follows from it.
    """
    events = [_sent_as(capture) for capture in captures]
    folder = f"{PurePath(name).stem}-bodies"
    files = {f"{folder}/{number:04}": one.body for number, one in enumerate(captures, 1)}
    steps: list[dict[str, Any]] = []
    before = None
    for capture, event, file in zip(captures, events, files, strict=True):
        pause = (capture.at - before).total_seconds() if capture.at and before else 0.0
        if pause >= _SHORTEST_WAIT:
            steps.append({"wait": show(round(pause))})
        steps.append({"send": {"event": event, "data": file}})
        before = capture.at
    for event, count in Counter(events).items():
        steps.append({"expect": {"event": event, "answered": "2xx", "count": count}})
    subscribed = sorted(set(events) - {TEST_EVENT}) or [next(iter(EVENT_TYPES))]
    document = {
        "scenario": f"Replay of {len(captures)} captures",
        "webhooks": generation_of(captures[0]),
        "consumer": [{"payload_url": f"${{{URL}}}", "events": subscribed}],
        "steps": steps,
    }
    return scenario_yaml.text(document, ("Written by replay --as-scenario.",)), files


def _sent_as(capture: Capture) -> str:
    """Return the event type under which the emulator sends a capture."""
    event = event_of(capture)
    return event if event in EVENT_TYPES else TEST_EVENT
