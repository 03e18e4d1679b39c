"""The order of each list on a date. Pure functions, their latest results kept."""

from collections.abc import Callable, Iterable
from datetime import date
from functools import lru_cache

from pipeline.demo.chance import share, wave
from pipeline.demo.standing import Standing, standings
from pipeline.demo.wanted import Wanted

Order = tuple[Standing, ...]

TOP_RATED_VOTES = 200
TOP_RATED_WITHOUT = frozenset({99, 10755})
_KEPT_ORDERS = 16


@lru_cache(maxsize=_KEPT_ORDERS)
def popular(on: date, region: str = "") -> Order:
    """By popularity; a region shifts the order a little, not the figures."""
    return _ordered(standings(on), lambda entry: entry.popularity * _local(entry, region))


@lru_cache(maxsize=_KEPT_ORDERS)
def top_rated(on: date) -> Order:
    """By average vote, out of films with enough votes that are no documentaries."""
    return _ordered(
        (
            entry
            for entry in standings(on)
            if entry.vote_count >= TOP_RATED_VOTES
            and not TOP_RATED_WITHOUT.intersection(entry.film.genre_ids)
        ),
        lambda entry: entry.vote_average,
    )


@lru_cache(maxsize=_KEPT_ORDERS)
def trending(on: date, window: str) -> Order:
    """By what people look at this day or this week: popularity, with a restless factor."""
    today = on.toordinal()
    period, restlessness = (3, 0.8) if window == "day" else (20, 0.4)

    def heat(entry: Standing) -> float:
        return entry.popularity * (1 + restlessness * wave(today, period, window, entry.film.id))

    return _ordered(standings(on), heat)


@lru_cache(maxsize=_KEPT_ORDERS)
def discover(on: date, wanted: Wanted, region: str = "") -> Order:
    """The films that pass the filters, sorted as asked."""
    if wanted.sort == "popularity" and wanted.descending:
        return tuple(filter(wanted.admits, popular(on, region)))
    return _ordered(
        filter(wanted.admits, standings(on)), _SORT_KEYS[wanted.sort], wanted.descending
    )


_SORT_KEYS: dict[str, Callable[[Standing], float]] = {
    "popularity": lambda entry: entry.popularity,
    "vote_average": lambda entry: entry.vote_average,
    "vote_count": lambda entry: entry.vote_count,
    "primary_release_date": lambda entry: (
        entry.film.released if entry.film.release_note == "date" else 0
    ),
}


def _local(entry: Standing, region: str) -> float:
    return 0.95 + 0.1 * share("region", region, entry.film.id) if region else 1.0


def _ordered(
    entries: Iterable[Standing], key: Callable[[Standing], float], descending: bool = True
) -> Order:
    """Sort, ties by rising id; rounded, so that no platform's last bit can change an order."""
    sign = -1 if descending else 1
    return tuple(sorted(entries, key=lambda entry: (sign * round(key(entry), 6), entry.film.id)))
