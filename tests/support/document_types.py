"""The documents of the pipeline as types, and the JSON Schemas that are made of them.

`python -m support.document_types --write`, in `tests/`, writes `docs/reference/schemas/*.json`.
The package itself reads a few keys of a document only; these types have all that it writes. The
types of the files of operation are those of the package.
"""

from __future__ import annotations

import argparse
import datetime
import json
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from support.repository import REPOSITORY

from pipeline.documents.run_record import Entry
from pipeline.retention.deleted import Deleted
from pipeline.storage.archive import Manifest

FOLDER = REPOSITORY / "docs/reference/schemas"

Count = Annotated[int, Meta(ge=0)]
Percentage = Annotated[float, Meta(ge=0, le=100)]
Rank = Annotated[int, Meta(ge=1)]
Instant = Annotated[datetime.datetime, Meta(tz=True)]
Date = datetime.date
Source = Literal["tmdb", "demo"]
Verdict = Literal["pass", "warn", "fail"]
Severity = Literal["info", "warn", "block"]
# A row is kept as TMDB sent it: of no field but the id is the type certain.
AsSent = Annotated[Any, Meta(description="As TMDB sent it.")]


class Movie(Struct):
    """A row of a list, kept as TMDB sent it; it can have further keys."""

    id: int
    title: AsSent | UnsetType = UNSET
    original_title: AsSent | UnsetType = UNSET
    original_language: AsSent | UnsetType = UNSET
    overview: AsSent | UnsetType = UNSET
    popularity: AsSent | UnsetType = UNSET
    vote_average: AsSent | UnsetType = UNSET
    vote_count: AsSent | UnsetType = UNSET
    release_date: AsSent | UnsetType = UNSET
    genre_ids: AsSent | UnsetType = UNSET
    adult: AsSent | UnsetType = UNSET
    softcore: AsSent | UnsetType = UNSET
    video: AsSent | UnsetType = UNSET
    media_type: AsSent | UnsetType = UNSET
    poster_path: AsSent | UnsetType = UNSET
    backdrop_path: AsSent | UnsetType = UNSET


class CollectionInfo(Struct):
    """What was requested, what came, when, and how late."""

    collection_type: str
    collection_date: Date
    total_collected: Count
    pages_processed: Count
    schema_version: Literal[1]
    source: Source
    language: str
    region: str
    collected_at: Instant
    late_by_days: int
    pages_requested: Count
    duplicates_dropped: Count
    total_results: int | None
    requests: Count
    retries: Count
    bytes_received: Count
    duration_seconds: float
    time_window: str | UnsetType = UNSET
    genre_id: int | UnsetType = UNSET
    genre_name: str | UnsetType = UNSET
    week_number: int | UnsetType = UNSET
    min_rating: float | UnsetType = UNSET
    below_min_rating: Count | UnsetType = UNSET


class Collection(Struct):
    """A list of one date: popular, trending, a genre, top rated, or one that was added."""

    movies: list[Movie]
    collection_info: CollectionInfo


class ValidatedFile(Struct):
    """A list that was checked."""

    file: str
    movie_count: Count


class Distribution(Struct):
    """Movies by score."""

    excellent: Count
    good: Count
    fair: Count
    poor: Count


class Issue(Struct):
    """A rule about movies, and how many violate it."""

    issue: str
    count: Count
    required: bool
    description: str


class Evidence(Struct):
    """An example: of a list (`finding`) or of a movie (`film`)."""

    list: str
    finding: str | UnsetType = UNSET
    found: Any | UnsetType = UNSET
    limit: float | UnsetType | None = UNSET
    film: int | UnsetType = UNSET
    title: str | UnsetType = UNSET


class Check(Struct):
    """The result of one rule over all lists."""

    id: str
    description: str
    severity: Severity
    success: bool
    evidence: Annotated[list[Evidence], Meta(max_length=10)]


class Drift(Struct):
    """A change of what TMDB sends."""

    list: str
    kind: Literal["unknown_field", "vanished_field", "popularity_scale"]
    finding: str
    field: str | UnsetType = UNSET


class Profile(Struct):
    """A list in figures, for the look-back of later days."""

    date: Date
    films: str
    popularity_median: float
    votes_median: float
    year_median: float
    overviews_empty: float
    posters_missing: float
    fields: str
    shares: dict[str, float]
    provisional: bool


class ValidationReport(Struct):
    """The result of the quality rules over the lists of a day or a week."""

    validation_date: Date
    files_validated: list[ValidatedFile]
    overall_quality_score: Percentage
    total_movies_validated: Count
    total_movies_passed: Count
    validation_rate: Percentage
    quality_distribution: Distribution
    common_issues: list[Issue]
    verdict: Verdict
    checks: list[Check]
    failed_lists: list[str]
    drift: list[Drift]
    pass_threshold: Percentage
    below_threshold: bool
    late_by_days: int
    source: Source
    language: str
    region: str
    schema_version: Literal[2]
    profiles: dict[str, Profile]


class TaskRun(Struct):
    """A task of the day, by its last attempt."""

    task: str
    started_at: Instant
    ended_at: Instant | None
    seconds: float | None
    attempts: Count
    outcome: Literal["done", "failed", "running"]


class Execution(Struct):
    """How the run went."""

    start_time: Instant
    end_time: Instant
    duration_minutes: float
    requests: Count
    retries: Count
    bytes_received: Count
    tasks: list[TaskRun]


class Place(Struct):
    """A movie with its rank."""

    id: int
    title: str | None
    rank: Rank


class Climber(Place):
    """A movie that rose, with the rank of the day before."""

    rank_before: Rank


class Changes(Struct):
    """What changed in a list since the day before; `since` is null where that is missing."""

    since: Date | None
    new: list[Place]
    gone: list[Place]
    climbers: Annotated[list[Climber], Meta(max_length=10)]


class DailySummary(Struct):
    """A day in figures and changes."""

    summary_date: Date
    run_id: str
    collection_summary: dict[str, Count]
    quality_summary: ValidationReport
    execution_summary: Execution
    verdict: Verdict
    changes: dict[str, Changes]
    late_by_days: int
    source: Source
    schema_version: Literal[1]


class ListRank(Struct):
    """A list that a movie is in, with its rank there."""

    list: str
    rank: Rank


class WeekMovie(Movie, kw_only=True):
    """A movie of the week, with the lists that it is in."""

    found_in: Annotated[list[ListRank], Meta(min_length=1)]


class ConsolidationInfo(Struct):
    """What was merged."""

    consolidation_date: Date
    week_number: Annotated[int, Meta(ge=1, le=53)]
    sources_processed: list[str]
    total_unique_movies: Count
    by_category: dict[str, Count]
    verdict: Verdict
    quality_report: str
    numbers_differ: Count
    late_by_days: int
    source: Source
    language: str
    region: str
    schema_version: Literal[1]


class ConsolidatedWeek(Struct):
    """All movies of a week without duplicates."""

    movies: list[WeekMovie]
    consolidation_info: ConsolidationInfo


class Root(Struct):
    """The identity of a data root."""

    source: Source
    language: str
    region: str
    api_url: str | UnsetType = UNSET


SCHEMAS: dict[str, tuple[type[Struct], str]] = {
    "collection": (Collection, "A list of one date"),
    "validation_report": (ValidationReport, "The validation report of a day or a week"),
    "daily_summary": (DailySummary, "The summary of a day"),
    "consolidated_week": (ConsolidatedWeek, "The consolidated week"),
    "root": (Root, "root.json"),
    "run_record": (Entry, "A line of logs/runs.jsonl"),
    "deleted": (Deleted, "A line of raw/metadata/deleted.jsonl"),
    "backup_manifest": (Manifest, "manifest.json of a backup"),
}
"""The name of a schema -> its type and title."""


def unknown_keys(document: Any, expected: type[Struct]) -> list[str]:
    """Return the keys of a document that its type lacks; raise ValidationError for a wrong one."""
    known = msgspec.to_builtins(msgspec.convert(document, expected, strict=True))
    return sorted(set(_paths(document)) - set(_paths(known)))


def _paths(value: Any, prefix: str = "") -> list[str]:
    if isinstance(value, dict):
        below = [each for key, item in value.items() for each in _paths(item, f"{prefix}.{key}")]
        return [prefix, *below]
    if isinstance(value, list):
        return [each for item in value for each in _paths(item, f"{prefix}[]")]
    return [prefix]


def schema_text(name: str) -> str:
    """Return a schema as its file holds it."""
    expected, title = SCHEMAS[name]
    schema = msgspec.json.schema(expected)
    top = schema.get("$ref", "").removeprefix("#/$defs/")
    body = schema["$defs"].pop(top) if top else schema
    document = _without_defaults({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **body,
        "title": title,
        "$defs": schema.get("$defs", {}),
    })  # fmt: skip
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _without_defaults(value: Any) -> Any:
    """Return a schema without `default`: a document that we wrote has every key."""
    if isinstance(value, dict):
        return {key: _without_defaults(each) for key, each in value.items() if key != "default"}
    return [_without_defaults(each) for each in value] if isinstance(value, list) else value


def main() -> None:
    """Write all schemas."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--write", action="store_true", required=True, help="into docs/reference")
    parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in SCHEMAS:
        (FOLDER / f"{name}.json").write_text(schema_text(name), encoding="utf-8")


if __name__ == "__main__":
    main()
