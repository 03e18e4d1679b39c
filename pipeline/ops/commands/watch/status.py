"""`tmdb-pipeline status`."""

from __future__ import annotations

import dataclasses

import click

from pipeline import clock, identity, settings
from pipeline.ops.commands import tables
from pipeline.ops.commands.options import Family, json_option, runtime_option
from pipeline.ops.luigid import client
from pipeline.ops.roots import ROOTS
from pipeline.ops.runs import record
from pipeline.ops.runtimes.choose import choose_runtime
from pipeline.ops.runtimes.runtime import Document, Runtime
from pipeline.ops.schedule import installed, overdue
from pipeline.ops.schedule.times import next_time
from pipeline.ops.settings import luigid_password
from pipeline.paths import Layout
from pipeline.sanitize import plain

MAX_RUNS = 10
"""The number of runs that are shown of one task."""

_INSTANTS = ("since", "when", "at", "due_at")
_HEADERS = {"seconds": "took", "source": "from", "due_at": "due"}


@click.command("status")
@click.argument("task", type=Family(), required=False)
@runtime_option
@json_option
def command(task: str | None, runtime: str, as_json: bool) -> None:
    """Show what is up, what runs, what ran last, what comes next and what was missed.

    With TASK, its last ten runs. Works without luigid and without the database.
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
        "notes": [*filter(None, [identity.warning()])],
    }


def show(document: Document) -> None:
    """Print the document as tables."""
    services = f"Services ({document['runtime']})"
    _show(services, document["services"], ("service", "state", "detail"), "")
    if document["running"] is None:
        click.echo("\nWhat runs now is not known: luigid does not answer.")
    else:
        _show("Runs now", document["running"], ("task", "date", "since"), "Nothing runs now.")
    columns = ("task", "date", "outcome", "when", "seconds", "attempts", "source")
    runs = [
        {**each, "when": each["ended_at"] or each["started_at"]} for each in document["last_runs"]
    ]
    _show("Last runs", runs, columns, "Nothing has run yet.")
    for each in runs:
        if each["reason"]:
            click.echo(f"{each['task']} of {each['date']} failed: {plain(each['reason'])}")
    _show("Next by the schedule", document["next_runs"], ("task", "at"), "")
    _show("Overdue", document.get("overdue", []), ("task", "date", "due_at"), "")
    _show("Missed", document["missed"], ("task", "date"), "Nothing was missed.")
    if document["missed"]:
        click.echo(overdue.WHY_MISSED)
    tables.show_notes(document["notes"])


def _show(title: str, rows: list[Document], columns: tuple[str, ...], otherwise: str) -> None:
    """Print these fields of the rows as a table, or the sentence where there is no row."""
    if rows:
        headers = [_HEADERS.get(name, name) for name in columns]
        tables.show_table(title, headers, [[_cell(name, row) for name in columns] for row in rows])
    elif otherwise:
        click.echo(f"\n{otherwise}")


def _cell(name: str, row: Document) -> object:
    if name == "seconds":
        return tables.seconds(row[name])
    return tables.instant(row[name]) if name in _INSTANTS else row[name]


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
        elif day := overdue.newest_day(root, layout, clock.today()):
            unknown = dict.fromkeys(("started_at", "ended_at", "seconds", "attempts", "reason"))
            known = {"task": family, "date": str(day), "outcome": "DONE", "source": "files"}
            found.append({**unknown, **known})
    return found


def _rows(entry: record.Entry, task: str) -> list[Document]:
    """Return a run as the one row of its task, or the task runs of another task in it."""
    ended_at = entry.at.isoformat(timespec="seconds") if entry.event == record.ENDED else None
    run = {
        "task": entry.task,
        "date": str(entry.date) if entry.date else None,
        "outcome": entry.outcome,
        "started_at": entry.began_at.isoformat(timespec="seconds"),
        "ended_at": ended_at,
        "seconds": entry.seconds,
        "attempts": max((each.attempts for each in entry.attempts), default=None),
        "reason": entry.reason,
        "source": "record",
    }
    if entry.task == task:
        return [run]
    return [
        {
            **run,
            **{"task": each.task, "outcome": each.outcome.upper(), "seconds": each.seconds},
            **{
                "attempts": each.attempts,
                "reason": entry.reason if each.outcome != "done" else None,
            },
        }
        for each in entry.attempts
        if each.family == task
    ]
