"""Two bugs: duplicates are counted, and a status that arrives late replaces the newer one."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))  # also when started as a file

from tests.consumers.counts_duplicates import CountsDuplicates
from tests.consumers.fastapi_app import fastapi_app
from tests.consumers.regresses_on_late_events import Regresses
from tests.consumers.serving import serve_asgi


class CountsAndRegresses(Regresses, CountsDuplicates):
    """Has both bugs."""


consumer = CountsAndRegresses()
app = fastapi_app(consumer)

if __name__ == "__main__":
    serve_asgi(app, consumer)
