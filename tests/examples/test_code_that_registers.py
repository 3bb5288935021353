"""Code that calls the provider's API: it gets the emulator's base URL and a token."""

import json
import urllib.request

from emulator import Receiver, Testlify


def subscribe(api: str, token: str, payload_url: str) -> str:
    """Register our webhook: the code under test."""
    body = {"name": "ats", "payloadUrl": payload_url, "events": ["candidateStatusChanged"]}
    request = urllib.request.Request(
        f"{api}/v1/webhook", json.dumps(body).encode(), {"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(request) as answer:
        return str(json.load(answer)["data"]["id"])


def test_it_receives_an_invitation(testlify: Testlify, testlify_receiver: Receiver) -> None:
    webhook = subscribe(testlify.url, testlify.token, testlify_receiver.url)

    testlify.invite(testlify.create_assessment().id, email="ada@example.com")

    testlify.expect("candidate.status_changed", webhook=webhook, count=1)
    [request] = testlify_receiver.requests
    assert request.payload["data"]["email"] == "ada@example.com"
