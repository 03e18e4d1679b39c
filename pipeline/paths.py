"""Where everything is written. No other module joins a path below the data root."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import os
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, partialmethod
from pathlib import Path

from pipeline.catalog import MovieList, iso_week

# Returns the path of a document of any day.
PathFor = Callable[[datetime.date], Path]

# The files that luigid serves to browsers beside the pages: documents and logs, under plain names.
_SERVED = re.compile(
    r"(raw|processed|logs|rejected)(/[A-Za-z0-9_][\w.-]*)+\.(json|jsonl|log)", re.A
)


@dataclass(frozen=True)
class _Fixed:
    """A file or folder below the data root with the same name every day."""

    name: str

    def __get__(self, layout: Layout, owner: type[Layout]) -> Path:
        return layout.root / self.name


class _OfMachine(_Fixed):
    """A file or folder of this machine, which is below the data root where that is a folder."""

    def __get__(self, layout: Layout, owner: type[Layout]) -> Path:
        return layout.work / self.name


@dataclass(frozen=True)
class Layout:
    """The files below one data root. A day stands in file names as YYYYMMDD.

    Logs, state and backups stay on the machine, below `work_dir` where the data root is a bucket.

    `identity` is the source, the language and the region of the data root; a backup keeps the
    metadata. The logs are one file a run, the run record, and a journal of the tasks of each day.
    """

    root: Path
    work_dir: Path | None = None

    @property
    def work(self) -> Path:
        """The folder of this machine for logs, state and backups: usually the data root itself."""
        return self.work_dir or self.root

    def _dated(self, name: str, date: datetime.date) -> Path:
        """Return the path of a file of a day; its name has `{day}`, `{week}` or `{date}`."""
        return self.root / name.format(day=f"{date:%Y%m%d}", week=iso_week(date), date=date)

    identity = _Fixed("root.json")
    collected = documents = _Fixed("raw")
    metadata = _Fixed("raw/metadata")
    validation_report = partialmethod(
        _dated, "raw/metadata/quality_reports/validation_report_{day}.json"
    )
    weekly_validation_report = partialmethod(
        _dated, "raw/metadata/quality_reports/weekly_validation_report_{day}.json"
    )
    daily_summary = partialmethod(_dated, "raw/metadata/daily_summaries/daily_summary_{day}.json")
    deleted = _Fixed("raw/metadata/deleted.jsonl")
    consolidated = partialmethod(_dated, "processed/weekly/consolidated_week_{week}_{day}.json")

    pages = _Fixed("reports")
    index_page = _Fixed("reports/index.html")
    daily_page = partialmethod(_dated, "reports/daily/daily_{day}.html")
    weekly_page = partialmethod(_dated, "reports/weekly/weekly_{week}_{day}.html")
    trends_page = partialmethod(_dated, "reports/trends/trends_{week}_{day}.html")

    # The folder has another name than the column `date`, with which readers would confuse it.
    day_export = partialmethod(_dated, "exports/v1/entries/day={date}/day.parquet")
    week_export = partialmethod(_dated, "exports/v1/entries/day={date}/week.parquet")
    exported_entries = _Fixed("exports/v1/entries")
    export_schema = _Fixed("exports/v1/schema.json")
    export_readme = _Fixed("exports/v1/README")

    logs = _OfMachine("logs")
    run_record = _OfMachine("logs/runs.jsonl")

    alerts = _OfMachine("state/alerts")
    data_root_id = _Fixed("state/data-root-id")  # of a folder, whatever its hosts keep elsewhere
    due_times = _OfMachine("state/due-times.json")
    prune_state = _OfMachine("state/prune.json")
    luigid_pid = _OfMachine("state/luigid.pid")
    luigid_seen = _OfMachine("state/luigid-seen")
    luigid_spool = _OfMachine("state/history-spool.jsonl")
    luigid_state = _OfMachine("state/luigid.pickle")
    backups = _OfMachine("backups")
    warehouse = _OfMachine("warehouse/warehouse.sqlite")
    luigid_log = _OfMachine("logs/luigid.log")  # of one that `tmdb-pipeline start` started

    def list_of(self, movie_list: MovieList, date: datetime.date) -> Path:
        """Return the path of a list."""
        return self.root / "raw/movies" / movie_list.file_name(date)

    def store_probe(self, name: str) -> Path:
        """Return the object that `doctor` writes and deletes to see what a bucket allows."""
        return self.root / f"state/probe-{name}"

    @property
    def identity_lock(self) -> Path:
        """The folder on this machine whose lock a list is published under."""
        return self.logs if self.work_dir else self.documents

    @property
    def list_folders(self) -> tuple[Path, ...]:
        """The folders that hold lists."""
        names = ("daily", "trending", "genre", "weekly")
        return tuple(self.root / "raw/movies" / name for name in names)

    @property
    def published_folders(self) -> tuple[Path, ...]:
        """Every folder that a run publishes files in."""
        documents = (self.validation_report, self.daily_summary, self.consolidated)
        dated = (*documents, self.daily_page, self.weekly_page, self.trends_page)
        folders = (path_for(datetime.date.min).parent for path_for in dated)
        return (self.root, *self.list_folders, *folders, self.pages, self.root / "rejected")

    @property
    def evidence_folders(self) -> tuple[Path, ...]:
        """The folders of documents that were rejected, or moved aside to be made again."""
        return (self.root / "rejected", self.root / "superseded")

    def rejected(self, path: Path, at: datetime.datetime) -> Path:
        """Return where a document that was rejected at that instant is kept as evidence."""
        return self.root / f"rejected/{path.stem}_{at:%Y%m%dT%H%M%SZ}{path.suffix}"

    def superseded(self, at: datetime.datetime) -> Path:
        """Return the folder of what a redo that ended at that instant has replaced."""
        return self.root / f"superseded/{at:%Y%m%dT%H%M%SZ}"

    def redo_folder(self, task: str) -> Path:
        """Return the folder of what a redo of a root task has moved aside until it is done."""
        return self.root / f"superseded/{task}"

    def journal(self, date: datetime.date) -> Path:
        """Return the journal of the tasks of a day."""
        return self.work / f"logs/journal/{date:%Y%m%d}.log"

    def run_log(self, started_at: datetime.datetime, task: str) -> Path:
        """Return the log of one run; sorted by name, logs are in the order of their starts."""
        return self.logs / f"{started_at:%Y%m%dT%H%M%SZ}_{task}_{os.getpid()}.log"

    def run_lock(self, task: str) -> Path:
        """Return the lock that one scheduled, triggered or catch-up run of a root task holds."""
        return self.work / f"state/{task}.lock"

    def pause(self, task: str) -> Path:
        """Return the file that says that the schedule of a root task is paused."""
        return self.work / f"state/{task}.pause.json"

    def acknowledged(self, task: str, date: datetime.date) -> Path:
        """Return the empty file that says that a missed date needs no further report."""
        return self.work / f"state/acknowledged/{date:%Y%m%d}_{task}"

    def served(self, address: str) -> Path | None:
        """Return the document or log of an address below the root; None for any other file."""
        folder = self.work if address.startswith("logs/") else self.root
        return folder / address if _SERVED.fullmatch(address) else None

    def relative(self, path: Path) -> str:
        """Return a file's name below the root, as documents cite it: they outlive a move."""
        return path.relative_to(self.top_of(path)).as_posix()

    def top_of(self, path: Path) -> Path:
        """Return what a path is below: the data root, or the folder of this machine."""
        return self.root if path.is_relative_to(self.root) else self.work


def dates_in(name: str) -> list[datetime.date]:
    """Return the days of the years 1900 to 2999 in a file's name, as YYYYMMDD or YYYY-MM-DD."""
    days = []
    for found in re.finditer(r"(?<!\d)(?:19|2\d)\d\d(-?)\d\d\1\d\d(?!\d)", name):
        with contextlib.suppress(ValueError):
            days.append(datetime.date.fromisoformat(found[0]))
    return days


def _file_of_this_user(kind: str, subject: object) -> Path:
    """Return the path of a file of this user on this machine, for an address or a data root.

    It lies in the folder for temporary files: limits belong to the machine, whatever the data root,
    and where nothing can be written below the data root, alerts are noted here.
    """
    name = hashlib.sha256(os.fsencode(str(subject))).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"tmdb-pipeline-{os.getuid()}" / f"{kind}-{name}"


pace_file = partial(_file_of_this_user, "pace")
luigid_claim = partial(_file_of_this_user, "luigid")
alerts_without_root = partial(_file_of_this_user, "alerts")
