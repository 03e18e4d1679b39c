"""Generated days and weeks to try the quality rules on: normal ones with noise, and bad ones.

The tests and `benchmarks/quality.py` share them. A seed and a date determine everything.
"""

from support.quality_days.day import DAILY, WEEKLY, Day, Period
from support.quality_days.kinds import KINDS, Kind
from support.quality_days.world import World

__all__ = ["DAILY", "KINDS", "WEEKLY", "Day", "Kind", "Period", "World"]
