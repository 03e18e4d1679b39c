"""`tmdb-pipeline explain`."""

import datetime
import os

import click

from pipeline import clock, settings
from pipeline.ops.commands import tables
from pipeline.ops.commands.options import Runtime, document_command
from pipeline.ops.graph import Node, graphs
from pipeline.ops.retention import deleted
from pipeline.ops.roots import ROOTS, family_of
from pipeline.ops.runs import record
from pipeline.ops.runtimes.services import Document
from pipeline.ops.schedule import installed
from pipeline.paths import Layout
from pipeline.sanitize import plain
from pipeline.storage import documents


def show(document: Document) -> None:
    """Print each file of the task with what is known of it."""
    for row in document["files"]:
        click.echo(f"{plain(row['task'])} of {document['date']}: {row['state']}")
        for key in ("file", "at", "run", "late", "needs", "last_attempt", "next"):
            if row[key] is not None:
                click.echo(f"  {key.replace('_', ' ')}: {plain(tables.cell(key, row[key]))}")


@click.command("explain")
@click.argument("task", type=family_of)
@click.argument("date", type=clock.day_of)
@document_command(show)
def command(runtime: Runtime, task: str, date: datetime.date) -> Document:
    """Say when and by which run TASK of DATE was done, or why it is not and what to do."""
    current = settings.current()
    layout, nodes = current.layout, graphs(task, date, current.data_dir, current.plan())
    runs = record.entries(layout)
    return {"date": str(date), "files": [_row(each, task, date, layout, runs) for each in nodes]}


def _row(
    node: Node, task: str, date: datetime.date, layout: Layout, runs: list[record.Entry]
) -> Document:
    row: Document = {"task": node["task"], "file": node["file"], "state": node["state"]}
    row |= dict.fromkeys(("at", "run", "late", "needs", "last_attempt", "next"))
    if node["state"] == "done":
        return row | _done(layout, node["file"], date, runs)
    roots = [
        root for root in ROOTS.values() if task in root.steps or task == f"{root.alias.title()}Page"
    ]
    families = [root.family for root in roots] or list(ROOTS)
    if any((family, date) in deleted.dates(layout) for family in families):
        why = "Nothing: it was deleted because TMDB allows lists to be kept for six months."
        return row | {"state": "deleted", "next": why}
    needed = [each["task"] for each in node["requires"] if each["state"] != "done"]
    row["needs"] = node["problem"] or ", ".join(dict.fromkeys(needed)) or None
    row["last_attempt"] = _last_attempt(node["task"], families, date, runs)
    row["next"] = _next(node, families[0], date, layout)
    return row


def _done(layout: Layout, file: str, date: datetime.date, runs: list[record.Entry]) -> Document:
    """Return when a file was made, by which run, and whether late."""
    path = layout.root / file
    info = (documents.read_info(path) or {}) if path.parent in layout.list_folders else {}
    modified_at = datetime.datetime.fromtimestamp(os.stat(path).st_mtime, datetime.UTC)
    at = str(info.get("collected_at") or modified_at.isoformat(timespec="seconds"))
    run = next((each.run_id for each in reversed(runs) if file in each.documents), None)
    is_late = clock.local_day(datetime.datetime.fromisoformat(at)) > date
    return {"at": at, "run": run or "by an earlier version or a copy", "late": is_late}


def _last_attempt(
    task: str, families: list[str], date: datetime.date, runs: list[record.Entry]
) -> str | None:
    for run in reversed(runs):
        is_of_it = run.task in (*families, task) or any(e.task == task for e in run.attempts)
        if run.date == date and is_of_it:
            return f"{run.outcome} in run {run.run_id}" + (f": {run.reason}" if run.reason else "")
    return None


def _missing_files(node: Node) -> list[str]:
    own = [node["file"]] if node["state"] != "done" and node["file"] else []
    return own + [file for each in node["requires"] for file in _missing_files(each)]


def _next(node: Node, family: str, date: datetime.date, layout: Layout) -> str:
    """Return what to do about a missing file."""
    task, now = node["task"].partition("(")[0], clock.now()
    folders = layout.list_folders
    lists = {each for each in _missing_files(node) if (layout.root / each).parent in folders}
    if date < clock.today():
        redo = f"`tmdb-pipeline redo {task} {date}"
        if lists:
            return (
                f"{len(lists)} list(s) cannot be collected any more; {redo} --late` collects "
                "them as they are now, stamped as late."
            )
        return f"Run {redo}`."
    schedule = installed.schedules(settings.current().config_dir / "crontab")[family]
    following = schedule.next_day(now)
    if following and clock.local_day(following) == date:
        return f"Wait for the schedule, which runs {family} at {following.astimezone():%H:%M %Z}."
    if date > clock.today():
        return "Wait: the date lies in the future."
    return f"Run `tmdb-pipeline trigger {family} {date}`."
