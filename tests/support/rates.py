"""A rate limit that processes share, and whether moments keep it."""

from __future__ import annotations

from pathlib import Path

import pytest


def assert_within(moments: list[float], rate: float, burst: float) -> None:
    """Assert that no span holds more moments than the burst and the rate allow."""
    moments = sorted(moments)
    for first in range(0, len(moments), 5):
        for last in range(first, len(moments)):
            span = moments[last] - moments[first]
            assert last - first + 1 <= burst + rate * span + 1e-6


@pytest.fixture
def rate_file(tmp_path: Path) -> Path:
    """The shared file; neither it nor its folder is there yet."""
    return tmp_path / "tmdb-pipeline" / "rate"
