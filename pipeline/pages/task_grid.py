"""The table of tasks and dates on the index: what is done, late, rejected or missing."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.documents.run_record import Entry, decode_lines, last_entries
from pipeline.pages.i18n import Translator
from pipeline.pages.links import ROOT_TASKS, TASK_DAYS
from pipeline.paths import Layout, PathFor

_PAGES = "reports/"
_DAY = datetime.timedelta(days=1)
_SUNDAY = 6
_RUN_KINDS = {None: "running", 0: "done"}  # by the exit status; any other one is "failed"

# The rows besides the lists, by the name of their file; those of the week are due on Sundays.
_DAILY = ("validation_report", "daily_summary", "daily_page")
_WEEKLY = ("weekly_validation_report", "consolidated", "weekly_page")

# What a task can be on a date, in the order in which one state hides another.
_STATES = ("late", "done", "running", "deleted", "rejected", "failed", "paused", "missing")

# Files by the name of their row and their day; they are below the data root.
Files = Mapping[str, Mapping[datetime.date, str]]


@dataclass(frozen=True)
class Cell:
    """A task on a date: done, late, rejected, missing, failed, running, or empty if not due."""

    kind: str
    address: str = ""


@dataclass(frozen=True)
class GridRow:
    """A task with a cell for each date."""

    name: str
    cells: Sequence[Cell]


def list_files(
    layout: Layout,
    lists: Mapping[str, PathFor],
    newest: datetime.date,
    exists: Callable[[Path], bool],
) -> Files:
    """Return the files of the last days that exist, by row and day."""
    paths = {**lists, **{name: getattr(layout, name) for name in (*_DAILY, *_WEEKLY)}}
    days = [newest - number * _DAY for number in range(TASK_DAYS)]
    return {
        name: {day: layout.relative(path) for day in days if exists(path := path_for(day))}
        for name, path_for in paths.items()
    }


def find_state(known: Mapping[str, Collection[datetime.date]], date: datetime.date) -> str:
    """Return what became of a task on a date, by the dates of each state that are known."""
    return next((state for state in _STATES if date in known.get(state, ())), "")


def read_runs(record: bytes, dates: Collection[datetime.date]) -> list[Entry]:
    """Return the runs of root tasks on these dates, but for those that did nothing."""
    entries = last_entries(decode_lines(record, Entry))
    ours = (each for each in entries if each.task in ROOT_TASKS and each.date in dates)
    return [each for each in ours if each.outcome not in ("SKIPPED", "PAUSED")]


def build_grid(
    t: Translator,
    dates: Sequence[datetime.date],
    files: Files,
    late_days: Collection[datetime.date],
    late_weeks: Collection[datetime.date],
    rejected: Iterable[str],
    runs: Sequence[Entry],
) -> list[GridRow]:
    """Return a row for each kind of file and each root task with a run.

    A date before the first one with any file is no gap. Files of `rejected` are named as lists.
    """
    first = min((date for each in files.values() for date in each), default=max(dates) + _DAY)
    stems = {path.rpartition("/")[2].rpartition("_")[0]: path for path in rejected}
    stems |= {stem.replace("_movies_", "_"): path for stem, path in stems.items()}
    days = [date for date in dates if date >= first]
    weeks = [date for date in days if date.weekday() == _SUNDAY]
    rows = []
    for name, found in files.items():
        late, due = (late_weeks, weeks) if name in _WEEKLY else (late_days, days)
        paths = {date: stems.get(f"{name}_{date:%Y%m%d}", "") for date in dates} | dict(found)
        bad = [date for date in dates if paths[date]]
        known = {"late": found.keys() & late, "done": found, "rejected": bad, "missing": due}
        cells = [Cell(find_state(known, date), _address(paths[date])) for date in dates]
        rows.append(GridRow(t.enum("tasks", name, default=t.list_name(name)), cells))
    for task in dict.fromkeys(run.task for run in runs):
        ours = {run.date: run for run in runs if run.task == task}
        by_date = {
            date: Cell(_RUN_KINDS.get(run.status, "failed"), _address(run.log or ""))
            for date, run in ours.items()
        }
        rows.append(GridRow(t.enum("tasks", task), [by_date.get(d, Cell("")) for d in dates]))
    return rows


def _address(path: str) -> str:
    """Return the address of a file below the data root, as seen from the index."""
    return path.removeprefix(_PAGES) if path.startswith(_PAGES) or not path else f"../{path}"
