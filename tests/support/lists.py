"""The packaged lists by name, and the paths of their documents."""

from __future__ import annotations

import datetime
from pathlib import Path

from pipeline.catalog import MovieList, plan_from
from pipeline.paths import Layout

PLAN = plan_from({})


def packaged(name: str) -> MovieList:
    """Return a packaged list."""
    return PLAN.movie_list(name)


def list_path(layout: Layout, name: str, date: datetime.date) -> Path:
    """Return the path of a packaged list."""
    return layout.list_of(packaged(name), date)
