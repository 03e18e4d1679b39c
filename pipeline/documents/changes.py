"""How a list moved between two days: who is new, who left, who climbed. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from pipeline.documents.collect import Film

MOST_CLIMBERS = 10


def ranks(films: str) -> dict[int, int]:
    """Turn the ids of a profile, in the list's order, into ranks counted from 1.

    Raises:
        ValueError: one of them is no whole number, or one of thousands of digits.
    """
    return {int(film): rank for rank, film in enumerate(films.split(), start=1)}


def changes(movies: list[Film], before: list[Film] | None, since: datetime.date) -> dict[str, Any]:
    """Tell what changed in a list since an earlier day.

    Args:
        movies: the list's films.
        before: its films of the earlier day; None where that day is missing, and then nothing is
            new and nothing gone, rather than everything.
        since: the earlier day.

    Returns:
        `since`; `new` in the order of the list; `gone` in that of the earlier one, with the rank
        held there; `climbers`, at most ten, the biggest leap first.
    """
    if before is None:
        return {"since": None, "new": [], "gone": [], "climbers": []}
    now, then = _by_id(movies), _by_id(before)
    return {
        "since": since.isoformat(),
        "new": [_entry(film, rank) for rank, film in now.values() if film["id"] not in then],
        "gone": [_entry(film, rank) for rank, film in then.values() if film["id"] not in now],
        "climbers": _climbers(now, then),
    }


def _by_id(movies: list[Film]) -> dict[int, tuple[int, Film]]:
    return {film["id"]: (rank, film) for rank, film in enumerate(movies, start=1)}


def _entry(film: Film, rank: int) -> dict[str, Any]:
    title = film.get("title")
    return {"id": film["id"], "title": title if isinstance(title, str) else None, "rank": rank}


def _climbers(
    now: Mapping[int, tuple[int, Film]], then: Mapping[int, tuple[int, Film]]
) -> list[dict[str, Any]]:
    climbed = [
        {**_entry(film, rank), "rank_before": then[number][0]}
        for number, (rank, film) in now.items()
        if number in then and then[number][0] > rank
    ]
    climbed.sort(key=lambda each: each["rank"] - each["rank_before"])
    return climbed[:MOST_CLIMBERS]
