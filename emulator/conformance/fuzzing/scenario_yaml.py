"""Writes scenarios as YAML that reads back as the same data."""

from __future__ import annotations

import json
import re
from typing import Any

_BARE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*(?: [A-Za-z0-9_.-]+)*")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\uf8ff\ufeff\ufffe\uffff]")


def text(document: dict[str, Any], comments: tuple[str, ...] = ()) -> str:
    """Return a scenario as YAML, with a line for each key and each step.

    Args:
        document: the contents as plain data.
        comments: comments at the start of the file.
    """
    lines = [f"# {one}".rstrip() for comment in comments for one in comment.splitlines() or [""]]
    for key, value in document.items():
        if isinstance(value, list):
            lines += [f"{key}:", *(f"  - {_step(one)}" for one in value)]
        else:
            lines.append(f"{key}: {flow(value)}")
    return "\n".join(lines) + "\n"


def flow(value: Any) -> str:
    """Return plain data in YAML's flow style on one line."""
    match value:
        case dict():
            return "{" + ", ".join(f"{flow(k)}: {flow(v)}" for k, v in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(flow, value)) + "]"
        case str() if _BARE.fullmatch(value) and value.lower() not in _WORDS:
            return value
        case _:
            written = json.dumps(value, ensure_ascii=False)
            return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", written)


def _step(value: Any) -> str:
    if isinstance(value, dict) and len(value) == 1:
        ((name, body),) = value.items()
        return f"{flow(name)}: {flow(body)}"
    return flow(value)
