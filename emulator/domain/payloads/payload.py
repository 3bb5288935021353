"""The payloads of an occurrence, in either generation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.domain.payloads import v1, v2

if TYPE_CHECKING:
    from collections.abc import Iterable

    from emulator.domain.events import Generation
    from emulator.domain.occurrence import Occurrence


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
    return Payloads(occurrence, observed).of(generation, event)


class Payloads:
    """The payloads of one occurrence: those of a generation share their ``data``.

    Args:
        occurrence: what happened.
        observed: names of variants, which payloads of status changes follow.
    """

    def __init__(self, occurrence: Occurrence, observed: Iterable[str] = ()) -> None:
        self.occurrence = occurrence
        self._observed = observed
        self._data: dict[Generation, dict[str, Any]] = {}

    def of(self, generation: Generation, event: str) -> dict[str, Any]:
        """Return the payload of one of the event types that the occurrence causes."""
        builder: Any = v1 if generation == "v1" else v2
        data = self._data.get(generation)
        if data is None:
            data = self._data[generation] = builder.data(event, self.occurrence, self._observed)
        made: dict[str, Any] = builder.envelope(event, self.occurrence, data)
        return made
