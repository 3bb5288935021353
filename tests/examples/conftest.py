"""Scenario files are tests, and this is where they find the consumer."""

import pytest

from emulator import Receiver


@pytest.fixture
def testlify_variables(testlify_receiver: Receiver) -> dict[str, str]:
    return {"CONSUMER_URL": f"{testlify_receiver.url}/hook"}
