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
from pipeline.ops.roots import ALIASES, PAGES_TASK, ROOTS
from pipeline.ops.runs import record
from pipeline.ops.runtimes.host import Host
from pipeline.ops.runtimes.services import Document
from pipeline.ops.schedule import installed, overdue
from pipeline.ops.schedule.job_process import JobProcess
from pipeline.ops.schedule.overdue import Due
from pipeline.paths import Layout
from pipeline.sanitize import plain
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
    runtime: Host, task: str, first: datetime.date, last: datetime.date, dry_run: bool,
    max_days: int, as_json: bool,
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
    dues = overdue.missing(root, layout, schedule, first, last)
    to_collect = [due for due in dues if not root.document(layout, due.date).exists()]
    for due in to_collect:
        refuse_impossible(due.date, current.plan().max_days_late)
    if len(dues) > max_days and not dry_run:
        raise NotPossible(
            f"{len(dues)} dates are missing and at most {max_days} are run at once: choose a "
            f"shorter range, or give --max-days {len(dues)}."
        )
    late = f" {_LATE}" if to_collect else ""
    click.echo(f"{root.family}: {len(dues)} missing from {first} to {last}.{late}", err=True)
    stopped_by = 0
    if dry_run:
        days = [{"date": str(e.date), "missing": _missing(e, layout)} for e in dues]
    else:
        process = JobProcess(subprocess.DEVNULL)
        days = _run_all(runtime, layout, dues, process, as_json)
        stopped_by = process.stopped_by
    status = next((each["status"] for each in days if each.get("status")), 0)
    if stopped_by and (status or len(days) < len(dues)):
        status = 128 + stopped_by
    if as_json:
        range_of = {"task": root.family, "from": str(first), "to": str(last)}
        tables.show_json({**range_of, "ok": not status, "dry_run": dry_run, "days": days})
    elif dry_run:
        tables.show_table(f"Missing of {root.family}", "date, missing", days)
    return int(status)


def _missing(due: Due, layout: Layout) -> str:
    return "page" if due.root.document(layout, due.date).exists() else "document"


def _run_all(
    runtime: Host, layout: Layout, dues: Sequence[Due], process: JobProcess, as_json: bool
) -> list[Document]:
    """Run one date after the other, and show a line of each above the progress bar."""
    days: list[Document] = []
    hidden = not sys.stderr.isatty()
    with click.progressbar(length=len(dues), file=sys.stderr, hidden=hidden) as bar:
        for due in dues:
            began_at = clock.instant()
            status = runtime.run_task(due.root.family, due.date, (), process)
            days.append(day := _describe(layout, due, began_at, status))
            if not hidden:
                click.echo("\r\x1b[K", nl=False, err=True)
            if not as_json:
                click.echo(_line(day))
            bar.update(1)
            if process.stopped_by or status in _OF_EVERY_DATE:
                break
    if len(days) < len(dues):
        left = len(dues) - len(days)
        click.echo(f"{left} further date(s) were not run: the same command goes on.", err=True)
    return days


def _describe(layout: Layout, due: Due, began_at: datetime.datetime, status: int) -> Document:
    """Return what the run record says of the runs of a date since that instant."""
    tasks = (due.root.family, PAGES_TASK)
    runs = [e for e in record.entries(layout) if e.date == due.date and e.task in tasks]
    runs = [each for each in runs if each.began_at >= began_at]
    last = runs[-1] if runs else None
    unknown = "another run is in progress" if status == ALREADY_RUNNING else f"exit status {status}"
    return {
        "date": str(due.date),
        "outcome": "failed" if status else "done",
        "status": status,
        "documents": sum(len(e.documents) for e in runs if e.task == due.root.family),
        "seconds": sum(each.seconds or 0.0 for each in runs),
        "reason": ((last and last.reason) or unknown) if status else None,
        "log": last.log if last else None,
    }


def _line(day: Document) -> str:
    if day["status"]:
        words = (day["date"], "failed", plain(day["reason"]), day["log"] or "no log")
    else:
        words = (day["date"], "done", f"{day['documents']} documents", f"{day['seconds']:.1f} s")
    return "  ".join(words)
