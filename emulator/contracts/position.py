"""Where in a JSON text a value stands: line and column for a JSON path."""

from __future__ import annotations

import re
from typing import Any

_STEP = re.compile(r"\.([^.\[\]]+)|\[([0-9]+)\]")


def position(text: str, path: str) -> tuple[int, int] | None:
    """Return line and column, from 1, of the value at *path*; None when it can't be told.

    For a path that leads nowhere, a missing key say, it is the place of the nearest value that
    is there.

    Args:
        text: JSON.
        path: as in a violation, ``$.data.testLibrary[1].elapsedTime``.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        node = YAML(typ="rt", pure=True).compose(text)  # JSON is YAML, and YAML has marks
    except YAMLError:
        return None
    for key, index in _STEP.findall(path):
        below = _child(node, key, index)
        if below is None:
            break
        node = below
    return node.start_mark.line + 1, node.start_mark.column + 1


def _child(node: Any, key: str, index: str) -> Any:
    if index:
        items = node.value if node.id == "sequence" else []
        return items[int(index)] if int(index) < len(items) else None
    pairs = node.value if node.id == "mapping" else []
    return next((value for name, value in pairs if name.value == key), None)
