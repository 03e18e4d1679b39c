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

NUMBERS = ("popularity", "vote_average", "vote_count")
"""What lists of the same minute can disagree on; seen in 33 of 115 cases."""


@dataclass(frozen=True)
class Source:
    """One list to merge: its name, its file below the data root, its category, its document."""

    name: str
    file: str
    category: str
    document: dict[str, Any]


def consolidated_week(
    date: datetime.date, sources: Sequence[Source], *, verdict: str, quality_report: str
) -> dict[str, Any]:
    """Merge the week's lists in the order given.

    A film stands where its first list had it. TMDB caches each page by itself, so that lists can
    disagree on a film's numbers: the row with the most votes is taken whole, since votes only grow
    and so it is the youngest; among equals, that of the first list. Each film gains `found_in`:
    every list it was on, with its rank there, counted from 1. `by_category` counts a film for the
    category that had it first, so its figures add up to `total_unique_movies`.

    Args:
        date: the day the lists are of.
        sources: the lists.
        verdict: what the week's validation report says of them.
        quality_report: that report's file below the data root.
    """
    rows: dict[int, Film] = {}
    found_in: dict[int, list[dict[str, Any]]] = {}
    differing: set[int] = set()
    by_category = dict.fromkeys((BY_GENRE, BY_RATING), 0)
    for source in sources:
        for rank, film in enumerate(source.document["movies"], start=1):
            known = rows.setdefault(film["id"], film)
            if film["id"] not in found_in:
                by_category[source.category] += 1
            elif any(film.get(field) != known.get(field) for field in NUMBERS):
                differing.add(film["id"])
            if _votes(film) > _votes(known):
                rows[film["id"]] = film
            place = {"list": source.name, "rank": rank}
            found_in.setdefault(film["id"], []).append(place)
    return {
        "movies": [{**film, "found_in": found_in[number]} for number, film in rows.items()],
        "consolidation_info": {
            "consolidation_date": date.isoformat(),
            "week_number": iso_week(date),
            "sources_processed": [source.file for source in sources],
            "total_unique_movies": len(rows),
            "by_category": by_category,
            "verdict": verdict,
            "quality_report": quality_report,
            "numbers_differ": len(differing),
            "late_by_days": max(_lateness(source) for source in sources),
            "source": common_source(source.document for source in sources),
            "schema_version": SCHEMA_VERSION,
        },
    }


def _votes(film: Film) -> float:
    votes = film.get("vote_count")
    return votes if isinstance(votes, int | float) and not isinstance(votes, bool) else -1


def _lateness(source: Source) -> int:
    days = source.document["collection_info"].get("late_by_days")
    return days if type(days) is int else 0
