"""Whether moments keep a rate."""

from __future__ import annotations


def assert_within(moments: list[float], rate: float, burst: float, slack: float = 1e-6) -> None:
    """Assert that no span holds more moments than the burst and the rate allow."""
    moments = sorted(moments)
    for first in range(0, len(moments), 5):
        for last in range(first, len(moments)):
            span = moments[last] - moments[first]
            assert last - first + 1 <= burst + rate * (span + slack) + 1e-6
