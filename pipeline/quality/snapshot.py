"""A list on one date: its movies, its figures, and the figures of its earlier collections."""

import dataclasses
import datetime
import statistics
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Annotated, Any, NamedTuple, TypeVar

import msgspec
from msgspec import Meta, Struct

from pipeline.quality.rules import HistoryBounds, MovieBounds

# A row as TMDB sent it, in which each value can be missing or of an unexpected type.
Movie = dict[str, Any]

# A finite number, of which a rule can take the logarithm; and a text that is not blank.
Number = Annotated[float, Meta(ge=-1e300, le=1e300)]
Text = Annotated[str, Meta(pattern=r"\S")]
_Share = Annotated[float, Meta(ge=0, le=1)]
_T = TypeVar("_T")


_OLD_SHARES = {"overview_missing": "overviews_empty", "poster_missing": "posters_missing"}


class Baseline(Struct, frozen=True):
    """One collection of a list in figures, as the report keeps them in `profiles`.

    `films` holds the ids in the list's order, with a space between. A median is None where no movie
    has such a value. `shares` holds the share of violating movies by rule, of the rules that have a
    margin; reports of version 0.1.0 have the two of `_OLD_SHARES` only. A list that failed by the
    limit of the first days alone is `provisional`.
    """

    date: datetime.date
    films: str
    popularity_median: Number | None
    votes_median: Number | None
    year_median: Number | None
    overviews_empty: _Share
    posters_missing: _Share
    fields: str
    shares: dict[str, _Share] = {}
    provisional: bool = False

    def share(self, rule_id: str) -> float | None:
        """Return the share of movies that violated a rule, or None where it was not measured."""
        old = _OLD_SHARES.get(rule_id)
        return self.shares.get(rule_id, getattr(self, old) if old else None)

    @property
    def movie_ids(self) -> list[str]:
        """The ids of the movies in the list's order, as text."""
        return self.films.split()


@dataclasses.dataclass
class ListSnapshot:
    """One list under test.

    `history` holds its earlier collections, newest first; `gap_days` is the highest age of one that
    is compared one to one; `sorted_by` is the field by which TMDB promises to sort the list.
    `violations` caches the positions of violating movies, by rule id; `is_blocked` says that a rule
    of severity block was violated, of those that were applied so far.
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
    is_blocked: bool = False

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
    """How a list violates a rule: a figure, a sentence, and the entries of the report's `drift`.

    `limit` is the one that a baseline gives, `severity` another one than that of the rule. A list
    whose finding is `provisional` counts in the baseline even if it failed.
    """

    found: float
    sentence: str
    drift: Sequence[dict[str, str]] = ()
    limit: float | None = None
    severity: str = ""
    provisional: bool = False


def finding_if(violates: bool, figure: float, sentence: str, *details: Any) -> Finding | None:
    """Return a finding where a list violates a rule; the sentence formats figure and details."""
    return Finding(round(figure, 4), sentence.format(figure, *details)) if violates else None


def converted(value: Any, type_: type[_T]) -> _T | None:
    """Return a value as the type, or None where it is not of it; true and false are no numbers."""
    try:
        return msgspec.convert(value, type_)
    except (msgspec.ValidationError, UnicodeEncodeError):  # the latter for half a character
        return None


def column(movies: Iterable[Movie], field: str, type_: type[_T]) -> Sequence[_T | None]:
    """Return the field of each movie as the type, or None where it is not of it."""
    values = [movie.get(field) for movie in movies]
    # A tenth of the time where all are of it.
    at_once = converted(values, list[type_])  # type: ignore[valid-type]
    return at_once or [converted(value, type_) for value in values]


def values_of(movies: Iterable[Movie], field: str, type_: type[_T]) -> list[_T]:
    """Return the values of a field that are of the type."""
    return [value for value in column(movies, field, type_) if value is not None]


def measure(date: datetime.date, movies: Sequence[Movie]) -> Baseline:
    """Measure a list, which may be empty."""

    def median(values: Sequence[float]) -> float | None:
        return round(float(statistics.median(values)), 4) if values else None

    size = max(1, len(movies))
    without_overview = len(movies) - len(values_of(movies, "overview", Text))
    without_poster = sum(movie.get("poster_path") is None for movie in movies)
    return Baseline(
        date=date,
        films=" ".join(map(str, values_of(movies, "id", int))),
        popularity_median=median(values_of(movies, "popularity", Number)),
        votes_median=median(values_of(movies, "vote_count", Number)),
        year_median=median([day.year for day in values_of(movies, "release_date", datetime.date)]),
        overviews_empty=round(without_overview / size, 4),
        posters_missing=round(without_poster / size, 4),
        fields=" ".join(sorted(set().union(*movies))),
    )


class _Report(Struct):
    """What the look-back reads from an earlier report."""

    profiles: dict[str, Baseline] = {}
    failed_lists: list[str] = []


def history_of(
    reports: Iterable[tuple[datetime.date, Any]], names: Iterable[str], collections: int
) -> dict[str, list[Baseline]]:
    """Return the earlier collections of each list from the reports of earlier days, newest first.

    A list that failed a blocking rule is not part of the baseline, unless only because there was
    none. An unusable report is skipped: a damaged file of last week must not fail today.
    """
    found: dict[str, list[Baseline]] = {name: [] for name in names}
    for day, document in reports:
        report = converted(document, _Report) or _Report()
        for name in found.keys() & report.profiles.keys():
            profile = report.profiles[name]
            is_good = name not in report.failed_lists or profile.provisional
            if is_good and profile.date == day and len(found[name]) < collections:
                found[name].append(profile)
    return found
