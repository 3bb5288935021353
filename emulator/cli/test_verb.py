"""``test``: run the checks against a consumer."""

from __future__ import annotations

import asyncio
import secrets
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from emulator.cli import aliveness, common_options, consumer_options, loop, provider_api
from emulator.cli.codes import FAILED, INTERRUPTED, NO_EVIDENCE
from emulator.cli.report_output import Output, report_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emulator.conformance.check import Check
    from emulator.conformance.grading import CheckResult
    from emulator.conformance.target import Target
    from emulator.reports.progress import Screen
    from emulator.reports.report import Report
    from emulator.scenario.callbacks import ApiServer

_MOST_JOBS = 64


@click.command(
    name="test",
    epilog="Example: testlify-emulator test http://127.0.0.1:9000/hook --claim dedupes"
    " --probe 'http://127.0.0.1:9000/candidates/{email}'",
)
@consumer_options.options(*consumer_options.GRADING)
@click.option(
    "--claim", "claims", multiple=True, metavar="NAME",
    help="A promise of the consumer, which enables its checks: dedupes, orders, ... Repeatable.",
)  # fmt: skip
@click.option(
    "--restart-command", metavar="COMMAND",
    help="Restarts the consumer at the same address and exits when it is up. No shell.",
)  # fmt: skip
@click.option(
    "--only",
    multiple=True,
    metavar="CHECK",
    help="Run this check; * and ? are wildcards. Repeatable.",
)
@click.option(
    "--skip",
    multiple=True,
    metavar="CHECK",
    help="Skip this check; * and ? are wildcards. Repeatable.",
)
@click.option(
    "--tag", "tags", multiple=True, metavar="TAG", help="Run the checks with this tag. Repeatable."
)
@common_options.seed(
    "For generated data. A consumer has seen the data of an earlier run: restart it first."
)
@click.option(
    "--jobs", type=click.IntRange(1, _MOST_JOBS), default=2, show_default=True, metavar="N",
    help="Run this many checks at once.",
)  # fmt: skip
@report_options
@click.option(
    "--baseline", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="Compare with an earlier report.json; exit code 1 then means that something got worse.",
)  # fmt: skip
@provider_api.option
@aliveness.option
def command(**options: Any) -> int:
    """Test a consumer: send what production sends, and worse, and report how it responds.

    CONSUMER_URL is where it receives deliveries; with --app it is a path. 'list checks' shows all
    checks; a check is skipped, with the reason, when the claim, probe or socket that it requires
    is missing.

    Exit codes: 0: all checks that ran passed; 1: a check failed (with --baseline: a check that
    did not fail there); 2: a usage error, or no evidence, because the consumer can't be reached
    or a check is incomplete; 130: interrupted, with a report of the checks that ran.
    """
    from emulator.conformance.catalogue import chosen
    from emulator.reports import baseline

    seed = options.pop("seed")
    target = consumer_options.target(
        options,
        seed=secrets.randbits(32) if seed is None else seed,
        claims=options.pop("claims"),
        restart_command=options.pop("restart_command"),
        linger=aliveness.seconds(options.pop("linger")),
    )
    checks = chosen(options.pop("only"), options.pop("skip"), options.pop("tags"))
    file, jobs = options.pop("baseline"), options.pop("jobs")
    earlier = None if file is None else baseline.read(file)
    output = Output.of(options)
    with provider_api.served(options.pop("api_port")) as serve:
        return loop.run(_run(target, checks, output, earlier=earlier, jobs=jobs, serve=serve))


class _InOrder:
    """Shows results in the order of *checks*, independent of the order in which they end."""

    def __init__(self, checks: Sequence[Check], target: Target, screen: Screen) -> None:
        # Checks that run alone come last, and are shown last.
        self._order = sorted(checks, key=lambda check: check.is_alone)
        self._target, self._screen = target, screen
        self._shown = 0
        self.results: dict[str, CheckResult] = {}

    def __call__(self, result: CheckResult) -> None:
        """Add a result."""
        from emulator.reports.from_checks import lines_of

        self.results[result.check.id] = result
        for check in self._order[self._shown :]:
            one = self.results.get(check.id)
            if one is None:
                self._screen.under_way(check.id)
                return
            self._screen.line("\n".join(lines_of(one, self._target)), one.outcome)
            self._shown += 1
        self._screen.under_way("")


async def _run(
    target: Target,
    checks: list[Check],
    output: Output,
    *,
    earlier: dict[str, str] | None,
    jobs: int,
    serve: ApiServer | None,
) -> int:
    from emulator.conformance.grading import exit_code, grade
    from emulator.reports import text
    from emulator.reports.from_checks import TITLE, case_of, secrets_of
    from emulator.reports.report import report as report_of

    started, begun = datetime.now(UTC), time.perf_counter()
    is_interrupted = False
    with output.screen() as shown:
        in_order = _InOrder(checks, target, shown)
        try:
            await grade(target, checks, jobs=jobs, on_result=in_order, serve=serve)
        except asyncio.CancelledError:  # Ctrl-C: report the results so far
            is_interrupted = True
        results = [in_order.results[check.id] for check in checks if check.id in in_order.results]
        took = time.perf_counter() - begun
        report = report_of(
            TITLE,
            (case_of(result if output.is_detailed else result.bare, target) for result in results),
            started=started,
            duration_ms=took * 1000,
            secrets=secrets_of(target),
            is_interrupted=is_interrupted,
        )
        causes = report.causes
        if causes:
            lines = "\n".join(f"  {cause.summary(report)}" for cause in causes)
            shown.line(f"\ncauses that several checks share:\n{lines}", "failed")
        shown.line(f"\n{text.total(report.cases, 'check')} in {took:.1f} s; seed {target.seed}")
        code = INTERRUPTED if is_interrupted else exit_code(results)
        if earlier is not None:
            code = _beside(report, earlier, code, shown)
    return output.write(report, code)


def _beside(report: Report, earlier: dict[str, str], code: int, shown: Screen) -> int:
    """Show how the report differs from the earlier one; return the exit code."""
    from emulator.reports.baseline import compared

    comparison = compared(report, earlier)
    shown.line(
        "compared with the baseline:\n" + "\n".join(f"  {line}" for line in comparison.lines())
    )
    if code != FAILED or comparison.is_worse:
        return code
    return NO_EVIDENCE if report.count("incomplete") else 0
