"""The warning of verbs that accept any certificate."""

from __future__ import annotations

from emulator.cli.output import say


def warn_if(is_insecure: bool) -> None:
    """Warn on stderr if certificates are not checked."""
    if is_insecure:
        say("warning: --insecure: deliveries trust whatever certificate comes", err=True)
