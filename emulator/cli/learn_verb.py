"""``learn``: make an overlay from captured deliveries."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from emulator.cli import common_options
from emulator.cli.output import say
from emulator.errors import InvalidInputError, file_error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator.captures.overlay import Lesson, OverlayReport
    from emulator.domain.events import Generation

_MOST_SHOWN = 5


@click.command(
    name="learn",
    epilog="Example: testlify-emulator learn captures --into overlay;"
    " then testlify-emulator serve --overlay overlay",
)
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE|DIR..."
)
@click.option(
    "--into", "overlay", required=True, type=click.Path(file_okay=False, path_type=Path),
    metavar="OVERLAY", help="Folder to write; earlier results in it are kept and refined.",
)  # fmt: skip
@common_options.generation_of_captures
def command(files: tuple[Path, ...], overlay: Path, webhooks: Generation | None) -> int:
    """Make schemas and payload templates from captures of the real service.

    'serve --overlay OVERLAY' then sends payloads with the keys, order, types and forms of the
    captures, filled with the data of its workspace. The folder contains no personal data of the
    captures. Run 'learn' again with more captures to refine it: each capture counts once.

    Exit 0: learned, or already known; 2: nothing to learn from.
    """
    from emulator.captures.capture_files import read
    from emulator.captures.overlay import learn
    from emulator.contracts.user_schemas import check_folder
    from emulator.contracts.validation import Contracts

    captures = read(files, webhooks)
    if is_made := overlay.is_dir() and any(overlay.iterdir()):
        check_folder(overlay)
    with file_error(f"can't write to {str(overlay)!r}", path="--into"):
        report = learn(captures, overlay, Contracts(overlay if is_made else None))
    if not report.lessons:
        skipped = ", ".join(f"{count} {name}" for name, count in report.skipped.items())
        message = f"nothing to learn from: {skipped}; expected payloads of known event types"
        raise InvalidInputError(message)
    say("\n".join(_lines(report)))
    return 0


def _lines(report: OverlayReport) -> Iterator[str]:
    for lesson in report.lessons:
        yield from _lesson(lesson)
    for event, count in sorted(report.skipped.items()):
        yield f"not learned: {count} of {event}"
    for generation, events in report.guessed.items():
        if events:
            yield f"still guessed ({generation}), no captures: {', '.join(events)}"


def _lesson(lesson: Lesson) -> Iterator[str]:
    name = f", called {lesson.name} there" if lesson.name else ""
    counts = f"{lesson.captures} captures, {lesson.new} new"
    yield f"learned {lesson.event} ({lesson.generation}){name}: {counts}"
    if lesson.made_up:
        more = f" and {len(lesson.made_up) - _MOST_SHOWN} more"
        shown = ", ".join(lesson.made_up[:_MOST_SHOWN])
        yield f"  still made up: {shown}{more if len(lesson.made_up) > _MOST_SHOWN else ''}"
