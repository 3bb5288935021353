"""Every error has an exit code and a status, and lists similar names."""

from __future__ import annotations

import pytest

from emulator import errors
from emulator.errors import (
    ConflictError,
    EmulatorError,
    ForbiddenError,
    IllegalCommandError,
    InvalidInputError,
    JournalError,
    MissingDataError,
    NotFoundError,
    NotJSONError,
    NotReadyError,
    ScenarioError,
    StoppingError,
    TooLargeError,
    UnauthorizedError,
    UnknownNameError,
    near,
)

TABLE: dict[type[EmulatorError], tuple[int, int, str]] = {
    EmulatorError: (2, 400, "bad_request"),
    InvalidInputError: (2, 400, "invalid_input"),
    UnknownNameError: (2, 400, "unknown_name"),
    NotJSONError: (2, 400, "invalid_input"),
    TooLargeError: (2, 413, "too_large"),
    ScenarioError: (2, 400, "invalid_scenario"),
    UnauthorizedError: (2, 401, "unauthorized"),
    ForbiddenError: (2, 403, "forbidden"),
    NotFoundError: (2, 404, "not_found"),
    ConflictError: (2, 409, "conflict"),
    IllegalCommandError: (2, 409, "illegal_command"),
    NotReadyError: (2, 503, "not_ready"),
    StoppingError: (2, 503, "stopping"),
    JournalError: (2, 503, "journal_failed"),
    MissingDataError: (3, 500, "missing_data"),
}


def test_every_error_is_in_the_table() -> None:
    defined = {
        one
        for one in vars(errors).values()
        if isinstance(one, type) and issubclass(one, EmulatorError)
    }
    assert defined == set(TABLE)


@pytest.mark.parametrize("kind", TABLE)
def test_an_error_knows_its_exit_code_its_status_and_its_code(kind: type[EmulatorError]) -> None:
    assert (kind.exit_code, kind.status, kind.code) == TABLE[kind]


@pytest.mark.parametrize("kind", TABLE)
def test_the_docstring_draws_every_error(kind: type[EmulatorError]) -> None:
    assert errors.__doc__ is not None
    assert kind.__name__ in errors.__doc__


def test_no_two_errors_share_a_code() -> None:
    """Except for an error that only our own code distinguishes: to a caller it is invalid input."""
    told_apart = TABLE.keys() - {NotJSONError}
    assert len({kind.code for kind in told_apart}) == len(told_apart)


def test_the_path_follows_the_message() -> None:
    assert str(InvalidInputError("empty", path="$.name")) == "empty (at $.name)"
    assert str(InvalidInputError("empty")) == "empty"
    assert InvalidInputError("empty", path="$.name").message == "empty"


def test_an_unknown_name_is_reported_with_similar_names() -> None:
    error = UnknownNameError("step", "compleet", ["complete", "expire", "enroll"])
    assert str(error) == "no step 'compleet'; near: 'complete'"


def test_an_unknown_name_without_similar_names_is_reported_with_all_known_names() -> None:
    error = UnknownNameError("step", "xyzzy", ["expire", "enroll"], path="$.steps[0]")
    assert str(error) == "no step 'xyzzy'; known: enroll, expire (at $.steps[0])"


def test_an_unknown_name_can_be_reported_with_both() -> None:
    error = UnknownNameError("step", "expired", iter(["expire", "enroll"]), show_all=True)
    assert str(error) == "no step 'expired'; near: 'expire'; known: enroll, expire"


def test_near_ignores_case_and_puts_the_best_first() -> None:
    assert near("CandidateStatuschange", ["candidateStatusChanged", "x"]) == [
        "candidateStatusChanged"
    ]
    assert near("abcd", ["abcx", "abcde", "abxx"], count=2) == ["abcde", "abcx"]
    assert near("abcd", []) == []


def test_an_illegal_command_is_refused_with_state_and_legal_commands() -> None:
    error = IllegalCommandError("candidate 1", "COMPLETED", "start", ["rescore", "reject"])
    assert (error.state, error.command) == ("COMPLETED", "start")
    assert error.legal == ["reject", "rescore"]
    assert str(error) == ("candidate 1 is COMPLETED: 'start' is not legal; legal: reject, rescore")


def test_the_error_of_a_command_in_a_final_state_says_that_none_is_legal() -> None:
    error = IllegalCommandError("candidate 1", "DISQUALIFIED", "start", [])
    assert str(error) == "candidate 1 is DISQUALIFIED: 'start' is not legal; legal: none"
