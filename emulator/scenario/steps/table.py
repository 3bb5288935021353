"""The table of steps: name in the file -> class. A new step is a line here."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from emulator.domain.commands import COMMANDS
from emulator.scenario.steps import subjects
from emulator.scenario.steps.blocks import Parallel, Repeat
from emulator.scenario.steps.expectations import Expect, ExpectNone
from emulator.scenario.steps.faults import ClearFaults, SetFault
from emulator.scenario.steps.messages import Redeliver, Send
from emulator.scenario.steps.probing import Capture, Probe
from emulator.scenario.steps.waiting import SetClock, Wait
from emulator.scenario.steps.webhooks import AddWebhook, EditWebhook, RemoveWebhook, TestWebhook

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.scenario.steps.step import Step

STEPS: Mapping[str, type[Step]] = MappingProxyType(
    {
        **{name: subjects.STEPS[name] for name in COMMANDS},
        "wait": Wait,
        "set_clock": SetClock,
        "fault": SetFault,
        "clear_faults": ClearFaults,
        "send": Send,
        "redeliver": Redeliver,
        "add_webhook": AddWebhook,
        "edit_webhook": EditWebhook,
        "remove_webhook": RemoveWebhook,
        "test_webhook": TestWebhook,
        "expect": Expect,
        "expect_none": ExpectNone,
        "probe": Probe,
        "capture": Capture,
        "parallel": Parallel,
        "repeat": Repeat,
    }
)
"""Name of a step -> its class."""
