"""``run``: run scenarios against a consumer."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click
import msgspec

from emulator.cli import aliveness, common_options, consumer_options, loop, provider_api
from emulator.cli.codes import INTERRUPTED
from emulator.cli.report_output import Output, report_options
from emulator.cli.scenario_variables import set_option, variables
from emulator.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from emulator.conformance.grading import CheckResult
    from emulator.conformance.target import Target
    from emulator.delivery.transports.address_guard import Guard
    from emulator.domain.candidate import Candidate
    from emulator.scenario.callbacks import ApiServer
    from emulator.scenario.scenario import Scenario

_MOST_JOBS = 64


class _RunOptions(msgspec.Struct, frozen=True):
    """The options of a run, without its scenarios."""

    seed: int | None
    emulator: str | None
    jobs: int
    output: Output
    linger: float
    target: Any  # a Target, whose module is imported when it is needed


@click.command(
    name="run",
    epilog="Example: testlify-emulator run candidate-completes --url http://127.0.0.1:9000/hook",
)
@click.argument("scenarios", nargs=-1, required=True, metavar="SCENARIO...")
@click.option("--url", help="URL of the consumer: the value of ${CONSUMER_URL}.")
@set_option
@common_options.seed("Seed to use in place of the scenario's.")
@consumer_options.options(*consumer_options.SCENARIO)
@click.option(
    "--emulator", metavar="URL",
    help="Run the scenarios in the emulator at URL, each in its own workspace.",
)  # fmt: skip
@click.option(
    "--jobs", type=click.IntRange(1, _MOST_JOBS), default=1, show_default=True, metavar="N",
    help="Run this many scenarios at once; the output keeps its order.",
)  # fmt: skip
@report_options
@provider_api.option
@aliveness.option
def command(scenarios: tuple[str, ...], settings: tuple[str, ...], **options: Any) -> int:
    """Run scenarios against a consumer, each in its own emulator or in a running one.

    SCENARIO is a file, a folder, or the name of a bundled scenario (see 'list scenarios').

    Prints whether each step passed. Exit 0: all steps passed; 1: a step failed; 2: a usage error,
    or no evidence, because the consumer did not answer; 130: interrupted, with a report of the
    results so far.
    """
    from emulator.scenario.discovery import read_all

    target = consumer_options.target(options, is_optional=True)
    known = variables(settings, target.url or None)
    targets = [_reached(one, target) for one in read_all(scenarios, known)]
    port, linger = options.pop("api_port"), aliveness.seconds(options.pop("linger"))
    if options["emulator"] is not None:
        _check_remote(target, port, linger)
    output = Output.of(options)
    asked = _RunOptions(**options, output=output, linger=linger, target=target)
    if asked.emulator is not None:
        return loop.run(_run_remotely(asked.emulator, targets, known, asked))
    with provider_api.served(port) as serve:
        return loop.run(_run(targets, asked, serve))


def _reached(scenario: Scenario, target: Target) -> Scenario:
    """Return a scenario with the options applied to its consumers.

    Raises:
        InvalidInputError: none of its consumers subscribes to any of the event types.
    """
    from emulator.domain.events import EVENTS_OF
    from emulator.scenario.scenario import reached

    events = () if len(target.events) == len(EVENTS_OF[target.generation]) else target.events
    consumers = reached(
        scenario.document.consumer, headers=target.headers, secret=target.secret, events=events
    )
    if not consumers:
        message = f"{scenario.file}: none of its consumers subscribes to {', '.join(events)}"
        raise InvalidInputError(message, path="--events")
    document = msgspec.structs.replace(scenario.document, consumer=consumers)
    return msgspec.structs.replace(scenario, document=document)


def _hook(target: Target) -> Callable[[Guard, Candidate], Awaitable[None]] | None:
    """Return a function that makes a candidate known to the consumer, if there is a hook."""
    from emulator.conformance.session import set_up, subject_of

    if not target.has_setup:
        return None

    async def hook(guard: Guard, candidate: Candidate) -> None:
        await set_up(target, subject_of(candidate), guard)

    return hook


def _check_remote(target: Target, port: int | None, linger: float) -> None:
    """Check that no option contradicts ``--emulator``.

    Raises:
        InvalidInputError: an option that only applies to an emulator of the run's own.
    """
    belongs_to_server = target.overlay or target.allow_hosts or target.ca or target.is_insecure
    if belongs_to_server or target.headers or target.has_setup:
        message = (
            "--overlay, --allow-host, --ca, --insecure, --header and --setup do not apply with"
            " --emulator; the first four are options of its 'serve'"
        )
        raise InvalidInputError(message)
    if port is not None:
        message = "the 'serve' at --emulator has the provider API"
        raise InvalidInputError(message, path="--api-port")
    if linger:
        message = "--linger does not apply with --emulator"
        raise InvalidInputError(message, path="--linger")


async def _run_remotely(
    url: str, scenarios: list[Scenario], known: dict[str, str], asked: _RunOptions
) -> int:
    from emulator.cli.remote_runs import RemoteRuns
    from emulator.reports import text
    from emulator.reports.from_scenarios import TITLE
    from emulator.reports.report import report

    started, begun = datetime.now(UTC), time.perf_counter()
    with asked.output.screen() as shown:
        remote = RemoteRuns(url, known, shown, seed=asked.seed)
        await remote.all(scenarios, asked.jobs)
        if len(remote.cases) > 1:
            shown.line(f"\n{text.total(remote.cases)}")
    took = (time.perf_counter() - begun) * 1000
    made = report(TITLE, remote.cases, started=started, duration_ms=took, secrets=remote.secrets)
    return asked.output.write(made, remote.exit_code)


async def _run(scenarios: list[Scenario], asked: _RunOptions, serve: ApiServer | None) -> int:
    from emulator.cli.local_runs import LocalRuns
    from emulator.conformance.grading import exit_code
    from emulator.reports import text
    from emulator.reports.from_checks import case_of
    from emulator.reports.from_scenarios import report_of

    started, begun = datetime.now(UTC), time.perf_counter()
    lingered: list[CheckResult] = []
    with asked.output.screen() as shown:
        play = LocalRuns(
            scenarios,
            shown,
            seed=asked.seed,
            overlay=asked.target.overlay,
            allow_hosts=asked.target.allow_hosts,
            ca=asked.target.ca,
            is_insecure=asked.target.is_insecure,
            set_up=_hook(asked.target),
            serve=serve,
        )
        try:
            await play.all(asked.jobs if serve is None else 1)
            lingered = await play.linger(asked.linger, asked.target) if asked.linger else []
        except asyncio.CancelledError:  # Ctrl-C: report the results so far
            play.interrupt()
        results = play.results
        report = report_of(
            results,
            started=started,
            duration_ms=(time.perf_counter() - begun) * 1000,
            secrets=play.secrets,
            checks=[case_of(one, asked.target) for one in lingered],
        )
        if len(results) > 1:
            shown.line(f"\n{text.total(report.cases[: len(results)])}")
    codes = [result.exit_code for result in results] + ([exit_code(lingered)] if lingered else [])
    code = INTERRUPTED if report.is_interrupted else max(codes)
    return asked.output.write(report, code)
