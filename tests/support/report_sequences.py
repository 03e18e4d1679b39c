"""Reports of consecutive weeks, each of which has those before it as its history."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

from support.quality_days.day import THRESHOLDS, failed_checks

from pipeline.quality.report import validation_report
from pipeline.quality.rules import Thresholds
from pipeline.quality.snapshot import ListSnapshot, history_of

SUNDAY = datetime.date(2024, 1, 7)
WEEK = datetime.timedelta(days=7)
ENGLISH = "A young doctor returns to the town of her youth and finds the letters of her mother."

Movie = dict[str, Any]
Report = dict[str, Any]


def movie(number: int, **changes: Any) -> Movie:
    """Return one of movies that differ in what the other rules look at, like those of a list."""
    return {
        "adult": False,
        "backdrop_path": "/b.jpg",
        "genre_ids": [18],
        "id": number,
        "original_language": "en",
        "original_title": f"Movie {number}",
        "overview": ENGLISH,
        "popularity": 100.0 - number / 10,
        "poster_path": "/p.jpg",
        "release_date": "2020-05-30",
        "title": f"Movie {number}",
        "video": False,
        "vote_average": 7.5,
        "vote_count": 500,
    } | changes


def changed(count: int, size: int = 20, text: str = ENGLISH, **changes: Any) -> list[Movie]:
    """Return a list in which so many movies are changed."""
    rows = [movie(number, overview=text) for number in range(1, size + 1)]
    return [row | changes if place < count else row for place, row in enumerate(rows)]


def weeks(
    lists: Iterable[list[Movie]],
    language: str = "en-US",
    thresholds: Thresholds = THRESHOLDS,
) -> list[Report]:
    """Return the reports of consecutive weeks, each of which has the ones before as its history."""
    reports: list[tuple[datetime.date, Report]] = []
    for number, movies in enumerate(lists):
        date = SUNDAY + number * WEEK
        history = history_of(reversed(reports), ["drama"], 28)["drama"]
        info = {"language": language, "total_collected": len(movies), "source": "tmdb"}
        rows = [*movies[number % 5 :], *movies[: number % 5]]  # no list is the same for weeks
        made = ListSnapshot("drama", "drama.json", date, rows, info, history, 21)
        reports.append((date, validation_report(date, [made], thresholds)))
    return [report for _, report in reports]


def verdicts(reports: Iterable[Report]) -> list[str]:
    return [str(report["verdict"]) for report in reports]


def sentence(report: Report, rule: str) -> str:
    return str(failed_checks(report)[rule][0]["finding"])
