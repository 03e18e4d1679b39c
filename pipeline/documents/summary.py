"""The day in figures: a document, and a small table for the console. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from pipeline.documents.changes import changes
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
    """Sum up a day from its lists, their validation report, and the lists of the day before.

    The run began when the first of the lists was collected, as its document says; so a day that was
    finished by a second run after a crash still shows its true length.

    Args:
        date: the day.
        lists: its lists by name, in their order.
        report: their validation report.
        day_before: the movies of the day before, by list; None where that list is missing.
        tasks: the task runs of the day.
        finished_at: the end of the day's run.
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
    quality = summary["quality_summary"]
    *counts, _ = summary["collection_summary"].items()
    failed = [
        check["id"]
        for check in quality["checks"]
        if not check["success"] and check["severity"] != "info"
    ]
    frequent = [f"{each['issue']} ({each['count']})" for each in quality["common_issues"][:3]]
    moved = [
        f"{name} +{len(each['new'])} -{len(each['gone'])}"
        for name, each in summary["changes"].items()
        if each["since"]
    ]
    days = summary["late_by_days"]
    rows = [
        *((key.removesuffix("_movies"), f"{count} movies") for key, count in counts),
        ("passed", f"{quality['validation_rate']:.1f} % of {quality['total_movies_validated']}"),
        ("quality", f"{quality['overall_quality_score']:.1f} of 100"),
        ("verdict", f"{quality['verdict']}{': ' if failed else ''}{', '.join(failed)}"),
        ("most frequent", ", ".join(frequent) or "no issue"),
        ("new, gone", ", ".join(moved)),
        ("late", f"collected {days} day{'s' * (days > 1)} after that date" if days > 0 else ""),
        ("source", summary["source"]),
        ("took", f"{summary['execution_summary']['duration_minutes'] * 60:.0f} s"),
        ("file", path),
    ]
    title = f"TMDB movies of {summary['summary_date']}"
    lines = [f"  {name:<14} {value}" for name, value in rows if value]
    return "\n".join([title, "-" * len(title), *lines])
