"""The page in a real browser, which would execute scripts in it."""

from __future__ import annotations

import re
import struct
import subprocess
import zlib
from html import unescape
from typing import TYPE_CHECKING

import pytest

from emulator.reports import html

if TYPE_CHECKING:
    from pathlib import Path

    from emulator.reports.report import Report

pytestmark = pytest.mark.system
DEADLINE = 120.0  # real seconds


@pytest.fixture(scope="module")
def page(sample: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("page") / "report.html"
    file.write_bytes(html.document(sample))
    return file


def browse(page: Path, *options: str) -> str:
    """Open *page* in a fresh browser without a network; return its output."""
    done = subprocess.run(
        [
            "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--hide-scrollbars", "--no-first-run", "--disable-background-networking",
            "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={page.parent / 'profile'}",
            "--virtual-time-budget=2000", *options, page.as_uri(),
        ],
        capture_output=True, text=True, timeout=DEADLINE,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_browser_finds_the_same_page_that_was_written(page: Path, sample: Report) -> None:
    dom = browse(page, "--dump-dom")
    assert _title(dom) == "Failed: Scenarios · Testlify emulator"  # and no payload changed it
    assert "<script" not in dom
    assert "<img" not in dom
    assert dom.count("<section") == 1 + len(sample.cases)
    assert dom.count('<details class="delivery"') == 5
    assert dom.count('<circle class="halo"') == 6
    assert "document.title = 'pwned'</script>" in unescape(dom)


def test_the_policy_of_the_page_stops_scripts_that_were_not_escaped(page: Path) -> None:
    """Without both, the browser executes the consumer's answer, which proves the tests."""
    escaped = page.read_text()
    open_ = escaped.replace("&lt;", "<").replace("&gt;", ">").replace("&#39;", "'")
    assert open_ != escaped
    guarded = page.with_suffix(".guarded.html")
    guarded.write_text(open_)
    assert _title(browse(guarded, "--dump-dom")) == "Failed: Scenarios · Testlify emulator"
    bare = page.with_suffix(".bare.html")
    bare.write_text(open_.replace("Content-Security-Policy", "nothing"))
    assert _title(browse(bare, "--dump-dom")) in ("pwned", "1")


def _title(dom: str) -> str:
    found = re.search(r"<title>(.*?)</title>", dom)
    assert found is not None
    return found[1]


@pytest.mark.parametrize(("scheme", "paper"), [(1, (246, 245, 242)), (0, (21, 20, 19))])
def test_a_picture_of_it_is_no_blank_page(
    page: Path, scheme: int, paper: tuple[int, int, int]
) -> None:
    """Light and dark: the paper's colour at the corner, and much else than paper."""
    picture = page.with_suffix(f".{scheme}.png")
    browse(
        page, f"--screenshot={picture}", "--window-size=500,400",
        f"--blink-settings=preferredColorScheme={scheme}",
    )  # fmt: skip
    pixels = _pixels(picture.read_bytes())
    assert pixels[0] == paper
    assert len(set(pixels)) > 50


def _pixels(png: bytes) -> list[tuple[int, int, int]]:
    """Return the pixels of a PNG as a browser writes it: 8 bits, RGB or RGBA, not interlaced."""
    width, height, depth, kind, _, _, interlaced = struct.unpack(">IIBBBBB", png[16:29])
    assert (depth, interlaced) == (8, 0)
    size = {2: 3, 6: 4}[kind]
    data, at = b"", 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            data += png[at + 8 : at + 8 + length]
        at += 12 + length
    raw, before = zlib.decompress(data), bytearray(width * size)
    found: list[tuple[int, int, int]] = []
    for row in range(height):
        start = row * (width * size + 1)
        line = bytearray(raw[start + 1 : start + 1 + width * size])
        for index in range(len(line)):
            left = line[index - size] if index >= size else 0
            corner = before[index - size] if index >= size else 0
            line[index] = (line[index] + _guess(raw[start], left, before[index], corner)) & 255
        found += [(line[i], line[i + 1], line[i + 2]) for i in range(0, len(line), size)]
        before = line
    return found


def _guess(filtered: int, left: int, above: int, corner: int) -> int:
    if filtered == 4:
        guess = left + above - corner
        return min((left, above, corner), key=lambda one: abs(guess - one))
    return (0, left, above, (left + above) // 2)[filtered]
