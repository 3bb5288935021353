"""The table of steps; a new step needs a row here."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from emulator.domain.commands import COMMANDS
from emulator.scenario.steps import subjects
from emulator.scenario.steps.blocks import ParallelStep, RepeatStep
from emulator.scenario.steps.expectations import ExpectNoneStep, ExpectStep
from emulator.scenario.steps.faults import ClearFaultsStep, SetFaultStep
from emulator.scenario.steps.messages import RedeliverStep, SendStep
from emulator.scenario.steps.probing import CaptureStep, ProbeStep
from emulator.scenario.steps.waiting import SetClockStep, WaitStep
from emulator.scenario.steps.webhooks import (
    AddWebhookStep,
    EditWebhookStep,
    RemoveWebhookStep,
    TestWebhookStep,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.scenario.steps.step import Step

STEPS: Mapping[str, type[Step]] = MappingProxyType(
    {
        **{name: subjects.STEPS[name] for name in COMMANDS},
        "wait": WaitStep,
        "set_clock": SetClockStep,
        "fault": SetFaultStep,
        "clear_faults": ClearFaultsStep,
        "send": SendStep,
        "redeliver": RedeliverStep,
        "add_webhook": AddWebhookStep,
        "edit_webhook": EditWebhookStep,
        "remove_webhook": RemoveWebhookStep,
        "test_webhook": TestWebhookStep,
        "expect": ExpectStep,
        "expect_none": ExpectNoneStep,
        "probe": ProbeStep,
        "capture": CaptureStep,
        "parallel": ParallelStep,
        "repeat": RepeatStep,
    }
)
"""Name of a step -> its class."""
