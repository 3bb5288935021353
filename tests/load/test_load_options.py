from __future__ import annotations

import pytest

from emulator.cli.main import main


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["http://192.168.1.9/", "--rate", "101/s"], "confirm with --yes"),
        (["http://192.168.1.9/", "--until-broken"], "confirm with --yes"),
        (["http://127.0.0.1:9/", "--rate", "fast"], "expected one like '500/s'"),
        (["http://127.0.0.1:9/", "--for", "60"], "not a duration"),
        (["http://127.0.0.1:9/", "--expect", "p99"], "not an expectation"),
        (["http://127.0.0.1:9/", "--mix", "COMPLETED"], "expected STATUS=WEIGHT"),
        (["http://127.0.0.1:9/", "--candidates", "5", "--for", "1s"], "excludes --for"),
        (["http://127.0.0.1:9/", "--events", "assessment.created"], "expected for example"),
        ([], "no consumer"),
    ],
)
def test_a_wrong_call_is_refused_before_anything_is_sent(
    arguments: list[str], why: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(["load", *arguments])
    assert end.value.code == 2
    assert why in capfd.readouterr().err
