"""From the documents of a day or a week to typed rows. Pure: no clock, no I/O, no settings.

The tables of the warehouse and the Parquet export are both made of these rows. A value of TMDB that
no column can hold is None, and an entry without a usable id is left out.
"""

import datetime
import functools
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pipeline.documents.collect import identity_of
from pipeline.documents.schema import Document, Movie, info_of

DAY, WEEK = "day", "week"
"""The periods: the daily lists of a date, and the weekly ones."""

_MAX_INTEGER = 2**63 - 1
_MAX_FLOAT = 1e300


class Load(NamedTuple):
    """A period of a date: when its first list was collected, and its figures of quality."""

    period: str
    date: datetime.date
    source: str
    collected_at: datetime.datetime
    late_by_days: int
    movies: int
    verdict: str
    quality_score: float
    validation_rate: float


class Snapshot(NamedTuple):
    """A list on one date: how it was collected.

    `position` is that in the order of merging, `movies` how many it has, `total_results` how many
    TMDB claims that there are.
    """

    list: str
    date: datetime.date
    period: str
    position: int
    source: str
    language: str | None
    region: str | None
    collected_at: datetime.datetime
    late_by_days: int
    movies: int
    total_results: int | None
    requests: int
    retries: int
    seconds: float | None


class Entry(NamedTuple):
    """Where a movie stood in a snapshot, with its fields as that list gave them.

    Popularity is rescaled by TMDB at times: do not compare it between dates.
    """

    list: str
    date: datetime.date
    rank: int
    movie_id: int
    title: str | None
    original_language: str | None
    release_date: datetime.date | None
    genre_ids: tuple[int, ...]
    popularity: float | None
    vote_average: float | None
    vote_count: int | None


class Violation(NamedTuple):
    """A rule that a list of a period violated."""

    period: str
    date: datetime.date
    rule: str
    list: str
    severity: str


class Rows(NamedTuple):
    """All rows of a period of a date."""

    load: Load
    snapshots: list[Snapshot]
    entries: list[Entry]
    violations: list[Violation]


def rows_of(
    period: str, date: datetime.date, lists: Mapping[str, Document], report: Document
) -> Rows:
    """Return the rows of a period's lists, given in the order of merging, and of their report.

    The documents are checked ones: `documents.read_collection` and `read_report`.
    """
    entries = [entry for name, each in lists.items() for entry in _entries(name, date, each)]
    snapshots = [
        _snapshot(name, date, period, position, each)
        for position, (name, each) in enumerate(lists.items())
    ]
    load = Load(
        period,
        date,
        _text(report["source"]) or "",
        min(each.collected_at for each in snapshots),
        report["late_by_days"],
        len({each.movie_id for each in entries}),
        report["verdict"],
        float(report["overall_quality_score"]),
        float(report["validation_rate"]),
    )
    return Rows(load, snapshots, entries, list(_violations(period, date, report)))


def _snapshot(
    name: str, date: datetime.date, period: str, position: int, document: Document
) -> Snapshot:
    stated, info = document["collection_info"], info_of(document)
    identity = identity_of(stated)
    return Snapshot(
        name,
        date,
        period,
        position,
        info.source,
        identity.language,
        identity.region,
        info.collected_at.astimezone(datetime.UTC),
        info.late_by_days,
        len(document["movies"]),
        _integer(stated.get("total_results")),
        info.requests,
        info.retries,
        _float(stated.get("duration_seconds")),
    )


def _entries(name: str, date: datetime.date, document: Document) -> Iterator[Entry]:
    for rank, movie in enumerate(document["movies"], start=1):
        if (movie_id := _integer(movie["id"])) is not None:
            yield Entry(
                name,
                date,
                rank,
                movie_id,
                _text(movie.get("title")),
                _text(movie.get("original_language")),
                _date(_text(movie.get("release_date"))),
                _genre_ids(movie),
                _float(movie.get("popularity")),
                _float(movie.get("vote_average")),
                _integer(movie.get("vote_count")),
            )


def _violations(period: str, date: datetime.date, report: Document) -> Iterator[Violation]:
    for check in report["checks"]:
        for entry in check["evidence"]:
            if "finding" in entry:  # the others are the movies that it was found in
                yield Violation(period, date, check["id"], entry["list"], check["severity"])


def _genre_ids(movie: Movie) -> tuple[int, ...]:
    given = movie.get("genre_ids")
    ids = map(_integer, given if isinstance(given, list) else ())
    return tuple(dict.fromkeys(each for each in ids if each is not None))


def _text(value: Any) -> str | None:
    """Return a text that can be stored: no NUL, no half of a surrogate pair."""
    if not isinstance(value, str):
        return None
    return value.encode(errors="replace").decode().replace("\0", "\ufffd")


def _integer(value: Any) -> int | None:
    is_integer = isinstance(value, int) and not isinstance(value, bool)
    return value if is_integer and -_MAX_INTEGER <= value <= _MAX_INTEGER else None


def _float(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and -_MAX_FLOAT < value < _MAX_FLOAT else None


@functools.lru_cache(maxsize=4096)
def _date(text: str | None) -> datetime.date | None:
    try:
        is_date = re.fullmatch(r"\d{4}-\d\d-\d\d", text or "", re.ASCII)
        return datetime.date.fromisoformat(is_date[0]) if is_date else None
    except ValueError:
        return None
