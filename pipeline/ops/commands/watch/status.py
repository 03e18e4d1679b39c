"""`tmdb-pipeline status`."""

from __future__ import annotations

import dataclasses
import functools

import click

from pipeline import clock, identity, settings
from pipeline.ops.commands import tables
from pipeline.ops.commands.options import document_command
from pipeline.ops.luigid import client
from pipeline.ops.roots import ROOTS, family_of, newest
from pipeline.ops.runs import record
from pipeline.ops.runtimes.runtime import Document, Runtime
from pipeline.ops.schedule import installed, overdue
from pipeline.ops.settings import luigid_password
from pipeline.paths import Layout
from pipeline.sanitize import plain

MAX_RUNS = 10
"""The number of runs that are shown of one task."""


def _add_services(document: Document, stack: Runtime) -> None:
    """Add the containers: inside one, the others cannot be seen."""
    document["services"] = [dataclasses.asdict(each) for each in stack.services()]


@click.command("status")
@click.argument("task", type=family_of, required=False)
@document_command(lambda document: show(document), _add_services)
def command(runtime: Runtime, task: str | None) -> Document:
    """Show what is up, what runs, what ran last, what comes next and what was missed.

    With TASK, its last ten runs. Works without luigid and without the database.
    """
    now, current = clock.now(), settings.current()
    layout = Layout(current.data_dir)
    times = installed.schedules(current.config_dir / "crontab")
    return {
        "runtime": runtime.name,
        "at": now.isoformat(),
        "data_root": str(current.data_dir),
        "services": [dataclasses.asdict(each) for each in runtime.services()],
        "running": client.running(runtime.luigid_url(), luigid_password()),
        "last_runs": _last_runs(layout, task),
        "next_runs": [
            {"task": root, "at": next_at.astimezone().isoformat()}
            for root in ROOTS
            if (next_at := times[root].next_day(now))
        ],
        "overdue": [
            {"task": due.root.family, "date": due.date.isoformat(), "due_at": due.at.isoformat()}
            for due in overdue.overdue(layout, times, now)
        ],
        "missed": [
            {"task": family, "date": day.isoformat()}
            for family, day in overdue.missed(layout, times, now)
        ],
        "notes": [*filter(None, [identity.warning()])],
    }


def show(document: Document) -> None:
    """Print the document as tables."""
    at, runs = tables.instant, document["last_runs"]
    rows = [[each["service"], each["state"], each["detail"]] for each in document["services"]]
    _show(f"Services ({document['runtime']})", "service state detail", rows)
    if document["running"] is None:
        click.echo("\nWhat runs now is not known: luigid does not answer.")
    else:
        rows = [[each["task"], each["date"], at(each["since"])] for each in document["running"]]
        _show("Runs now", "task date since", rows, "Nothing runs now.")
    rows = [
        [
            *(each["task"], each["date"], each["outcome"]),
            *(at(each["ended_at"] or each["started_at"]), tables.seconds(each["seconds"])),
            *(each["attempts"], each["source"]),
        ]
        for each in runs
    ]
    _show("Last runs", "task date outcome when took attempts from", rows, "Nothing has run yet.")
    for each in runs:
        if each["reason"]:
            click.echo(f"{each['task']} of {each['date']} failed: {plain(each['reason'])}")
    rows = [[each["task"], at(each["at"])] for each in document["next_runs"]]
    _show("Next by the schedule", "task at", rows)
    rows = [
        [each["task"], each["date"], at(each["due_at"])] for each in document.get("overdue", [])
    ]
    _show("Overdue", "task date due", rows)
    rows = [[each["task"], each["date"]] for each in document["missed"]]
    _show("Missed", "task date", rows, "Nothing was missed.")
    if rows:
        click.echo(overdue.WHY_MISSED)
    tables.show_notes(document["notes"])


def _show(title: str, headers: str, rows: list[list[object]], otherwise: str = "") -> None:
    """Print a table, or the sentence where there is no row."""
    if rows:
        tables.show_table(title, headers.split(), rows)
    elif otherwise:
        click.echo(f"\n{otherwise}")


def _last_runs(layout: Layout, task: str | None) -> list[Document]:
    """Return the last run of each root task, or the last ten of one task, newest first.

    A document without a recorded run was made by version 0.1.0, or came by a copy.
    """
    entries = record.entries(layout)[::-1]
    if task is not None:
        return [row for entry in entries for row in _rows(entry, task)][:MAX_RUNS]
    found = []
    for family, root in ROOTS.items():
        if run := next((entry for entry in entries if entry.task == family), None):
            found += _rows(run, family)
        elif last := newest(functools.partial(root.document, layout), clock.today()):
            unknown = dict.fromkeys(("started_at", "ended_at", "seconds", "attempts", "reason"))
            known = {"task": family, "date": str(last[0]), "outcome": "DONE", "source": "files"}
            found.append({**unknown, **known})
    return found


def _rows(entry: record.Entry, task: str) -> list[Document]:
    """Return a run as the one row of its task, or the task runs of another task in it."""
    ended_at = entry.at if entry.event == record.ENDED else None
    run = {
        "task": entry.task,
        "date": str(entry.date) if entry.date else None,
        "outcome": entry.outcome,
        "started_at": entry.began_at.isoformat(timespec="seconds"),
        "ended_at": ended_at.isoformat(timespec="seconds") if ended_at else None,
        "seconds": entry.seconds,
        "attempts": max((each.attempts for each in entry.attempts), default=None),
        "reason": entry.reason,
        "source": "record",
    }
    if entry.task == task:
        return [run]
    return [
        {**run, "task": each.task, "outcome": each.outcome.upper(), "seconds": each.seconds}
        | {"attempts": each.attempts, "reason": None if each.outcome == "done" else entry.reason}
        for each in entry.attempts
        if each.family == task
    ]
