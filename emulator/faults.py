"""The faults by name, for ``from emulator import faults``."""

from emulator.delivery.faults.fault import CallMatch as CallMatch
from emulator.delivery.faults.fault import Match as Match
from emulator.delivery.faults.kinds import *  # noqa: F403 - each fault is named there alone
