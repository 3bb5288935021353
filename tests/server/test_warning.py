"""A payload URL that deliveries cannot reach has a warning in the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.server.conftest import OpenServer, Server, Tenant

HEADER = "X-Testlify-Emulator-Warning"
EVENTS = ["candidate.completed"]
PUBLIC = (
    "93.184.216.34 is neither loopback nor private; "
    "to dial it allow '93.184.216.34/32' with --allow-host"
)
METADATA = (
    "169.254.169.254 is a cloud's metadata address, never dialled; "
    "expected a loopback or private address"
)


@pytest.mark.parametrize(
    ("url", "host", "why"),
    [
        ("http://93.184.216.34/hook", "93.184.216.34", PUBLIC),
        ("https://93.184.216.34:8443/hook", "93.184.216.34", PUBLIC),
        ("http://169.254.169.254/latest", "169.254.169.254", METADATA),
        (
            "http://[2001:db8::1]/",
            "2001:db8::1",
            PUBLIC.replace("93.184.216.34", "2001:db8::1").replace("/32", "/128"),
        ),
    ],
)
def test_a_refused_address_has_a_warning(
    tenant: Tenant, caplog: pytest.LogCaptureFixture, url: str, host: str, why: str
) -> None:
    body = {"name": "ats", "payloadUrl": url, "events": EVENTS}
    fine = tenant.provider("POST", "/v1/webhook", json=body | {"payloadUrl": "http://a.example/"})
    answer = tenant.provider("POST", "/v1/webhook", json=body)
    data = answer.json()["data"]
    assert answer.status_code == 201
    assert data.keys() == fine.json()["data"].keys()
    warning = f"deliveries to '{host}' will be refused: {why}"
    assert answer.headers[HEADER] == warning
    (line,) = [record.getMessage() for record in caplog.records if record.name == "emulator.server"]
    assert line == f"webhook {data['id']}: {warning}"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9000/hook",
        "http://[::1]/hook",
        "http://localhost/hook",
        "http://192.168.1.5/hook",
        "https://consumer.example.com/hook",
        "http://consumer/hook",
    ],
)
def test_an_allowed_or_unknown_address_has_no_warning(
    tenant: Tenant, caplog: pytest.LogCaptureFixture, url: str
) -> None:
    body = {"name": "ats", "payloadUrl": url, "events": EVENTS}
    assert HEADER not in tenant.provider("POST", "/v1/webhook", json=body).headers
    assert caplog.records == []


def test_an_edit_warns_too(tenant: Tenant) -> None:
    path = f"/v1/webhook/{tenant.webhook('http://127.0.0.1:9/')['id']}"
    body = {"name": "ats", "payloadUrl": "http://93.184.216.34/", "events": EVENTS}
    put = tenant.provider("PUT", path, json=body)
    patch = tenant.provider("PATCH", path, json={"name": "other"})
    back = tenant.provider("PATCH", path, json={"payloadUrl": "http://127.0.0.1:9/"})
    assert [one.status_code for one in (put, patch, back)] == [200, 200, 200]
    warning = f"deliveries to '93.184.216.34' will be refused: {PUBLIC}"
    assert [one.headers.get(HEADER) for one in (put, patch, back)] == [warning, warning, None]


def test_an_allowed_host_has_no_warning(open_server: OpenServer) -> None:
    with open_server(allow_hosts=("93.184.216.0/24",)) as server:
        assert _warned(server, "http://93.184.216.34/") is None
        assert _warned(server, "http://93.184.217.34/") is not None


def _warned(server: Server, url: str) -> str | None:
    answer = server.client.post(
        "/v1/webhook",
        json={"name": "ats", "payloadUrl": url, "events": EVENTS},
        headers={"Authorization": "Bearer acme"},
    )
    assert answer.status_code == 201
    return answer.headers.get(HEADER)
