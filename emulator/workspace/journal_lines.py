"""The journal as JSON lines with secrets redacted; messages and attempts as in `delivery_view`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from emulator.delivery.faults import reading
from emulator.delivery.records import (
    Dropped,
    Finished,
    Message,
    Planned,
    RedeliveryAsked,
    Refused,
    Started,
)
from emulator.delivery.redaction import redacted
from emulator.printing import printable_json
from emulator.workspace.delivery_view import (
    attempt_view,
    ended_attempt,
    message_fields,
    plain,
)
from emulator.workspace.entry_data import FaultSet

if TYPE_CHECKING:
    from emulator.journal.entry import Entry


def shown(entry: Entry) -> dict[str, Any]:
    """Return an entry as plain JSON, in camelCase and with secrets redacted."""
    made: dict[str, Any] = redacted(plain(entry, _fields))
    return made


def line(entry: Entry) -> bytes:
    """Return an entry as a line of JSON with a newline."""
    return printable_json(msgspec.json.encode(shown(entry))) + b"\n"


def _fields(record: msgspec.Struct) -> dict[str, Any]:
    match record:
        case Message():
            content = {"body": record.body, "webhooks": record.webhooks}
            return {"number": record.number, **message_fields(record), **content}
        case Refused():
            found = msgspec.structs.asdict(record)
            about = {"subject_id": found.pop("subject"), "candidate_id": found.pop("person")}
            return found | {name: id_ or None for name, id_ in about.items()}
        case Started():
            return _of_delivery(record) | {"attempt": attempt_view(record.attempt)}
        case Finished(attempt=number, outcome=outcome, is_success=is_success):
            found = _of_delivery(record) | {"reason": record.reason or None}
            del found["outcome"], found["is_success"]
            return found | {"attempt": ended_attempt(number, outcome, is_success=is_success)}
        case FaultSet():
            return {"id": record.id, **reading.plain(record.fault)}
        case Planned() | RedeliveryAsked() | Dropped():
            return _of_delivery(record)
    return msgspec.structs.asdict(record)


def _of_delivery(
    record: Planned | Started | Finished | RedeliveryAsked | Dropped,
) -> dict[str, Any]:
    """Return the fields of a record, with the id of the delivery in place of its numbers."""
    found = msgspec.structs.asdict(record)
    return {"delivery": f"{found.pop('message')}-{found.pop('webhook')}", **found}
