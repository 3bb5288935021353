"""What the verbs that deliver say when they trust anybody."""

from __future__ import annotations

from emulator.cli.output import say


def warn_if(is_insecure: bool) -> None:
    """Say on stderr that certificates are not checked, if so."""
    if is_insecure:
        say("warning: --insecure: deliveries trust whatever certificate comes", err=True)
