"""Profiles over the control API: partial updates, durations with units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from emulator.delivery.profiles import AnswerHeader
from emulator.delivery.signing import SigningScheme
from emulator.errors import InvalidInputError
from emulator.server.control.operation import Asked
from emulator.server.field_types import Duration
from emulator.server.http import duration

if TYPE_CHECKING:
    from emulator.delivery.profiles import Profile
    from emulator.delivery.records import Timeouts

Status = Annotated[int, msgspec.Meta(ge=200, le=599)]

_LONGEST_TIMEOUT = 600.0  # real seconds: somebody waits for them


class AskedTimeouts(Asked, frozen=True):
    """Time-outs as asked for: ``{"connect": "5s", "firstByte": "15s", "total": "15s"}``."""

    connect: Duration | None = None
    first_byte: Duration | None = None
    total: Duration | None = None


class AskedProfile(Asked, frozen=True):
    """A profile as asked for: ``{"retries": ["5s", "5m"], "success": [200, 299]}``."""

    retries: list[Duration] | None = None
    timeouts: AskedTimeouts | None = None
    success: tuple[Status, Status] | None = None
    signature: SigningScheme | msgspec.UnsetType | None = msgspec.UNSET
    obeys: tuple[AnswerHeader, ...] | None = None
    disable_after: Duration | msgspec.UnsetType | None = msgspec.UNSET


def profile_from(asked: AskedProfile, before: Profile, *, path: str = "$.profile") -> Profile:
    """Return *before* with the changes in *asked*, whose JSON path is *path*.

    Raises:
        InvalidInputError: an invalid or too long duration, or an empty range of statuses; has the
            JSON path.
    """
    changes: dict[str, Any] = {}
    if asked.retries is not None:
        changes["retries"] = tuple(
            duration(text, f"{path}.retries[{index}]") for index, text in enumerate(asked.retries)
        )
    if asked.timeouts is not None:
        changes["timeouts"] = _timeouts(asked.timeouts, before.timeouts, f"{path}.timeouts")
    if asked.success is not None:
        if asked.success[0] > asked.success[1]:
            message = f"no status is from {asked.success[0]} to {asked.success[1]}"
            raise InvalidInputError(message, path=f"{path}.success")
        changes["success"] = asked.success
    if asked.signature is not msgspec.UNSET:
        changes["signature"] = asked.signature
    if asked.obeys is not None:
        changes["obeys"] = asked.obeys
    if asked.disable_after is not msgspec.UNSET:
        after = asked.disable_after
        changes["disable_after"] = after and duration(after, f"{path}.disableAfter")
    return msgspec.structs.replace(before, **changes)


def _timeouts(asked: AskedTimeouts, before: Timeouts, where: str) -> Timeouts:
    changes = {}
    for field in msgspec.structs.fields(asked):
        text = getattr(asked, field.name)
        if text is None:
            continue
        path = f"{where}.{field.encode_name}"
        seconds = duration(text, path)
        if not 0 < seconds <= _LONGEST_TIMEOUT:
            message = f"a time-out of {text!r}; expected more than 0s, and 10m at most"
            raise InvalidInputError(message, path=path)
        changes[field.name] = seconds
    return msgspec.structs.replace(before, **changes)
