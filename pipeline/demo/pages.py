"""One page of a list, the way TMDB's caches hand it out.

Every page is kept by itself and comes from its own moment. So a film can stand last on one page and
first on the next, which hides another; totals differ from page to page; and the same film shows
slightly different figures in two lists.
"""

from datetime import date
from typing import NamedTuple

from pipeline.demo.chance import share
from pipeline.demo.lists import Order
from pipeline.demo.standing import Standing

PAGE_SIZE = 20
LAST_PAGE = 500
_SLIP_SHARE = 0.06
_STALE_SHARE = 0.18
_STEADY_TOTAL = 40


class Moment(NamedTuple):
    """The cache entry a page comes from: which list in words, which date, which page."""

    listing: str
    on: date
    page: int


def page_entries(order: Order, moment: Moment) -> list[Standing]:
    """Up to 20 films of a list for one page, with the caches' faults and figures."""
    start = (moment.page - 1) * PAGE_SIZE
    entries = list(order[start : start + PAGE_SIZE])
    if entries and start and _slipped(moment):
        entries = [order[start - 1], *entries[: PAGE_SIZE - 1]]
    if share("stale", *moment) < _STALE_SHARE:
        return [_earlier(entry, moment) for entry in entries]
    return entries


def claimed_total(total: int, moment: Moment) -> int:
    """The total this page reports: off by up to four films, short lists excepted."""
    if total <= _STEADY_TOTAL:
        return total
    return total + int(share("total", *moment) * 9) - 4


def _slipped(moment: Moment) -> bool:
    return share("slip", *moment) < _SLIP_SHARE


def _earlier(entry: Standing, moment: Moment) -> Standing:
    """The same film some hours ago: a few votes less, popularity a little off."""
    drift = share("earlier", entry.film.id, *moment)
    return entry._replace(
        popularity=round(entry.popularity * (0.98 + 0.04 * drift), 4),
        vote_count=entry.vote_count - int(entry.vote_count * 0.0008 * drift),
    )
