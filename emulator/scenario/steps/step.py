"""What every step is, and what it gets to work with while a scenario runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec

if TYPE_CHECKING:
    from emulator.delivery.records import Delivery
    from emulator.journal.journal import Journal
    from emulator.workspace.workspace import Workspace


class Context:
    """What the steps of one run share.

    Args:
        workspace: in which they run.
        journal: the workspace's, to wait on.

    Attributes:
        assessments, candidates: the scenario's name -> id.
    """

    def __init__(self, workspace: Workspace, journal: Journal) -> None:
        self.workspace = workspace
        self.journal = journal
        self.assessments: dict[str, str] = {}
        self.candidates: dict[str, str] = {}
        self._first = workspace.state.message_count

    def deliveries(self, after: int = 0) -> list[Delivery]:
        """Return the deliveries of the run, in the order of their messages.

        Args:
            after: only those of later messages than this number.
        """
        first = max(after, self._first)
        known = self.workspace.state.deliveries.items()
        return [one for (number, _), one in known if number > first]

    def candidate_name(self, id_: str) -> str:
        """Return how the scenario calls the subject with that id; the id when it does not."""
        names = {**self.assessments, **self.candidates}
        return next((name for name, known in names.items() if known == id_), id_)


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step; its docstring says what it does, its fields are the keys in the file.

    Attributes:
        example: of its use, as YAML.
        bare: the field that a value without a mapping stands for; None without such a form.
        is_expectation: whether it can fail for the consumer's sake.
    """

    example: ClassVar[str]
    bare: ClassVar[str | None] = None
    is_expectation: ClassVar[bool] = False

    async def run(self, context: Context) -> str:
        """Do it.

        Returns:
            What was found wrong with the consumer, empty when nothing was; the run goes on.

        Raises:
            EmulatorError: it could not be done; the run ends.
        """
        raise NotImplementedError
