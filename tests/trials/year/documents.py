"""Whether a document is whole and says what is true. A sentence for each thing that is not."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from support.lists import list_path

from pipeline.paths import Layout
from trials.year.due import DAILY, WEEKLY, Root
from trials.year.host import day_of_film
from trials.year.ledger import HAND, Run

OF_THE_WEEK = ("genre", "weekly", "weekly_validation_report", "consolidated_week")
_NAME = re.compile(r"(?P<name>[a-z_]+?)(_(?P<week>\d+))?_(?P<day>\d{8})\.json")

Document = dict[str, Any]


def day_of(path: Path) -> datetime.date:
    """Return the day in a document's name."""
    found = _NAME.fullmatch(path.name)
    assert found, path
    return datetime.datetime.strptime(found["day"], "%Y%m%d").date()


def root_of(path: Path) -> Root:
    """Return the root task and the day that a document was made for."""
    weekly = path.parent.name in OF_THE_WEEK or path.name.startswith(OF_THE_WEEK)
    return (WEEKLY if weekly else DAILY), day_of(path)


def task_of(path: Path) -> tuple[str, str, str]:
    """Return family, date and genre of the task that makes a document."""
    genre = path.name.rsplit("_", 1)[0] if path.parent.name == "genre" else ""
    family = {"daily": "PopularMovies", "trending": "TrendingMovies", "genre": "GenreMovies",
              "daily_summaries": DAILY}  # fmt: skip
    of_weekly = {"consolidated": WEEKLY, "top": "TopRatedMovies"}
    of_report = {"validation": "ValidationReport", "weekly": "WeeklyValidationReport"}
    first = path.name.split("_")[0]
    name = family.get(path.parent.name) or {**of_weekly, **of_report}[first]
    return name, day_of(path).isoformat(), genre


def faults(
    path: Path, layout: Layout, runs: list[Run], there_before: Callable[[Path], bool]
) -> Iterator[str]:
    """Yield what is wrong with a document.

    Args:
        path: the document.
        layout: where all others are.
        runs: those that were asked for its day, by the simulated clock.
        there_before: whether another document was there before the run that made this one.
    """
    try:
        content = path.read_bytes()
        document = json.loads(content)
    except ValueError:
        yield "is no JSON"
        return
    if not content.endswith(b"}\n"):
        yield "is not whole"
    day = day_of(path)
    if "movies" in document:
        yield from _of_films(document, path, day, runs)
    elif "summary_date" in document:
        yield from _of_summary(document, layout, day, there_before)
    elif document["validation_date"] != day.isoformat():
        yield f"is a report of {document['validation_date']}"
    if _late(document) < 0:
        yield "claims to have been collected before its day"


def _late(document: Document) -> int:
    info = document.get("collection_info") or document.get("consolidation_info") or document
    late: int = info["late_by_days"]
    return late


def lateness(path: Path) -> int:
    """Return by how many days a document says it is late."""
    return _late(json.loads(path.read_bytes()))


def _of_films(document: Document, path: Path, day: datetime.date, runs: list[Run]) -> Iterator[str]:
    weekly = "consolidation_info" in document
    info = document["consolidation_info" if weekly else "collection_info"]
    if info["consolidation_date" if weekly else "collection_date"] != day.isoformat():
        yield "bears another date than its name"
    if info["total_unique_movies" if weekly else "total_collected"] != len(document["movies"]):
        yield "counts other films than it holds"
    if not document["movies"]:
        yield "holds no film"
    week = day.isocalendar().week
    if "week_number" in info and info["week_number"] != week:
        yield f"is of week {week} and says {info['week_number']}"
    found = _NAME.fullmatch(path.name)
    if weekly and found and found["week"] != str(week):
        yield f"is of week {week} by the calendar and {found['week']} by its name"
    if not weekly:
        yield from _of_collection(document, path, day, runs)


def _of_collection(
    document: Document, path: Path, day: datetime.date, runs: list[Run]
) -> Iterator[str]:
    info = document["collection_info"]
    at = datetime.datetime.fromisoformat(info["collected_at"])
    within = [
        run
        for run in runs
        if run.earliest.timestamp() - 2 <= at.timestamp() <= run.latest.timestamp() + 2
    ]
    if not within:
        yield f"says it was collected at {at}, when nothing ran for its day"
        return
    if root_of(path)[0] == DAILY and info["late_by_days"] > 0 and within[-1].started_by != HAND:
        yield f"was collected {info['late_by_days']} days late by the schedule"
    zone = within[0].earliest.tzinfo
    if info["late_by_days"] != (at.astimezone(zone).date() - day).days:
        yield f"was collected at {at} and claims to be {info['late_by_days']} days late"
    served = {day_of_film(film) for film in document["movies"]}
    first, last = within[0].earliest.date(), within[-1].latest.date()
    if len(served) > 1 or not first <= min(served) <= last:
        yield f"holds films of {', '.join(map(str, sorted(served)))}"


def _of_summary(
    document: Document,
    layout: Layout,
    day: datetime.date,
    there_before: Callable[[Path], bool],
) -> Iterator[str]:
    if document["summary_date"] != day.isoformat():
        yield "bears another date than its name"
    before = day - datetime.timedelta(1)
    for name in ("popular", "trending"):
        was_there = there_before(list_path(layout, name, before))
        since = before.isoformat() if was_there else None
        if document["changes"][name]["since"] != since:
            yield f"compares {name} with {document['changes'][name]['since']} and not {since}"
    if document["execution_summary"]["duration_minutes"] < 0:
        yield "took less than no time"
    if document["late_by_days"] != max(
        lateness(list_path(layout, "popular", day)), lateness(list_path(layout, "trending", day))
    ):
        yield "is late by other days than its lists"
