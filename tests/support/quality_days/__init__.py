"""Days and weeks to try the quality rules on: normal ones with all their noise, and bad ones.

Shared by the tests and by `benchmarks/quality.py`. Everything follows from a seed and a date.
"""

from support.quality_days.day import DAILY, WEEKLY, Day, Period
from support.quality_days.kinds import KINDS, Kind
from support.quality_days.world import World

__all__ = ["DAILY", "KINDS", "WEEKLY", "Day", "Kind", "Period", "World"]
