"""The command ``testlify-emulator``: its verbs, loaded when called, and its exit codes."""

from __future__ import annotations

import io
import os
import sys
from importlib import import_module
from typing import Any

import click

from emulator import __version__
from emulator.cli.codes import BUG, INTERRUPTED
from emulator.cli.output import say
from emulator.errors import EmulatorError, ScenarioError, UnknownNameError
from emulator.printing import escape_what_does_not_fit

_VERBS = {
    "serve": "run the emulator",
    "demo": "show an emulator, a receiver and six lifecycles at work",
    "run": "run scenarios against a consumer",
    "fuzz": "search for payloads and sequences that a consumer cannot handle",
    "test": "grade a consumer with the catalogue of checks",
    "load": "send whole lifecycles at a rate, from one machine or from many",
    "trigger": "send one message to a consumer, without a server",
    "listen": "run a receiver that prints the requests it gets",
    "replay": "send captured deliveries again",
    "drift": "compare captured deliveries with the schemas",
    "learn": "make schemas and payload templates from captured deliveries",
    "validate": "check scenarios, or payloads against their schema",
    "journal": "print a journal file as JSON lines",
    "schema": "print the JSON Schema of an event's payload",
    "openapi": "print the OpenAPI document of the provider API, or of a consumer",
    "asyncapi": "print the AsyncAPI document of the webhooks",
    "list": "list events, commands, scenarios, steps, faults or checks",
    "ready": "wait until a server is ready",
    "completion": "print a shell's completion script",
}


class _Verbs(click.Group):
    """The verbs; each module is imported when its verb is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _VERBS:
            return None
        verb: click.Command = import_module(f"emulator.cli.{cmd_name}_verb").command
        return verb

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in _VERBS and not args[0].startswith("-"):
            message = f"{UnknownNameError('verb', args[0], _VERBS)}; see testlify-emulator --help"
            raise click.UsageError(message, ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        # From a table, so that --help imports no verb.
        with formatter.section("Verbs"):
            formatter.write_dl(list(_VERBS.items()))


@click.group(
    cls=_Verbs,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    subcommand_metavar="VERB [ARGS]...",
    epilog="Start with 'testlify-emulator demo'. Each verb has --help with examples.",
)
@click.version_option(__version__, prog_name="testlify-emulator")
def cli() -> None:
    """The Testlify side of a webhook integration, emulated.

    Register a webhook, move candidates through their lifecycles, and see how your consumer handles
    the deliveries.

    Exit codes: 0 fine; 1 a check or an expectation failed; 2 a usage error, or a run without
    evidence; 3 a bug or a broken installation; 130 interrupted.
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    escape_what_does_not_fit(sys.stdout, sys.stderr)
    try:
        colour = False if os.environ.get("NO_COLOR") else None  # None: click looks for a terminal
        result: Any = cli.main(arguments, "testlify-emulator", standalone_mode=False, color=colour)
    except click.exceptions.Abort:
        sys.exit(INTERRUPTED)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except click.ClickException as error:
        shown = io.StringIO()
        error.show(shown)
        say(shown.getvalue().rstrip("\n").expandtabs(4), err=True)
        sys.exit(2)
    except EmulatorError as error:
        # A scenario's problems start with file and line, as editors and CI expect.
        lead = "" if isinstance(error, ScenarioError) else "error: "
        say(f"{lead}{error}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader of our output closed the pipe, which is not our failure.
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:  # noqa: BLE001 - the last handler
        import traceback

        traceback.print_exc()
        say(f"error: a bug of the emulator: {error!r}", err=True)
        sys.exit(BUG)
    sys.exit(result if isinstance(result, int) else 0)
