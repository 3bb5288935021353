from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.server.conftest import OpenServer, Server

PUBLIC = "https://emulator.example.com"


@pytest.fixture(scope="package")
def public(open_server: OpenServer) -> Iterator[Server]:
    """A server that others reach at `PUBLIC`."""
    with open_server(public_url=f"{PUBLIC}/", hostnames=["emulator.example.com"]) as server:
        yield server
