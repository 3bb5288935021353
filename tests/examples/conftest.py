"""Sets the consumer of the scenario files, which are tests."""

import pytest

from emulator import Receiver


@pytest.fixture
def testlify_variables(testlify_receiver: Receiver) -> dict[str, str]:
    return {"CONSUMER_URL": f"{testlify_receiver.url}/hook"}
