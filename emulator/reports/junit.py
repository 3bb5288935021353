"""A report as JUnit XML in the dialect of Jenkins' xUnit plugin."""

from __future__ import annotations

import io
import re
from itertools import groupby
from typing import TYPE_CHECKING

from emulator.reports import text

if TYPE_CHECKING:
    from junitparser.junitparser import FinalResult
    from junitparser.xunit2 import TestCase, TestSuite

    from emulator.reports.report import Case, Report

NAME = "junit"
FILE = "junit.xml"
SUMMARY = "JUnit XML in the dialect of Jenkins' xUnit plugin, which most CI systems read"

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML does not allow, not even escaped (XML 1.0, 2.2)."""


def document(report: Report) -> bytes:
    """Return *report* as XML with a suite for each file."""
    from junitparser.xunit2 import JUnitXml

    root = JUnitXml(_clean(f"testlify-emulator: {report.title}"))
    for file, cases in groupby(report.cases, key=lambda case: case.file):
        root.append(_suite(file or report.title, list(cases), report))
    root.update_statistics()
    written = io.BytesIO()
    root.write(written, pretty=False)
    return written.getvalue() + b"\n"


def _suite(name: str, cases: list[Case], report: Report) -> TestSuite:
    from junitparser.xunit2 import TestSuite

    suite = TestSuite(_clean(name))
    suite.timestamp = report.started.strftime("%Y-%m-%dT%H:%M:%S")
    suite.version = report.version
    if cases[0].file:
        suite.file = _clean(cases[0].file)
    for key, value in cases[0].labels.items() if len(cases) == 1 else ():
        suite.add_property(_clean(key), _clean(value))
    for cause in report.causes:
        suite.add_property("cause", _clean(cause.summary(report)))
    for case in cases:
        suite.append(_case(name, case))
    return suite


def _case(suite: str, case: Case) -> TestCase:
    from junitparser.xunit2 import TestCase

    made = TestCase(_clean(case.heading), _clean(suite), round(case.duration_ms / 1000, 3))
    result = _result(case)
    if result is not None:
        made.result = [result]
    made.system_out = _clean("\n".join(text.lines(case)))
    return made


def _result(case: Case) -> FinalResult | None:
    from junitparser import Error, Failure, Skipped

    kinds = {"failed": Failure, "incomplete": Error, "skipped": Skipped}
    if case.status not in kinds:
        return None
    message = case.message.partition("\n")[0] or case.word
    result: FinalResult = kinds[case.status](_clean(message), case.word)
    result.text = _clean("\n".join(_messages(case)))
    return result


def _messages(case: Case) -> list[str]:
    if not case.steps:
        return [f"{case.place}: {case.message}" if case.file else case.message]
    messages = []
    for step in case.steps:
        if step.message:
            messages += [f"{case.file}:{step.line}: {step.heading}", step.message]
    return messages or [case.message]


def _clean(value: str) -> str:
    return _NOT_XML.sub(lambda found: f"\\x{ord(found[0]):02x}", value)
