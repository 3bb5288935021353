"""The consumer's state of a candidate, read from the answer of its probe. Pure."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NewType

import msgspec

from emulator.errors import NotJSONError
from emulator.paths import ABSENT, find
from emulator.scenario.value_types import PayloadPath

if TYPE_CHECKING:
    from emulator.scenario.probes import Look

StatusName = NewType("StatusName", str)
"""A status of a candidate, one of ``session.STATUS_EVENTS``."""


class StateMap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the answer of a probe has the state of a candidate, and the words for statuses.

    Attributes:
        status: path of the candidate's status.
        completions: path of the number of completions; ``.length`` counts a list.
        statuses: the consumer's word for each status, any JSON value; a status without a word is
            not checked. By default, the consumer uses Testlify's words.
    """

    status: PayloadPath = msgspec.field(default_factory=partial(PayloadPath, "status"))
    completions: PayloadPath = msgspec.field(default_factory=partial(PayloadPath, "completions"))
    statuses: dict[StatusName, Any] = {}

    def word(self, status: str) -> Any:
        """Return the consumer's word for a status; `ABSENT` if it has none."""
        return self.statuses.get(StatusName(status), ABSENT) if self.statuses else status

    def state(self, look: Look) -> ConsumerState:
        """Return the state that a look shows; 404, 410 and no data mean an unknown candidate."""
        if trouble := _trouble(look):
            return ConsumerState(trouble=trouble)
        if look.status in (404, 410):
            return ConsumerState()
        try:
            data = look.json()
        except NotJSONError:
            return ConsumerState(trouble=f"the probe answered no JSON: {look.text[:80]!r}")
        if data is None:
            return ConsumerState()
        if not isinstance(data, dict | list):
            return ConsumerState(trouble=f"the probe answered no JSON object: {look.text[:80]!r}")
        status, completions = find(data, self.status.parts), find(data, self.completions.parts)
        return ConsumerState(data=data, status=status, completions=completions)


class ConsumerState(msgspec.Struct, frozen=True):
    """The consumer's state of a candidate.

    Attributes:
        data: the JSON object or list of the probe; empty for an unknown candidate.
        status: the status in the consumer's words; `ABSENT` if the data has none.
        completions: the number of completions that the consumer counted; `ABSENT` if it has none.
        trouble: why the state is not visible; empty if it is.
    """

    data: dict[str, Any] | list[Any] = {}
    status: Any = ABSENT
    completions: Any = ABSENT
    trouble: str = ""

    @property
    def is_known(self) -> bool:
        """Whether the consumer knows the candidate."""
        return bool(self.data)


def _trouble(look: Look) -> str:
    if look.trouble:
        return look.trouble
    if look.status is not None and look.status not in (404, 410) and look.status // 100 != 2:
        return f"the probe answered {look.status}"
    if look.exit not in (None, 0):
        return f"the probe's command ended with {look.exit}"
    return ""
