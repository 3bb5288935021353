"""The order of keys in v1 payloads: by length, then by bytes (documented)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any


def in_order(values: dict[str, Any]) -> dict[str, Any]:
    """Return *values* in the order that all payloads but Invitation Expired have."""
    return {key: values[key] for key in _order(tuple(values))}


@lru_cache(maxsize=64)  # there are some twenty shapes
def _order(keys: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(keys, key=lambda key: (len(key), key)))
