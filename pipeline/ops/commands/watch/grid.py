"""The grid of `tmdb-pipeline status --grid`: what became of each task on each date."""

import datetime
import itertools
from collections.abc import Collection, Sequence
from functools import partial

import click

from pipeline import clock
from pipeline.catalog import Plan
from pipeline.ops.commands import tables
from pipeline.ops.runs import record
from pipeline.ops.runtimes.services import Document
from pipeline.ops.schedule.overdue import GRACE, Schedules
from pipeline.pages.task_grid import find_state
from pipeline.paths import Layout, PathFor
from pipeline.retention import deleted
from pipeline.roots import ALIASES, ROOTS
from pipeline.storage.documents import names_in, read_info

_DAY = datetime.timedelta(days=1)

# The sign of each state, and its colour.
_SIGNS = {
    "done": (".", "green"), "late": ("L", "yellow"), "failed": ("F", "red"),
    "rejected": ("R", "red"), "missing": ("!", "red"), "running": (">", "cyan"),
    "paused": ("P", "yellow"), "deleted": ("x", "white"),
}  # fmt: skip

Date = datetime.date


def build(
    layout: Layout, plan: Plan, times: Schedules, now: datetime.datetime, weeks: int,
    task: str | None = None,
) -> Document:  # fmt: skip
    """Return the states of the root tasks and their lists, and the reason of each failure.

    With a task only of the root tasks that need it. Each folder is listed once, and of a list that
    exists only the end is read.
    """
    today, until = clock.local_day(now), now - GRACE
    begin = today - (today.weekday() + 7 * (weeks - 1)) * _DAY  # weeks begin on Mondays
    dates = [begin + number * _DAY for number in range((today - begin).days + 1)]
    folder = layout.rejected(layout.root, now).parent
    find = partial(_find_files, dates, {n.rpartition("_")[0] for n in names_in(folder)})
    runs = {(e.task, str(e.date)): e for e in record.entries(layout) if e.outcome != "SKIPPED"}
    gone, first = deleted.dates(layout), _first_day(layout, today)
    grid: list[Document] = []
    for family, root in ROOTS.items():
        if task not in (None, *root.steps):
            continue
        due = map(clock.local_day, itertools.takewhile(until.__ge__, times[family].by_day(begin)))
        missing = {date for date in due if date > first}
        common = {"missing": missing, "deleted": {date for name, date in gone if name == family}}
        lists = {e.name: find(partial(layout.list_of, e)) for e in plan.select(root.alias)}
        own = find(partial(root.document, layout), is_list=False)
        bad_reports = find(partial(root.report, layout), is_list=False)["rejected"]
        own["rejected"] = bad_reports.union(*(each["rejected"] for each in lists.values()))
        own["late"] = {d for d in own["done"] if any(d in each["late"] for each in lists.values())}
        for run in runs.values():
            if run.task == family and run.date and run.outcome != "DONE":
                own.setdefault(run.outcome.lower(), set()).add(run.date)
        for name, known in ((root.alias, own), *lists.items()):
            states = {str(d): state for d in dates if (state := find_state(common | known, d))}
            grid.append({"task": name, "is_root": known is own, "states": states})
    reasons = [
        {
            **{"task": row["task"], "date": date, "state": state},
            "reason": getattr(run, "reason", None) or "no reason is recorded; see the logs",
            "run_id": getattr(run, "run_id", None),
        }
        for row in grid
        for date, state in row["states"].items()
        if row["is_root"] and state in ("failed", "rejected")
        for run in [runs.get((ALIASES[row["task"]], date))]
    ]
    span = {"from": str(begin), "to": str(today)}
    return {"at": now.isoformat(), **span, "grid": grid, "reasons": reasons}


def show(document: Document) -> None:
    """Print the grid in blocks of weeks, its legend, and the reasons of failures."""
    begin, end = (Date.fromisoformat(document[name]) for name in ("from", "to"))
    days = [begin + number * _DAY for number in range((end - begin).days + 1)]
    in_a_block = 7 * max((tables.terminal_width() - 16) // 8, 1)
    for block in (days[at : at + in_a_block] for at in range(0, len(days), in_a_block)):
        click.secho(f"\n{'':<17}{'   '.join(f'{each:%m-%d}' for each in block[::7])}", bold=True)
        for row in document["grid"]:
            name = row["task"] if row["is_root"] else f" {row['task']}"
            signs = (_sign(row["states"].get(str(d))) + " " * (d.weekday() == 6) for d in block)
            click.echo(f"{name[:16]:<17}{''.join(signs)}".rstrip())
    legend = ", ".join(f"{sign}={state}" for state, (sign, _) in _SIGNS.items())
    click.echo("\n" + tables.wrap(f"Weeks begin on Monday. {legend}.", indent=0))
    for each in document["reasons"]:
        click.echo(tables.wrap(f"{each['date']} {each['task']} {each['state']}: {each['reason']}"))


def _sign(state: str | None) -> str:
    sign, colour = _SIGNS.get(state or "", (" ", None))
    return click.style(sign, fg=colour) if colour else sign


def _find_files(
    dates: Sequence[Date], rejected: Collection[str], path_for: PathFor, *, is_list: bool = True
) -> dict[str, set[Date]]:
    """Return the dates whose document is there, is a late list, or was rejected, by the state."""
    names = set(names_in(path_for(dates[0]).parent))
    done = {date for date in dates if path_for(date).name in names}
    infos = {date: read_info(path_for(date)) or {} for date in done if is_list}
    return {
        "done": done,
        "late": {date for date, info in infos.items() if info.get("late_by_days")},
        "rejected": {date for date in dates if path_for(date).stem in rejected},
    }


def _first_day(layout: Layout, today: Date) -> Date:
    """Return the first day that there is any document of a root task of."""
    folders = {root.document(layout, today).parent for root in ROOTS.values()}
    ends = (name[-13:-5] for each in folders for name in names_in(each))
    return min((Date.fromisoformat(end) for end in ends if end.isdecimal()), default=Date.max)
