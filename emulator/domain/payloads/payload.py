"""The payload of an occurrence, in either generation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.domain.payloads import v1, v2

if TYPE_CHECKING:
    from collections.abc import Iterable

    from emulator.domain.events import Generation
    from emulator.domain.occurrence import Occurrence

_BUILDERS = {"v1": v1.payload, "v2": v2.payload}


def payload(
    generation: Generation, event: str, occurrence: Occurrence, observed: Iterable[str] = ()
) -> dict[str, Any]:
    """Return the payload of one event type for *occurrence*.

    Args:
        generation: that has the event type.
        event: id of an event type whose subject the occurrence has.
        occurrence: what happened.
        observed: names of variants, which payloads of status changes follow.
    """
    return _BUILDERS[generation](event, occurrence, observed)
