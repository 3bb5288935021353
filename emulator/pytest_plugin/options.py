"""The options of the fixture ``testlify``."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
import pytest

from emulator.clock import EPOCH, Mode
from emulator.decoding import convert
from emulator.delivery.profiles import Profile
from emulator.domain.events import Generation
from emulator.errors import InvalidInputError, UnknownNameError
from emulator.workspace.entry_data import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from emulator.emulator import Emulator


def overlay(config: pytest.Config) -> Path | None:
    """Return the folder of the setting ``testlify_overlay``, checked; None without one.

    Raises:
        UsageError: several folders, or an invalid folder.
    """
    from emulator.contracts.user_schemas import check_folder

    folders: list[Path] = config.getini("testlify_overlay")
    if not folders:
        return None
    try:
        if len(folders) > 1:
            message = f"expected one folder, got {len(folders)}"
            raise InvalidInputError(message)
        check_folder(folders[0])
    except InvalidInputError as error:
        message = f"testlify_overlay: {error}"
        raise pytest.UsageError(message) from None
    return folders[0]


class TestlifyOptions(msgspec.Struct, frozen=True):
    """The options of the fixture ``testlify_options`` and of the marker ``testlify``.

    Attributes:
        seed: for random choices; None derives it from the name of the test.
        webhooks: generation of webhooks by default.
        clock: ``virtual`` or ``real``.
        now: start of a virtual clock.
        profile: replaces the profile of the generation.
        observed: names of the variants that payloads follow.
        report_delay: seconds from a completion until its report is available.
        in_flight: limit of concurrent attempts; 1 is lockstep.
        fail_on_undelivered: fail a test with deliveries that were not accepted and that no
            ``expect`` matched.
        fail_on_refused: fail a test with payloads that did not fit their schema.
    """

    __test__: ClassVar[bool] = False  # pytest would collect it

    seed: int | None = None
    webhooks: Generation = "v1"
    clock: Mode = "virtual"
    now: datetime = EPOCH
    profile: Profile | None = None
    observed: tuple[str, ...] = ()
    report_delay: float = 0.0
    in_flight: int = 1
    fail_on_undelivered: bool = False
    fail_on_refused: bool = True

    def changed(self, changes: Mapping[str, Any]) -> TestlifyOptions:
        """Return the options with the changes of a marker.

        Raises:
            UnknownNameError: no such option.
            InvalidInputError: an invalid value.
        """
        for name in changes:
            if name not in self.__struct_fields__:
                raise UnknownNameError("testlify option", name, self.__struct_fields__)
        options = {name: getattr(self, name) for name in self.__struct_fields__}
        try:
            return convert({**options, **changes}, TestlifyOptions)
        except InvalidInputError as error:
            message = f"can't set the testlify options {dict(changes)!r}: {error}"
            raise InvalidInputError(message) from None

    def settings(self, emulator: Emulator, name: str) -> Settings:
        """Return the settings of the workspace called *name*."""
        return Settings(
            seed=emulator.settings_of(name).seed if self.seed is None else self.seed,
            clock=self.clock,
            now=self.now,
            generation=self.webhooks,
            profile=self.profile,
            observed=self.observed,
            report_delay=self.report_delay,
        )
