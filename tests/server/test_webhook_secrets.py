from __future__ import annotations

import random
from typing import TYPE_CHECKING

from emulator.delivery.ed25519 import made, public_key
from emulator.delivery.profiles import PROFILES
from emulator.delivery.signing import checked_secret

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.server.conftest import Tenant

SIGNATURE = PROFILES["v2"].signature
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_a_generated_secret_is_returned_and_rotated(
    make_tenant: Callable[..., Tenant], dead_url: str
) -> None:
    assert SIGNATURE is not None
    tenant = make_tenant(generation="v2")
    path = f"/webhooks/{tenant.webhook(dead_url)['id']}"
    first = tenant.control("GET", f"{path}/secret").json()["secret"]
    second = tenant.control("POST", f"{path}/rotate-secret").json()["secret"]
    assert len({first, second}) == 2
    for one in (first, second):
        checked_secret(SIGNATURE, one)
    third = tenant.control("POST", f"{path}/rotate-secret", json={"secret": SECRET})
    assert (third.status_code, third.json()) == (200, {"secret": SECRET})
    assert tenant.control("GET", f"{path}/secret").json() == {"secret": SECRET}


def test_a_secret_that_can_t_sign_is_refused(
    make_tenant: Callable[..., Tenant], dead_url: str
) -> None:
    tenant = make_tenant(generation="v2")
    path = f"/webhooks/{tenant.webhook(dead_url)['id']}"
    before = tenant.control("GET", f"{path}/secret").json()
    wrong = tenant.control("POST", f"{path}/rotate-secret", json={"secret": "s3cret"})
    assert (wrong.status_code, wrong.json()["path"]) == (400, "$.secret")
    unknown = tenant.control("POST", f"{path}/rotate-secret", json={"secrets": "s3cret"})
    assert unknown.json()["detail"] == "unknown key 'secrets'; near: 'secret'"
    assert tenant.control("GET", f"{path}/secret").json() == before


def test_a_webhook_that_signs_nothing_has_no_secret(tenant: Tenant, dead_url: str) -> None:
    path = f"/webhooks/{tenant.webhook(dead_url)['id']}"
    assert tenant.control("GET", f"{path}/secret").json() == {"secret": None}
    assert tenant.control("POST", f"{path}/rotate-secret").status_code == 409
    assert tenant.control("GET", "/webhooks/nope/secret").status_code == 404
    assert tenant.control("POST", "/webhooks/nope/rotate-secret").status_code == 404


def test_a_profile_that_the_secrets_do_not_go_with_moves_nothing(
    tenant: Tenant, dead_url: str
) -> None:
    body = {"name": "a", "payloadUrl": dead_url, "events": ["invited"], "secret": "plain"}
    assert tenant.provider("POST", "/v1/webhook", json=body).status_code == 201
    before = tenant.control("GET").json()
    asked = {"now": "2026-05-05T00:00:00Z", "profile": {"signature": {"scheme": "standard"}}}
    assert tenant.control("PUT", json=asked).status_code == 409
    assert tenant.control("GET").json() == before


def test_a_profile_takes_a_signature_and_gives_it_up(tenant: Tenant) -> None:
    asked = {
        "success": [200, 204],
        "obeys": ["retry-after"],
        "signature": {"scheme": "hmac-sha256-hex", "header": "X-Signature"},
    }
    profile = tenant.control("PUT", json={"profile": asked}).json()["profile"]
    assert profile["success"] == [200, 204]
    assert profile["obeys"] == ["retry-after"]
    assert profile["signature"]["header"] == "X-Signature"
    profile = tenant.control("PUT", json={"profile": {"signature": None}}).json()["profile"]
    assert (profile["signature"], profile["success"]) == (None, [200, 204])


def test_a_private_key_is_returned_with_its_public_key(
    make_tenant: Callable[..., Tenant], dead_url: str
) -> None:
    tenant = make_tenant(generation="v2")
    path = f"/webhooks/{tenant.webhook(dead_url)['id']}"
    private = made(random.Random(1))
    rotated = tenant.control("POST", f"{path}/rotate-secret", json={"secret": private}).json()
    assert rotated == {"secret": private, "publicKey": public_key(private)}
    assert tenant.control("GET", f"{path}/secret").json() == rotated
