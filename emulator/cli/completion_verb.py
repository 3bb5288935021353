"""``completion``: print a shell's completion script."""

from __future__ import annotations

import click

_SHELLS = ("bash", "zsh", "fish")


@click.command(name="completion", epilog='Example: eval "$(testlify-emulator completion bash)"')
@click.argument("shell", type=click.Choice(_SHELLS))
def command(shell: str) -> None:
    """Print the completion script for SHELL."""
    from click.shell_completion import get_completion_class

    from emulator.cli.main import cli

    kind = get_completion_class(shell)
    if kind is None:
        message = f"no completion for {shell!r}; known: {', '.join(_SHELLS)}"
        raise click.UsageError(message)
    name = "testlify-emulator"
    click.echo(kind(cli, {}, name, "_TESTLIFY_EMULATOR_COMPLETE").source())
