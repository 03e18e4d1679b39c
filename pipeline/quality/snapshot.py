"""A list under test: what was collected on one date, and its history."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple

from pipeline.quality.baseline import Baseline, measure
from pipeline.quality.bounds import (
    DEFAULT_HISTORY_BOUNDS,
    DEFAULT_MOVIE_BOUNDS,
    HistoryBounds,
    MovieBounds,
)
from pipeline.quality.fields import Movie, is_number, is_whole


class RequestContext(NamedTuple):
    """What a list was requested with, and the bounds that its movies are compared with.

    `language` has two letters; it is empty where the list does not state one.
    """

    date: datetime.date
    language: str
    bounds: MovieBounds = DEFAULT_MOVIE_BOUNDS


class ListSnapshot:
    """One list under test.

    `history` holds its earlier collections, newest first; `gap_days` is the highest age of one that
    is compared one to one. `violations` caches, by the id of a movie rule, the positions of the
    movies that violate it.
    """

    def __init__(
        self,
        name: str,
        file: str,
        date: datetime.date,
        document: dict[str, Any],
        history: Sequence[Baseline] = (),
        gap_days: int = 1,
        bounds: MovieBounds = DEFAULT_MOVIE_BOUNDS,
        history_bounds: HistoryBounds = DEFAULT_HISTORY_BOUNDS,
    ) -> None:
        self.name = name
        self.file = file
        self.date = date
        self.movies: list[Movie] = document["movies"]
        self.info: dict[str, Any] = document["collection_info"]
        self.history = history
        self.gap_days = gap_days
        self.bounds = bounds
        self.history_bounds = history_bounds
        self.violations: dict[str, list[int]] = {}

    def count(self, key: str) -> int:
        """Return a whole number of `collection_info`; 0 where it is missing or unusable."""
        value = self.info.get(key)
        return int(value) if is_whole(value) and is_number(value) else 0

    @property
    def context(self) -> RequestContext:
        """What the list was requested with."""
        language = self.info.get("language")
        code = language[:2] if isinstance(language, str) else ""
        return RequestContext(self.date, code, self.bounds)

    @cached_property
    def figures(self) -> Baseline:
        """The list in figures, to be compared with the history and kept for later."""
        return measure(self.date, self.movies)

    @cached_property
    def recent(self) -> list[Baseline]:
        """The earlier collections that are recent enough to be compared one to one."""
        return [each for each in self.history if (self.date - each.date).days <= self.gap_days]
