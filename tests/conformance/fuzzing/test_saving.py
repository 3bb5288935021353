"""Scenario files of findings find the consumer wherever it is then."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from emulator.conformance.fuzzing import saving
from emulator.conformance.target import Target
from emulator.scenario.loading import read
from emulator.scenario.steps.probing import ProbeStep

SEQUENCE: dict[str, Any] = {"candidates": [[{"do": "invite", "after": 0}]]}
HOOK = "http://127.0.0.1:900/hook"
ELSEWHERE = {"CONSUMER_URL": "http://127.0.0.1:7777/hook"}


def _probe(target: Target, known: dict[str, str] = ELSEWHERE) -> ProbeStep:
    """Return the probe of a saved sequence, as it is run with these variables."""
    invariant = {"status": "{status}"}
    found = asyncio.run(saving.sequence(SEQUENCE, ["wrong"], target, invariant, name="found"))
    (probe,) = [
        step.step
        for step in read("found.yaml", found.scenario.encode(), known).steps
        if isinstance(step.step, ProbeStep)
    ]
    return probe


@pytest.mark.parametrize(
    ("probe", "expected"),
    [
        ("http://127.0.0.1:900/c/{email}", "http://127.0.0.1:7777/c/"),
        ("/c/{email}", "http://127.0.0.1:7777/c/"),
        # Other ports and hosts than the consumer's stay, unless they are set.
        ("http://127.0.0.1:9000/c/{email}", "http://127.0.0.1:9000/c/"),
        ("http://localhost:900/c/{email}", "http://localhost:900/c/"),
    ],
)
def test_a_probe_on_the_origin_of_the_consumer_goes_where_it_is(probe: str, expected: str) -> None:
    assert str(_probe(Target(url=HOOK, probe=probe)).get).startswith(expected)


def test_the_origin_of_a_probe_elsewhere_can_be_set() -> None:
    known = ELSEWHERE | {"PROBE_ORIGIN": "http://127.0.0.1:1"}
    target = Target(url=HOOK, probe="http://localhost:900/c/{email}")
    assert str(_probe(target, known).get).startswith("http://127.0.0.1:1/c/")


def test_the_origin_in_a_command_is_the_consumers() -> None:
    words = ("curl", "http://127.0.0.1:900/{email}", "--proxy=http://127.0.0.1:9001")
    command = _probe(Target(url=HOOK, probe_command=words)).command or []
    assert command[1].startswith("http://127.0.0.1:7777/ada.")
    assert command[2] == words[2]


def test_a_file_names_its_needs_and_contains_no_secret() -> None:
    secret = f"whsec_{'QUJD' * 8}"
    target = Target(
        url=HOOK, headers={"X-Token": "t0ken"}, secret=secret, setup="http://a/{email}?b=1"
    )
    found = asyncio.run(saving.sequence(SEQUENCE, ["wrong"], target, {}, name="found"))
    assert found.command("DIR", HOOK) == (
        f"testlify-emulator run DIR/found.yaml --url {HOOK} --set X_TOKEN=..."
        " --set CONSUMER_SECRET=... --setup 'http://a/{email}?b=1'"
    )
    assert "t0ken" not in found.scenario
    assert secret not in found.scenario
    known = ELSEWHERE | {"X_TOKEN": "a", "CONSUMER_SECRET": secret}
    consumer = read("found.yaml", found.scenario.encode(), known).document.consumer[0]
    assert msgspec.structs.asdict(consumer)["headers"] == {"X-Token": "a"}
