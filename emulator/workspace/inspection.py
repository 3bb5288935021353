"""A delivery in detail: the signed text, and the changes since the previous message. Pure."""

from __future__ import annotations

import shlex
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Literal

import msgspec

from emulator.decoding import indented
from emulator.delivery.signing import Verdict, signed_text, verify
from emulator.workspace.delivery_view import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from emulator.delivery.records import Attempt, Delivery
    from emulator.workspace.state import State

_MOST_LINES = 3_000
_CONTEXT = 2  # lines that are the same, before and after a difference


class Line(msgspec.Struct, frozen=True):
    """A line of a comparison.

    Attributes:
        sign: ``+`` new, ``-`` no longer there, a space for both, ``@`` for lines left out.
    """

    sign: Literal["+", "-", " ", "@"]
    text: str


class Signed(msgspec.Struct, frozen=True):
    """The check of an attempt's signature, made as a consumer makes it at the time of the attempt.

    Attributes:
        text: that was signed.
        headers: that carry the signature: name -> value.
        verdict: of the check, with the secret of the webhook that fits best.
    """

    text: str
    headers: dict[str, str]
    verdict: Verdict


def previous(state: State, delivery: Delivery) -> Delivery | None:
    """Return the delivery, to the same webhook, of the message before about the same subject."""
    message = delivery.message
    numbers = [
        number
        for number, webhook in state.by_subject.get(message.subject, ())
        if webhook == delivery.webhook_number and number < message.number
    ]
    return state.deliveries.get((max(numbers), delivery.webhook_number)) if numbers else None


def difference(before: bytes, after: bytes) -> list[Line] | None:
    """Return how a body differs from the previous body, both as indented JSON.

    Returns:
        The lines that differ, each with two lines around it; None for bodies that are too long.
    """
    old, new = indented(before).split("\n"), indented(after).split("\n")
    if len(old) + len(new) > _MOST_LINES:
        return None
    return list(_lines(old, new))


def _lines(old: list[str], new: list[str]) -> Iterator[Line]:
    groups = SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(_CONTEXT)
    for number, group in enumerate(groups):
        if number:
            yield Line("@", "…")
        for kind, old_from, old_to, new_from, new_to in group:
            if kind == "equal":
                yield from (Line(" ", one) for one in new[new_from:new_to])
                continue
            yield from (Line("-", one) for one in old[old_from:old_to])
            yield from (Line("+", one) for one in new[new_from:new_to])


def signed(state: State, delivery: Delivery, attempt: Attempt, body: bytes) -> Signed | None:
    """Return the check of an attempt's signature; None when its webhook signs nothing.

    Args:
        state: of the workspace.
        delivery: whose attempt it is.
        attempt: as it went out.
        body: that it sent.
    """
    webhook = state.webhook_numbers[delivery.webhook_number]
    signature = state.profile(webhook).signature
    if signature is None or webhook.secret is None:
        return None
    names = {name.lower() for name in signature.header_names}
    carried = {name: value for name, value in attempt.headers if name.lower() in names}
    secrets = (webhook.secret, *(old_secret.secret for old_secret in webhook.old_secrets))
    now = _signed_at(state, attempt, carried)
    verdicts = [verify(signature, secret, attempt.headers, body, now=now) for secret in secrets]
    return Signed(
        text=text_of(signed_text(signature, attempt.headers, body)),
        headers=carried,
        verdict=next((verdict for verdict in verdicts if verdict.holds), verdicts[0]),
    )


def _signed_at(state: State, attempt: Attempt, carried: Mapping[str, str]) -> float:
    """Return when an attempt was made, in real Unix seconds."""
    if state.settings.clock == "real":
        return attempt.at.timestamp()
    # A virtual clock does not know; the timestamp itself is the best there is.
    stamps = [value for name, value in carried.items() if name.lower().endswith("-timestamp")]
    return float(stamps[0]) if stamps and stamps[0].isdecimal() else 0.0


def curl(url: str, headers: Mapping[str, str], body: str) -> str:
    """Return a command that sends the same request again, for a shell."""
    lines = [f"curl -X POST {shlex.quote(url)}"]
    lines += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in headers.items()]
    return " \\\n  ".join([*lines, f"--data-binary {shlex.quote(body)}"])
