"""The names that steps of a scenario give to subjects and webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from emulator.errors import InvalidInputError, UnknownNameError

if TYPE_CHECKING:
    from emulator.scenario.tree import Node, Place

_MAKERS = {"assessment": "create_assessment", "candidate": "invite", "webhook": "add_webhook"}

_ANYTHING = ""
"""The kind of a name that an unreadable step gives; it is accepted for every kind."""


class Aliases:
    """The names given so far, with their kinds and places.

    Args:
        is_late: accept every name, because the scenario is running and the run knows its names.
    """

    def __init__(self, *, is_late: bool) -> None:
        self._is_late = is_late
        self._given: dict[str, tuple[str, Place]] = {}

    def new(self, kind: str, node: Node) -> str:
        """Give the name in *node* to a *kind*, and return it.

        Raises:
            InvalidInputError: not a name, or already given.
        """
        name = word(node)
        self.give(kind, name, node.place)
        return name

    def give(self, kind: str, name: str, place: Place) -> None:
        """Give *name* to a *kind*.

        Raises:
            InvalidInputError: the name is already given.
        """
        # A repeated step gives its name again, and the name moves to the new record.
        if name in self._given and self._given[name][1] != place and not self._is_late:
            message = f"the name {name!r} is already given, at line {self._given[name][1][0]}"
            raise InvalidInputError(message)
        self._given[name] = (kind, place)

    def give_any(self, name: str, place: Place) -> None:
        """Accept *name* for every kind."""
        self._given.setdefault(name, (_ANYTHING, place))

    def known(self, kind: str, node: Node) -> str:
        """Return the name of a *kind* in *node*.

        Raises:
            InvalidInputError: not a name, or one of another kind.
            UnknownNameError: no step so far gives this name.
        """
        name = word(node)
        if self._is_late:
            return name
        found, place = self._given.get(name, (None, (0, 0)))
        if found is None:
            near = [one for one, (other, _) in self._given.items() if other in (kind, _ANYTHING)]
            if not near:
                maker = f"{_MAKERS[kind]}: {{as: {name}}}"
                message = f"no {kind} {name!r}; no step before names one, as in {maker!r}"
                raise InvalidInputError(message)
            raise UnknownNameError(kind, name, near)
        if found not in (kind, _ANYTHING):
            article = "an" if kind == "assessment" else "a"
            message = f"{name!r} names the {found} of line {place[0]}; "
            raise InvalidInputError(f"{message}expected the name of {article} {kind}")
        return name


def word(node: Node) -> str:
    """Return the name in *node*.

    Raises:
        InvalidInputError: not text, or empty.
    """
    value = node.plain(as_text=True)
    if not isinstance(value, str) or not value.strip():
        shown = "nothing" if value is None else msgspec.json.encode(value).decode()[:60]
        message = f"expected a name, got {shown}"
        raise InvalidInputError(message)
    return value
