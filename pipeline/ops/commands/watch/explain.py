"""`tmdb-pipeline explain`."""

import datetime
from collections.abc import Sequence
from pathlib import Path

import click

from pipeline import clock, settings
from pipeline.documents.run_record import Entry
from pipeline.ops.commands import tables
from pipeline.ops.commands.options import Runtime, document_command
from pipeline.ops.commands.run.check import file_states
from pipeline.ops.runs import record
from pipeline.ops.runtimes.services import Document
from pipeline.ops.schedule import installed
from pipeline.paths import Layout
from pipeline.retention import deleted
from pipeline.roots import ROOTS, family_of
from pipeline.storage import documents
from pipeline.tasks.graph import Node, graphs

_FACTS = ("file", "at", "run", "late", "needs", "last_attempt", "next")


def show(document: Document) -> None:
    """Print each file of the task with what is known of it."""
    for row in document["files"]:
        click.echo(f"{row['task']} of {document['date']}: {row['state']}")
        for key in _FACTS:
            if row[key]:
                text = "yes" if row[key] is True else tables.cell(key, row[key])
                click.echo(tables.wrap(f"{key.replace('_', ' ')}: {text}", 4, first="  "))


@click.command("explain")
@click.argument("task", type=family_of)
@click.argument("date", type=clock.day_of)
@document_command(show)
def command(runtime: Runtime, task: str, date: datetime.date) -> Document:
    """Say when and by which run TASK of DATE was done, or why it is not and what to do."""
    current = settings.current()
    layout, nodes = current.layout, graphs(task, date, current.data_dir, current.plan())
    runs = record.entries(layout)[::-1]
    files = [_explain(each, task, date, layout, runs) for each in nodes]
    return {"date": str(date), "files": files}


def _explain(
    node: Node, task: str, date: datetime.date, layout: Layout, runs: Sequence[Entry]
) -> Document:
    row = {**dict.fromkeys(_FACTS), **{key: node[key] for key in ("task", "file", "state")}}
    if node["state"] == "done":
        return row | _find_origin(layout, node["file"], date, runs)
    families = [root.family for root in ROOTS.values() if root.has(task)]
    if any((family, date) in deleted.dates(layout) for family in families):
        why = "Nothing: it was deleted because TMDB allows lists to be kept for six months."
        return row | {"state": "deleted", "next": why}
    needed = dict.fromkeys(e["task"] for e in node["requires"] if e["state"] != "done")
    row["needs"] = node["problem"] or ", ".join(needed) or None
    for run in runs:
        tasks = {run.task, *(each.task for each in run.attempts)}
        if run.date == date and run.outcome != "SKIPPED" and tasks & {*families, node["task"]}:
            why = f": {run.reason}" if run.reason else ""
            row["last_attempt"] = f"{run.outcome} in run {run.run_id}{why}"
            if run.outcome == "RUNNING" and not record.is_over(layout, run):
                return row | {"next": "Wait for the end of that run."}
            break
    return row | {"next": _advise(node, families[0], date, layout)}


def _find_origin(layout: Layout, file: str, date: datetime.date, runs: Sequence[Entry]) -> Document:
    """Return when a file was made, by which run, and whether late."""
    run = next((each for each in runs if file in each.documents), None)
    path, at = layout.root / file, run.at.isoformat() if run else None
    if path.parent in layout.list_folders:
        at = (documents.read_info(path) or {}).get("collected_at", at)
    is_late = clock.local_day(datetime.datetime.fromisoformat(at)) > date if at else None
    run_id = run.run_id if run else "by an earlier version or a copy"
    return {"at": at, "run": run_id, "late": is_late}


def _advise(node: Node, family: str, date: datetime.date, layout: Layout) -> str:
    """Return what to do about a missing file."""
    task, _, value = node["task"].rstrip(")").partition("(")
    if date > clock.today():
        return "Wait: the date lies in the future."
    if date < clock.today():
        genre = f" --genre {value}" if task == "GenreMovies" else ""
        redo = f"`tmdb-pipeline redo {task} {date}{genre}"
        missing = {Path(file) for file, state in file_states([node]) if state == "missing"}
        lists = [file for file in missing if layout.root / file.parent in layout.list_folders]
        if not lists:
            return f"Run {redo}`."
        late = "collects them as they are now, stamped as late."
        return f"{len(lists)} list(s) cannot be collected any more; {redo} --late` {late}"
    schedule = installed.schedules(settings.current().config_dir / "crontab")[family]
    following = schedule.next_day(clock.now())
    is_scheduled = task != ROOTS[family].export_task and installed.installed()
    if following and clock.local_day(following) == date and is_scheduled:
        return f"Wait for the schedule, which runs {family} at {following.astimezone():%H:%M %Z}."
    return f"Run `tmdb-pipeline run {family} {date}`."
