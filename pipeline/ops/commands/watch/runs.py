"""`tmdb-pipeline runs`: the run record as a table, and one run of it."""

import datetime

import click

from pipeline import clock, settings
from pipeline.documents.run_record import ENDED, Entry
from pipeline.ops.commands import tables
from pipeline.ops.commands.options import Runtime, document_command
from pipeline.ops.runs import record
from pipeline.ops.runtimes.services import Document
from pipeline.roots import family_of

_FIELDS = (
    *("run_id", "task", "date", "outcome", "started_at", "ended_at", "seconds", "status"),
    *("reason", "started_by", "scheduler", "version", "requests", "retries", "log"),
)


def show(document: Document) -> None:
    """Print the runs as a table, or the facts of one run."""
    if "run" in document:
        _show_run(document["run"])
        return
    rows = [{**each, "run": each["run_id"].partition("_")[0]} for each in document["runs"]]
    columns = "run, task, date, outcome, took=seconds"
    tables.show_table("Runs, newest first", columns, rows, "No such run is recorded.")
    for each in rows:
        if each["reason"]:
            click.echo(tables.wrap(f"{each['run']}: {each['reason']}"))


def _show_run(run: Document) -> None:
    for name in _FIELDS:
        text = click.unstyle(tables.cell(name, run[name]))
        click.echo(tables.wrap(f"{name.replace('_', ' '):<12}{text}", indent=12))
    columns = "task, outcome, attempts, took=seconds"
    tables.show_table("Tasks", columns, run["tasks"], "No task began.")
    tables.show_table("Documents", "file", [{"file": each} for each in run["documents"]])


@click.command("runs")
@click.argument("action", type=click.Choice(["show"]), required=False, metavar="[show ID]")
@click.argument("run_id", required=False, metavar="")
@click.option("--task", type=family_of, metavar="TASK", help="The runs that ran that task only.")
@click.option("--since", type=clock.day_of, metavar="DATE", help="Those that began since that day.")
@click.option("--failed", is_flag=True, help="Those that failed.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True,
              help="How many at most.")  # fmt: skip
@document_command(show)
def command(
    runtime: Runtime, action: str | None, run_id: str | None, task: str | None,
    since: datetime.date | None, failed: bool, limit: int,
) -> Document:  # fmt: skip
    """List the recorded runs, the newest first, or show one of them.

    `runs show ID` shows its tasks, attempts, requests, documents and log, and why it failed. ID may
    be the beginning of one, such as the time in the first column of `runs`.
    """
    layout = settings.current().layout
    if action:
        if not run_id or task or since or failed:
            raise click.UsageError("`runs show` needs the ID of a run, and chooses from no others.")
        return {"run": describe(record.find(layout, run_id))}
    found = [
        each
        for each in record.entries(layout)[::-1]
        if task in (None, each.task, *(run.family for run in each.attempts))
        if since is None or clock.local_day(each.began_at) >= since
        if not failed or each.outcome == "FAILED"
    ]
    return {"runs": [describe(each) for each in found[:limit]]}


def describe(entry: Entry) -> Document:
    """Return a run as the commands show it."""
    row = entry.as_json()
    at, tasks = row.pop("at"), row.pop("attempts")
    ended_at = at if row.pop("event") == ENDED else None
    known = {"outcome": entry.outcome, "seconds": entry.seconds, "tasks": tasks}
    return {**row, **known, "started_at": row["started_at"] or at, "ended_at": ended_at}
