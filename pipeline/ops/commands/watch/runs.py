"""`tmdb-pipeline runs`: the run record as a table, and one run of it."""

import datetime
from typing import Any

import click

from pipeline import clock, settings
from pipeline.ops.commands import tables
from pipeline.ops.commands.options import Runtime, document_command
from pipeline.ops.roots import family_of
from pipeline.ops.runs import record
from pipeline.ops.runtimes.services import Document
from pipeline.paths import Layout

_FIELDS = (
    *("run_id", "task", "date", "outcome", "started_at", "ended_at", "seconds", "status"),
    *("reason", "started_by", "scheduler", "version", "requests", "retries", "log"),
)


def _show_runs(document: Document) -> None:
    rows = [{**each, "run": each["run_id"].partition("_")[0]} for each in document["runs"]]
    columns = "run, task, date, outcome, took=seconds"
    tables.show_table("Runs, newest first", columns, rows, "No such run is recorded.")
    for each in rows:
        if each["reason"]:
            click.echo(tables.wrap(f"{each['run']}: {each['reason']}"))


def _show_run(document: Document) -> None:
    run = document["run"]
    for name in _FIELDS:
        text = click.unstyle(tables.cell(name, run[name]))
        click.echo(tables.wrap(f"{name.replace('_', ' '):<12}{text}", indent=12))
    columns = "task, outcome, attempts, took=seconds"
    tables.show_table("Tasks", columns, run["tasks"], "No task began.")
    if run["documents"]:
        click.echo("\nDocuments\n" + "\n".join(run["documents"]))


@click.group("runs", invoke_without_command=True)
@click.option("--task", type=family_of, metavar="TASK", help="The runs of one task only.")
@click.option("--since", type=clock.day_of, metavar="DATE", help="Those that began since that day.")
@click.option("--failed", is_flag=True, help="Those that failed.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True,
              help="How many at most.")  # fmt: skip
@document_command(_show_runs)
def command(
    runtime: Runtime, task: str | None, since: datetime.date | None, failed: bool, limit: int
) -> Document:
    """List the recorded runs, the newest first; `runs show ID` shows one of them."""
    found = [
        each
        for each in record.entries(_layout())[::-1]
        if task in (None, each.task)
        if since is None or clock.local_day(each.began_at) >= since
        if not failed or each.outcome == "FAILED"
    ]
    return {"runs": [_row(each) for each in found[:limit]]}


@command.command("show")
@click.argument("run_id", metavar="ID")
@document_command(_show_run)
def show(runtime: Runtime, run_id: str) -> Document:
    """Show a run: its tasks, attempts, requests, documents and log, and why it failed.

    ID may be the beginning of one, such as the time in the first column of `runs`.
    """
    return {"run": _row(record.find(_layout(), run_id))}


def _layout() -> Layout:
    return settings.current().layout


def _row(entry: record.Entry) -> dict[str, Any]:
    row = entry.as_json()
    ended_at = row["at"] if entry.event == record.ENDED else None
    known = {"outcome": entry.outcome, "seconds": entry.seconds, "tasks": row.pop("attempts")}
    known |= {"started_at": row["started_at"] or row["at"], "ended_at": ended_at}
    return {name: row[name] for name in row if name not in ("at", "event")} | known
