"""Annotations and the step summary, within the platform's limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from emulator.reports import github
from emulator.reports.report import Case, Report, ReportStep, report

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from emulator.workspace.delivery_view import DeliveryView


@pytest.fixture
def failing(sample: Report) -> Callable[..., Report]:
    """Make a report of so many failures, each with such a message."""

    def made(count: int, message: str = "got 0", file: str = "a.yaml") -> Report:
        cases = [
            Case(
                f"Case {n}", "failed", file, 1, "1 of 1",
                steps=(ReportStep(1, "expect", f"event: e{n}", n, "failed", message),),
            )
            for n in range(1, count + 1)
        ]  # fmt: skip
        cases += [Case(f"Passing {n}", "passed", "b.yaml") for n in range(3)]
        return report("Scenarios", cases, started=sample.started, duration_ms=1_000)

    return made


def test_a_failure_is_annotated_at_its_line(tmp_path: Path, failing: Callable[..., Report]) -> None:
    file = tmp_path / "sub" / "it, fails: 100%.yaml"
    file.parent.mkdir()
    file.touch()
    [line] = github.commands(failing(1, "got 0,\n100%: ::no", str(file)), tmp_path)
    assert line == (
        "::error file=sub/it%2C fails%3A 100%25.yaml,line=1,title=expect event%3A e1"
        "::got 0,%0A100%25: ::no"
    )


def test_a_file_that_is_not_there_is_not_named(
    tmp_path: Path, failing: Callable[..., Report]
) -> None:
    """A bundled scenario, say."""
    [line] = github.commands(failing(1), tmp_path)
    assert line == "::error title=expect event%3A e1::got 0"


def test_a_case_without_steps_is_annotated(tmp_path: Path, sample: Report) -> None:
    lines = github.commands(sample, tmp_path)
    assert [line.partition("title=")[2].partition("::")[0] for line in lines][1:] == [
        "Nobody is there", "accepts.fast%3A Answers within 15 s", "It was stopped",
    ]  # fmt: skip


def test_deliveries_that_failed_in_a_run_that_passed_are_not_annotated(
    tmp_path: Path, sample: Report, delivery: Callable[..., DeliveryView]
) -> None:
    case = Case("As it should", "passed", deliveries=(delivery(1, 500),))
    made = report("Scenarios", [case], started=sample.started, duration_ms=0)
    assert github.commands(made, tmp_path) == []


def test_annotations_beyond_the_limit_are_counted_in_the_last_annotation(
    tmp_path: Path, failing: Callable[..., Report]
) -> None:
    lines = github.commands(failing(25, "x" * 9_000), tmp_path)
    assert len(lines) == github.MOST_ANNOTATIONS
    assert lines[-1].endswith("x...%0A%0Aand 15 more failures, in the step's summary")
    assert max(map(len, lines)) < 2_200


def test_the_summary_starts_with_failures(failing: Callable[..., Report]) -> None:
    assert (
        github.summary(failing(1))
        == """\
## Scenarios: failed

✅ 3 passed · ❌ 1 failed · 1s

- ❌ expect event: e1 `a.yaml:1`

#### expect event: e1

a.yaml:1

```text
got 0
```

### All cases

- ❌ Case 1 (0ms, 0 delivered)
- ✅ Passing 0 (0ms, 0 delivered)
- ✅ Passing 1 (0ms, 0 delivered)
- ✅ Passing 2 (0ms, 0 delivered)
"""
    )


def test_a_consumer_s_answer_stays_text_in_the_summary(sample: Report) -> None:
    text = github.summary(sample)
    outside = "".join(text.split("```")[::2])
    assert r"\<script\>document.title = 'pwned'\</script\>" in outside
    assert "<" not in outside.replace(r"\<", "")
    fenced = report(
        "t",
        [Case("c", "failed", message="```\n# out\n````")],
        started=sample.started,
        duration_ms=0,
    )
    assert "`````text\nfailed: ```\n# out\n````\n`````\n" in github.summary(fenced)


def test_a_summary_that_fits_to_the_byte_is_not_cut(failing: Callable[..., Report]) -> None:
    whole = github.summary(failing(3))
    note = len(github.CUT.encode())
    size = len(whole.encode())
    assert github.summary(failing(3), size + note) == whole
    assert github.summary(failing(3), size + note - 1).endswith(github.CUT)


@pytest.mark.parametrize("room", [100_000, github.SUMMARY_LIMIT])
def test_a_summary_is_cut_to_its_limit_and_names_every_failure(
    failing: Callable[..., Report], room: int
) -> None:
    made = failing(1_000, "ö" * 3_000)
    text = github.summary(made, room)
    assert room - 7_000 < len(text.encode()) <= room
    assert all(f"- ❌ expect event: e{n} `a.yaml:{n}`\n" in text for n in range(1, 1_001))
    assert text.endswith(github.CUT)
    assert "Passing" not in text


def test_more_failures_than_have_room_are_cut_from_the_end(
    failing: Callable[..., Report],
) -> None:
    text = github.summary(failing(1_000), 5_000)
    assert len(text.encode()) <= 5_000
    assert "event: e1 " in text
    assert "and 8" in text
    assert text.endswith(github.CUT)


def test_without_room_there_is_no_summary(failing: Callable[..., Report]) -> None:
    assert github.summary(failing(1), 90) == ""


def test_the_environment_decides_where_results_are_published(
    tmp_path: Path, failing: Callable[..., Report], capsys: pytest.CaptureFixture[str]
) -> None:
    made = failing(1)
    github.publish(made, {})
    github.publish(made, {"GITHUB_ACTIONS": "false", "GITHUB_STEP_SUMMARY": ""})
    assert capsys.readouterr() == ("", "")
    file = tmp_path / "summary.md"
    file.write_text("# before\n")
    github.publish(made, {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(file)})
    assert capsys.readouterr() == ("", "::error title=expect event%3A e1::got 0\n")
    assert file.read_text() == "# before\n" + github.summary(made)


def test_the_existing_summary_counts_towards_the_limit(
    tmp_path: Path, failing: Callable[..., Report]
) -> None:
    file = tmp_path / "summary.md"
    file.write_bytes(b"x" * (github.SUMMARY_LIMIT - 400))
    github.publish(failing(1), {"GITHUB_STEP_SUMMARY": str(file)})
    assert file.stat().st_size <= github.SUMMARY_LIMIT
    assert "expect event: e1" in file.read_text()


def test_a_summary_that_cannot_be_written_is_a_warning(
    tmp_path: Path, failing: Callable[..., Report], capsys: pytest.CaptureFixture[str]
) -> None:
    github.publish(failing(1), {"GITHUB_STEP_SUMMARY": str(tmp_path)})
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("warning: no step summary: ")
