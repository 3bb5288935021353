"""Calls of a consumer to the provider API, as a finding shows them."""

from __future__ import annotations

from emulator.scenario.callbacks import Callback, evidence


def test_evidence_is_bounded_and_starts_with_failures() -> None:
    fine = [Callback("GET", f"/v1/assessment/{number}", 200) for number in range(20)]
    lines = evidence([*fine, Callback("GET", "/v1/x", 404, "candidate.completed")])
    assert lines[0] == "its callback failed: GET /v1/x was answered 404 during candidate.completed"
    assert lines[1] == "it called back: GET /v1/assessment/0 was answered 200"
    assert (len(lines), lines[-1]) == (11, "and 11 other callbacks")
