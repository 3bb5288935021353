"""Commands on faults, and calls of the provider API that meet them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.delivery.faults.fault import DeliveryFault, WireFault, for_call
from emulator.delivery.transports.asgi import SCHEME
from emulator.errors import ConflictError
from emulator.workspace.entry_data import CallReceived, FaultSet

if TYPE_CHECKING:
    from emulator.delivery.faults.fault import Fault
    from emulator.domain.webhook import Webhook
    from emulator.workspace.state import State


_LONGEST_PATH = 200


def set_fault(state: State, fault: Fault) -> FaultSet:
    """Return the record that sets *fault*.

    Raises:
        NotFoundError: it names a webhook that is not there.
        ConflictError: it is a fault of the wire, and would meet a webhook in this process.
    """
    if isinstance(fault, DeliveryFault) and fault.on.webhook is not None:
        check_wire(fault, state.webhook(fault.on.webhook))
    else:
        for webhook in state.webhooks.values():
            check_wire(fault, webhook)
    return FaultSet(f"f{len(state.known_faults) + 1}", fault)


def check_wire(fault: Fault, webhook: Webhook) -> None:
    """Check that a wire fault does not apply to a webhook in this process.

    Raises:
        ConflictError: the fault applies to it.
    """
    if not isinstance(fault, WireFault) or fault.on.webhook not in (None, webhook.id):
        return
    if webhook.payload_url.startswith(SCHEME):
        message = (
            f"the fault {fault.kind!r} needs a socket, and webhook {webhook.id} is in this "
            "process; 'on' can name another webhook"
        )
        raise ConflictError(message)


def call_received(state: State, route: str, path: str) -> CallReceived | None:
    """Return the record of a call of the provider API that faults match; None if none does."""
    number = state.call_count + 1
    matched, applied = for_call(state.faults.values(), route, number, state.settings.seed)
    return CallReceived(route, path[:_LONGEST_PATH], matched, applied) if matched else None
