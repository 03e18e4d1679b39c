"""`tmdb-pipeline redo`."""

import datetime
import sys

import click

from pipeline import clock, settings
from pipeline.errors import NotPossible
from pipeline.ops import superseded
from pipeline.ops.commands.options import choose_runtime, runtime_option
from pipeline.ops.graph import FileGraph
from pipeline.ops.roots import PAGE_TASKS, PAGES_TASK, ROOTS, Root, family_of
from pipeline.ops.runs import record
from pipeline.ops.runtimes.compose import Compose
from pipeline.ops.runtimes.host import luigi_command
from pipeline.ops.schedule import job
from pipeline.ops.schedule.job_process import JobProcess, locked
from pipeline.paths import Layout


@click.command("redo")
@click.argument("task", type=family_of, required=False)
@click.argument("date", type=clock.day_of, required=False)
@click.option("--downstream/--only", default=True, help="With everything that needs the task's "
              "files (the default), or the task's own files only.")  # fmt: skip
@click.option("--genre", help="Of GenreMovies: this genre only.")
@click.option("--failed", is_flag=True, help="Run again every root task whose last run failed.")
@click.option("--dry-run", is_flag=True, help="Only show what would be done.")
@click.option("--late", is_flag=True, help="Collect the lists of a past date as they are now.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@runtime_option
def command(
    task: str | None, date: datetime.date | None, downstream: bool, genre: str | None,
    failed: bool, dry_run: bool, late: bool, yes: bool, runtime: str,
) -> None:  # fmt: skip
    """Make the files of TASK of DATE again, and everything that needs them.

    The present files are moved into `superseded/`, and put back if the run fails.
    """
    if failed == bool(task) or bool(task) != bool(date):
        raise click.UsageError("Give TASK and DATE, or --failed.")
    stack = choose_runtime(runtime)
    if isinstance(stack, Compose):
        given = {"--failed": failed, "--dry-run": dry_run, "--late": late, "--only": not downstream}
        words = [
            "redo",
            *([task, str(date)] if task else []),
            *(flag for flag in given if given[flag]),
        ]
        words += ["--genre", genre] if genre else []
        if not yes and not dry_run:
            if status := stack.run_command(*words, "--dry-run"):
                sys.exit(status)
            _confirm()
        sys.exit(stack.run_command(*words, "--yes"))
    if failed:
        sys.exit(_redo_failed(dry_run=dry_run, late=late, yes=yes))
    if task and date:
        flags = {"dry_run": dry_run, "late": late, "yes": yes}
        sys.exit(_redo(task, date, genre, downstream=downstream, **flags))


def _redo(
    task: str, date: datetime.date, genre: str | None, *,
    downstream: bool, dry_run: bool, late: bool, yes: bool,
) -> int:  # fmt: skip
    layout = settings.current().layout
    root, _ = _root_of(task, date, genre, layout)
    with locked(layout.run_lock(root.family)) as lock:
        if lock is None:
            return _busy(root)
        if not dry_run:
            job.put_back(layout, root.family)
        _, graph = _root_of(task, date, genre, layout)
        own = graph.files_of(task, genre)
        made = graph.with_downstream(own) if downstream else own
        runs_root = layout.relative(root.document(layout, date)) in made
        again = made | (graph.tasks.keys() - graph.done) if runs_root else made
        if not late:
            _refuse_past_lists(layout, date, again)
        moved = sorted(file for file in made if (layout.root / file).exists())
        for file in moved:
            click.echo(f"move aside and make again: {file}")
        for file in sorted(again.difference(moved)):
            click.echo(f"make: {file}")
        if dry_run:
            return 0
        if not yes:
            _confirm()
        process, variables = JobProcess(), _variables(root, date, late=late)
        status = job.NOT_STARTED
        try:
            superseded.move_aside(layout, root.family, moved, clock.now())
            if runs_root:
                words = luigi_command(root.family)
                status = job.run_steps(root, date, words, variables, process, lock)
            else:
                tasks = sorted({graph.tasks[file] for file in made}.difference(PAGE_TASKS))
                for each in (*tasks, PAGES_TASK):
                    words = [*luigi_command(*_words(each)), "--date", str(date)]
                    if status := process.run(words, variables, lock):
                        break
            if not status:
                superseded.forget(layout, root.family)
        finally:
            job.put_back(layout, root.family)
    return status


def _redo_failed(*, dry_run: bool, late: bool, yes: bool) -> int:
    """Run again each root task and date whose last run failed without a document."""
    layout, today = settings.current().layout, clock.today()
    last = {(e.task, e.date): e for e in record.entries(layout) if e.task in ROOTS and e.date}
    failed = [
        (ROOTS[task], date)
        for (task, date), entry in last.items()
        if date and entry.outcome == "FAILED" and not ROOTS[task].document(layout, date).exists()
    ]
    chosen = [(root, date) for root, date in failed if late or date >= today]
    for root, date in failed:
        what = "run again" if (root, date) in chosen else "left out, a past date without --late"
        click.echo(f"{what}: {root.family} of {date}")
    if not failed:
        click.echo("No run failed whose document is missing.")
    if dry_run or not chosen:
        return 0
    if not yes:
        _confirm()
    process, worst = JobProcess(), 0
    for root, date in sorted(chosen, key=lambda each: each[1]):
        with locked(layout.run_lock(root.family)) as lock:
            if lock is None:
                worst = worst or _busy(root)
                continue
            job.put_back(layout, root.family)
            variables, words = _variables(root, date, late=late), luigi_command(root.family)
            worst = job.run_steps(root, date, words, variables, process, lock) or worst
    return worst


def _root_of(
    task: str, date: datetime.date, genre: str | None, layout: Layout
) -> tuple[Root, FileGraph]:
    """Return the root task that a task belongs to, with the graph of its files."""
    for root in ROOTS.values():
        graph = FileGraph(root, date, layout.root, settings.current().plan())
        if graph.files_of(task, genre):
            return root, graph
    what = f"{task} of the genre {genre}" if genre else task
    raise NotPossible(f"No root task needs {what}: see `tmdb-pipeline check {task}` for its files.")


def _refuse_past_lists(layout: Layout, date: datetime.date, files: set[str]) -> None:
    lists = [each for each in files if (layout.root / each).parent in layout.list_folders]
    if lists and date < clock.today():
        raise NotPossible(
            f"{len(lists)} list(s) of {date} would have to be collected again, which TMDB cannot "
            "serve any more: add --late to collect them as they are now, stamped as late."
        )


def _variables(root: Root, date: datetime.date, *, late: bool) -> dict[str, str]:
    """Return the variables of a run; a day that is not to be late is collected until midnight."""
    variables = {settings.STARTED_BY: job.TRIGGER}
    if not late and not root.collects_late and date == clock.today():
        end = clock.midnight(date + datetime.timedelta(days=1))
        variables[settings.COLLECT_UNTIL] = f"{end.timestamp():.0f}"
    return variables


def _words(task: str) -> list[str]:
    """Return a task of the graph, as `GenreMovies(horror)`, as words for luigi."""
    family, _, value = task.rstrip(")").partition("(")
    option = "--genre" if family == "GenreMovies" else "--list"
    return [family, option, value] if value else [family]


def _confirm() -> None:
    if not sys.stdin.isatty():
        raise NotPossible("There is no terminal to ask on: add --yes, or --dry-run to look only.")
    click.confirm("Go on?", abort=True)


def _busy(root: Root) -> int:
    click.echo(f"Another run of {root.family} is in progress: try again when it is done.", err=True)
    return record.ALREADY_RUNNING
