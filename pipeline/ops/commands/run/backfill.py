"""`tmdb-pipeline backfill`: run the missing dates of a range, oldest first, as `run` does."""

import datetime
import subprocess
import sys
from collections.abc import Sequence

import click

from pipeline import clock, settings
from pipeline.documents.task_runs import ALREADY_RUNNING
from pipeline.errors import NotPossible
from pipeline.ops.commands import tables
from pipeline.ops.commands.options import command_on_data, json_option
from pipeline.ops.runs import record
from pipeline.ops.runtimes.services import Document
from pipeline.ops.schedule import installed, job, overdue
from pipeline.ops.schedule.job_process import JobProcess
from pipeline.paths import Layout
from pipeline.roots import ALIASES, PAGES_TASK, ROOTS
from pipeline.storage import documents
from pipeline.tasks.collect import refuse_impossible

MAX_DAYS = 31
# Exit statuses of causes that every further date would meet: another run is in progress, the
# settings are unusable, the command cannot be started.
_OF_EVERY_DATE = (ALREADY_RUNNING, 35, 40, 126, 127)
_LATE = "TMDB serves its lists only as they are now: they are collected today and stamped as late."


@click.command("backfill")
@click.argument("task", type=click.Choice(list(ALIASES)))
@click.option("--from", "first", type=clock.day_of, metavar="DATE", required=True)
@click.option("--to", "last", type=clock.day_of, metavar="DATE", required=True)
@click.option("--dry-run", is_flag=True, help="Only show what is missing.")
@click.option("--max-days", type=click.IntRange(min=1), default=MAX_DAYS, show_default=True,
              help="Refuse to run more dates than that.")  # fmt: skip
@json_option
@command_on_data
def command(
    task: str, first: datetime.date, last: datetime.date, dry_run: bool, max_days: int,
    as_json: bool,
) -> int:  # fmt: skip
    """Run the dates of a range whose document or page is missing, oldest first.

    Each date runs as with `run`, and its output goes to its log file. A date that fails does not
    stop the next one. The same command goes on after Ctrl-C. Exit status 0, or that of the first
    failure.
    """
    current = settings.current()
    layout, root = current.layout, ROOTS[ALIASES[task]]
    refuse_impossible(last, None)
    schedule = installed.schedules(current.config_dir / "crontab")[root.family]
    dates = [due.date for due in overdue.missing(root, layout, schedule, first, last)]
    to_collect = [date for date in dates if not documents.is_listed(root.document(layout, date))]
    for date in to_collect:
        refuse_impossible(date, current.plan().max_days_late)
    if len(dates) > max_days and not dry_run:
        raise NotPossible(
            f"{len(dates)} dates are missing and at most {max_days} are run at once: choose a "
            f"shorter range, or give --max-days {len(dates)}."
        )
    late = f" {_LATE}" if to_collect else ""
    found = f"{root.family}: {len(dates)} missing from {first} to {last}.{late}"
    click.echo(tables.wrap(found), err=True)
    if dry_run:
        whats = ("document" if date in to_collect else "page" for date in dates)
        days, status = (
            [{"date": str(d), "missing": w} for d, w in zip(dates, whats, strict=True)],
            0,
        )
    else:
        days, status = _run_all(layout, root.family, dates, as_json)
    if as_json:
        range_of = {"task": root.family, "from": str(first), "to": str(last)}
        tables.show_json({**range_of, "ok": not status, "dry_run": dry_run, "days": days})
    elif dry_run:
        tables.show_table(f"Missing of {root.family}", "date, missing", days)
    return status


def _run_all(
    layout: Layout, family: str, dates: Sequence[datetime.date], as_json: bool
) -> tuple[list[Document], int]:
    """Run one date after the other; return what became of them, and the exit status.

    A line of each is shown above the progress bar.
    """
    days, process = list[Document](), JobProcess(subprocess.DEVNULL)
    job.say_if_paused(family)
    with click.progressbar(dates, file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        for date in bar:
            began_at = clock.instant()
            status = job.trigger(family, date, (), process)
            days.append(day := _describe(layout, family, date, began_at, status))
            if not as_json:
                facts = (f"{day['documents']} documents", f"{day['seconds']:.1f} s")
                what = (day["reason"], day["log"] or "no log") if status else facts
                click.echo("" if bar.hidden else "\r\x1b[K", nl=False, err=True)
                click.echo(tables.wrap("  ".join((day["date"], day["outcome"], *what))))
            if process.stopped_by or status in _OF_EVERY_DATE:
                break
    if left := len(dates) - len(days):
        click.echo(f"{left} further date(s) were not run: the same command goes on.", err=True)
    if process.stopped_by:
        return days, 128 + process.stopped_by
    return days, next((each["status"] for each in days if each["status"]), 0)


def _describe(
    layout: Layout, family: str, date: datetime.date, began_at: datetime.datetime, status: int
) -> Document:
    """Return what the run record says of the runs of a date since that instant."""
    runs = [
        entry
        for entry in record.entries(layout)
        if entry.date == date and entry.task in (family, PAGES_TASK) and entry.began_at >= began_at
    ]
    reason = runs[-1].reason if runs else None
    unknown = "another run is in progress" if status == ALREADY_RUNNING else f"exit status {status}"
    return {
        "date": str(date),
        "outcome": "failed" if status else "done",
        "status": status,
        "documents": sum(len(each.documents) for each in runs if each.task == family),
        "seconds": sum(each.seconds or 0.0 for each in runs),
        "reason": (reason or unknown) if status else None,
        "log": runs[-1].log if runs else None,
    }
