"""The fault ``signature``."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, ClassVar, Literal

from emulator.delivery.faults.fault import Seconds, SignatureFault
from emulator.delivery.signing import made_secret, sign

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emulator.delivery.records import Headers
    from emulator.delivery.signing import SigningScheme


class Signature(SignatureFault, frozen=True, kw_only=True, tag="signature"):
    """The signature is wrong.

    A consumer that verifies it answers 401 or 400; this shows whether it does. Without effect on
    a webhook that is not signed: one without a secret, or with a profile that does not sign, as
    v1's.

    Attributes:
        how: ``missing``: no signature headers. ``wrong_secret``: made with another secret.
            ``damaged``: one digit is changed. ``skewed``: valid for another time; without effect
            on a scheme without a timestamp.
        by: with ``skewed``, the time difference; verifiers tolerate five minutes.
        direction: with ``skewed``, where the other time is.
    """

    example: ClassVar[str] = "fault: {signature: {how: skewed, by: 10m, direction: past}}"

    how: Literal["missing", "wrong_secret", "damaged", "skewed"]
    by: Seconds = 600.0
    direction: Literal["past", "future"] = "past"

    def _problem(self) -> str:
        for name, unset in (("by", self.by == 600.0), ("direction", self.direction == "past")):
            if self.how != "skewed" and not unset:
                return f"{name!r} only applies with how: skewed, not with how: {self.how}"
        return ""

    def sign(
        self,
        signature: SigningScheme,
        secrets: Sequence[str],
        *,
        message_id: str,
        body: bytes,
        now: float,
    ) -> Headers:
        """Return the headers of the wrong signature."""
        if self.how == "missing":
            return ()
        if self.how == "wrong_secret":
            secrets = [made_secret(signature, random.Random("somebody else"), secrets[0])]
        if self.how == "skewed":
            now += self.by if self.direction == "future" else -self.by
        made = sign(signature, secrets, message_id=message_id, body=body, now=now)
        if self.how == "damaged":
            *others, (name, value) = made  # the last one carries the signature
            damaged = " ".join(map(_with_another_digit, value.split(" ")))
            return (*others, (name, damaged))
        return made


def _with_another_digit(signature: str) -> str:
    """Return ``v1,BASE64`` or ``HEX`` with its first digit changed: still of the same form."""
    version, comma, digits = signature.rpartition(",")
    return f"{version}{comma}{'1' if digits[0] == '0' else '0'}{digits[1:]}"
