"""Read the figures of the page of trends from the views of the warehouse."""

import datetime
from collections import defaultdict
from typing import Any

from pipeline.pages.trends import GAIN_DAYS, Gain, Trends
from pipeline.roots import TRENDS_SHOW_DAYS
from pipeline.warehouse.store import Warehouse

_RANKS = """
    SELECT date, movie_id, title, rank FROM ranks
    WHERE list = 'popular' AND date BETWEEN :first AND :last ORDER BY date, rank
"""
_SHARES = """
    SELECT date, genre_id, share FROM genre_share
    WHERE list = 'popular' AND date BETWEEN :first AND :last ORDER BY date
"""
_GAINS = """
    SELECT movie_id, MAX(title) AS title, MAX(vote_count) AS votes,
        MAX(vote_count) - MIN(vote_count) AS gained
    FROM ranks WHERE date BETWEEN :since AND :last
    GROUP BY movie_id HAVING MAX(vote_count) > MIN(vote_count)
"""
_SCORES = """
    SELECT period, date, quality_score FROM quality
    WHERE date BETWEEN :first AND :last ORDER BY date
"""


def read_trends(warehouse: Warehouse, date: datetime.date) -> Trends:
    """Return what the warehouse knows of the days up to a date.

    Raises:
        StorageError: the database does not serve.
    """
    first, since = (date - datetime.timedelta(days) for days in (TRENDS_SHOW_DAYS, GAIN_DAYS))
    days = {"first": str(first), "last": str(date)}
    titles: dict[int, str | None] = {}
    ranks, shares = defaultdict[int, Any](dict), defaultdict[int, Any](dict)
    for row in warehouse.ask(_RANKS, **days):
        titles[row["movie_id"]] = row["title"]
        ranks[row["movie_id"]][_day_of(row)] = row["rank"]
    for row in warehouse.ask(_SHARES, **days):
        shares[row["genre_id"]][_day_of(row)] = row["share"]
    gains = [Gain(**row) for row in warehouse.ask(_GAINS, since=str(since), last=str(date))]
    scores = defaultdict[str, Any](dict)
    for row in warehouse.ask(_SCORES, **days):
        scores[row["period"]][_day_of(row)] = row["quality_score"]
    return Trends(titles, ranks, shares, gains, scores["day"], scores["week"])


def _day_of(row: dict[str, Any]) -> datetime.date:
    return datetime.date.fromisoformat(row["date"])
