"""Shapes of the payloads of an event type, learned from captures, without their values.

A shape says where each value comes from in the payload that the emulator builds, and so it is a
template, too. Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

Scope = Literal["workspace", "assessment", "candidate", "message"]
"""Within which a value without a source stays the same."""


class Order(msgspec.Struct, frozen=True):
    """The keys of an object in one order, and how many objects have exactly these."""

    keys: tuple[str, ...]
    count: int


class Shape(msgspec.Struct, frozen=True, omit_defaults=True):
    """The values at one place of payloads.

    Attributes:
        count: values that were seen there.
        kinds: kind of value -> how many, see `kinds`.
        orders: of objects, the keys.
        keys: of objects, key -> the shape of its values.
        items: of lists, the shape of all items.
        words: words that are no personal data -> how many; for booleans ``true`` and ``false``.
        source: where the emulator's own payload has the value: a path from the whole payload, or
            from the item of the innermost list; None if it has none.
        joined: sources of several texts that the value has, with spaces between them, such as a
            full name; in place of *source*.
        scope: of a value without a source.
        is_open: objects had keys that are no words, which may be personal data; they are left out.
    """

    count: int = 0
    kinds: dict[str, int] = {}
    orders: tuple[Order, ...] = ()
    keys: dict[str, Shape] = {}
    items: Shape | None = None
    words: dict[str, int] = {}
    source: tuple[str | int, ...] | None = None
    joined: tuple[tuple[str | int, ...], ...] = ()
    scope: Scope = "candidate"
    is_open: bool = False

    @property
    def order(self) -> tuple[str, ...]:
        """The keys of most objects, in their order; of several that are as frequent, the last."""
        if not self.orders:
            return ()
        return max(reversed(self.orders), key=lambda order: order.count).keys

    @property
    def kind(self) -> str:
        """The most frequent kind."""
        return max(self.kinds, key=lambda kind: self.kinds[kind])

    @property
    def is_closed(self) -> bool:
        """Whether *words* has all texts that were seen."""
        texts = self.kinds.get("word", 0)
        return texts > 0 and sum(self.words.values()) == texts


def merged(one: Shape, other: Shape) -> Shape:
    """Return the shape of all values of both, the later ones in *other*."""
    keys = {key: one.keys[key] for key in one.keys}
    for key, shape in other.keys.items():
        keys[key] = merged(keys[key], shape) if key in keys else shape
    orders = {order.keys: order.count for order in one.orders}
    for order in other.orders:
        orders[order.keys] = orders.pop(order.keys, 0) + order.count
    items = merged(one.items, other.items) if one.items and other.items else None
    return Shape(
        count=one.count + other.count,
        kinds=_sum(one.kinds, other.kinds),
        orders=tuple(Order(order, count) for order, count in orders.items()),
        keys=keys,
        items=items or one.items or other.items,
        words=_sum(one.words, other.words),
        source=one.source if other.source is None else other.source,
        joined=other.joined or one.joined,
        scope=_finer(one.scope, other.scope),
        is_open=one.is_open or other.is_open,
    )


_SCOPES: tuple[Scope, ...] = ("workspace", "assessment", "candidate", "message")


def _finer(one: Scope, other: Scope) -> Scope:
    return max(one, other, key=_SCOPES.index)


def _sum(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    return {key: one.get(key, 0) + other.get(key, 0) for key in (*one, *other)}


def all_keys(shape: Shape) -> list[str]:
    """Return all keys of an object, the most frequent order first."""
    found = dict.fromkeys(shape.order)
    return list(found | dict.fromkeys(shape.keys))


def leaves(shape: Shape, path: tuple[Any, ...] = ()) -> Iterable[tuple[tuple[Any, ...], Shape]]:
    """Yield path and shape of each scalar; the items of a list are at 0."""
    for key, inner in shape.keys.items():
        yield from leaves(inner, (*path, key))
    if shape.items is not None:
        yield from leaves(shape.items, (*path, 0))
    if not shape.keys and shape.items is None and shape.kinds.keys() - {"object", "list"}:
        yield path, shape
