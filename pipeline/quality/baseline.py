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
