"""The day in figures and in changes: a document, and a small table for the console. Pure."""

import datetime
from collections.abc import Mapping
from typing import Any

from pipeline.documents.schema import Document, Movie, info_of
from pipeline.version import SCHEMA_VERSION


def daily_summary(
    date: datetime.date,
    lists: Mapping[str, Document],
    report: Document,
    day_before: Mapping[str, list[Movie] | None],
    tasks: list[Document],
    finished_at: datetime.datetime,
) -> Document:
    """Sum up a day from its lists by name, their report, and the movies of the day before by list.

    The run began when the first of the lists was collected, as its document says; so a day that was
    finished by a second run after a crash still shows its true length.
    """
    infos = {name: info_of(document) for name, document in lists.items()}
    started_at = min(info.collected_at for info in infos.values())
    finished_at = max(started_at, finished_at)  # a clock may have been set back
    since = date - datetime.timedelta(days=1)
    return {
        "summary_date": date.isoformat(),
        "run_id": f"daily__{date.isoformat()}__{started_at:%Y%m%dT%H%M%SZ}",
        "collection_summary": {
            **{f"{name}_movies": info.total_collected for name, info in infos.items()},
            "total_collected": sum(info.total_collected for info in infos.values()),
        },
        "quality_summary": report,
        "execution_summary": {
            "start_time": started_at.isoformat(),
            "end_time": finished_at.isoformat(),
            "duration_minutes": round((finished_at - started_at).total_seconds() / 60, 3),
            "requests": sum(info.requests for info in infos.values()),
            "retries": sum(info.retries for info in infos.values()),
            "bytes_received": sum(info.bytes_received for info in infos.values()),
            "tasks": tasks,
        },
        "verdict": report["verdict"],
        "changes": {
            name: changes(document["movies"], day_before.get(name), since)
            for name, document in lists.items()
        },
        "late_by_days": report["late_by_days"],
        "source": report["source"],
        "schema_version": SCHEMA_VERSION,
    }


def console_table(summary: Document, path: str) -> str:
    """Draw the summary for a terminal, with the path of its file."""
    quality, days = summary["quality_summary"], summary["late_by_days"]
    *counts, _ = summary["collection_summary"].items()
    checks = (each for each in quality["checks"] if not each["success"])
    failed = ", ".join(each["id"] for each in checks if each["severity"] != "info")
    frequent = [f"{each['issue']} ({each['count']})" for each in quality["common_issues"][:3]]
    moves = ((name, each) for name, each in summary["changes"].items() if each["since"])
    rows = [
        *((key.removesuffix("_movies"), f"{count} movies") for key, count in counts),
        ("passed", f"{quality['validation_rate']:.1f} % of {quality['total_movies_validated']}"),
        ("quality", f"{quality['overall_quality_score']:.1f} of 100"),
        ("verdict", f"{quality['verdict']}{': ' if failed else ''}{failed}"),
        ("most frequent", ", ".join(frequent) or "no issue"),
        ("new, gone", ", ".join(f"{name} +{len(e['new'])} -{len(e['gone'])}" for name, e in moves)),
        ("late", f"collected {days} day{'s' * (days > 1)} after that date" if days > 0 else ""),
        ("source", summary["source"]),
        ("took", f"{summary['execution_summary']['duration_minutes'] * 60:.0f} s"),
        ("file", path),
    ]
    title = f"TMDB movies of {summary['summary_date']}"
    lines = [f"  {name:<14} {value}" for name, value in rows if value]
    return "\n".join([title, "-" * len(title), *lines])


def changes(
    movies: list[Movie], before: list[Movie] | None, since: datetime.date
) -> dict[str, Any]:
    """Return the changes of a list since an earlier day: the ten biggest climbers first.

    Without the movies of that day (None) nothing is new and nothing gone, rather than everything.
    """
    if before is None:
        return {"since": None, "new": [], "gone": [], "climbers": []}
    now, then = _by_id(movies), _by_id(before)
    climbers = [
        {**entry, "rank_before": then[number]["rank"]}
        for number, entry in now.items()
        if number in then and then[number]["rank"] > entry["rank"]
    ]
    climbers.sort(key=lambda each: each["rank"] - each["rank_before"])
    return {
        "since": since.isoformat(),
        "new": [entry for number, entry in now.items() if number not in then],
        "gone": [entry for number, entry in then.items() if number not in now],
        "climbers": climbers[:10],
    }


def _by_id(movies: list[Movie]) -> dict[int, dict[str, Any]]:
    entries = {}
    for rank, movie in enumerate(movies, start=1):
        title = movie["title"] if isinstance(movie.get("title"), str) else None
        entries[movie["id"]] = {"id": movie["id"], "title": title, "rank": rank}
    return entries
