"""The clock of the pipeline, moved to an instant in the process of the test."""

from __future__ import annotations

import datetime
from collections.abc import Callable

import pytest

from pipeline import clock

SetClock = Callable[[str], None]


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """Set the clock of this process to an instant; that of requests to a store stays."""

    def set_to(text: str) -> None:
        at = datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC)
        monkeypatch.setattr(clock, "instant", lambda: at)
        monkeypatch.setattr(clock, "today", at.date)

    return set_to
