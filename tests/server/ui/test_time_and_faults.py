"""Time and faults of a workspace, by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from emulator.delivery.faults.registry import FAULTS

if TYPE_CHECKING:
    from tests.server.conftest import Server
    from tests.server.ui.conftest import Ui


# --- time ---------------------------------------------------------------------------------------


def test_a_virtual_clock_is_advanced(ui: Ui) -> None:
    assert ui.post("/time/advance", by="36h") == "/time"
    assert "2026-01-02 12:00:00 UTC" in ui.get("/time").text


@pytest.mark.parametrize("by", ["", "soon", "1"])
def test_a_wrong_duration_is_refused(ui: Ui, by: str) -> None:
    page = ui.refused("/time/advance", by=by)
    assert page.forms[f"{ui.base}/time/advance"]["by"][-1] == by
    assert "2026-01-01 00:00:00 UTC" in page.text


def test_the_next_timers_are_listed_and_can_be_advanced_to(ui: Ui, server: Server) -> None:
    assert "Nothing is due" in ui.get("/time").text
    body = {"retries": ["5m"]}
    ui.tenant.control("PUT", json={"profile": body})
    ui.tenant.webhook(server.receiver(500, 200).url)
    ui.tenant.candidate(firstName="Ada", lastName="Example")
    ui.tenant.settle()
    text = ui.get("/time").text
    assert "2026-01-01 00:05:00 UTC attempt 2 candidate.status_changed" in text
    assert "2026-01-31 00:00:00 UTC invitation expires Ada Example" in text
    ui.post("/time/next")
    assert "2026-01-01 00:05:00 UTC" in ui.get("/time").text
    assert "attempt 2" not in ui.get("/time").text
    ui.post("/time/next")
    assert "INVITATION_EXPIRED" in str(ui.tenant.control("GET", "/candidates").json())


def test_a_real_clock_can_be_made_virtual_and_set(ui: Ui) -> None:
    ui.post("/time", mode="real")
    page = ui.get("/time")
    assert f"{ui.base}/time/advance" not in page.forms
    assert "the clock is real" in ui.refused("/time/advance", status=409, by="1h").text
    ui.post("/time", mode="virtual", now="2026-03-01T08:00:00Z")
    assert "2026-03-01 08:00:00 UTC" in ui.get("/time").text


# --- faults -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", FAULTS)
def test_every_kind_has_a_form_with_the_docs_of_its_settings(ui: Ui, kind: str) -> None:
    page = ui.get(f"/faults?kind={kind}")
    fields = page.forms[f"{ui.base}/faults"]
    own = {name for name in FAULTS[kind].__struct_fields__ if name != "on"}
    assert own | {"kind", "on-event", "on-probability"} <= set(fields)


def test_a_fault_is_set_counted_and_cleared(ui: Ui, server: Server) -> None:
    assert "No fault is set" in ui.get("/faults").text
    given = {"kind": "delay", "by": "2h", "times": "1", "on-event": "candidate.status_changed"}
    assert ui.post("/faults", **given) == "/faults"
    ui.tenant.webhook(server.receiver().url)
    ui.tenant.candidate()
    ui.tenant.settle()
    text = ui.get("/faults").text
    assert 'delay {"delay": {"by": "2h", "times": 1}' in text
    assert '"on": {"event": "candidate.status_changed"}} 1 1 Clear' in text
    ui.post("/faults/f1/clear")
    assert ui.tenant.control("GET", "/faults").json()["total"] == 0
    ui.post("/faults", kind="drop")
    ui.post("/faults", kind="corrupt", how="cut", at="9")
    ui.post("/faults", kind="mutate", set='{"data.email": 1}', remove="data.score\ndata.status")
    assert '"remove": ["data.score", "data.status"]' in ui.get("/faults").text
    ui.post("/faults/clear")
    assert "No fault is set" in ui.get("/faults").text


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"kind": "nothing"}, "no fault 'nothing'"),
        ({"kind": "delay"}, "by"),
        ({"kind": "delay", "by": "soon"}, "soon"),
        ({"kind": "drop", "on-probability": "2"}, "$.on.probability"),
        ({"kind": "drop", "times": "x"}, "not a number: 'x'"),
        ({"kind": "mutate", "set": "{"}, "$.set"),
    ],
)
def test_a_fault_that_is_refused_keeps_its_form(
    ui: Ui, fields: dict[str, str], message: str
) -> None:
    page = ui.refused("/faults", 400, **fields)
    assert message in page.text
    if fields["kind"] in FAULTS:
        assert page.forms[f"{ui.base}/faults"]["kind"] == [fields["kind"]]
