"""Exceptions that a check raises unless it passes; the text of each is shown in reports."""

from __future__ import annotations


class FailedError(Exception):
    """The consumer did something else than the check expects.

    Args:
        finding: the consumer's answer and the expected answer, in one sentence.
        cause: the finding without details of the check, so that checks that fail for
            the same reason can be grouped; the whole finding when left out.
    """

    def __init__(self, finding: str, cause: str = "") -> None:
        super().__init__(finding)
        self.cause = cause or finding


class IncompleteError(Exception):
    """There is no evidence, because a precondition is not met; the text names it."""


class SkippedError(Exception):
    """The check does not apply to this consumer; the text says why."""
