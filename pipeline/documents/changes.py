"""The changes of a list between two days: new, gone and climbed movies. Pure."""

from __future__ import annotations

import datetime
from typing import Any

from pipeline.documents.schema import Movie

MAX_CLIMBERS = 10


def ranks(movies: str) -> dict[int, int]:
    """Turn the ids of a profile into ranks from 1, or raise ValueError if one is no number."""
    return {int(movie): rank for rank, movie in enumerate(movies.split(), start=1)}


def changes(
    movies: list[Movie], before: list[Movie] | None, since: datetime.date
) -> dict[str, Any]:
    """Return the changes of a list since an earlier day: the biggest climbers first.

    Without the movies of that day (None) nothing is new and nothing gone, rather than everything.
    """
    if before is None:
        return {"since": None, "new": [], "gone": [], "climbers": []}
    now, then = _by_id(movies), _by_id(before)
    climbers = [
        {**entry, "rank_before": then[number]["rank"]}
        for number, entry in now.items()
        if number in then and then[number]["rank"] > entry["rank"]
    ]
    climbers.sort(key=lambda each: each["rank"] - each["rank_before"])
    return {
        "since": since.isoformat(),
        "new": [entry for number, entry in now.items() if number not in then],
        "gone": [entry for number, entry in then.items() if number not in now],
        "climbers": climbers[:MAX_CLIMBERS],
    }


def _by_id(movies: list[Movie]) -> dict[int, dict[str, Any]]:
    return {movie["id"]: _entry(movie, rank) for rank, movie in enumerate(movies, start=1)}


def _entry(movie: Movie, rank: int) -> dict[str, Any]:
    title = movie.get("title")
    return {"id": movie["id"], "title": title if isinstance(title, str) else None, "rank": rank}
