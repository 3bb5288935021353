"""JUnit XML against the schema of Jenkins' xUnit plugin, and against who reads it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from junitparser import xunit2

from emulator.reports import junit
from emulator.reports.report import Case, report

if TYPE_CHECKING:
    from xmlschema import XMLSchema

    from emulator.reports.report import Report


@pytest.fixture(scope="module")
def schema() -> XMLSchema:
    # Imported and read here, which takes a second that every worker would spend on collection.
    from xmlschema import XMLSchema

    return XMLSchema(Path(__file__).parent / "schemas" / "junit-10.xsd")


@pytest.fixture(scope="module")
def root(sample: Report) -> ET.Element:
    return ET.fromstring(junit.document(sample))  # noqa: S314 - our own


def test_it_fits_the_schema(sample: Report, passing: Report, schema: XMLSchema) -> None:
    for one in (sample, passing):
        schema.validate(junit.document(one).decode())


def test_the_schema_would_see_a_mistake(sample: Report, schema: XMLSchema) -> None:
    broken = junit.document(sample).decode().replace('tests="6"', 'tests="6" skipped="1"', 1)
    assert not schema.is_valid(broken)


def test_an_empty_run_fits_the_schema(sample: Report, schema: XMLSchema) -> None:
    empty = report("Scenarios", [], started=sample.started, duration_ms=0)
    schema.validate(junit.document(empty).decode())


def test_every_case_is_counted_once(root: ET.Element) -> None:
    assert root.attrib == {
        "name": "testlify-emulator: Scenarios", "tests": "6", "failures": "2", "errors": "2",
        "time": "17.236",
    }  # fmt: skip
    assert [(one.get("name"), one.get("skipped")) for one in root] == [
        ("scenarios/it, fails: 100%.yaml", "0"),
        ("b.yaml", "0"),
        ("c.yaml", "0"),
        ("Scenarios", "0"),
        ("d.yaml", "0"),
        ("e.yaml", "1"),
    ]


def test_each_status_has_its_element(root: ET.Element) -> None:
    cases = root.findall("testsuite/testcase")
    found = [[(one.tag, one.get("type"), one.get("message")) for one in case][:-1]
             for case in cases]  # fmt: skip
    assert found == [
        [("failure", "failed", "1 of 5 steps failed; first 'expect' at line 9")],
        [],
        [("error", "no evidence", "the consumer never answered: refused")],
        [("failure", "failed", "took 16 s")],
        [("error", "interrupted", "at 'wait', line 4")],
        [("skipped", "interrupted", "before it began")],
    ]
    assert all(case[-1].tag == "system-out" for case in cases)


def test_a_failure_has_its_reason_and_its_place(root: ET.Element) -> None:
    failures = [one.text for one in root.iter("failure")]
    assert failures == [
        (
            "scenarios/it, fails: 100%.yaml:9: expect event: invited\nexpected 1; got 0\n"
            "  bell \\x07, escape \\x1b[31m, null \\x00, half \\ud800, not a character \\xffff"
        ),
        "took 16 s\nand then some",
    ]


def test_a_suite_has_the_seed(root: ET.Element) -> None:
    seeds = [one.attrib for one in root[0].iter("property")]
    assert seeds == [{"name": "seed", "value": "7"}]


def test_its_own_parser_reads_it(sample: Report) -> None:
    read = xunit2.JUnitXml.fromstring(junit.document(sample))
    names = [case.name for suite in read for case in suite]
    assert names == [case.heading for case in sample.cases]


def test_the_checks_of_one_place_are_one_suite(sample: Report) -> None:
    cases = [Case("a", "passed"), Case("b", "failed", message="no")]
    made = report("Checks", cases, started=sample.started, duration_ms=0)
    [suite] = ET.fromstring(junit.document(made))  # noqa: S314 - our own
    assert (suite.get("name"), suite.get("tests"), suite.get("failures")) == ("Checks", "2", "1")
