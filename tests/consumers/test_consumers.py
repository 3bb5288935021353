"""Each sample consumer has its one planted bug, and no other."""

from __future__ import annotations

import asyncio
import importlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
import standardwebhooks
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.consumers.asking import accepted, check_state, post
from tests.consumers.core import Consumer
from tests.consumers.probes import PROBES
from tests.consumers.starting import ALL, BUGGY, HERE, HOOK, started

if TYPE_CHECKING:
    from pathlib import Path

    from tests.consumers.asking import Life

pytestmark = pytest.mark.slow

TOKEN = "s3cret"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PLANTED = {
    "right": set(),
    "counts_duplicates": {"duplicates", "duplicates_in_parallel"},
    "regresses_on_late_events": {"late_events", "late_completion"},
    "dies_on_the_ping": {"the_ping"},
    "parses_result_link_as_url": {"forms_of_result_link"},
    "fails_on_unknown_events": {"unknown_events"},
    "accepts_any_signature": {"wrong_signature"},
    "verifies_a_serialised_body": {"forms_of_json"},
    "blocks_on_slow_body": {"slow_body"},
    "loses_on_restart": {"a_restart"},
}
"""Consumer -> the probes that find its bug."""


@pytest.mark.parametrize("name", ALL)
def test_exactly_the_planted_bug_is_found(
    name: str, lives: dict[str, Life], tmp_path: Path
) -> None:
    failed = {}
    state = tmp_path / "state"
    with started(name, token=TOKEN, secret=SECRET, state=state) as consumer:
        for probe in PROBES:
            try:
                probe(consumer, lives[probe.__name__])
            except (AssertionError, OSError) as error:
                failed[probe.__name__] = str(error)
    assert failed.keys() == PLANTED[name], failed


def test_each_bug_has_a_probe() -> None:
    assert set(PLANTED) == set(ALL)
    assert all(PLANTED[name] for name in BUGGY)
    assert set().union(*PLANTED.values()) < {probe.__name__ for probe in PROBES}


def test_without_token_and_secret_anybody_may_deliver(lives: dict[str, Life]) -> None:
    with started("right") as consumer:
        life = lives["whole_life"]
        accepted(consumer, b"{}", *life.bodies.values())
        check_state(consumer, life, "REJECTED", 1)


@pytest.mark.parametrize("name", ["right", "blocks_on_slow_body"])
def test_the_other_prefix_of_signatures_is_understood(name: str, lives: dict[str, Life]) -> None:
    body = lives["whole_life"]["COMPLETED"]
    headers = {"Content-Type": "application/json"}
    headers["webhook-id"], now = "msg_1", datetime.now(UTC)
    headers["webhook-timestamp"] = str(int(now.timestamp()))
    signature = standardwebhooks.Webhook(SECRET).sign("msg_1", now, body.decode())
    with started(name, secret=SECRET) as consumer:
        assert post(consumer, body, headers | {"webhook-signature": "v1,AAAA"}) == 401
        assert post(consumer, body, headers | {"webhook-signature": f"v1a,x {signature}"}) == 200


@pytest.mark.parametrize("name", [name for name in ALL if not (HERE / f"{name}.js").exists()])
def test_the_application_can_be_called_in_process(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = importlib.import_module(f"tests.consumers.{name}")
    monkeypatch.setenv("CONSUMER_TOKEN", TOKEN)
    importlib.reload(module)  # settings are those of the environment
    if hasattr(module.app, "test_client"):
        client = module.app.test_client()
        statuses = [
            client.post(HOOK, json={"type": "assessment", "event": "created"}, headers=headers)
            .status_code
            for headers in ({}, {"X-Webhook-Token": TOKEN})
        ]  # fmt: skip
    else:
        statuses = asyncio.run(asked_in_process(module.app))
    assert statuses == [401, 200]


async def asked_in_process(app: Any) -> list[int]:
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://consumer") as client:
        message = {"type": "assessment", "event": "created"}
        refused = await client.post(HOOK, json=message)
        taken = await client.post(HOOK, json=message, headers={"X-Webhook-Token": TOKEN})
    return [refused.status_code, taken.status_code]


@given(order=st.lists(st.integers(0, 10), max_size=20))
@settings(max_examples=50, deadline=None)
def test_the_right_consumer_has_the_same_state_in_any_order(
    lives: dict[str, Life], order: list[int]
) -> None:
    bodies = list(lives["whole_life"].bodies.values())
    headers = {"content-type": "application/json"}
    once, mixed = Consumer(), Consumer()
    for body in bodies:
        assert once.handle(headers, body).status == 200
    for body in [*(bodies[one % len(bodies)] for one in order), *reversed(bodies)]:
        assert mixed.handle(headers, body).status == 200
    email = lives["whole_life"].email
    assert mixed.look_up(email).content == once.look_up(email).content


def test_a_consumer_that_does_not_listen_reports_the_reason() -> None:
    with (
        pytest.raises(RuntimeError, match=r"nobody does not listen:\n.*nobody\.py"),
        started("nobody"),
    ):
        pass
