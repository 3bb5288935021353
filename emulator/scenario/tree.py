"""The tree of a scenario file: values with their positions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Container

Place = tuple[int, int]
"""Line and column, both from 1."""


class Template(msgspec.Struct, frozen=True):
    """A scalar that holds variables, as yet not filled in.

    Attributes:
        text: with the variables hidden, as `variables.hidden` does it.
        is_plain: unquoted: what it comes to is read as what it holds, not as text.
    """

    text: str
    is_plain: bool


class Node(msgspec.Struct, frozen=True):
    """One value of the file and where it stands.

    Attributes:
        value: ``dict[str, Node]``, ``list[Node]`` or a scalar.
        place: where it starts.
        keys: of a mapping, where each key stands.
        text: of an unquoted scalar that held a variable, its text; it may be meant as text
            though it reads as a number.
        template: of a scalar whose variables are not filled in yet; its value is what the file
            says.
        is_unknown: it could not be made out; that is noted, and nothing more is said of it.
        is_late: it is known only when the step runs; until then it is unknown, too.
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
        """Return plain data as a tree, all of it at one place."""
        if isinstance(plain, dict):
            values = {key: cls.of(one, place) for key, one in plain.items()}
            return cls(values, place, dict.fromkeys(values, place))
        if isinstance(plain, list):
            return cls([cls.of(one, place) for one in plain], place)
        return cls(plain, place)

    def plain(self, *, as_text: bool = False) -> Any:
        """Return the value as plain data, without places.

        Args:
            as_text: read what came from variables as text.
        """
        if isinstance(self.value, dict):
            return {key: one.plain(as_text=as_text) for key, one in self.value.items()}
        if isinstance(self.value, list):
            return [one.plain(as_text=as_text) for one in self.value]
        return self.text if as_text and self.text is not None else self.value

    def gathered(self, name: str, fields: Container[str]) -> Node:
        """Return a mapping with all that is none of *fields* gathered under *name*."""
        own = {key: one for key, one in self.value.items() if key in fields}
        others = {key: one for key, one in self.value.items() if key not in own}
        places = {key: self.keys[key] for key in others}
        place = next(iter(places.values()), self.place)
        held = Node(others, place, places)
        return Node({name: held, **own}, self.place, {**self.keys, name: place})

    def place_of(self, path: str | None) -> Place | None:
        """Return where the value at a JSON path stands, or the nearest value around it.

        Args:
            path: ``$.settings.titleSlug``; None without one.

        Returns:
            None if not even its first key is there.
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
        """Whether anything in it is known only when the step runs."""
        if isinstance(self.value, dict):
            return any(one.holds_late for one in self.value.values())
        if isinstance(self.value, list):
            return any(one.holds_late for one in self.value)
        return self.is_late
