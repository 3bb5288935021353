"""``trigger``: send one message to a consumer, without a server."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from emulator.cli import common_options, consumer_options, loop
from emulator.cli.codes import FAILED, NO_EVIDENCE
from emulator.cli.output import say
from emulator.cli.payload_edits import edited, settings
from emulator.decoding import parsed
from emulator.domain.events import EVENTS_OF, TEST_EVENT, event_type
from emulator.domain.payloads.fields import text
from emulator.errors import InvalidInputError, NotJSONError, file_error

if TYPE_CHECKING:
    from emulator.conformance.target import Subject, Target
    from emulator.delivery.records import Attempt, Delivery, Outcome
    from emulator.domain.webhook import Webhook
    from emulator.emulator import Emulator
    from emulator.workspace.workspace import Workspace

_LONGEST_ANSWER = 2_000  # characters
_HINTS: dict[str, str] = {
    "address_forbidden": "--allow-host permits deliveries to other machines",
    "tls_failed": "--ca sets the certificates to trust",
}


class _Asked(msgspec.Struct, frozen=True):
    """The options that describe the message."""

    settings: tuple[str, ...]
    remove: tuple[str, ...]
    file: Path | None
    seed: int | None


@click.command(
    name="trigger",
    epilog="Example: testlify-emulator trigger candidate.completed --to http://127.0.0.1:9000/hook"
    " --set data.email=ada@example.com --remove data.resultLink",
)
@click.argument("event")
@click.option(
    "--to", "url", metavar="URL", help="URL of the consumer; default: 'url' of the --config file."
)
@click.option(
    "--set", "settings", multiple=True, metavar="PATH=VALUE",
    help="Set a value in the payload, such as data.email=ada@example.com. The value is parsed as"
    " JSON if possible; otherwise it is text. The last key may be new. Repeatable.",
)  # fmt: skip
@click.option(
    "--remove", multiple=True, metavar="PATH",
    help="Remove a value from the payload, such as data.resultLink. Repeatable.",
)  # fmt: skip
@click.option(
    "--data", "file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    metavar="FILE", help="Send this file unchanged in place of a generated payload; - is stdin.",
)  # fmt: skip
@common_options.seed("Seed of generated data.")
@consumer_options.options(*consumer_options.MESSAGE)
def command(event: str, **options: Any) -> int:
    """Send one message of the event type EVENT, about a generated candidate, to a consumer.

    EVENT is an id or a name in payloads ('testlify-emulator list events' shows both), or 'test'
    for the ping of the settings page. A payload that you change is sent even if it does not fit
    its schema.

    Exit 0: accepted; 1: not accepted; 2: a usage error, or the consumer did not answer.
    """
    target = consumer_options.target(options, url_name="--to")
    id_ = event if event == TEST_EVENT else event_type(event, generation=target.generation).id
    if target.generation == "v2" and target.secret is None:
        note = "note: signed with a random secret; to verify signatures, pass yours with --secret"
        say(note, err=True)
    return loop.run(_trigger(id_, target, _Asked(**options)))


async def _trigger(event: str, target: Target, asked: _Asked) -> int:
    from emulator.conformance.session import set_up
    from emulator.emulator import Emulator

    emulator = Emulator(
        seed=asked.seed,
        clock="virtual",  # so that a seed gives the same bytes tomorrow
        generation=target.generation,
        overlay=target.overlay,
        allow_hosts=target.allow_hosts,
        ca=target.ca,
        is_insecure=target.is_insecure,
    )
    async with emulator:
        workspace = emulator.workspace()
        webhook = _webhook(workspace, event, target)
        body = _body(workspace, event, asked)
        subject = _subject(workspace, event, body)
        if target.has_setup and subject is not None:
            await set_up(target, subject, emulator.guard)
        if body is None:
            delivery = await workspace.send_test(webhook.id, None if event == TEST_EVENT else event)
        else:
            workspace.send(body, event=event, webhook=webhook.id)
            await workspace.settle()
            [delivery] = workspace.deliveries()
    return _report(delivery, webhook, emulator, is_theirs=body is not None)


def _webhook(workspace: Workspace, event: str, target: Target) -> Webhook:
    from emulator.delivery.profiles import PROFILES, signing

    return workspace.add_webhook(
        name="trigger",
        payload_url=target.address(workspace),
        events=[EVENTS_OF[target.generation][0] if event == TEST_EVENT else event],
        headers=target.headers,
        secret=target.secret,
        profile=signing(PROFILES[target.generation]) if target.secret else None,
    )


def _subject(workspace: Workspace, event: str, body: bytes | None) -> Subject | None:
    """Return the candidate that the message is about; None if it names no candidate."""
    from emulator.conformance.target import Subject

    try:
        sample = None if event == TEST_EVENT else workspace.sample_of(event)
        payload = sample if body is None else parsed(body)
    except NotJSONError:
        return None
    names = ("email", "candidateId", "assessmentId", "firstName", "lastName")
    email, *others = (text(payload, name) for name in names)
    return Subject("", email, *others) if email else None


def _body(workspace: Workspace, event: str, asked: _Asked) -> bytes | None:
    """Return the body that the user gave or edited; None for the emulator's own."""
    wanted = settings(asked.settings)
    body = None if asked.file is None else _read(asked.file)
    if not (wanted or asked.remove):
        return body
    if body is not None:
        payload = _decoded(body, asked.file)
    else:
        # Decoded from JSON again, so that every part can be changed.
        payload = {} if event == TEST_EVENT else workspace.sample_of(event)
        payload = parsed(msgspec.json.encode(payload))
    return msgspec.json.encode(edited(payload, wanted, asked.remove))


def _read(file: Path) -> bytes:
    with file_error(f"{file}: can't be read"):
        return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()


def _decoded(body: bytes, file: Path | None) -> Any:
    try:
        return parsed(body)
    except NotJSONError as error:
        message = f"{file}: can't be edited: {error}"
        raise InvalidInputError(message) from None


def _report(delivery: Delivery, webhook: Webhook, emulator: Emulator, *, is_theirs: bool) -> int:
    """Print request and answer; return the exit code.

    Args:
        is_theirs: the user gave or edited the body.
    """
    from emulator.delivery.redaction import configured_secrets, masked
    from emulator.scenario.result import NOT_THERE

    secrets = configured_secrets(webhook)
    [attempt] = delivery.attempts
    outcome = attempt.outcome
    assert outcome is not None  # noqa: S101 - it ended
    whose = ", as you wrote it" if is_theirs else ""
    for line in _lines(delivery, attempt, outcome, whose, emulator.settings.seed):
        say(masked(line, secrets))
    if outcome.reason in NOT_THERE:
        hint = _HINTS.get(outcome.reason, "is the consumer running?")
        why = f"{outcome.reason}: {outcome.detail}" if outcome.detail else outcome.reason
        line = masked(f"error: no answer from {attempt.url}: {why}; {hint}", secrets)
        say(line, err=True)
        return NO_EVIDENCE
    return 0 if attempt.is_success else FAILED


def _lines(
    delivery: Delivery, attempt: Attempt, outcome: Outcome, whose: str, seed: int
) -> list[str]:
    message = delivery.message
    answer = outcome.body.decode("utf-8", "replace")[:_LONGEST_ANSWER]
    return [
        f"POST {attempt.url}",
        f"  {message.event}, {len(message.body)} bytes{whose} ({message.id}; seed {seed})",
        f"-> {attempt.answer} in {outcome.duration_ms:.1f} ms",
        *(f"  {line}" for line in answer.splitlines()),
    ]
