"""The docstrings of faults, for docs and forms."""

from __future__ import annotations

import inspect
import re


def documented(kind: type) -> tuple[str, dict[str, str]]:
    """Return the docstring of a class in Markdown: its text, and the text of each attribute."""
    text, _, attributes = (inspect.getdoc(kind) or "").partition("\nAttributes:\n")
    paragraphs = [" ".join(one.split()) for one in text.replace("``", "`").split("\n\n")]
    found = re.findall(
        r"^    (\w+): (.*(?:\n {8}.*)*)", attributes.replace("``", "`"), re.MULTILINE
    )
    return "\n\n".join(paragraphs).strip(), {
        name: " ".join(text.split()).rstrip(".") for name, text in found
    }
