"""The clock of the tests of the client of TMDB."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from support.stopped_clock import StoppedClock

from pipeline.tmdb import client


@pytest.fixture
def stopped_clock(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    """The clock that the pipeline's one clock module reads, standing still."""
    hand = StoppedClock()
    monkeypatch.setattr("pipeline.clock.time", SimpleNamespace(monotonic=lambda: hand.now))
    return hand


@pytest.fixture(autouse=True)
def new_run() -> None:
    """Forget what the tests before have found out, as each run does."""
    for known in (client._FAILURE, client._ACCEPTED):
        known[:] = bytes(len(known))
