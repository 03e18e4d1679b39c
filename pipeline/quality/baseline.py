"""What is normal for a list, computed from its own earlier collections.

The baseline is the median of up to 28 of them, and their spread widens what is accepted.
"""

import statistics
from collections.abc import Sequence

from pipeline.quality.rules import HistoryBounds


def tolerance(bounds: HistoryBounds, limit: float, earlier: Sequence[float]) -> float:
    """Return the limit, or more where the bulk of the earlier collections varies by more itself.

    The standard deviation of a normal distribution is 1.4826 median absolute deviations.
    """
    middle = statistics.median(earlier)
    spread = 1.4826 * statistics.median(abs(each - middle) for each in earlier)
    return max(limit, bounds.max_deviations * spread)


def is_near(bounds: HistoryBounds, limit: float, value: float, others: Sequence[float]) -> bool:
    """Whether a value is within the tolerance of the median of others."""
    return abs(value - statistics.median(others)) <= tolerance(bounds, limit, others)


def find_level(
    bounds: HistoryBounds, limit: float, earlier: Sequence[float]
) -> tuple[list[float], list[float]]:
    """Return the values of the current level, and the newest ones, which have left it together.

    The level begins with the oldest of the collections, which are given newest first. Values that
    leave it are outliers, unless `lasting_collections` in a row are near each other: they are the
    new level.
    """
    oldest_first = list(reversed(earlier))
    first = oldest_first[: bounds.min_collections]
    level: list[float] = []
    shifted: list[float] = []
    for place, value in enumerate(oldest_first):
        if is_near(bounds, limit, value, first if place < len(first) else level):
            level, shifted = [*level, value], []
        elif shifted and is_near(bounds, limit, value, shifted):
            shifted = [*shifted, value]
        else:
            shifted = [value]
        if len(shifted) >= bounds.lasting_collections:
            level, shifted = shifted, []
    return level or first, shifted
