"""Whole documents of any day and week, made from the embedded catalogue, for the pages' tests."""

from __future__ import annotations

import copy
import json
import re
import statistics
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from support.lists import packaged

from pipeline.demo import answer
from pipeline.documents.consolidate import consolidated_week
from pipeline.documents.summary import changes
from pipeline.pages.trends import Gain, Trends

DAY = date(2024, 1, 7)
GENRES = {
    "action": (28, "액션"),
    "comedy": (35, "코미디"),
    "drama": (18, "드라마"),
    "horror": (27, "공포"),
    "romance": (10749, "로맨스"),
    "science_fiction": (878, "SF"),
    "thriller": (53, "스릴러"),
    "animation": (16, "애니메이션"),
}
"""The genres of the contract in their order: slug -> (id, Korean name)."""

NAMES = {slug: name for slug, (_, name) in GENRES.items()}
PATHS = {"popular": ("/movie/popular", 5), "trending": ("/trending/movie/day", 1)}

Document = dict[str, Any]


def rows(path: str, pages: int, on: date, **query: object) -> list[Document]:
    films: dict[int, Document] = {}
    for number in range(1, pages + 1):
        asked = {"language": "ko-KR", "region": "KR", "page": str(number)}
        asked |= {name: str(value) for name, value in query.items()}
        for film in json.loads(answer(path, asked, day=on).body)["results"]:
            films.setdefault(film["id"], film)
    return list(films.values())


@cache
def films(name: str, on: date) -> tuple[Document, ...]:
    path, pages = PATHS[name]
    return tuple(rows(path, pages, on))


def collection(name: str, on: date, source: str = "demo") -> Document:
    return collected(list(films(name, on)), on, source)


def collected(movies: list[Document], on: date, source: str = "demo") -> Document:
    return {
        "movies": movies,
        "collection_info": {
            "collection_date": on.isoformat(),
            "total_collected": len(movies),
            "source": source,
            "collected_at": f"{on}T17:00:02+00:00",
            "late_by_days": 0,
        },
    }


def profile(movies: Sequence[Document], on: date) -> Document:
    def median(key: str) -> float | None:
        known = [film[key] for film in movies if isinstance(film.get(key), int | float)]
        return statistics.median(known) if known else None

    size = len(movies) or 1
    return {
        "date": on.isoformat(),
        "films": " ".join(str(film["id"]) for film in movies),
        "popularity_median": median("popularity"),
        "votes_median": median("vote_count"),
        "overviews_empty": sum(not film.get("overview") for film in movies) / size,
        "posters_missing": sum(film.get("poster_path") is None for film in movies) / size,
        "fields": " ".join(sorted({field for film in movies for field in film})),
    }


def report(on: date, lists: dict[str, Sequence[Document]], source: str = "demo") -> Document:
    """A report with two failed checks, one of them of films, and everything else well."""
    total = sum(map(len, lists.values()))
    first = next(iter(lists))
    without = [film for film in lists[first] if not film.get("overview")]
    score = 96.4 - (on.toordinal() % 5) / 2 - (on.toordinal() % 3)
    return {
        "validation_date": on.isoformat(),
        "overall_quality_score": round(score, 2),
        "total_movies_validated": total,
        "total_movies_passed": total - 1,
        "validation_rate": round((total - 1) / total * 100, 2),
        "quality_distribution": {
            "excellent": total - 16,
            "good": 12,
            "fair": 3,
            "poor": 1,
        },
        "common_issues": [
            {"issue": "overview_missing", "count": len(without), "required": False},
            {"issue": "poster_missing", "count": 1, "required": False},
        ],
        "late_by_days": 0,
        "source": source,
        "verdict": "warn",
        "checks": [
            check("title", "warn", "title is text and not empty"),
            check("overview_missing", "block", "overview is not empty"),
            check("poster_missing", "warn", "poster_path is given", without[:3], first),
            check("overlap", "warn", "films stay from day to day", finding=first),
            check("list_late", "info", "a list is collected on its own day"),
            check("unheard_of", "info", "a rule that no table knows"),
        ],
        "drift": [
            {
                "list": first,
                "kind": "unknown_field",
                "field": "softcore",
                "finding": "a field that is not known",
            }
        ],
        "profiles": {name: profile(movies, on) for name, movies in lists.items()},
    }


def check(
    rule: str,
    severity: str,
    description: str,
    broken: Sequence[Document] = (),
    where: str = "",
    finding: str = "",
) -> Document:
    evidence: list[Document] = [
        {"list": where, "film": film["id"], "title": film["title"], "found": "null"}
        for film in broken
    ]
    if finding:
        evidence.append(
            {
                "list": finding,
                "finding": "21 of 100 films of the day before are still there",
                "found": 0.21,
                "limit": 0.3,
            }
        )
    return {
        "id": rule,
        "description": description,
        "severity": severity,
        "success": not evidence,
        "evidence": evidence,
    }


def daily_report(on: date, source: str = "demo") -> Document:
    return copy.deepcopy(_daily_report(on, source))


@cache
def _daily_report(on: date, source: str) -> Document:
    return report(on, {name: films(name, _catalogue_day(on)) for name in PATHS}, source)


def _catalogue_day(on: date) -> date:
    """The day of the catalogue that is shown for it; long ago three days take turns, for speed."""
    back = (DAY - on).days
    return on if back < 3 else DAY - timedelta(days=back % 3)


def summary(on: date, source: str = "demo", *, yesterday: bool = True) -> Document:
    before = on - timedelta(days=1)
    start = datetime(on.year, on.month, on.day, 17, 0, 2, tzinfo=UTC)
    return {
        "summary_date": on.isoformat(),
        "run_id": f"daily__{on}__{start:%Y%m%dT%H%M%SZ}",
        "collection_summary": {
            "popular_movies": len(films("popular", on)),
            "trending_movies": len(films("trending", on)),
            "total_collected": len(films("popular", on)) + len(films("trending", on)),
        },
        "quality_summary": daily_report(on, source),
        "execution_summary": {
            "start_time": start.isoformat(),
            "end_time": (start + timedelta(seconds=4.2)).isoformat(),
            "duration_minutes": 0.07,
            "requests": 6,
            "retries": 1,
            "bytes_received": 131_072,
            "tasks": [
                task("PopularMovies", start, 0, 2.31),
                task("TrendingMovies", start, 0.05, 0.62),
                task("ValidationReport", start, 2.6, 0.41, attempts=2),
                task("DailySummary", start, 3.3, None, outcome="running"),
            ],
        },
        "late_by_days": 0,
        "source": source,
        "verdict": "warn",
        "changes": {
            name: changes(
                list(films(name, on)),
                list(films(name, before)) if yesterday else None,
                before,
            )
            for name in PATHS
        },
        "schema_version": 1,
    }


def task(
    name: str,
    start: datetime,
    after: float,
    seconds: float | None,
    attempts: int = 1,
    outcome: str = "done",
) -> Document:
    began = start + timedelta(seconds=after)
    ended = None if seconds is None else (began + timedelta(seconds=seconds)).isoformat()
    return {
        "task": name,
        "started_at": began.isoformat(),
        "ended_at": ended,
        "seconds": seconds,
        "attempts": attempts,
        "outcome": outcome,
    }


def past(on: date, days: int = 30, missing: Sequence[int] = ()) -> dict[date, Document]:
    """Reports of the days before; `missing` are days back that are left out."""
    return {
        on - timedelta(days=back): daily_report(on - timedelta(days=back))
        for back in range(1, days + 1)
        if back not in missing
    }


@cache
def week_lists(on: date) -> dict[str, list[Document]]:
    lists = {
        slug: rows("/discover/movie", 15, on, with_genres=genre)
        for slug, (genre, _) in GENRES.items()
    }
    lists["top_rated"] = rows("/movie/top_rated", 20, on)
    return lists


@cache
def week(on: date) -> Document:
    sources = [
        (packaged(slug), f"{slug}_{on:%Y%m%d}.json", collected(movies, on))
        for slug, movies in week_lists(on).items()
    ]
    file = f"weekly_validation_report_{on:%Y%m%d}.json"
    return consolidated_week(on, sources, verdict="warn", quality_report=file)


@cache
def weekly_report(on: date) -> Document:
    return report(on, dict(week_lists(on)))


def led_to(html: str) -> frozenset[str]:
    """The addresses of all pages that an index leads to."""
    return frozenset(re.findall(r'href="((?:daily|weekly)/[\w.]+)"', html))


def trends(on: date, days: int = 20) -> Trends:
    """The figures of so many days up to a date, without the fifth day back."""
    titles: dict[int, str | None] = {}
    ranks: dict[int, dict[date, int]] = {}
    shares: dict[int, dict[date, float]] = {}
    known = [on - timedelta(days=back) for back in reversed(range(days)) if back != 5]
    for day in known:
        for rank, film in enumerate(films("popular", day), start=1):
            titles[film["id"]] = film["title"]
            ranks.setdefault(film["id"], {})[day] = rank
            for genre in film["genre_ids"]:
                share = shares.setdefault(genre, {})
                share[day] = share.get(day, 0) + 1 / len(films("popular", day))
    scores = {day: 95 + day.toordinal() % 4 for day in known}
    gains = [Gain(film["id"], film["title"], 1000, 500 - rank)
             for rank, film in enumerate(films("popular", on))]  # fmt: skip
    return Trends(titles, ranks, shares, gains, scores, {on: 99.0})
