"""The table of tasks and dates on the index: what is done, late, rejected or missing."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.pages.i18n import Translator
from pipeline.pages.links import TASK_DAYS
from pipeline.pages.runs import Run
from pipeline.paths import Layout, PathFor

_PAGES = "reports/"
_DAY = datetime.timedelta(days=1)
_SUNDAY = 6

# The rows besides the lists, by the name of their file; those of the week are due on Sundays.
_DAILY = ("validation_report", "daily_summary", "daily_page")
_WEEKLY = ("weekly_validation_report", "consolidated", "weekly_page")

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
    names = (*_DAILY, *_WEEKLY)
    paths = {**lists, **{name: getattr(layout, name) for name in names}}
    days = [newest - number * _DAY for number in range(TASK_DAYS)]
    return {
        name: {day: layout.relative(path) for day in days if exists(path := path_for(day))}
        for name, path_for in paths.items()
    }


def build_grid(
    t: Translator,
    dates: Sequence[datetime.date],
    files: Files,
    late_days: Collection[datetime.date],
    late_weeks: Collection[datetime.date],
    rejected: Iterable[str],
    runs: Sequence[Run],
) -> list[GridRow]:
    """Return a row for each kind of file and each root task with a run.

    A date before the first one with any file is no gap. `rejected` are the files of rejected lists,
    whose names begin as those of the lists.
    """
    known = [date for each in files.values() for date in each]
    first = min(known, default=max(dates) + _DAY)
    stems = {path.rpartition("/")[2].rpartition("_")[0]: path for path in rejected}
    rows = []
    for name, found in files.items():
        cells, late = [], late_weeks if name in _WEEKLY else late_days
        for date in dates:
            if path := found.get(date):
                cells.append(Cell("late" if date in late else "done", _address(path)))
            elif path := stems.get(
                f"{name}_movies_{date:%Y%m%d}", stems.get(f"{name}_{date:%Y%m%d}")
            ):
                cells.append(Cell("rejected", _address(path)))
            else:
                due = date >= first and (name not in _WEEKLY or date.weekday() == _SUNDAY)
                cells.append(Cell("missing" if due else ""))
        rows.append(GridRow(t.enum("tasks", name, default=t.list_name(name)), cells))
    for task in dict.fromkeys(run.task for run in runs):
        by_date = {run.date: run for run in runs if run.task == task}
        rows.append(GridRow(t.enum("tasks", task), [_build_run(by_date.get(d)) for d in dates]))
    return rows


def _build_run(run: Run | None) -> Cell:
    if run is None:
        return Cell("")
    kind = "running" if run.status is None else "failed" if run.status else "done"
    return Cell(kind, _address(run.log) if run.log else "")


def _address(path: str) -> str:
    """Return the address of a file below the data root, as seen from the index."""
    page = path.removeprefix(_PAGES)
    return page if page != path else f"../{path}"
