"""The findings and the result of fuzzing; never their presentation."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

Verdict = Literal["passed", "failed", "no_evidence"]

_EXIT_CODES: dict[Verdict, int] = {"passed": 0, "failed": 1, "no_evidence": 2}


class FuzzFinding(msgspec.Struct, frozen=True):
    """A payload or a sequence that the consumer does not handle.

    Attributes:
        kind: ``flaky`` if the same deliveries had two different results.
        title: a description on one line.
        cause: groups findings; findings of different groups are reported first.
        lines: the details.
        file: name of the scenario file that reproduces the finding.
        scenario: text of that file.
        data: name and bytes of a file that the scenario sends; None without such a file.
        options: options of `run` that the scenario needs, besides the consumer's URL.
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
        """Return the command line that runs the scenario in *folder*."""
        file = f"{folder.rstrip('/')}/{self.file}"
        return " ".join(["testlify-emulator", "run", file, "--url", url, *self.options])


def chosen(findings: Iterable[FuzzFinding], most: int) -> list[FuzzFinding]:
    """Return up to *most* findings, with different causes first."""
    seen: Counter[str] = Counter()
    ranked = []
    for one in findings:
        ranked.append((seen[one.cause], one))
        seen[one.cause] += 1
    return [one for _, one in sorted(ranked, key=lambda pair: pair[0])][:most]


class Fuzzed(msgspec.Struct, frozen=True):
    """The result of a run.

    Attributes:
        seed: the seed, with which the run can be repeated.
        deliveries: how many requests were made.
        notes: parts that were left out, with the reason.
        reason: why there is no evidence; empty if there is.
    """

    seed: int
    findings: tuple[FuzzFinding, ...] = ()
    deliveries: int = 0
    notes: tuple[str, ...] = ()
    reason: str = ""

    @property
    def verdict(self) -> Verdict:
        """The verdict on the consumer."""
        if self.findings:
            return "failed"
        return "no_evidence" if self.reason else "passed"

    @property
    def exit_code(self) -> int:
        """0 without findings, 1 with findings, 2 without evidence."""
        return _EXIT_CODES[self.verdict]
