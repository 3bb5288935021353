"""``test``: a consumer graded at the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from emulator.conformance.catalogue import CHECKS
from tests.consumers.starting import started

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from emulator.receiver import Receiver
    from tests.conftest import Cli

FEW = (
    "--only",
    "accepts.candidate.*",
    "--only",
    "refuses.cut*",
    "--only",
    "effects.late-in-progress",
)


def test_there_are_at_least_sixty_checks_and_each_is_listed(cli: Cli) -> None:
    assert len(CHECKS) >= 60
    code, out, err = cli("list", "checks")
    assert (code, err, len(out.splitlines())) == (0, "", len(CHECKS))


def test_the_right_consumer_passes_every_check(cli: Cli, tmp_path: Path) -> None:
    with started("right", token="s3cret") as consumer:
        code, out, err = cli(
            "test", consumer.hook, "--header", "X-Webhook-Token: s3cret", "--claim", "orders",
            "--probe", f"{consumer.url}/candidates/{{email}}?assessment={{assessment_id}}",
            "--report", str(tmp_path / "report"), *FEW,
        )  # fmt: skip
    assert (code, err) == (0, "")
    assert "✓ accepts.candidate.completed" in out
    assert "✓ effects.late-in-progress" in out
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    assert report["results"]["summary"]["failed"] == 0
    assert all("s3cret" not in path.read_text() for path in (tmp_path / "report").iterdir())


def test_a_failing_consumer_is_exit_1_and_a_baseline_forgives_known_failures(
    cli: Cli, consumer: Callable[..., Receiver], tmp_path: Path
) -> None:
    url = consumer(500).url
    first = cli("test", url, "--only", "accepts.candidate.*", "--report", str(tmp_path / "one"))
    assert first.code == 1
    assert "✗ accepts.candidate.completed" in first.out
    again = cli(
        "test", url, "--only", "accepts.candidate.*",
        "--baseline", str(tmp_path / "one" / "report.json"),
    )  # fmt: skip
    assert again.code == 0, again.out
    assert "still failing" in again.out


def test_a_summary_for_github_counts_the_deliveries_of_each_check(
    cli: Cli,
    consumer: Callable[..., Receiver],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    summary = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    assert cli("test", consumer().url, "--only", "accepts.ping").code == 0
    assert "1 delivered" in summary.read_text()


def test_without_a_claim_or_a_probe_checks_are_skipped_with_a_reason(
    cli: Cli, consumer: Callable[..., Receiver]
) -> None:
    code, out, _ = cli("test", consumer().url, "--only", "effects.*", "--format", "json")
    assert code == 2  # a run that showed nothing is no pass
    summary = json.loads(out)["results"]["summary"]
    assert summary["skipped"] == summary["tests"] > 5


def test_an_unreachable_consumer_is_no_evidence(cli: Cli) -> None:
    code, out, err = cli("test", "http://127.0.0.1:1/hook", "--only", "accepts.candidate.completed")
    assert code == 2
    assert "refused" in out + err


def test_a_configuration_is_equivalent_to_options(
    cli: Cli, consumer: Callable[..., Receiver], tmp_path: Path
) -> None:
    receiver = consumer()
    file = tmp_path / "testlify-consumer.yaml"
    file.write_text(
        f"url: {receiver.url}/hook\nwebhooks: v2\nheaders: {{X-Webhook-Token: t0ken}}\n"
        "claims: [dedupes]\n"
    )
    code, _, err = cli("test", "--config", str(file), "--only", "accepts.candidate.completed")
    assert (code, err) == (0, "")
    sent = [request for request in receiver.requests if request.header("svix-signature")]
    assert {one.header("X-Webhook-Token") for one in sent} == {"t0ken"}
    file.write_text(f"url: {receiver.url}\nclaim: [dedupes]\n")
    code, _, err = cli("test", "--config", str(file))
    assert code == 2
    assert "unknown key 'claim'; near: 'claims'" in err


@pytest.mark.slow
def test_the_consumer_file_configures_probe_and_setup(
    cli: Cli, consumer: Callable[..., Receiver], tmp_path: Path
) -> None:
    known = consumer()
    file = tmp_path / "testlify-consumer.yaml"
    with started("right") as right:
        file.write_text(
            f"url: {right.hook}\n"
            f"probe: {{url: '{right.url}/candidates/{{email}}', status: 'invitations[0].status',\n"
            "  completions: invitations.length, statuses: {COMPLETED: COMPLETED}}\n"
            f"setup: {{url: {known.url}/people, method: POST, json: {{email: '{{email}}'}}}}\n"
        )
        checks = ("completed-lands", "enrolled-lands", "completion-counts")
        only = [word for name in checks for word in ("--only", f"effects.{name}")]
        code, out, err = cli("test", "--config", str(file), *only)
    assert (code, err) == (0, "")
    assert "the consumer has no word for ENROLLED (probe.statuses)" in out
    assert "2 passed" in out
    sent = [(request.method, request.path, json.loads(request.body)) for request in known.requests]
    assert len(sent) == 3
    for method, path, body in sent:
        assert (method, path, list(body)) == ("POST", "/people", ["email"])
        assert body["email"].endswith("@example.com")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--only", "accepts.candidate.complet"], "near: 'accepts.candidate.completed'"),
        (["--claim", "dedups"], "near: 'dedupes'"),
        (["--app", "no.such.module:app"], "no.such.module"),
        (["--baseline", "nowhere.json"], "nowhere.json"),
    ],
)
def test_a_usage_error_is_reported(cli: Cli, arguments: list[str], message: str) -> None:
    code, _, err = cli("test", "http://127.0.0.1:1/hook", *arguments)
    assert code == 2
    assert message in err
