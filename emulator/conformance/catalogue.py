"""The table of all checks, and how a run selects some of them; never a check itself."""

from __future__ import annotations

from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import TYPE_CHECKING

from emulator.conformance import accepts, effects, refuses, retries, tolerates, withstands
from emulator.errors import InvalidInputError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from emulator.conformance.check import Check

_MODULES = (accepts, tolerates, effects, refuses, retries, withstands)
"""A family each; the checks that may end the consumer come last."""

CHECKS: Mapping[str, Check] = MappingProxyType({
    check.id: check
    for family in _MODULES
    for check in family.CHECKS
})  # fmt: skip
"""Id -> check, in the order of the report."""

FAMILIES = MappingProxyType({
    family.__name__.rpartition(".")[2]: (family.__doc__ or "").partition("\n")[0]
    for family in _MODULES
})  # fmt: skip
"""Family -> the subject of its checks."""

TAGS = tuple(sorted({tag for check in CHECKS.values() for tag in check.all_tags}))


def chosen(
    only: Iterable[str] = (), skip: Iterable[str] = (), tags: Iterable[str] = ()
) -> list[Check]:
    """Return the selected checks, in the order of the table.

    Args:
        only: ids and families, with ``*`` and ``?``; by default all checks.
        skip: ids and families to leave out of these, with ``*`` and ``?``.
        tags: keep only checks that have one of them; by default all checks.

    Raises:
        UnknownNameError: no such tag.
        InvalidInputError: no such check, or no check is selected.
    """
    wanted = _named(only) if (only := tuple(only)) else set(CHECKS)
    wanted -= _named(skip)
    tags = tuple(tags)
    for tag in tags:
        if tag not in TAGS:
            raise UnknownNameError("tag", tag, TAGS, show_all=True)
    found = [
        check
        for check in CHECKS.values()
        if check.id in wanted and (not tags or set(tags) & set(check.all_tags))
    ]
    if not found:
        message = "no check is selected; 'list checks' shows all of them"
        raise InvalidInputError(message)
    return found


def _named(patterns: Iterable[str]) -> set[str]:
    named: set[str] = set()
    for pattern in patterns:
        # A family's name means all of it.
        fitting = {
            id_ for id_ in CHECKS if fnmatchcase(id_, pattern) or id_.startswith(f"{pattern}.")
        }
        if not fitting:
            from emulator.errors import near

            close = ", ".join(map(repr, near(pattern, CHECKS)))
            hint = f"near: {close}" if close else "'list checks' shows all of them"
            message = f"no check {pattern!r}; {hint}"
            raise InvalidInputError(message)
        named |= fitting
    return named
