"""A consumer that fails once, and the retry; time is virtual."""

from unittest.mock import ANY

import pytest

from emulator import Receiver, Testlify


@pytest.mark.testlify(seed=7, webhooks="v2", fail_on_undelivered=True)
def test_a_failed_delivery_is_retried(testlify: Testlify, testlify_receiver: Receiver) -> None:
    testlify_receiver.answer(503, 200)
    testlify.add_webhook(
        name="ats", payload_url=f"{testlify_receiver.url}/hook", events=["candidate.status_changed"]
    )
    job = testlify.create_assessment()
    testlify.invite(job.id, email="ada@example.com")
    testlify.expect("candidate.status_changed", fields={"email": ANY}, answered="5xx", count=1)

    testlify.expect("candidate.status_changed", attempt=2, answered=200, within=3_600)
    first, second = testlify_receiver.requests
    assert first.body == second.body
    assert first.header("svix-id") == second.header("svix-id")
