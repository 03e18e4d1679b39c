"""Where everything is written. No other module joins a path below the data root."""

from __future__ import annotations

import datetime
import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from pipeline.catalog import iso_week

Place = Callable[[datetime.date], Path]
"""Where the document of any day is."""


_LIST_FOLDERS = ("daily", "trending", "genre", "weekly")


class Layout(NamedTuple):
    """The files below one data root. A day stands in file names as YYYYMMDD."""

    root: Path

    def popular(self, date: datetime.date) -> Path:
        """The popular films of the day."""
        return self.root / f"raw/movies/daily/popular_movies_{date:%Y%m%d}.json"

    def trending(self, date: datetime.date) -> Path:
        """The films that trended on the day."""
        return self.root / f"raw/movies/trending/trending_movies_{date:%Y%m%d}.json"

    def genre(self, slug: str, date: datetime.date) -> Path:
        """The films of one genre."""
        return self.root / f"raw/movies/genre/{slug}_{date:%Y%m%d}.json"

    def top_rated(self, date: datetime.date) -> Path:
        """The best rated films."""
        return self.root / f"raw/movies/weekly/top_rated_{date:%Y%m%d}.json"

    def list_of(self, name: str, date: datetime.date) -> Path:
        """The list of that name in a report: popular, trending, top_rated, or a genre."""
        fixed = {"popular": self.popular, "trending": self.trending, "top_rated": self.top_rated}
        return fixed[name](date) if name in fixed else self.genre(name, date)

    @property
    def list_folders(self) -> tuple[Path, ...]:
        """The folders that hold lists."""
        return tuple(self.root / f"raw/movies/{name}" for name in _LIST_FOLDERS)

    @property
    def document_folders(self) -> tuple[Path, ...]:
        """The folders that hold documents."""
        others = ("quality_reports", "daily_summaries")
        metadata = (self.metadata / name for name in others)
        return (*self.list_folders, *metadata, self.root / "processed/weekly")

    @property
    def published_folders(self) -> tuple[Path, ...]:
        """Every folder that a run publishes files in."""
        others = ("rejected", "reports", "reports/daily", "reports/weekly")
        return (self.root, *self.document_folders, *(self.root / name for name in others))

    @property
    def collected(self) -> Path:
        """The folder of everything collected, and of what was found in it."""
        return self.root / "raw"

    @property
    def identity(self) -> Path:
        """Source, language and region of everything below the root."""
        return self.root / "root.json"

    def validation_report(self, date: datetime.date) -> Path:
        """What the rules found in the day's lists."""
        return self.root / f"raw/metadata/quality_reports/validation_report_{date:%Y%m%d}.json"

    def weekly_validation_report(self, date: datetime.date) -> Path:
        """What the rules found in the week's lists."""
        name = f"weekly_validation_report_{date:%Y%m%d}.json"
        return self.root / "raw/metadata/quality_reports" / name

    def daily_summary(self, date: datetime.date) -> Path:
        """The day in figures."""
        return self.root / f"raw/metadata/daily_summaries/daily_summary_{date:%Y%m%d}.json"

    def consolidated(self, date: datetime.date) -> Path:
        """The week's films, each once. The week's number carries no leading zero."""
        name = f"consolidated_week_{iso_week(date)}_{date:%Y%m%d}.json"
        return self.root / "processed/weekly" / name

    @property
    def pages(self) -> Path:
        """What people look at: one HTML file a day, one a week, and the index of both."""
        return self.root / "reports"

    @property
    def index_page(self) -> Path:
        """The page that leads to all others."""
        return self.pages / "index.html"

    def daily_page(self, date: datetime.date) -> Path:
        """The day as a page."""
        return self.pages / f"daily/daily_{date:%Y%m%d}.html"

    def weekly_page(self, date: datetime.date) -> Path:
        """The week as a page."""
        return self.pages / f"weekly/weekly_{iso_week(date)}_{date:%Y%m%d}.html"

    def rejected(self, path: Path, at: datetime.datetime) -> Path:
        """Where a document that was rejected at that instant is kept as evidence."""
        return self.root / f"rejected/{path.stem}_{at:%Y%m%dT%H%M%SZ}{path.suffix}"

    @property
    def documents(self) -> Path:
        """Lists, reports and summaries: there as soon as anything was collected."""
        return self.root / "raw"

    @property
    def metadata(self) -> Path:
        """What a backup keeps besides the task history: reports and summaries."""
        return self.root / "raw/metadata"

    @property
    def logs(self) -> Path:
        """One file a run, and those of luigid."""
        return self.root / "logs"

    def run_log(self, started_at: datetime.datetime, task: str) -> Path:
        """The log of one run, in the order of their starts when sorted by name."""
        return self.logs / f"{started_at:%Y%m%dT%H%M%SZ}_{task}_{os.getpid()}.log"

    @property
    def run_record(self) -> Path:
        """A line when a run begins and a line when it ends."""
        return self.logs / "runs.jsonl"

    def journal(self, date: datetime.date) -> Path:
        """When each task of that day's documents began and how it ended, a line an event."""
        return self.logs / f"journal/{date:%Y%m%d}.log"

    @property
    def luigid_state(self) -> Path:
        """What luigid remembers between two starts. A pickle: only its own user may write it."""
        return self.root / "state/luigid.pickle"

    @property
    def luigid_pid(self) -> Path:
        """The process of a luigid that was started on this host."""
        return self.root / "state/luigid.pid"

    @property
    def luigid_spool(self) -> Path:
        """History events that luigid could not write before it ended."""
        return self.root / "state/history-spool.jsonl"

    @property
    def alerts(self) -> Path:
        """A marker for each alert that was sent."""
        return self.root / "state/alerts"

    def run_lock(self, task: str) -> Path:
        """The lock that one scheduled, triggered or catch-up run of a root task holds."""
        return self.root / f"state/{task}.lock"

    @property
    def data_root_id(self) -> Path:
        """A random word by which luigid and a run find out that they serve the same data root."""
        return self.root / "state/data-root-id"

    @property
    def luigid_seen(self) -> Path:
        """Is there once a luigid has answered a run of this data root."""
        return self.root / "state/luigid-seen"

    @property
    def backups(self) -> Path:
        """Where backups go unless told otherwise."""
        return self.root / "backups"

    def relative(self, path: Path) -> str:
        """Return a file's name below the root, as documents cite it: they outlive a move."""
        return path.relative_to(self.root).as_posix()


def pace_file(api_url: str) -> Path:
    """Return the file by which all processes of this user share one pace towards one API.

    It lies in the machine's folder for temporary files, not below the data root: the limit belongs
    to the machine's address, whatever the data root.
    """
    return _of_this_user("pace", api_url)


def luigid_claim(scheduler_url: str) -> Path:
    """Return the file that says whose data root a luigid serves that cannot say so itself."""
    return _of_this_user("luigid", scheduler_url)


def alerts_without_root(root: Path) -> Path:
    """Return where an alert is noted while nothing can be written below the data root."""
    return _of_this_user("alerts", str(root))


def _of_this_user(kind: str, api_url: str) -> Path:
    name = hashlib.sha256(os.fsencode(api_url)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"tmdb-pipeline-{os.getuid()}" / f"{kind}-{name}"
