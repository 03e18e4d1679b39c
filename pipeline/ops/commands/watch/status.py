"""`tmdb-pipeline status`."""

from __future__ import annotations

import dataclasses

import click

from pipeline import clock, identity, settings
from pipeline.ops.commands import tables
from pipeline.ops.commands.options import Family, json_option, runtime_option
from pipeline.ops.luigid import client
from pipeline.ops.roots import ROOTS
from pipeline.ops.runs.last_runs import last_runs
from pipeline.ops.runtimes.choose import choose_runtime
from pipeline.ops.runtimes.runtime import Document, Runtime
from pipeline.ops.schedule import installed, overdue
from pipeline.ops.schedule.times import next_time
from pipeline.ops.settings import luigid_password
from pipeline.paths import Layout
from pipeline.sanitize import plain


@click.command("status")
@click.argument("task", type=Family(), required=False)
@runtime_option
@json_option
def command(task: str | None, runtime: str, as_json: bool) -> None:
    """Show what is up, what runs, what ran last, what comes next and what was missed.

    With TASK, its last ten runs. Works without luigid and without the database: then the files
    are what is known.
    """
    here = choose_runtime(runtime)
    document = here.ask(["status", *([task] if task else [])], lambda: build(here, task))
    if here.name == "compose":
        document["services"] = [dataclasses.asdict(each) for each in here.services()]
    tables.show_json(document) if as_json else show(document)


def build(runtime: Runtime, task: str | None) -> Document:
    """Return the state of everything as plain data."""
    now, current = clock.now(), settings.current()
    layout = Layout(current.data_dir)
    services = runtime.services()
    runs, notes = last_runs(current, task)
    times = installed.schedules(current.config_dir / "crontab")
    return {
        "runtime": runtime.name,
        "at": now.isoformat(),
        "data_root": str(current.data_dir),
        "services": [dataclasses.asdict(each) for each in services],
        "running": client.running(runtime.luigid_url(), luigid_password()),
        "last_runs": runs,
        "next_runs": [
            {"task": root, "at": next_at.astimezone().isoformat()}
            for root in ROOTS
            if (next_at := next_time(times[root], now))
        ],
        "overdue": [
            {"task": due.root.family, "date": due.date.isoformat(), "due_at": due.at.isoformat()}
            for due in overdue.overdue(layout, times, now)
        ],
        "missed": [
            {"task": family, "date": day.isoformat()}
            for family, day in overdue.missed(layout, times, now)
        ],
        "notes": [*notes, *filter(None, [identity.warning()])],
    }


def show(document: Document) -> None:
    """Print the document as tables."""
    services = [[each["service"], each["state"], each["detail"]] for each in document["services"]]
    tables.show_table(f"Services ({document['runtime']})", ["service", "state", "detail"], services)
    _show_running(document["running"])
    _show_last(document["last_runs"])
    following = [[each["task"], tables.instant(each["at"])] for each in document["next_runs"]]
    tables.show_table("Next by the schedule", ["task", "at"], following)
    _show_overdue(document.get("overdue", []))
    _show_missed(document["missed"])
    tables.show_notes(document["notes"])


def _show_running(tasks: list[Document] | None) -> None:
    if tasks is None:
        click.echo("\nWhat runs now is not known: luigid does not answer.")
    elif not tasks:
        click.echo("\nNothing runs now.")
    else:
        rows = [[each["task"], each["date"], tables.instant(each["since"])] for each in tasks]
        tables.show_table("Runs now", ["task", "date", "since"], rows)


def _show_last(runs: list[Document]) -> None:
    if not runs:
        click.echo("\nNothing has run yet.")
        return
    rows = [
        [
            *(
                each["task"],
                each.get("genre") or each.get("list"),
                each.get("date"),
                each["outcome"],
            ),
            tables.instant(each["ended_at"] or each["started_at"]),
            *(tables.seconds(each["seconds"]), each["attempts"], each["source"]),
        ]
        for each in runs
    ]
    headers = ["task", "genre", "date", "outcome", "when", "took", "attempts", "from"]
    if not any(row[1] for row in rows):
        rows = [[row[0], *row[2:]] for row in rows]
        headers.remove("genre")
    tables.show_table("Last runs", headers, rows)
    for each in runs:
        if each["reason"]:
            reason = plain(each["reason"])
            click.echo(f"{each['task']} of {each.get('date')} failed: {reason}")


def _show_overdue(due: list[Document]) -> None:
    if due:
        rows = [[each["task"], each["date"], tables.instant(each["due_at"])] for each in due]
        tables.show_table("Overdue", ["task", "date", "due"], rows)


def _show_missed(days: list[Document]) -> None:
    if days:
        tables.show_table(
            "Missed", ["task", "date"], [[each["task"], each["date"]] for each in days]
        )
        click.echo(overdue.WHY_MISSED)
    else:
        click.echo("\nNothing was missed.")
