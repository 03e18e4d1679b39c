"""A list is collected on its day or later, whatever the clock does meanwhile."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
from support.lists import list_path

import pipeline
from pipeline import clock
from pipeline.errors import NotPossible
from pipeline.paths import Layout
from pipeline.tmdb.client import Client

DAY = datetime.date(2024, 1, 7)


def test_a_clock_that_is_set_back_to_the_day_before_makes_no_list(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIPELINE_DATA_DIR", str(data_dir))
    monkeypatch.setenv("TMDB_API_KEY", "demo")
    now = [datetime.datetime(2024, 1, 7, 12, tzinfo=datetime.UTC)]
    monkeypatch.setattr(clock, "instant", lambda: now[0])
    monkeypatch.setattr(clock, "today", lambda: clock.local_day(now[0]))
    fetch = Client.fetch

    def set_back(self: Client, *arguments: Any) -> Any:
        now[0] -= datetime.timedelta(days=1)
        return fetch(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Client, "fetch", set_back)
        with pytest.raises(NotPossible, match="2024-01-07 lies in the future"):
            pipeline.PopularMovies(date=DAY).run()
    path = list_path(Layout(data_dir), "popular", DAY)
    assert not path.exists()
    now[0] += datetime.timedelta(days=1)
    pipeline.PopularMovies(date=DAY).run()
    assert path.exists()
