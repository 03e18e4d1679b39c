"""The grid of `tmdb-pipeline status --grid`: what became of each task on each date."""

import datetime
import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import click

from pipeline import clock
from pipeline.catalog import Plan
from pipeline.ops.commands import tables
from pipeline.ops.retention import deleted
from pipeline.ops.roots import ROOTS, Root
from pipeline.ops.runs import record
from pipeline.ops.runtimes.services import Document
from pipeline.ops.schedule.overdue import GRACE, Schedules
from pipeline.paths import Layout, PathFor
from pipeline.storage import documents

_DAY, _WEEKS_IN_A_BLOCK = datetime.timedelta(days=1), 8

_STYLES = {
    "done": (".", "green"), "late": ("L", "yellow"), "failed": ("F", "red"),
    "rejected": ("R", "red"), "missing": ("!", "red"), "running": (">", "cyan"),
    "paused": ("P", "yellow"), "deleted": ("x", None),
}  # fmt: skip

Date = datetime.date


class Facts(NamedTuple):
    """What is known of a task: its dates, and what happened on them."""

    due: Collection[Date]  # whose time, and grace, is over
    published: Collection[Date]
    late: Collection[Date]
    rejected: Collection[Date]
    deleted: Collection[Date]
    outcomes: Mapping[Date, str]  # the last run that was not skipped


def find_states(facts: Facts, dates: Iterable[Date], first: Date) -> dict[Date, str]:
    """Return the state of each date that has one; nothing is missing before the first document."""
    return {date: state for date in dates if (state := _state(facts, date, first))}


def _state(facts: Facts, date: Date, first: Date) -> str:
    outcome = facts.outcomes.get(date, "").lower()
    if date in facts.published:
        return "late" if date in facts.late else "done"
    if outcome == "running":
        return outcome
    for state, found in (("deleted", facts.deleted), ("rejected", facts.rejected)):
        if date in found:
            return state
    if outcome in ("failed", "paused"):
        return outcome
    return "missing" if date in facts.due and date > first else ""


def build(
    layout: Layout, plan: Plan, times: Schedules, now: datetime.datetime, weeks: int
) -> Document:
    """Return the states of the root tasks and their lists, and the reason of each failure.

    Each folder is listed once, and of a list that exists only the end is read.
    """
    today, until = clock.local_day(now), now - GRACE
    begin = today - (today.weekday() + 7 * (weeks - 1)) * _DAY  # weeks begin on Mondays
    dates = [begin + number * _DAY for number in range((today - begin).days + 1)]
    folder = layout.rejected(layout.root, now).parent
    rejected = {name.rpartition("_")[0] for name in documents.names_in(folder)}
    runs = {
        (each.task, each.date): each for each in record.entries(layout) if each.outcome != "SKIPPED"
    }
    gone, first = deleted.dates(layout), _first_day(layout, today)
    grid, reasons = [], []
    for family, root in ROOTS.items():
        due_at = itertools.takewhile(until.__ge__, times[family].by_day(begin))
        due = {clock.local_day(at) for at in due_at}
        removed = {date for task, date in gone if task == family}
        late, bad = set[Date](), _rejected(partial(root.report, layout), dates, rejected)
        rows = []
        for entry in plan.select(root.alias):
            path_for = partial(layout.list_of, entry)
            found = _published(path_for, dates)
            late_here = {date for date in found if _is_late(path_for(date))}
            bad_here = _rejected(path_for, dates, rejected)
            facts = Facts(due, found, late_here, bad_here, removed, {})
            rows.append(_row(entry.name, find_states(facts, dates, first)))
            late, bad = late | late_here, bad | bad_here
        outcomes = {
            date: run.outcome for (task, date), run in runs.items() if date and task == family
        }
        found = _published(partial(root.document, layout), dates)
        states = find_states(Facts(due, found, late, bad, removed, outcomes), dates, first)
        grid += [_row(root.alias, states, is_root=True), *rows]
        reasons += [
            _reason(root, date, state, runs.get((family, date)))
            for date, state in states.items()
            if state in ("failed", "rejected")
        ]
    span = {"from": str(begin), "to": str(today)}
    return {"at": now.isoformat(), **span, "grid": grid, "reasons": reasons}


def show(document: Document) -> None:
    """Print the grid in blocks of eight weeks, its legend, and the reasons of failures."""
    begin, end = (Date.fromisoformat(document[name]) for name in ("from", "to"))
    mondays = [begin + 7 * number * _DAY for number in range((end - begin).days // 7 + 1)]
    for number in range(0, len(mondays), _WEEKS_IN_A_BLOCK):
        block = mondays[number : number + _WEEKS_IN_A_BLOCK]
        heads = "   ".join(f"{each:%m-%d}" for each in block)
        click.secho(f"\n{'':<17}{heads}", bold=True)
        for row in document["grid"]:
            name = row["task"] if row["is_root"] else f" {row['task']}"
            weeks = (_week(row["states"], monday) for monday in block)
            click.echo(f"{name[:16]:<17}{' '.join(weeks)}".rstrip())
    legend = ", ".join(f"{sign}={state}" for state, (sign, _) in _STYLES.items())
    click.echo("\n" + tables.wrap(f"Weeks begin on Monday. {legend}.", indent=0))
    for each in document["reasons"]:
        click.echo(tables.wrap(f"{each['date']} {each['task']} {each['state']}: {each['reason']}"))


def _week(states: Mapping[str, str], monday: Date) -> str:
    signs = (_STYLES.get(states.get(str(monday + n * _DAY), ""), (" ", None)) for n in range(7))
    return "".join(click.style(sign, fg=colour) if colour else sign for sign, colour in signs)


def _row(name: str, states: Mapping[Date, str], *, is_root: bool = False) -> dict[str, Any]:
    shown = {str(date): state for date, state in states.items()}
    return {"task": name, "is_root": is_root, "states": shown}


def _published(path_for: PathFor, dates: Sequence[Date]) -> set[Date]:
    """Return the dates whose document is in its folder."""
    names = set(documents.names_in(path_for(dates[0]).parent))
    return {date for date in dates if path_for(date).name in names}


def _rejected(path_for: PathFor, dates: Sequence[Date], stems: Collection[str]) -> set[Date]:
    return {date for date in dates if path_for(date).stem in stems}


def _first_day(layout: Layout, today: Date) -> Date:
    """Return the first day that there is any document of a root task of."""
    folders = {root.document(layout, today).parent for root in ROOTS.values()}
    ends = (name[-13:-5] for each in folders for name in documents.names_in(each))
    days = (datetime.datetime.strptime(end, "%Y%m%d").date() for end in ends if end.isdecimal())
    return min(days, default=Date.max)


def _is_late(path: Path) -> bool:
    days = (documents.read_info(path) or {}).get("late_by_days")
    return isinstance(days, int) and days > 0


def _reason(root: Root, date: Date, state: str, run: record.Entry | None) -> dict[str, Any]:
    why = run.reason if run else None
    known = {"task": root.alias, "date": str(date), "state": state}
    run_id = run.run_id if run else None
    return {**known, "reason": why or "no reason is recorded; see the logs", "run_id": run_id}
