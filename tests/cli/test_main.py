"""The command itself: help, unknown verbs, exit codes."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import click
import pytest

from emulator import __version__
from emulator.cli import main as main_module
from emulator.cli.main import cli as group

if TYPE_CHECKING:
    from tests.conftest import Cli

VERBS = group.list_commands(click.Context(group))
USAGE = (
    "Usage: testlify-emulator [OPTIONS] VERB [ARGS]...\n"
    "Try 'testlify-emulator --help' for help.\n\n"
)


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_names_every_verb_and_the_exit_codes(cli: Cli, flag: str) -> None:
    code, out, err = cli(flag)
    assert (code, err) == (0, "")
    for verb in VERBS:
        assert f"\n  {verb} " in out
    assert "Exit codes: 0 fine; 1 a check or an expectation failed; 2 a usage error" in out
    assert "Start with 'testlify-emulator demo'" in out


@pytest.mark.parametrize("verb", VERBS)
def test_the_help_of_each_verb_teaches_it(cli: Cli, verb: str) -> None:
    """A description, every option explained, an example that calls the verb."""
    code, out, err = cli(verb, "--help")
    assert (code, err) == (0, "")
    assert f"Usage: testlify-emulator {verb} " in out
    command = group.get_command(click.Context(group), verb)
    assert command is not None
    assert command.name == verb
    assert len(command.help or "") > 20
    assert (command.epilog or "").startswith("Example")
    assert f"testlify-emulator {verb}" in (command.epilog or "")
    unexplained = [
        one.name
        for one in command.params
        if isinstance(one, click.Option) and not one.help and one.name != "webhooks"
    ]
    assert unexplained == []


def test_without_a_verb_there_is_help_and_exit_2(cli: Cli) -> None:
    code, out, err = cli()
    assert (code, out) == (2, "")
    assert "\nVerbs:\n  serve " in err


def test_the_version(cli: Cli) -> None:
    assert cli("--version") == (0, f"testlify-emulator, version {__version__}\n", "")


@pytest.mark.parametrize(
    ("verb", "near"),
    [
        ("serv", "; near: 'serve'"),
        ("lisst", "; near: 'list', 'listen'"),
        ("x", f"; known: {', '.join(sorted(VERBS))}"),
    ],
)
def test_an_unknown_verb_is_refused_with_similar_verbs(cli: Cli, verb: str, near: str) -> None:
    message = f"Error: no verb {verb!r}{near}; see testlify-emulator --help\n"
    assert cli(verb) == (2, "", USAGE + message)


def test_the_table_of_verbs_is_all_there_is() -> None:
    assert group.get_command(click.Context(group), "main") is None


def test_an_unknown_option_is_exit_2_on_stderr(cli: Cli) -> None:
    assert cli("--color") == (2, "", USAGE + "Error: No such option '--color'.\n")


def test_python_m_is_the_same_command() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "emulator", "--version"], capture_output=True, text=True, timeout=30
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (
        0,
        f"testlify-emulator, version {__version__}\n",
        "",
    )


def raising(error: BaseException) -> click.Group:
    """A command line with one verb that ends by *error*."""

    @click.group()
    def broken() -> None:
        """Break."""

    @broken.command(name="break")
    def break_() -> None:
        raise error

    return broken


def test_a_bug_is_exit_3_with_its_trace_on_stderr(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(main_module, "cli", raising(ZeroDivisionError("x")))
    code, out, err = cli("break")
    assert (code, out) == (3, "")
    assert err.startswith("Traceback (most recent call last):\n")
    assert err.endswith("error: a bug of the emulator: ZeroDivisionError('x')\n")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.exceptions.Abort()])
def test_an_interruption_is_exit_130(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    monkeypatch.setattr(main_module, "cli", raising(error))
    code, out, err = cli("break")
    assert (code, out, err.strip()) == (130, "", "")


def test_a_broken_installation_is_exit_3(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    from emulator.errors import MissingDataError

    monkeypatch.setattr(main_module, "cli", raising(MissingDataError("no schemas")))
    assert cli("break") == (3, "", "error: no schemas\n")


def test_a_reader_that_heard_enough_is_no_failure() -> None:
    command = f"{sys.executable} -m emulator schema candidate.completed | head -c 1; "
    ran = subprocess.run(
        ["bash", "-c", command + "echo ${PIPESTATUS[0]}"],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert (ran.stdout, ran.stderr) == ("{0\n", "")
