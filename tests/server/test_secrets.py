"""A secret goes to the consumer, and nowhere else."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from tests.server.conftest import OpenServer

HEADER, SECRET, TOKEN = "hdr-3b91f0c2", "whsec_5f8a77d1", "tok/9c2e61ab"  # made up


def test_no_answer_no_journal_and_no_log_shows_a_secret(
    open_server: OpenServer, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Every byte of every answer is searched, the deliveries' and the journal's above all."""
    caplog.set_level(logging.DEBUG)
    with open_server() as server:
        receiver = server.receiver(200, 500)
        tenant = server.tenant("acme")
        asked = {
            "name": "ats",
            "payloadUrl": receiver.url,
            "events": ["candidateStatusChanged"],
            "headers": {"X-Webhook-Token": HEADER, "Authorization": f"Bearer {HEADER}"},
            "secret": SECRET,
        }
        id_ = tenant.provider("POST", "/v1/webhook", json=asked).json()["data"]["id"]
        for method, path in (
            ("GET", "/v1/webhook"),
            ("GET", f"/v1/webhook/{id_}"),
            ("PUT", f"/v1/webhook/{id_}"),
            ("PATCH", f"/v1/webhook/{id_}"),
            ("POST", f"/v1/webhook/{id_}/test"),
        ):
            assert tenant.provider(method, path, json=asked | {"event": None}).status_code == 200
        wrong = ({"headers": {"X": f"{HEADER}\n"}}, {"headers": [HEADER]}, {"secret": [SECRET]})
        for change in wrong:
            answer = tenant.provider("PATCH", f"/v1/webhook/{id_}", json=change)
            assert answer.status_code == 400
        candidate = tenant.candidate()
        tenant.control("POST", "/clock/advance", json={"by": "1h"})
        tenant.move(candidate, "enroll")
        tenant.settle()
        tenant.control("POST", "/deliveries/1-1/redeliver")
        for path in ("", "/clock", "/journal", "/candidates", "/assessments", "/deliveries"):
            assert tenant.control("GET", path).status_code == 200
        for path in ("/deliveries/1-1", f"/candidates/{candidate['id']}"):
            assert tenant.control("GET", path).status_code == 200
        for bearer in (TOKEN, HEADER * 20):
            headers = {"Authorization": f"Bearer {bearer}"}
            assert server.client.get("/v1/webhook", headers=headers).status_code == 200
        assert server.client.get("/_emulator/workspaces").status_code == 200
        tenant.provider("DELETE", f"/v1/webhook/{id_}")
        tenant.control("GET", "/journal")
        answers = b"\n".join(server.answers)
        workspace = server.emulator.workspace("acme")
        texts = [repr(one) for one in workspace.state.webhook_numbers.values()]
        texts += [repr(delivery) for delivery in workspace.deliveries()]
    captured = capfd.readouterr()
    everything = [answers.decode(), caplog.text, captured.out, captured.err, *texts]
    # They were there: the consumer got the header each time, the journal masks it.
    assert len(receiver.requests) >= 4
    assert {request.header("x-webhook-token") for request in receiver.requests} == {HEADER}
    assert "[redacted]" in everything[0]
    for secret in (HEADER, SECRET, TOKEN):
        assert [one for one in everything if secret in one] == []
