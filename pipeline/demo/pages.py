"""One page of a list, as TMDB's caches serve it.

TMDB caches each page separately, at different times. So a movie can be the last of one page and the
first of the next, where it hides another one; totals differ between pages; and a movie can have
slightly different figures in two lists.
"""

from datetime import date
from typing import NamedTuple

from pipeline.demo.keyed_random import uniform
from pipeline.demo.lists import Ranking
from pipeline.demo.metrics import MovieMetrics

PAGE_SIZE = 20
MAX_PAGE = 500
_DUPLICATE_RATE = 0.06
_STALE_RATE = 0.18
_MAX_EXACT_TOTAL = 40


class PageKey(NamedTuple):
    """The cache entry of a page: the request without its page, the day, the page."""

    request: str
    day: date
    page: int


def page_entries(ranking: Ranking, key: PageKey) -> list[MovieMetrics]:
    """Return the 20 movies of a page or fewer, with the effects of the caches."""
    start = (key.page - 1) * PAGE_SIZE
    entries = list(ranking[start : start + PAGE_SIZE])
    if entries and start and uniform("slip", *key) < _DUPLICATE_RATE:
        entries = [ranking[start - 1], *entries[: PAGE_SIZE - 1]]
    if uniform("stale", *key) < _STALE_RATE:
        return [_stale(entry, key) for entry in entries]
    return entries


def reported_total(total: int, key: PageKey) -> int:
    """Return the total that a page reports: wrong by up to 4, but exact for a short list."""
    if total <= _MAX_EXACT_TOTAL:
        return total
    return total + int(uniform("total", *key) * 9) - 4


def _stale(entry: MovieMetrics, key: PageKey) -> MovieMetrics:
    """Return the metrics of some hours ago: fewer votes, another popularity."""
    change = uniform("earlier", entry.movie.id, *key)
    return entry._replace(
        popularity=round(entry.popularity * (0.98 + 0.04 * change), 4),
        vote_count=entry.vote_count - int(entry.vote_count * 0.0008 * change),
    )
