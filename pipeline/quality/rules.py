"""The types of the rules, which are rows of tables, and of the list that they are applied to."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any, NamedTuple

from msgspec import Meta, Struct

from pipeline.quality.baseline import Baseline, measure
from pipeline.quality.fields import Movie, Number, converted

# A violated rule of severity info is reported only; warn and block make the verdict warn and fail.
SEVERITIES = ("info", "warn", "block")

# The points of a required rule: a movie that violates one scores 0, and is invalid.
REQUIRED = 100

Days = Annotated[int, Meta(ge=1, le=366)]
Years = Annotated[int, Meta(ge=0, le=100)]
Limit = Annotated[float, Meta(ge=0, le=1e300)]


class MovieBounds(Struct, frozen=True, forbid_unknown_fields=True):
    """The table `[films]` of `config/quality.toml`, which explains each figure."""

    min_films: Annotated[int, Meta(ge=1, le=10_000)] = 10
    min_votes: Annotated[int, Meta(ge=0, le=10_000)] = 3
    max_years_ahead: Years = 2
    max_years_announced: Years = 10
    first_year: Annotated[int, Meta(ge=1, le=2100)] = 1874


class HistoryBounds(Struct, frozen=True, forbid_unknown_fields=True):
    """The table `[past]` of `config/quality.toml`, which explains each figure."""

    collections: Days = 28
    daily_gap_days: Days = 3
    weekly_gap_days: Days = 21
    min_collections: Days = 5
    max_deviations: Limit = 5.0


@dataclasses.dataclass
class ListSnapshot:
    """One list under test.

    `history` holds its earlier collections, newest first; `gap_days` is the highest age of one that
    is compared one to one; `sorted_by` is the field by which TMDB promises to sort the list.
    `violations` caches what `MovieRule.violations` returns, by rule id.
    """

    name: str
    file: str
    date: datetime.date
    movies: list[Movie]
    info: dict[str, Any]
    history: Sequence[Baseline] = ()
    gap_days: int = 1
    sorted_by: str | None = None
    bounds: MovieBounds = dataclasses.field(default_factory=MovieBounds)
    history_bounds: HistoryBounds = dataclasses.field(default_factory=HistoryBounds)
    violations: dict[str, list[int]] = dataclasses.field(default_factory=dict)

    @property
    def is_short(self) -> bool:
        """Whether the list has too few movies for their share to say anything."""
        return len(self.movies) < self.bounds.min_films

    def count(self, key: str) -> int:
        """Return a whole number of `collection_info`; 0 where it is missing or unusable."""
        return int(converted(self.info.get(key), Number) or 0)

    @cached_property
    def figures(self) -> Baseline:
        """The list in figures, to be compared with the history and kept for later."""
        return measure(self.date, self.movies)

    @property
    def recent(self) -> list[Baseline]:
        """The earlier collections that are recent enough to be compared one to one."""
        return [each for each in self.history if (self.date - each.date).days <= self.gap_days]


class Finding(NamedTuple):
    """How a list violates a rule: a figure, a sentence, and the entries of the report's `drift`."""

    found: float
    sentence: str
    drift: Sequence[dict[str, str]] = ()


class MovieRule(NamedTuple):
    """A rule about each movie of a list.

    `accepts` is handed the value of `field`, the whole movie, and its list. A movie that violates
    the rule loses `points` of its score of 100. The list fails where the share of violating movies
    exceeds `limit`, or that of `exceptions` for the list.
    """

    id: str
    field: str
    description: str
    why: str
    accepts: Callable[[Any, Movie, ListSnapshot], bool]
    points: int = REQUIRED
    severity: str = "warn"
    limit: float = 0.0
    exceptions: Mapping[str, float] = {}

    def violations(self, snapshot: ListSnapshot) -> list[int]:
        """Return the positions of the movies that violate this rule, found once per list."""
        if self.id not in snapshot.violations:
            snapshot.violations[self.id] = [
                position
                for position, movie in enumerate(snapshot.movies)
                if not self.accepts(movie.get(self.field), movie, snapshot)
            ]
        return snapshot.violations[self.id]

    def check(self, snapshot: ListSnapshot, limit: float) -> Finding | None:
        """Compare the share of violating movies with the limit; few movies have no useful share."""
        count, size = len(self.violations(snapshot)), len(snapshot.movies)
        if count <= limit * size or (snapshot.is_short and limit > 0):
            return None
        return Finding(round(count / size, 4), f"{count} of {size} movies")


class ListRule(NamedTuple):
    """A rule about a list as a whole; `limit` is None where it compares with no figure."""

    id: str
    severity: str
    limit: float | None
    description: str
    why: str
    check: Callable[[ListSnapshot, float], Finding | None]
    exceptions: Mapping[str, float] = {}


Rule = MovieRule | ListRule


def find_above(limit: float, figure: float, sentence: str) -> Finding | None:
    """Return a finding where a figure is above its limit."""
    return Finding(round(figure, 4), sentence) if figure > limit else None


def find_below(limit: float, share: float, sentence: str) -> Finding | None:
    """Return a finding where a share is below its limit."""
    return Finding(round(share, 4), sentence) if share < limit else None
