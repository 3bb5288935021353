"""``completion``: print a shell's completion script."""

from __future__ import annotations

import click


@click.command(name="completion", epilog='Example: eval "$(testlify-emulator completion bash)"')
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script for SHELL."""
    from click.shell_completion import BashComplete, FishComplete, ZshComplete

    from emulator.cli.main import cli

    kinds = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}
    completion = kinds[shell](cli, {}, "testlify-emulator", "_TESTLIFY_EMULATOR_COMPLETE")
    click.echo(completion.source())
