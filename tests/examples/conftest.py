"""Scenario files are tests, and this is where they find the consumer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from emulator import Receiver


@pytest.fixture
def testlify_variables(testlify_receiver: Receiver) -> dict[str, str]:
    return {"CONSUMER_URL": f"{testlify_receiver.url}/hook"}
