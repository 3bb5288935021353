"""One delivery in detail: differences between bodies, and the command that sends one again."""

from __future__ import annotations

import shlex

from emulator.workspace.inspection import Line, curl, difference


def test_only_lines_that_differ_are_compared_with_two_around_them() -> None:
    before = b'{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8,"i":9}'
    after = before.replace(b'"a":1', b'"a":0').replace(b'"i":9', b'"j":9')
    assert difference(before, after) == [
        Line(" ", "{"), Line("-", '  "a": 1,'), Line("+", '  "a": 0,'), Line(" ", '  "b": 2,'),
        Line(" ", '  "c": 3,'), Line("@", "…"), Line(" ", '  "g": 7,'), Line(" ", '  "h": 8,'),
        Line("-", '  "i": 9'), Line("+", '  "j": 9'), Line(" ", "}"),
    ]  # fmt: skip


def test_the_same_body_differs_in_nothing() -> None:
    assert difference(b"[1]", b"[ 1 ]") == []


def test_bodies_that_are_too_long_are_not_compared() -> None:
    assert difference(b"[%s1]" % (b"1," * 3_000), b"[]") is None


def test_a_curl_command_quotes_every_body() -> None:
    body = 'it\'s "$(touch x)" `y`\n'
    command = curl("http://127.0.0.1/a b;c", {"X-A": "'$HOME'"}, body)
    assert shlex.split(command.replace("\\\n", "")) == [
        "curl", "-X", "POST", "http://127.0.0.1/a b;c", "-H", "X-A: '$HOME'", "--data-binary", body,
    ]  # fmt: skip
