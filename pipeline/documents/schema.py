"""What is relied on in documents that are read back, also in those of older and newer versions."""

from __future__ import annotations

import datetime
from typing import Annotated, Any

from msgspec import Meta, Struct, ValidationError, convert

Document = dict[str, Any]

Movie = dict[str, Any]
"""A row as TMDB sent it; only `id` (a whole number) is certain."""


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


class _Report(Struct):
    """What the summary and its table on the console need of a validation report."""

    validation_rate: float
    overall_quality_score: float
    total_movies_validated: int
    common_issues: list[Any]
    late_by_days: int
    source: str
    verdict: str
    checks: list[Any]


def info_of(collection: Document) -> CollectionInfo:
    """Return the `collection_info` of a list that was checked."""
    return convert(collection["collection_info"], CollectionInfo)


def check_collection(document: Document) -> None:
    """Raise ValueError, which says why, unless it is a list: rows with ids and their info."""
    _check(document, _Collection)


def check_report(document: Document) -> None:
    """Raise ValueError, which says why, unless it is a validation report."""
    _check(document, _Report)


def _check(document: Document, expected: type[Struct]) -> None:
    try:
        convert(document, expected)
    except ValidationError as error:
        raise ValueError(str(error)[0].lower() + str(error)[1:]) from None
