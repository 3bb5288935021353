"""A message that is delivered twice, as sometimes happens: the consumer has to recognise it."""

from emulator import Receiver, Testlify, faults


def test_a_duplicate_has_the_same_body(testlify: Testlify, testlify_receiver: Receiver) -> None:
    testlify.add_webhook(
        name="ats", payload_url=testlify_receiver.url, events=["candidate.invited"]
    )
    testlify.inject(faults.Duplicate(times=1))
    job = testlify.create_assessment()
    testlify.invite(job.id, email="ada@example.com")
    testlify.invite(job.id, email="bob@example.com")

    testlify.settle()
    emails = [request.payload["data"]["email"] for request in testlify_receiver.requests]
    assert emails == ["ada@example.com", "ada@example.com", "bob@example.com"]
