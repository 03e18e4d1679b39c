"""A data root of sixty days and nine weeks, as an operator finds it after two months.

It has two late days, a failed day, a gap of three days, a rejected list, a run that is in progress
and one that was skipped. Documents are written, not collected: the catalogue is the demo's.
"""

from __future__ import annotations

import datetime
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from support import page_documents

from pipeline.catalog import plan_from
from pipeline.documents.run_record import ENDED, Entry, TaskRun
from pipeline.ops.runs import record
from pipeline.ops.runs.record import ALREADY_RUNNING
from pipeline.paths import Layout

LAST = datetime.date(2026, 3, 1)
"""A Sunday, and the last of the sixty days."""
DAYS = 60
LATE = (12, 30)
FAILED = 20
GAP = (37, 38, 39)
REJECTED = 8
"""Days before the last one."""

WHY_FAILED = (
    "PopularMovies failed: TMDB answered with HTTP status 503 to 4 attempts in 15 minutes; run the "
    "same command again later."
)
WHY_REJECTED = (
    "ValidationReport failed: popular was rejected, because too few movies of the day before are "
    "still there; see the folder rejected."
)


def day(back: int, last: datetime.date = LAST) -> datetime.date:
    """Return the day that lies so many days before the last one."""
    return last - datetime.timedelta(days=back)


def make(root: Path, last: datetime.date = LAST) -> Layout:
    """Write the documents, pages, logs and the run record; `last` has to be a Sunday."""
    assert last.isoweekday() == 7
    layout = Layout(root)
    for back in reversed(range(DAYS)):
        date = day(back, last)
        if back in GAP:
            continue
        if back == FAILED:
            _record(layout, "DailySummary", date, status=30, reason=WHY_FAILED)
        elif back == REJECTED:
            at = _instant(date, 3)
            path = layout.list_of(plan_from({}).select("daily")[0], date)
            _write(layout.rejected(path, at), page_documents.collection("popular", date))
            _record(layout, "DailySummary", date, status=30, reason=WHY_REJECTED)
        else:
            _write_day(layout, date, late=int(back in LATE))
        if date.isoweekday() == 7:
            _write_week(layout, date)
    _record(layout, "DailySummary", last, status=ALREADY_RUNNING, hour=5, documents=[])
    _record(layout, "IndexPage", last, status=None, hour=6)
    return layout


def _write_day(layout: Layout, date: datetime.date, late: int) -> None:
    lists = plan_from({}).select("daily")
    for entry in lists:
        document = page_documents.collection(entry.name, date)
        document["collection_info"] |= _provenance(date, late)
        _write(layout.list_of(entry, date), document)
    report = page_documents.daily_report(date) | {"late_by_days": late}
    _write(layout.validation_report(date), report)
    summary = page_documents.summary(date) | {"late_by_days": late}
    _write(layout.daily_summary(date), summary)
    _write_text(layout.daily_page(date), "<!doctype html>\n")
    paths = [*(layout.list_of(each, date) for each in lists), layout.daily_summary(date)]
    names = ["PopularMovies", "TrendingMovies", "ValidationReport", "DailySummary"]
    hour = 2 + 3 * late  # no two runs begin at the same time
    _record(layout, "DailySummary", date, hour=hour, late=late, documents=paths, tasks=names)


def _write_week(layout: Layout, date: datetime.date) -> None:
    lists = plan_from({}).select("weekly")
    sample = page_documents.week_lists(page_documents.DAY)
    for entry in lists:
        movies = sample.get(entry.name) or sample["top_rated"]
        document = page_documents.collected(movies[:20], date)
        document["collection_info"] |= _provenance(date, 0)
        _write(layout.list_of(entry, date), document)
    report = page_documents.weekly_report(page_documents.DAY)
    _write(layout.weekly_validation_report(date), report | {"validation_date": date.isoformat()})
    _write(layout.consolidated(date), page_documents.week(page_documents.DAY))
    _write_text(layout.weekly_page(date), "<!doctype html>\n")
    names = ["GenreMovies(horror)", "TopRatedMovies", "WeeklyConsolidation"]
    paths = [layout.consolidated(date)]
    _record(layout, "WeeklyConsolidation", date, hour=3, documents=paths, tasks=names)


def _provenance(date: datetime.date, late: int) -> dict[str, Any]:
    at = _instant(date + datetime.timedelta(days=late), 2)
    return {
        "collected_at": at.isoformat(), "late_by_days": late, "source": "demo",
        "language": "ko-KR", "region": "KR", "requests": 5, "retries": late,
    }  # fmt: skip


def _record(
    layout: Layout, task: str, date: datetime.date, *, status: int | None = 0,
    reason: str | None = None, hour: int = 2, late: int = 0, documents: list[Path] | None = None,
    tasks: list[str] | None = None,
) -> None:  # fmt: skip
    """Record the start and, unless its status is None, the end of a run, and write its log."""
    began_at = _instant(date + datetime.timedelta(days=late), hour)
    log = layout.logs / f"{began_at:%Y%m%dT%H%M%SZ}_{task}_4321.log"
    _write_text(log, f"{began_at:%Y-%m-%dT%H:%M:%SZ} INFO: {task} of {date}: status {status}\n")
    entry = Entry(
        run_id=log.stem, task=task, date=date, at=began_at, started_at=began_at,
        started_by="schedule", scheduler="luigid", version="0.2.0", log=layout.relative(log),
    )  # fmt: skip
    record.append(layout, entry)
    if status is None:
        return
    outcome = "failed" if reason else "done"
    runs = [TaskRun(each, 4 if reason else 1, outcome, 1.5) for each in tasks or ["PopularMovies"]]
    known = {name: getattr(entry, name) for name in entry.__struct_fields__}
    known |= {"event": ENDED, "at": began_at + datetime.timedelta(seconds=75), "status": status}
    known |= {"reason": reason, "requests": 6, "retries": 3 if reason else late}
    known |= {"documents": [layout.relative(each) for each in documents or ()]}
    known |= {"attempts": [] if status == ALREADY_RUNNING else runs}
    record.append(layout, Entry(**known))


def _instant(date: datetime.date, hour: int) -> datetime.datetime:
    return datetime.datetime.combine(date, datetime.time(hour), datetime.UTC)


def _write(path: Path, document: Any) -> None:
    _write_text(path, json.dumps(document, ensure_ascii=False, indent=2) + "\n")


def _write_text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture(scope="session")
def sixty_days_once(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """The data root, made once in a session, for tests that only read it."""
    return make(tmp_path_factory.mktemp("sixty-days") / "data")


@pytest.fixture
def sixty_days(sixty_days_once: Layout, data_dir: Path) -> Layout:
    """A copy of it as the data root of the test."""
    shutil.copytree(sixty_days_once.root, data_dir, dirs_exist_ok=True)
    return Layout(data_dir)
