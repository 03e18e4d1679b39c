"""The order of each list on a day. The latest results are cached."""

from collections.abc import Callable, Iterable
from datetime import date
from functools import lru_cache

from pipeline.demo.discover import DiscoverQuery
from pipeline.demo.keyed_random import smooth_noise, uniform
from pipeline.demo.metrics import LISTED_AHEAD_DAYS, MovieMetrics, metrics_on

Ranking = tuple[MovieMetrics, ...]

_MIN_TOP_RATED_VOTES = 200
_NOT_TOP_RATED_GENRES = frozenset({99, 10755})  # documentaries
_NOW_PLAYING_DAYS = 365  # longer than TMDB's six weeks: few made-up movies are released in those
_MAX_CACHED = 16


@lru_cache(maxsize=_MAX_CACHED)
def popular(day: date, region: str = "") -> Ranking:
    """Return the movies by popularity; a region changes the order a little, not the figures."""
    return _sort(metrics_on(day), lambda entry: entry.popularity * _local_factor(entry, region))


@lru_cache(maxsize=_MAX_CACHED)
def top_rated(day: date) -> Ranking:
    """Return the movies with enough votes by vote average, without documentaries."""
    return _sort(
        (
            entry
            for entry in metrics_on(day)
            if entry.vote_count >= _MIN_TOP_RATED_VOTES
            and not _NOT_TOP_RATED_GENRES.intersection(entry.movie.genre_ids)
        ),
        lambda entry: entry.vote_average,
    )


@lru_cache(maxsize=_MAX_CACHED)
def now_playing(day: date, region: str = "") -> Ranking:
    """Return the movies of the last year by popularity."""
    return _released(popular(day, region), day.toordinal() - _NOW_PLAYING_DAYS, day.toordinal())


@lru_cache(maxsize=_MAX_CACHED)
def upcoming(day: date, region: str = "") -> Ranking:
    """Return the movies that are not released yet by popularity."""
    today = day.toordinal()
    return _released(popular(day, region), today + 1, today + LISTED_AHEAD_DAYS)


@lru_cache(maxsize=_MAX_CACHED)
def trending(day: date, window: str) -> Ranking:
    """Return the movies by popularity with short-term noise, for the window "day" or "week"."""
    today = day.toordinal()
    period, amplitude = (3, 0.8) if window == "day" else (20, 0.4)

    def interest(entry: MovieMetrics) -> float:
        noise = smooth_noise(today, period, window, entry.movie.id)
        return entry.popularity * (1 + amplitude * noise)

    return _sort(metrics_on(day), interest)


@lru_cache(maxsize=_MAX_CACHED)
def discover(day: date, query: DiscoverQuery, region: str = "") -> Ranking:
    """Return the movies that match a query, in its order."""
    if query.sort == "popularity" and query.descending:
        return tuple(filter(query.matches, popular(day, region)))
    matching = filter(query.matches, metrics_on(day))
    return _sort(matching, _SORT_KEYS[query.sort], query.descending)


_SORT_KEYS: dict[str, Callable[[MovieMetrics], float]] = {
    "popularity": lambda entry: entry.popularity,
    "vote_average": lambda entry: entry.vote_average,
    "vote_count": lambda entry: entry.vote_count,
    "primary_release_date": lambda entry: entry.movie.released if entry.movie.release_date else 0,
}


def _released(ranking: Ranking, first: int, last: int) -> Ranking:
    return tuple(entry for entry in ranking if first <= entry.movie.released <= last)


def _local_factor(entry: MovieMetrics, region: str) -> float:
    return 0.95 + 0.1 * uniform("region", region, entry.movie.id) if region else 1.0


def _sort(
    entries: Iterable[MovieMetrics], key: Callable[[MovieMetrics], float], descending: bool = True
) -> Ranking:
    """Sort by key, then id. Keys are rounded, so that the order is the same on every platform."""
    sign = -1 if descending else 1
    return tuple(sorted(entries, key=lambda entry: (sign * round(key(entry), 6), entry.movie.id)))
