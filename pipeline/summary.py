"""The day in figures: a document, and a small table for the console. Pure."""

from __future__ import annotations

import datetime
from typing import Any

from pipeline.version import SCHEMA_VERSION

Document = dict[str, Any]


def daily_summary(
    date: datetime.date,
    popular: Document,
    trending: Document,
    report: Document,
    finished_at: datetime.datetime,
) -> Document:
    """Sum up a day from its two lists and their validation report.

    The run began when the first of the lists was collected, which its document tells; so a day that
    was finished by a second run after a crash still shows its true length. `duration_minutes` is a
    number of minutes with fractions.
    """
    started_at = min(_collected_at(popular), _collected_at(trending))
    counts = [document["collection_info"]["total_collected"] for document in (popular, trending)]
    return {
        "summary_date": date.isoformat(),
        "run_id": f"daily__{date.isoformat()}__{started_at:%Y%m%dT%H%M%SZ}",
        "collection_summary": {
            "popular_movies": counts[0],
            "trending_movies": counts[1],
            "total_collected": sum(counts),
        },
        "quality_summary": report,
        "execution_summary": {
            "start_time": started_at.isoformat(),
            "end_time": finished_at.isoformat(),
            "duration_minutes": round((finished_at - started_at).total_seconds() / 60, 3),
        },
        "late_by_days": report["late_by_days"],
        "source": report["source"],
        "schema_version": SCHEMA_VERSION,
    }


def console_table(summary: Document, place: str) -> str:
    """Draw the summary for a terminal; `place` is where its file lies."""
    collected, quality = summary["collection_summary"], summary["quality_summary"]
    seconds = summary["execution_summary"]["duration_minutes"] * 60
    rows = [
        ("popular", f"{collected['popular_movies']} films"),
        ("trending", f"{collected['trending_movies']} films"),
        ("passed", f"{quality['validation_rate']:.1f} % of {quality['total_movies_validated']}"),
        ("quality", f"{quality['overall_quality_score']:.1f} of 100"),
        ("most frequent", _most_frequent(quality["common_issues"])),
        ("late", _late(summary["late_by_days"])),
        ("source", summary["source"]),
        ("took", f"{seconds:.0f} s"),
        ("file", place),
    ]
    title = f"TMDB films of {summary['summary_date']}"
    lines = [f"  {name:<14} {value}" for name, value in rows if value]
    return "\n".join([title, "-" * len(title), *lines])


def _most_frequent(issues: list[Document]) -> str:
    return ", ".join(f"{each['issue']} ({each['count']})" for each in issues[:3]) or "no issue"


def _late(days: int) -> str:
    return f"collected {days} day{'s' * (days > 1)} after that date" if days > 0 else ""


def _collected_at(document: Document) -> datetime.datetime:
    return datetime.datetime.fromisoformat(document["collection_info"]["collected_at"])
