"""The tree of a scenario file: values with their positions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Container

Place = tuple[int, int]
"""Line and column, both from 1."""


class Template(msgspec.Struct, frozen=True):
    """A scalar with variables that are not filled in yet.

    Attributes:
        text: the text with its variables hidden by `variables.hidden`.
        is_plain: unquoted, so that the filled-in text may become a number or another type.
    """

    text: str
    is_plain: bool


class Node(msgspec.Struct, frozen=True):
    """A value of the file and its place.

    Attributes:
        value: ``dict[str, Node]``, ``list[Node]`` or a scalar.
        place: where the value starts.
        keys: the places of the keys of a mapping.
        text: the text of an unquoted scalar with variables; it may be meant as text even if it
            looks like a number.
        template: set while the variables of a scalar are not filled in.
        is_unknown: the value could not be read; the problem is already reported.
        is_late: the value is captured, and unknown until the step runs.
    """

    value: Any
    place: Place
    keys: dict[str, Place] = {}
    text: str | None = None
    template: Template | None = None
    is_unknown: bool = False
    is_late: bool = False

    @classmethod
    def of(cls, plain: Any, place: Place) -> Node:
        """Return plain data as a tree whose values are all at the same place."""
        if isinstance(plain, dict):
            values = {key: cls.of(one, place) for key, one in plain.items()}
            return cls(values, place, dict.fromkeys(values, place))
        if isinstance(plain, list):
            return cls([cls.of(one, place) for one in plain], place)
        return cls(plain, place)

    def plain(self, *, as_text: bool = False) -> Any:
        """Return the value as plain data.

        Args:
            as_text: return filled-in scalars as text.
        """
        if isinstance(self.value, dict):
            return {key: one.plain(as_text=as_text) for key, one in self.value.items()}
        if isinstance(self.value, list):
            return [one.plain(as_text=as_text) for one in self.value]
        return self.text if as_text and self.text is not None else self.value

    def gathered(self, name: str, fields: Container[str]) -> Node:
        """Return a mapping whose keys that are not in *fields* are gathered under *name*."""
        own = {key: one for key, one in self.value.items() if key in fields}
        others = {key: one for key, one in self.value.items() if key not in own}
        places = {key: self.keys[key] for key in others}
        place = next(iter(places.values()), self.place)
        held = Node(others, place, places)
        return Node({name: held, **own}, self.place, {**self.keys, name: place})

    def place_of(self, path: str | None) -> Place | None:
        """Return the place of the value at a JSON path, or of the nearest value around it.

        Args:
            path: ``$.settings.titleSlug``; None without one.

        Returns:
            None if the first key is missing.
        """
        at, place = self, None
        for key in (path or "$").split(".")[1:]:
            if not isinstance(at.value, dict) or key not in at.value:
                break
            at = at.value[key]
            place = at.place
        return place

    @property
    def holds_late(self) -> bool:
        """Whether any value in the tree is captured."""
        if isinstance(self.value, dict):
            return any(one.holds_late for one in self.value.values())
        if isinstance(self.value, list):
            return any(one.holds_late for one in self.value)
        return self.is_late
