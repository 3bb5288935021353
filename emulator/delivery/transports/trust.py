"""Checks the certificates that deliveries have to trust."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.delivery.transports.wire import tls_context
from emulator.errors import InvalidInputError, reason_of

if TYPE_CHECKING:
    import ssl
    from pathlib import Path


def trusting(ca: Path | None, *, is_insecure: bool = False) -> ssl.SSLContext | None:
    """Return the settings for TLS that options ask for; None for the default settings.

    Args:
        ca: file of trusted certificates (PEM), in place of the system's.
        is_insecure: accept any certificate for any name.

    Raises:
        InvalidInputError: *ca* cannot be used.
    """
    if ca is None and not is_insecure:
        return None  # the system's roots, loaded with the first delivery that needs them
    try:
        if ca is not None:
            ca.read_bytes()
    except OSError as error:
        raise _bad_ca(ca, reason_of(error)) from None
    try:
        return tls_context(ca=ca, is_insecure=is_insecure)
    except OSError:  # in OpenSSL's own words, which name its functions
        raise _bad_ca(ca, "no certificate in it") from None


def _bad_ca(ca: Path | None, reason: str) -> InvalidInputError:
    message = f"can't trust the CA file {str(ca)!r}: {reason}; expected certificates in PEM"
    return InvalidInputError(message)
