"""Lines of text as a PDF document."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import pydyf

from emulator.printing import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

_LINES = 45  # on a page of A4
_COLUMNS = 90


def pdf(lines: Sequence[str]) -> bytes:
    """Return a document of *lines*, each cut to the width of a page.

    Characters that the fonts of every PDF reader lack are question marks.
    """
    document = pydyf.PDF()
    font = {"Type": "/Font", "Subtype": "/Type1", "BaseFont": "/Helvetica"}
    fonts = pydyf.Dictionary({"F": pydyf.Dictionary(font | {"Encoding": "/WinAnsiEncoding"})})
    for start in range(0, len(lines), _LINES):
        content = _page(lines[start : start + _LINES])
        document.add_object(content)
        document.add_page(
            pydyf.Dictionary(
                {
                    "Type": "/Page",
                    "Parent": document.pages.reference,
                    "MediaBox": pydyf.Array([0, 0, 595, 842]),
                    "Resources": pydyf.Dictionary({"Font": fonts}),
                    "Contents": content.reference,
                }
            )
        )
    written = BytesIO()
    document.write(written)
    return written.getvalue()


def _page(lines: Sequence[str]) -> pydyf.Stream:
    content = pydyf.Stream()
    content.begin_text()
    content.set_font_size("F", 11)
    content.move_text_to(60, 780)
    for line in lines:
        content.show_text_string(visible(line)[:_COLUMNS].encode("cp1252", "replace"))
        content.move_text_to(0, -16)
    content.end_text()
    return content
