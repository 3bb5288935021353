"""The findings and the result of fuzzing; never their presentation."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

Verdict = Literal["passed", "failed", "no_evidence"]

_EXIT_CODES: dict[Verdict, int] = {"passed": 0, "failed": 1, "no_evidence": 2}


class Finding(msgspec.Struct, frozen=True):
    """One thing that a consumer does not stand.

    Attributes:
        kind: ``flaky``: the same deliveries gave two different results.
        title: one line.
        cause: groups findings: those of different groups are reported first.
        lines: what there is to know of it, each a line.
        file: name of the scenario file that shows it again.
        scenario: its text; empty when no file can show it.
        data: name and bytes of a file beside it, that it sends; None without one.
        options: of `run` that the scenario needs, beside the consumer's URL.
    """

    kind: Literal["payload", "sequence", "flaky"]
    title: str
    cause: str = ""
    lines: tuple[str, ...] = ()
    file: str = ""
    scenario: str = ""
    data: tuple[str, bytes] | None = None
    options: tuple[str, ...] = ()

    def command(self, folder: str, url: str) -> str:
        """Return the line that runs the scenario, saved in *folder*."""
        file = f"{folder.rstrip('/')}/{self.file}"
        return " ".join(["testlify-emulator", "run", file, "--url", url, *self.options])


def chosen(findings: Iterable[Finding], most: int) -> list[Finding]:
    """Return up to *most* findings, one of each cause before a second of any."""
    seen: Counter[str] = Counter()
    ranked = []
    for one in findings:
        ranked.append((seen[one.cause], one))
        seen[one.cause] += 1
    return [one for _, one in sorted(ranked, key=lambda pair: pair[0])][:most]


class Fuzzed(msgspec.Struct, frozen=True):
    """What a call came to.

    Attributes:
        seed: that gives the same draws again.
        deliveries: requests that were made.
        notes: what was not tried, and why.
        reason: why there is no evidence; empty else.
    """

    seed: int
    findings: tuple[Finding, ...] = ()
    deliveries: int = 0
    notes: tuple[str, ...] = ()
    reason: str = ""

    @property
    def verdict(self) -> Verdict:
        """What it shows."""
        if self.findings:
            return "failed"
        return "no_evidence" if self.reason else "passed"

    @property
    def exit_code(self) -> int:
        """0 nothing found, 1 something found, 2 no evidence."""
        return _EXIT_CODES[self.verdict]
