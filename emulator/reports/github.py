"""Shows a report in GitHub Actions, as annotations and as the summary of a step."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from emulator.durations import show
from emulator.printing import printable
from emulator.reports.report import STATUSES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.reports.report import Case, Finding, Report

SUMMARY_LIMIT = 1024 * 1024
"""Bytes of a step's summary; GitHub drops a larger summary."""

MOST_ANNOTATIONS = 10
"""Annotations that GitHub shows for one step."""

_MORE = "- and {} more failures\n"
_LONGEST_MESSAGE = 2_000
_MOST_CAUSES = 10
_LONGEST_LINE = 160
_MARKS = {"passed": "✅", "failed": "❌", "incomplete": "⚠️", "skipped": "⏭️"}
CUT = "\n_Cut to the size that GitHub allows; the files of the report are complete._\n"
"""The last line of a summary that was cut."""


def is_there(environment: Mapping[str, str]) -> bool:
    """Return whether `publish` shows a report in this environment."""
    is_annotated = environment.get("GITHUB_ACTIONS") == "true"
    return is_annotated or bool(environment.get("GITHUB_STEP_SUMMARY"))


def publish(report: Report, environment: Mapping[str, str]) -> None:
    """Show *report* if the environment is that of GitHub Actions.

    Annotations go to stderr, which GitHub reads as well, because stdout may be a document.
    """
    if environment.get("GITHUB_ACTIONS") == "true":
        for line in commands(report, Path(environment.get("GITHUB_WORKSPACE") or Path.cwd())):
            click.echo(line, err=True)
    file = environment.get("GITHUB_STEP_SUMMARY")
    if not file:
        return
    try:
        with Path(file).open("ab") as out:
            out.write(summary(report, SUMMARY_LIMIT - out.tell()).encode())
    except OSError as error:
        # A missing summary does not change the verdict.
        click.echo(printable(f"warning: no step summary: {error}"), err=True)


def commands(report: Report, root: Path) -> list[str]:
    """Return a workflow command for each failure, up to `MOST_ANNOTATIONS`.

    Args:
        report: the report with the failures.
        root: the repository; annotations name existing files, relative to it.
    """
    failures = [finding for finding in report.findings if finding.is_failure]
    lines = [_annotation(failure, root) for failure in failures[:MOST_ANNOTATIONS]]
    if len(failures) > MOST_ANNOTATIONS:
        last, more = failures[MOST_ANNOTATIONS - 1], len(failures) - MOST_ANNOTATIONS
        lines[-1] = _annotation(last, root, f"\n\nand {more} more failures, in the step's summary")
    return lines


def summary(report: Report, room: int = SUMMARY_LIMIT) -> str:
    """Return *report* as Markdown, failures first, in at most *room* bytes of UTF-8.

    If there is too little room, the list of all cases is left out first, then the details of the
    last failures. The lines of failures are cut last.
    """
    failures = [finding for finding in report.findings if finding.is_failure]
    head = "\n".join(_head(report)) + "\n"
    named = [_named(failure) for failure in failures]
    details = [_details(failure) for failure in failures]
    cases = ["\n### All cases\n\n"] + [_case_line(case) for case in report.cases]
    left_for_lines = room - len(head.encode()) - len(CUT.encode())
    if left_for_lines < 0:  # a file beyond the limit would lose the summaries of earlier steps
        return ""
    kept, left = _fitting(named, left_for_lines)
    if len(kept) < len(named):
        kept, _ = _fitting(named, left_for_lines - len(_MORE) - 9)  # 9 digits for the number
        return head + "".join(kept) + _MORE.format(len(named) - len(kept)) + CUT
    shown, left = _fitting(details, left)
    listed, left = _fitting(cases, left)
    is_cut = len(shown) < len(details) or len(listed) < len(cases)
    return head + "".join(kept + shown + listed) + (CUT if is_cut else "")


def _fitting(parts: list[str], room: int) -> tuple[list[str], int]:
    """Return the first parts that fit into *room*, and the room that is left."""
    for count, part in enumerate(parts):
        size = len(part.encode())
        if size > room:
            return parts[:count], room
        room -= size
    return parts, room


def _head(report: Report) -> list[str]:
    counts = [
        f"{_MARKS[status]} {report.count(status)} {status}"
        for status in STATUSES
        if report.count(status)
    ]
    took = show(round(report.duration_ms) / 1000)
    return [
        f"## {escaped_markdown(report.title)}: {report.word}",
        "",
        f"{' · '.join(counts) or 'nothing ran'} · {took}",
        "",
        *(f"- {escaped_markdown(cause.summary(report))}" for cause in report.causes[:_MOST_CAUSES]),
        *([""] if report.causes else []),
    ]


def _named(finding: Finding) -> str:
    place = f" `{_code(finding.place)}`" if finding.file else ""
    return f"- ❌ {escaped_markdown(finding.title[:_LONGEST_LINE])}{place}\n"


def _details(finding: Finding) -> str:
    message = _clipped(finding.message, 20 * _LONGEST_MESSAGE)
    fence = "```"
    while fence in message:
        fence += "`"
    title = escaped_markdown(finding.title[:_LONGEST_LINE])
    return (
        f"\n#### {title}\n\n{escaped_markdown(finding.place)}\n\n{fence}text\n{message}\n{fence}\n"
    )


def _case_line(case: Case) -> str:
    took = show(round(case.duration_ms) / 1000)
    name = escaped_markdown(case.heading[:_LONGEST_LINE])
    return f"- {_MARKS[case.status]} {name} ({took}, {len(case.sent)} delivered)\n"


def _annotation(finding: Finding, root: Path, more: str = "") -> str:
    properties = []
    file = Path(finding.file).absolute()
    if finding.file and file.is_file():
        path = file.relative_to(root) if file.is_relative_to(root) else file
        properties.append(f"file={escaped_property(path.as_posix())}")
        if finding.line is not None:
            properties.append(f"line={finding.line}")
    properties.append(f"title={escaped_property(finding.title[:_LONGEST_LINE])}")
    message = escaped_message(_clipped(finding.message, _LONGEST_MESSAGE) + more)
    return f"::error {','.join(properties)}::{message}"


def _clipped(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}..."


def escaped_message(text: str) -> str:
    """Return *text* as the message of a workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escaped_property(text: str) -> str:
    """Return *text* as a property of a workflow command, such as ``title``."""
    return escaped_message(text).replace(":", "%3A").replace(",", "%2C")


def escaped_markdown(text: str) -> str:
    """Return *text* on one line, escaped for Markdown and HTML."""
    flat = " ".join(text.split())
    return "".join(f"\\{sign}" if sign in r"\`*_{}[]()#+-!|<>~&" else sign for sign in flat)


def _code(text: str) -> str:
    return " ".join(text.split()).replace("`", "'")
