"""Commands on faults."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.delivery.transports.asgi import SCHEME
from emulator.errors import ConflictError
from emulator.workspace.entry_data import FaultSet

if TYPE_CHECKING:
    from emulator.delivery.faults.fault import Fault
    from emulator.domain.webhook import Webhook
    from emulator.workspace.state import State


def set_fault(state: State, fault: Fault) -> FaultSet:
    """Return the record that sets *fault*.

    Raises:
        NotFoundError: it names a webhook that is not there.
        ConflictError: it is a fault of the wire, and would meet a webhook in this process.
    """
    webhooks = list(state.webhooks.values())
    if fault.on.webhook is not None:
        webhooks = [state.webhook(fault.on.webhook)]
    for webhook in webhooks:
        check_wire(fault, webhook)
    return FaultSet(f"f{len(state.known_faults) + 1}", fault)


def check_wire(fault: Fault, webhook: Webhook) -> None:
    """Check that a fault of the wire does not meet a webhook that has no wire.

    Raises:
        ConflictError: it would.
    """
    meets = fault.on.webhook in (None, webhook.id) and webhook.payload_url.startswith(SCHEME)
    if fault.group == "wire" and meets:
        message = (
            f"the fault {fault.kind!r} needs a socket, and webhook {webhook.id} is in this "
            "process; 'on' can name another webhook"
        )
        raise ConflictError(message)
