"""`tmdb-pipeline redo`."""

import contextlib
import datetime
import sys
from collections.abc import Sequence

import click

from pipeline import clock, settings
from pipeline.errors import NotPossible
from pipeline.ops.commands import tables
from pipeline.ops.commands.options import command_on_data, confirm, json_option
from pipeline.ops.runs import record
from pipeline.ops.runtimes.services import Document
from pipeline.ops.schedule import job
from pipeline.ops.schedule.job_process import JobProcess, say
from pipeline.paths import Layout
from pipeline.roots import PAGE_TASKS, PAGES_TASK, ROOTS, family_of
from pipeline.storage import documents, superseded
from pipeline.tasks import file_graph


@click.command("redo")
@click.argument("task", type=family_of, required=False)
@click.argument("date", type=clock.day_of, required=False)
@click.option("--only/--downstream", default=False, help="The task's own files only, or with "
              "everything that needs them (the default).")  # fmt: skip
@click.option("--genre", help="Of GenreMovies: this genre only.")
@click.option("--failed", is_flag=True, help="Run again every root task whose last run failed.")
@click.option("--dry-run", is_flag=True, help="Only show what would be done.")
@click.option("--late", is_flag=True, help="Collect the lists of a past date as they are now.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@command_on_data
def command(
    task: str | None, date: datetime.date | None, only: bool, genre: str | None, failed: bool,
    dry_run: bool, late: bool, yes: bool, as_json: bool,
) -> int:  # fmt: skip
    """Make the files of TASK of DATE again, and everything that needs them.

    The present files are moved into `superseded/`, and put back if they are not made again.
    """
    if failed == bool(task) or bool(task) != bool(date):
        raise click.UsageError("Give TASK and DATE, or --failed.")
    layout, plans = settings.current().layout, list[Document]()
    wanted = [(task, date)] if task and date else _failed(layout)
    with contextlib.ExitStack() as stack:
        families = [root.family for root in ROOTS.values() if any(root.has(e) for e, _ in wanted)]
        locks = {each: stack.enter_context(job.hold_lock(layout, each)) for each in families}
        if busy := [family for family, lock in locks.items() if lock is None]:
            what = f"Another run of {busy[0]} is in progress"
            click.echo(f"{what}: try again when it is done.", err=True)
            return record.ALREADY_RUNNING
        for family, day in wanted:
            try:
                plans.append(_plan(layout, family, day, genre, only=only, late=late))
            except NotPossible as error:
                if not failed:
                    raise
                click.echo(tables.wrap(f"Left out: {family} of {day}. {error}"), err=True)
        for plan in plans:
            click.echo(f"{plan['task']} of {plan['date']}", err=as_json)
            for name in (*plan["moved"], *plan["made"]):
                what = "again" if name in plan["moved"] else "new"
                click.echo(f"  {what:5}  {name}", err=as_json)
        if not plans:
            click.echo("No run failed that can be run again.", err=True)
        elif not dry_run:
            if not yes:
                confirm("Make these files?", "add --yes, or --dry-run to look only.")
            process = JobProcess(sys.stderr.fileno() if as_json else None)
            for plan in plans:
                if not process.stopped_by:
                    plan["status"] = _run(layout, plan, process, locks[plan["task"]] or ())
    status: int = next((each["status"] for each in plans if each["status"]), 0)
    if as_json:
        tables.show_json({"ok": not status, "dry_run": dry_run, "redone": plans})
    return status


def _failed(layout: Layout) -> list[tuple[str, datetime.date]]:
    """Return each root task and date whose last run failed without a document, oldest first."""
    last = {(e.date, e.task): e for e in record.entries(layout) if e.task in ROOTS and e.date}
    return [
        (task, date)
        for (date, task), entry in sorted(last.items())
        if entry.outcome == "FAILED" and not documents.is_listed(ROOTS[task].document(layout, date))
    ]


def _plan(
    layout: Layout, task: str, date: datetime.date, genre: str | None, *, only: bool, late: bool
) -> Document:
    """Return what is moved aside, made and run; refuse what cannot be collected again."""
    wanted = f"{task}({genre})" if genre else task
    plan = settings.current().plan()
    for root in (each for each in ROOTS.values() if each.has(task)):
        files = file_graph.files_of(root, date, layout, plan)
        export = layout.relative(root.export(layout, date))
        if task != root.export_task and not documents.exists(layout.root / export):
            del files[export]
        again = {name for name, file in files.items() if f"{file.task}(".startswith(f"{wanted}(")}
        if again:
            break
    else:
        what = f"{task} of the genre {genre}" if genre else task
        raise NotPossible(
            f"No root task needs {what}: `tmdb-pipeline check {task}` shows its files."
        )
    again = again if only else file_graph.with_downstream(files, again)
    tasks = {files[name].task for name in again}.difference(PAGE_TASKS)
    if root.family in tasks:
        tasks = {root.family, *tasks.intersection([root.export_task])}
        again |= {name for name in files if not documents.exists(layout.root / name)}
    lists = [name for name in again if (layout.root / name).parent in layout.list_folders]
    if lists and date < clock.today() and not late:
        raise NotPossible(
            f"{len(lists)} list(s) of {date} would have to be collected again, which TMDB cannot "
            "serve any more: add --late to collect them as they are now, stamped as late."
        )
    moved = sorted(name for name in again if documents.exists(layout.root / name))
    return {
        "task": root.family,
        "date": str(date),
        "moved": moved,
        "made": sorted(again.difference(moved)),
        "runs": [*sorted(tasks), PAGES_TASK],
        "status": None,
    }


def _run(layout: Layout, plan: Document, process: JobProcess, lock: Sequence[int]) -> int:
    """Move the files aside and run the tasks; put the files back if they are not made again."""
    root, date = ROOTS[plan["task"]], datetime.date.fromisoformat(plan["date"])
    _, variables = job.choose_date(root, date, job.TRIGGER)
    commands = {task: job.luigi_command(*_words(task)) for task in plan["runs"]}
    try:
        superseded.move_aside(layout, root.family, plan["moved"])
        status = job.run_tasks(commands, date, variables, process, lock)
    finally:
        is_done = superseded.settle(layout, root.family, say)
    return status or int(not is_done)


def _words(task: str) -> list[str]:
    """Return a task of the graph, as `GenreMovies(horror)`, as words for luigi."""
    family, _, value = task.rstrip(")").partition("(")
    option = "--genre" if family == "GenreMovies" else "--list"
    return [family, option, value] if value else [family]
