from __future__ import annotations

from emulator.scenario.problems import Problems


def _problems(text: str, *places: tuple[int, int]) -> list[str]:
    problems = Problems("a.yaml", text)
    for place in places:
        problems.add(place, "wrong")
    return str(problems).split("\n")


def test_each_problem_shows_its_line_and_a_caret_in_the_order_of_the_file() -> None:
    assert _problems("one: 1\ntwo: 2\r\n", (2, 6), (1, 1)) == [
        "a.yaml:1:1: wrong",
        "    one: 1",
        "    ^",
        "a.yaml:2:6: wrong",
        "    two: 2",
        "         ^",
    ]


def test_a_problem_that_is_noted_twice_is_reported_once() -> None:
    assert len(_problems("one", (1, 1), (1, 1))) == 3


def test_a_place_without_a_line_has_no_caret() -> None:
    assert _problems("", (1, 1)) == ["a.yaml:1:1: wrong"]
    assert _problems("one\n", (7, 1)) == ["a.yaml:7:1: wrong"]


def test_a_long_line_is_cut_around_the_place() -> None:
    line = "a" * 300 + "!" + "b" * 300
    _, shown, caret = _problems(line, (1, 301))
    assert len(shown) == len("    ") + 100
    assert shown[caret.index("^")] == "!"


def test_nothing_that_moves_the_cursor_is_shown() -> None:
    _, shown, caret = _problems("\ta: \x1b[2Jx", (1, 9))
    assert shown == "     a:  [2Jx"
    assert shown[caret.index("^")] == "x"
