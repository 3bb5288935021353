"""The inbox of deliveries, and one delivery with all that is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.delivery.signing import SigningScheme, verify

if TYPE_CHECKING:
    from tests.server.conftest import Json, Server
    from tests.server.ui.conftest import Forms, Ui


def ids(page: Forms) -> list[str]:
    """Return the deliveries of a list, in its order."""
    links = [link.rpartition("/deliveries/")[2] for link in page.links]
    return [link for link in links if link.replace("-", "").isdecimal()]


def candidate(ui: Ui, url: str, events: tuple[str, ...] = ("candidate.status_changed",)) -> Json:
    ui.tenant.webhook(url, events)
    found = ui.tenant.candidate(email="ada@example.com", firstName="Ada", lastName="Example")
    ui.tenant.move(found, "enroll")
    ui.tenant.settle()
    return found


def test_the_newest_delivery_is_first(ui: Ui, server: Server) -> None:
    candidate(ui, server.receiver().url)
    assert ids(ui.get("/deliveries")) == ["2-1", "1-1"]


def test_a_page_without_deliveries_has_a_notice(ui: Ui) -> None:
    assert "No deliveries here" in ui.get("/deliveries").text


def test_filters_and_search_are_in_the_address(ui: Ui, server: Server) -> None:
    found = candidate(ui, server.receiver(200, 500).url)
    other = ui.tenant.candidate(email="bob@example.com")
    ui.tenant.settle()
    page = ui.get("/deliveries?status=failed&event=&webhook=&text=")
    assert ids(page) == ["3-1", "2-1"]
    assert ids(ui.get(f"/deliveries?candidate={found['id']}")) == ["2-1", "1-1"]
    assert ids(ui.get("/deliveries?text=BOB@example")) == ["3-1"]
    assert ids(ui.get("/deliveries?text=Ada Example")) == ["2-1", "1-1"]
    assert ids(ui.get(f"/deliveries?text={other['id']}")) == ["3-1"]
    assert ids(ui.get("/deliveries?event=candidate.invited")) == []


def test_a_filter_that_does_not_exist_is_refused(ui: Ui) -> None:
    assert "no status 'gone'" in ui.get("/deliveries?status=gone", status=400).text


def test_older_deliveries_are_on_the_next_page(ui: Ui, server: Server) -> None:
    ui.tenant.webhook(server.receiver().url)
    job = ui.tenant.assessment()
    for number in range(203):
        ui.tenant.invite(job, email=f"p{number}@example.com")
    page = ui.get("/deliveries")
    assert len(ids(page)) == 200
    (older,) = [link for link in page.links if "before=" in link]
    assert ids(ui.get(older.removeprefix(ui.base))) == ["3-1", "2-1", "1-1"]


def test_a_delivery_shows_request_attempt_verdict_and_command(ui: Ui, server: Server) -> None:
    candidate(ui, server.receiver().url)
    text = ui.get("/deliveries/1-1").text
    assert "Attempt 1 200" in text
    assert "Schema fits" in text
    assert '"candidateStatus": "INVITED"' in text
    assert "Content-Type application/json" in text
    assert "curl -X POST" in text
    assert "Difference" not in text


def test_the_difference_to_the_message_before_is_shown(ui: Ui, server: Server) -> None:
    candidate(ui, server.receiver().url)
    text = ui.get("/deliveries/2-1").text
    assert '- "candidateStatus": "INVITED"' in text
    assert '+ "candidateStatus": "ENROLLED"' in text


def test_the_raw_body_is_plain_text_byte_for_byte(ui: Ui, server: Server) -> None:
    receiver = server.receiver()
    candidate(ui, receiver.url)
    answer = server.client.get(f"{ui.base}/deliveries/1-1/body")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.content == receiver.requests[0].body


def test_a_payload_that_does_not_fit_is_shown_with_the_path(ui: Ui, server: Server) -> None:
    ui.tenant.webhook(server.receiver().url)
    workspace = server.emulator.existing(ui.tenant.name)

    async def send() -> None:
        workspace.send({"event": 1}, event="candidate.status_changed")
        workspace.send(b"{", event="candidate.status_changed")

    server.on_loop(send())
    ui.tenant.settle()
    assert "does not fit" in ui.get("/deliveries/1-1").text
    assert "sent as it is, on purpose" in ui.get("/deliveries/1-1").text
    assert "not JSON" in ui.get("/deliveries/2-1").text


def test_a_body_that_a_fault_changed_is_shown_as_it_was_sent(ui: Ui, server: Server) -> None:
    ui.tenant.control("POST", "/faults", json={"corrupt": {"how": "cut", "at": 7}})
    candidate(ui, server.receiver().url)
    assert 'changed by a fault {"data"' in ui.get("/deliveries/1-1").text


def test_headers_are_masked_until_secrets_are_asked_for(ui: Ui, server: Server) -> None:
    body = {"name": "a", "payloadUrl": server.receiver().url, "headers": {"X-Token": "s3cret"},
            "events": ["candidate.status_changed"]}  # fmt: skip
    ui.tenant.provider("POST", "/v1/webhook", json=body)
    ui.tenant.candidate()
    ui.tenant.settle()
    assert "s3cret" not in ui.get("/deliveries/1-1").text
    assert "X-Token: s3cret" in ui.get("/deliveries/1-1?show=secrets").text


def test_the_signature_of_v2_is_checked_and_its_text_is_shown(ui: Ui, server: Server) -> None:
    receiver = server.receiver()
    ui.post("/webhooks", url=receiver.url, name="a", events="candidate.completed", generation="v2")
    ui.post(f"/webhooks/{_webhook(ui)}/test", event="candidate.completed")
    request = receiver.requests[0]
    secret = ui.tenant.control("GET", f"/webhooks/{_webhook(ui)}/secret").json()["secret"]
    headers = dict(request.headers)
    stamp = headers["svix-timestamp"]
    scheme = SigningScheme("standard")
    assert verify(scheme, secret, request.headers, request.body, now=int(stamp)).holds
    text = ui.get("/deliveries/1-1").text
    assert "Signature: valid" in text
    assert f"{headers['svix-id']}.{stamp}." in text


def test_a_wrong_signature_is_called_wrong(ui: Ui, server: Server) -> None:
    ui.tenant.control("POST", "/faults", json={"signature": {"how": "wrong_secret"}})
    url = server.receiver().url
    ui.post("/webhooks", url=url, name="a", events="candidate.completed", generation="v2")
    ui.post(f"/webhooks/{_webhook(ui)}/test", event="candidate.completed")
    assert "Signature: signature wrong" in ui.get("/deliveries/1-1").text


def test_a_delivery_is_redelivered_and_all_failed_ones_are(ui: Ui, server: Server) -> None:
    receiver = server.receiver(500, 500, 200)
    candidate(ui, receiver.url)
    assert "Redeliver 2 failed" in ui.get("/deliveries").text or ui.get("/deliveries").forms
    assert ui.post("/deliveries/1-1/redeliver") == "/deliveries/1-1"
    assert ui.post("/deliveries/redeliver") == "/deliveries"
    ui.tenant.settle()
    page = ui.get("/deliveries?status=succeeded")
    assert ids(page) == ["2-1", "1-1"]


def test_a_delivery_of_a_removed_webhook_can_not_be_redelivered(ui: Ui, server: Server) -> None:
    candidate(ui, server.receiver().url)
    ui.post(f"/webhooks/{_webhook(ui)}/delete")
    assert f"{ui.base}/deliveries/1-1/redeliver" not in ui.get("/deliveries/1-1").forms
    assert "webhook" in ui.refused("/deliveries/1-1/redeliver", status=409).text


def test_a_delivery_that_does_not_exist_has_no_page(ui: Ui) -> None:
    ui.get("/deliveries/9-9", status=404)
    ui.get("/deliveries/x", status=404)


def _webhook(ui: Ui) -> str:
    (webhook,) = ui.tenant.control("GET", "/webhooks").json()["data"]
    id_: str = webhook["id"]
    return id_
