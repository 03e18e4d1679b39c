"""The week's films, each once. Pure and deterministic: same inputs, same bytes."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.collection import Film, common_source
from pipeline.plan import iso_week
from pipeline.version import SCHEMA_VERSION

BY_GENRE = "장르별"
BY_RATING = "평점별"


@dataclass(frozen=True)
class Source:
    """One list to merge: its name, its file below the data root, its category, its document."""

    name: str
    file: str
    category: str
    document: dict[str, Any]


def consolidated_week(date: datetime.date, sources: Sequence[Source]) -> dict[str, Any]:
    """Merge the week's lists in the order given.

    Where lists disagree on a film's numbers (TMDB caches each page by itself), the row of the first
    list counts, and stands where it stood first. Each film gains `found_in`: every list it was on,
    with its rank there, counted from 1. `by_category` counts a film for the category that had it
    first, so its figures add up to `total_unique_movies`.
    """
    films: dict[int, Film] = {}
    by_category = dict.fromkeys((BY_GENRE, BY_RATING), 0)
    for source in sources:
        for rank, film in enumerate(source.document["movies"], start=1):
            if film["id"] not in films:
                films[film["id"]] = {**film, "found_in": []}
                by_category[source.category] += 1
            films[film["id"]]["found_in"].append({"list": source.name, "rank": rank})
    return {
        "movies": list(films.values()),
        "consolidation_info": {
            "consolidation_date": date.isoformat(),
            "week_number": iso_week(date),
            "sources_processed": [source.file for source in sources],
            "total_unique_movies": len(films),
            "by_category": by_category,
            "late_by_days": max(_lateness(source) for source in sources),
            "source": common_source(source.document for source in sources),
            "schema_version": SCHEMA_VERSION,
        },
    }


def _lateness(source: Source) -> int:
    days = source.document["collection_info"].get("late_by_days")
    return days if type(days) is int else 0
