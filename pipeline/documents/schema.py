"""What is relied on in documents that are read back, also in those of older and newer versions."""

import datetime
from functools import partial
from typing import Annotated, Any

from msgspec import Meta, Struct, ValidationError, convert, defstruct

Document = dict[str, Any]
# A row as TMDB sent it; only `id` (a whole number) is certain.
Movie = dict[str, Any]


class CollectionInfo(Struct, frozen=True):
    """The `collection_info` of a list, as far as the summary and the week need it."""

    total_collected: int
    collected_at: Annotated[datetime.datetime, Meta(tz=True)]
    late_by_days: int
    source: str
    requests: int = 0
    retries: int = 0
    bytes_received: int = 0


class _Row(Struct):
    id: int


class _Collection(Struct):
    movies: list[_Row]
    collection_info: CollectionInfo


# What the summary and its table on the console need of a validation report.
_Report = defstruct("_Report", [
    ("validation_rate", float), ("overall_quality_score", float), ("total_movies_validated", int),
    ("common_issues", list[Any]), ("late_by_days", int), ("source", str), ("verdict", str),
    ("checks", list[Any]),
])  # fmt: skip


def info_of(collection: Document) -> CollectionInfo:
    """Return the `collection_info` of a list that was checked."""
    return convert(collection["collection_info"], CollectionInfo)


def number_in(movie: Movie, name: str) -> float:
    """Return the number in a field of a row; -1 where it holds none, or a negative one."""
    value = movie.get(name)
    return max(value, -1) if isinstance(value, int | float) and not isinstance(value, bool) else -1


def _check(expected: type[Struct], document: Document) -> None:
    """Raise ValueError, which says why, unless a document is of the expected form."""
    try:
        convert(document, expected)
    except ValidationError as error:
        raise ValueError(str(error)[0].lower() + str(error)[1:]) from None


# For a list (rows with ids, and their info), and for a validation report.
check_collection, check_report = partial(_check, _Collection), partial(_check, _Report)


def violations(report: Document, severity: str) -> list[str]:
    """Return which list violates which rule of that severity, and how, by a validation report."""
    return [
        f"{entry['list']}: {check['id']} ({entry['finding']})"
        for check in report["checks"]
        if check["severity"] == severity
        for entry in check["evidence"]
        if "finding" in entry
    ]
