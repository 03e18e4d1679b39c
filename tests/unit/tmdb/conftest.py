"""The clock of the tests of what talks to TMDB."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from support.stopped_clock import StoppedClock

from pipeline.tmdb import connections


@pytest.fixture
def stopped_clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[StoppedClock]:
    """The clock that the pipeline's one clock module reads, standing still.

    The thread that watches connections goes on between tests: it must not mix up two clocks.
    """
    hand = StoppedClock()
    with monkeypatch.context() as patch:
        patch.setattr("pipeline.clock.time", SimpleNamespace(monotonic=lambda: hand.now))
        connections._begin_anew()
        yield hand
    connections._begin_anew()
