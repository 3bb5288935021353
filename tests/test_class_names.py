from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "emulator"


def test_no_two_classes_have_the_same_name() -> None:
    homes: dict[str, list[str]] = defaultdict(list)
    for file in PACKAGE.rglob("*.py"):
        for name in re.findall(
            r"^class ([A-Za-z_]\w*)", file.read_text(encoding="utf-8"), re.MULTILINE
        ):
            homes[name].append(str(file.relative_to(PACKAGE)))
    assert {name: files for name, files in homes.items() if len(files) > 1} == {}
