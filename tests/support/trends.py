"""The figures of the page of trends, compared with those of the documents."""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict

from support.warehouse import ALL, DATES, load

from pipeline.pages.trends import Gain
from pipeline.warehouse.store import Warehouse
from pipeline.warehouse.trends import read_trends

LAST = DATES[2]
"""A date after which one more is loaded, which is not shown."""


def assert_figures_are_those_of_the_documents(warehouse: Warehouse) -> None:
    """Load documents, and compare the figures up to an earlier date with theirs."""
    load(warehouse, ALL)
    known = [each for each in ALL if each.date <= LAST]
    ranks = defaultdict[int, dict[datetime.date, int]](dict)
    shares: dict[tuple[int, datetime.date], float] = {}
    votes = defaultdict[int, list[int]](list)
    for each in known:
        for name, document in each.lists().items():
            for rank, movie in enumerate(document["movies"], start=1):
                if movie["vote_count"] is not None:
                    votes[movie["id"]].append(movie["vote_count"])
                if name == "popular":
                    ranks[movie["id"]][each.date] = rank
            if name == "popular":
                genres = Counter(g for movie in document["movies"] for g in movie["genre_ids"])
                size = len(document["movies"])
                shares |= {(g, each.date): count / size for g, count in genres.items()}
    gains = {movie: (max(each), max(each) - min(each)) for movie, each in votes.items()}

    trends = read_trends(warehouse, LAST)

    assert trends.ranks == ranks
    assert trends.titles == {movie: f"영화 {movie}" for movie in ranks}
    read = {(g, day): share for g, line in trends.shares.items() for day, share in line.items()}
    assert read == shares
    assert sorted(trends.gains) == [
        Gain(movie, f"영화 {movie}", most, gained)
        for movie, (most, gained) in sorted(gains.items())
        if gained
    ]
    assert [*trends.day_scores] == [*trends.week_scores] == [d for d in DATES if d <= LAST]
