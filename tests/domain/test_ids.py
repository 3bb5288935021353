"""Ids and the keyed chance behind them."""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime

from emulator.domain.ids import bare_object_id, chance, invite_key, message_id, object_id

AT = datetime(2026, 3, 4, 5, 6, 7, 999_000, tzinfo=UTC)


def test_chance_is_the_same_for_the_same_key_and_another_for_any_other() -> None:
    keys = [(1, "candidate", 1), (2, "candidate", 1), (1, "webhook", 1), (1, "candidate", 2)]
    draws = [chance(*key).random() for key in keys]
    assert draws == [chance(*key).random() for key in keys]
    assert len(set(draws)) == len(draws)


def test_an_object_id_carries_the_seconds_of_its_time() -> None:
    one = object_id(AT, random.Random(1))
    assert re.fullmatch(r"[0-9a-f]{24}", one)
    assert int(one[:8], 16) == int(AT.timestamp())
    assert one != object_id(AT, random.Random(2))


def test_a_bare_object_id_is_made_only_from_seconds() -> None:
    assert bare_object_id(AT, 3) == f"{int(AT.timestamp()) + 3:08x}0000000000000000"


def test_an_invite_key_is_a_uuid_with_a_suffix() -> None:
    form = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}-ik"
    assert re.fullmatch(form, invite_key(random.Random(1)))


def test_a_message_id_has_svix_s_form() -> None:
    assert re.fullmatch(r"msg_[0-9a-zA-Z]{27}", message_id(7, 1))
