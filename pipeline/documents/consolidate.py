"""The week's films, each once. Pure and deterministic: same inputs, same bytes."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from pipeline import jsontext
from pipeline.catalog import iso_week
from pipeline.documents.collect import common_source, identity_of
from pipeline.merge import Merge, Rows
from pipeline.rows import Row
from pipeline.version import SCHEMA_VERSION

BY_GENRE = "장르별"
BY_RATING = "평점별"


class Source(NamedTuple):
    """One list to merge: its name, its file below the data root, its category, what it holds."""

    name: str
    file: str
    category: str
    info: dict[str, Any]
    films: Sequence[Row]


class Consolidation(NamedTuple):
    """The week: `consolidation_info`, and the films behind it, which are read when asked for."""

    info: dict[str, Any]
    films: Merge

    def pieces(self) -> Iterator[bytes]:
        """Return the document `{movies, consolidation_info}` in pieces of text."""
        rest = {"consolidation_info": self.info}
        yield from jsontext.with_rows("movies", self.films.encoded(), rest)
        yield b"\n"


def consolidated_week(
    date: datetime.date,
    sources: Iterable[Source],
    rows: Rows,
    *,
    verdict: str,
    quality_report: str,
) -> Consolidation:
    """Merge the week's lists in the order given, as `Merge` does.

    `by_category` counts a film for the category that had it first, so its figures add up to
    `total_unique_movies`.

    Args:
        date: the day the lists are of.
        sources: the lists; looked at one by one, so they may come from an iterator.
        rows: where the films are kept meanwhile, empty.
        verdict: what the week's validation report says of them.
        quality_report: that report's file below the data root.

    Raises:
        DataError: films of different sources would be mixed.
    """
    films = Merge(rows)
    files: list[str] = []
    origins: list[str] = []
    late_by_days = 0
    place: dict[str, str] = {}
    by_category = dict.fromkeys((BY_GENRE, BY_RATING), 0)
    for source in sources:
        files.append(source.file)
        origins.append(str(source.info.get("source")))
        place = identity_of(source.info).place()
        late_by_days = max(late_by_days, _lateness(source.info))
        by_category[source.category] += films.add(source.name, source.films)
    return Consolidation(
        {
            "consolidation_date": date.isoformat(),
            "week_number": iso_week(date),
            "sources_processed": files,
            "total_unique_movies": len(films),
            "by_category": by_category,
            "verdict": verdict,
            "quality_report": quality_report,
            "numbers_differ": films.numbers_differ,
            "late_by_days": late_by_days,
            "source": common_source(origins),
            **place,
            "schema_version": SCHEMA_VERSION,
        },
        films,
    )


def _lateness(info: dict[str, Any]) -> int:
    days = info.get("late_by_days")
    return days if type(days) is int else 0
