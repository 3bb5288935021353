"""What a check raises when it does not pass; each is an outcome, and carries its text."""

from __future__ import annotations


class FailedError(Exception):
    """What was demanded did not come; the text is the finding."""


class IncompleteError(Exception):
    """Nothing can be said, since what goes before does not hold; the text says what."""


class SkippedError(Exception):
    """The consumer shows too little of itself to be asked; the text says what is missing."""
