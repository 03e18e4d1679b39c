"""The day in figures: a document, and a small table for the console. Pure."""

from __future__ import annotations

import datetime
from typing import Any, NamedTuple

from pipeline.documents.changes import changes
from pipeline.documents.collect import Film
from pipeline.version import SCHEMA_VERSION

Document = dict[str, Any]

EFFORT = ("requests", "retries", "bytes_received")
"""What the lists tell of their collection, summed up over both."""


class Yesterday(NamedTuple):
    """The films of the day before, list by list; None where a list of it is missing."""

    date: datetime.date
    popular: list[Film] | None
    trending: list[Film] | None


def daily_summary(
    date: datetime.date,
    popular: Document,
    trending: Document,
    report: Document,
    yesterday: Yesterday,
    tasks: list[Document],
    finished_at: datetime.datetime,
) -> Document:
    """Sum up a day from its two lists, their validation report, and the lists of the day before.

    The run began when the first of the lists was collected, which its document tells; so a day that
    was finished by a second run after a crash still shows its true length. `duration_minutes` is a
    number of minutes with fractions, 0 where the clock was set back meanwhile. `tasks` is what
    `timeline.runs` tells of this day.
    """
    started_at = min(_collected_at(popular), _collected_at(trending))
    finished_at = max(started_at, finished_at)
    infos = [document["collection_info"] for document in (popular, trending)]
    counts = [info["total_collected"] for info in infos]
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
            **{key: sum(_count(info, key) for info in infos) for key in EFFORT},
            "tasks": tasks,
        },
        "verdict": report["verdict"],
        "changes": {
            "popular": changes(popular["movies"], yesterday.popular, yesterday.date),
            "trending": changes(trending["movies"], yesterday.trending, yesterday.date),
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
        ("verdict", _verdict(quality)),
        ("most frequent", _most_frequent(quality["common_issues"])),
        ("new, gone", _moved(summary["changes"])),
        ("late", _late(summary["late_by_days"])),
        ("source", summary["source"]),
        ("took", f"{seconds:.0f} s"),
        ("file", place),
    ]
    title = f"TMDB films of {summary['summary_date']}"
    lines = [f"  {name:<14} {value}" for name, value in rows if value]
    return "\n".join([title, "-" * len(title), *lines])


def _verdict(report: Document) -> str:
    short = [check for check in report["checks"] if not check["success"]]
    told = [each["id"] for each in short if each["severity"] != "info"]
    return f"{report['verdict']}{': ' if told else ''}{', '.join(told)}"


def _moved(lists: dict[str, Document]) -> str:
    """Tell how many films came and left in each list, where yesterday is there."""
    return ", ".join(
        f"{name} +{len(each['new'])} -{len(each['gone'])}"
        for name, each in lists.items()
        if each["since"]
    )


def _count(info: Document, key: str) -> int:
    """Return a count; 0 in a list that an older version collected."""
    value = info.get(key)
    return value if type(value) is int else 0


def _most_frequent(issues: list[Document]) -> str:
    return ", ".join(f"{each['issue']} ({each['count']})" for each in issues[:3]) or "no issue"


def _late(days: int) -> str:
    return f"collected {days} day{'s' * (days > 1)} after that date" if days > 0 else ""


def _collected_at(document: Document) -> datetime.datetime:
    return datetime.datetime.fromisoformat(document["collection_info"]["collected_at"])
