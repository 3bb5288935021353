"""``load``: send whole lifecycles at a rate, and report how the consumer handles them."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import click
import msgspec

from emulator import durations
from emulator.cli import common_options, consumer_options
from emulator.cli.codes import INTERRUPTED
from emulator.cli.report_output import Output, report_options
from emulator.errors import InvalidInputError, error_at
from emulator.reports.report import MARKS

if TYPE_CHECKING:
    from emulator.conformance.target import Target
    from emulator.load.load_run import Goal
    from emulator.load.measurements import Measurements
    from emulator.load.schedule import Traffic
    from emulator.load.worker_protocol import Phase
    from emulator.reports.progress import Screen
    from emulator.reports.report import Case

_FAST = 100.0  # messages a second; more to another machine need --yes
_MOST_WORKERS = 256
_STEP = "10s"  # of a search for the knee
_LONG = "60s"

_REACHED = (
    "url", "config", "webhooks", "headers", "secret", "events", "probe", "timeout", "within",
    "allow_host", "ca", "insecure",
)  # fmt: skip


class _LoadOptions(msgspec.Struct, frozen=True):
    """The options, as click reads them."""

    rate: str
    length: str | None
    candidates: int | None
    is_until_broken: bool
    expectations: tuple[str, ...]
    mix: tuple[str, ...]
    gap: str
    duplicates: float
    reordered: float
    seed: int | None
    workers: int
    is_master: bool
    master_port: int
    is_confirmed: bool


@click.command(
    name="load",
    epilog="Example: testlify-emulator load http://127.0.0.1:9000/hook --rate 10/s..500/s --for 60s"
    " --expect 'p99<200ms' --expect 'errors<0.1%'",
)
@consumer_options.options(*_REACHED)
@click.option(
    "--rate", default="10/s", show_default=True, metavar="RATE",
    help="Messages a second: 500/s, or rising: 10/s..1000/s.",
)  # fmt: skip
@click.option(
    "--for", "length", metavar="DURATION",
    help=f"How long to send; a step of --until-broken.  [default: {_LONG}; {_STEP} a step]",
)  # fmt: skip
@click.option(
    "--candidates", type=click.IntRange(1, 100_000_000), metavar="N",
    help="Send the messages of this many candidates, in place of --for.",
)  # fmt: skip
@click.option(
    "--until-broken", "is_until_broken", is_flag=True,
    help="Search for the highest rate that meets the expectations: double --rate until it breaks,"
    " then bisect.",
)  # fmt: skip
@click.option(
    "--expect", "expectations", multiple=True, metavar="METRIC<LIMIT",
    help="Threshold: p99<200ms (p50 to p99.99, or max, of the latency), errors<0.1%, or"
    " lateness<50ms (how late messages left). Repeatable; default: errors<1%.",
)  # fmt: skip
@click.option(
    "--mix", multiple=True, metavar="STATUS=WEIGHT",
    help="How candidates end, such as COMPLETED=60. Repeatable; default: all of them.",
)  # fmt: skip
@click.option(
    "--gap", default="1s", show_default=True, metavar="DURATION",
    help="Mean pause between two events of a candidate.",
)  # fmt: skip
@click.option(
    "--duplicates", type=click.FloatRange(0, 1), default=0.0, show_default=True, metavar="SHARE",
    help="Share of messages that are sent twice.",
)  # fmt: skip
@click.option(
    "--reordered", type=click.FloatRange(0, 1), default=0.0, show_default=True, metavar="SHARE",
    help="Share of events whose messages arrive after those of the next event.",
)  # fmt: skip
@common_options.seed()
@click.option(
    "--workers", type=click.IntRange(1, _MOST_WORKERS), default=1, show_default=True, metavar="N",
    help="Processes that send; with --master, how many to wait for.",
)  # fmt: skip
@click.option(
    "--master", "is_master", is_flag=True,
    help="Wait for workers of other machines instead of starting them.",
)  # fmt: skip
@click.option("--worker", "is_worker", is_flag=True, help="Run as a worker of a master.")
@click.option(
    "--master-host", default="127.0.0.1", show_default=True, metavar="HOST",
    help="With --worker: where the master is.",
)  # fmt: skip
@click.option(
    "--master-port", type=click.IntRange(1, 65_535), default=5_557, show_default=True,
    help="Port of the master.",
)  # fmt: skip
@click.option(
    "--yes", "is_confirmed", is_flag=True,
    help=f"Send more than {_FAST:.0f} messages a second to another machine.",
)  # fmt: skip
@report_options
def command(*, is_worker: bool, master_host: str, **options: Any) -> int:
    """Send the messages of whole candidate lifecycles at a rate, and report how it went.

    Arrivals do not wait for answers, and latency counts from the moment at which a message was
    due: a slow consumer cannot slow down the sender. With --probe, the state of each candidate is
    compared with the acknowledged messages.

    For several machines, start 'load CONSUMER_URL --master --workers N' on one of them and 'load
    --worker --master-host HOST' on the others. The connection between them is not encrypted.

    Exit 0: every expectation was met, and nothing was lost; 1: otherwise; 2: a usage error, or the
    consumer did not answer; 130: interrupted, with a report of the results so far.
    """
    _check_installed()
    if is_worker:
        from emulator.load import cluster

        return cluster.work(master_host, options["master_port"])
    seed = options["seed"]
    reached = {name: options.pop(name) for name in _REACHED}
    target = consumer_options.target(reached, seed=secrets.randbits(32) if seed is None else seed)
    formats = {name: options.pop(name) for name in ("format", "report")}
    asked = _LoadOptions(**options)
    goal, traffic = _goal(asked), _traffic(asked, target)
    _check_rate(goal, target, asked)
    return _run(target, goal, traffic, asked, Output.of(formats))


def _check_installed() -> None:
    missing = [name for name in ("locust", "hdrh") if find_spec(name) is None]
    if missing:
        message = (
            f"load needs {' and '.join(missing)}; install the extra with"
            " pip install 'testlify-emulator[load]'"
        )
        raise InvalidInputError(message)


def _goal(asked: _LoadOptions) -> Goal:
    from emulator.load.load_run import DEFAULT_EXPECTATIONS, LIMITS, Goal
    from emulator.load.rate import parse as parsed_rate
    from emulator.load.thresholds import parse

    if asked.candidates is not None and (asked.length or asked.is_until_broken):
        message = "--candidates excludes --for and --until-broken"
        raise InvalidInputError(message)
    usual = LIMITS if asked.is_until_broken else DEFAULT_EXPECTATIONS
    length = asked.length or (_STEP if asked.is_until_broken else _LONG)
    with error_at("--rate"):
        rate = parsed_rate(asked.rate)
    with error_at("--for"):
        seconds = durations.parse(length)
    return Goal(
        rate=rate,
        seconds=seconds,
        candidates=asked.candidates,
        is_until_broken=asked.is_until_broken,
        expectations=tuple(map(parse, asked.expectations)) or usual,
    )


def _traffic(asked: _LoadOptions, target: Target) -> Traffic:
    from emulator.load.message_patterns import checked_mix, wanted
    from emulator.load.schedule import DEFAULT_MIX, Traffic

    wanted(target.events)
    mix = dict(map(_weight, asked.mix)) or DEFAULT_MIX
    checked_mix(mix)
    with error_at("--gap"):
        gap = durations.parse(asked.gap)
    return Traffic(target.seed, mix, gap, asked.duplicates, asked.reordered)


def _weight(text: str) -> tuple[str, float]:
    status, equals, weight = text.partition("=")
    try:
        number = float(weight) if equals else -1.0
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        message = f"--mix {text!r}: expected STATUS=WEIGHT, as in COMPLETED=60"
        raise InvalidInputError(message)
    return status, number


def _check_rate(goal: Goal, target: Target, asked: _LoadOptions) -> None:
    from urllib.parse import urlsplit

    from emulator.delivery.transports.address_guard import is_loopback

    host = urlsplit(target.url).hostname or ""
    if is_loopback(host) or asked.is_confirmed:
        return
    if goal.is_until_broken or goal.rate.end > _FAST:
        message = f"more than {_FAST:.0f}/s to another machine, {host}; confirm with --yes"
        raise InvalidInputError(message, path="--rate")


def _run(target: Target, goal: Goal, traffic: Traffic, asked: _LoadOptions, output: Output) -> int:
    from emulator.load.cluster import Master
    from emulator.load.load_run import Run
    from emulator.reports.from_checks import secrets_of
    from emulator.reports.from_load import TITLE, cases_of, exit_code
    from emulator.reports.report import report as report_of

    started, begun = datetime.now(UTC), time.perf_counter()
    host, port = ("*", asked.master_port) if asked.is_master else ("127.0.0.1", 0)
    is_interrupted = False
    with output.screen() as shown:
        shown.under_way(f"waiting for {asked.workers} workers")
        with Master(asked.workers, host=host, port=port, is_local=not asked.is_master) as master:
            run = Run(master, target, traffic, lambda *progress: _progress(shown, *progress))
            try:
                run(goal)
            except KeyboardInterrupt:
                is_interrupted = True
        report = report_of(
            TITLE,
            cases_of(run.result, goal, target),
            started=started,
            duration_ms=(time.perf_counter() - begun) * 1000,
            secrets=secrets_of(target),
            is_interrupted=is_interrupted,
        )
        for case in report.cases:
            shown.line("\n".join(_lines(case)), case.status)
        shown.line(f"\nload test {report.word}; seed {target.seed}")
    code = INTERRUPTED if is_interrupted else exit_code(report)
    return output.write(report, code)


def _progress(shown: Screen, phase: Phase, measured: Measurements) -> None:
    """Show how far a phase is; its bar ends when all messages have been answered."""
    from emulator.load.measurements import percentile
    from emulator.load.thresholds import milliseconds

    second = max(measured.seconds)
    latest = measured.seconds[max(second - 1, min(measured.seconds))]
    p99 = milliseconds(percentile(latest.latency, 99))
    failed = sum(one.failed for one in measured.seconds.values())
    shown.under_way(
        f"{phase.rate}: second {second + 1} of {phase.seconds:.0f}; {latest.sent}/s,"
        f" p99 {p99}, {failed} not accepted"
    )


def _lines(case: Case) -> list[str]:
    """Return the lines that show a case: verdict, reason and measurements."""
    first, *others = case.message.splitlines() or [""]
    lines = [f"{MARKS[case.status]} {case.name}" + (f": {first}" if first else "")]
    lines += [f"    {line}" for line in others]
    width = max(map(len, case.labels), default=0)
    return lines + [f"    {name:<{width}}  {value}" for name, value in case.labels.items()]
