"""`tmdb-pipeline status`."""

import functools

import click

from pipeline import clock, settings
from pipeline.documents.run_record import Entry
from pipeline.ops.commands import tables
from pipeline.ops.commands.options import Runtime, document_command
from pipeline.ops.commands.watch import grid, runs
from pipeline.ops.luigid import client
from pipeline.ops.runs import record
from pipeline.ops.runtimes.services import Document
from pipeline.ops.schedule import installed, overdue, pauses
from pipeline.ops.settings import luigid_password
from pipeline.paths import Layout
from pipeline.roots import ROOTS, family_of
from pipeline.storage.documents import newest

_WHY_MISSED = (
    "Not collected: no run was started, or it failed. TMDB serves its lists only as they are now, "
    "so a snapshot of the past cannot be collected later."
)


def show(document: Document) -> None:
    """Print the document as tables, or as the grid."""
    if "grid" in document:
        grid.show(document)
        return
    title = f"Services ({document['runtime']})"
    tables.show_table(title, "service, state, detail", document["services"])
    unknown = "What runs now is not known: luigid does not answer."
    nothing = unknown if document["running"] is None else "Nothing runs now."
    tables.show_table("Runs now", "task, date, since", document["running"] or [], nothing)
    last = [{**e, "at": e["ended_at"] or e["started_at"]} for e in document["last_runs"]]
    columns = "task, date, outcome, took=seconds, when=at"
    tables.show_table("Last runs", columns, last, "Nothing has run yet.")
    for each in last:
        if each["reason"]:
            ending = "failed" if each["outcome"] == "FAILED" else "was skipped"
            what = f"{each['task']} of {each['date']} {ending}"
            click.echo(tables.wrap(f"{what}: {each['reason']}"))
    cron = next((e["state"] for e in document["services"] if e["service"] == "cron"), "off")
    next_runs = document["next_runs"] if cron == "up" else []
    nothing = "No schedule is installed." if cron == "off" else "The schedule is down."
    tables.show_table("Next by the schedule", "task, at", next_runs, nothing)
    tables.show_table("Paused", "task, until", document.get("paused", []))
    tables.show_table("Overdue", "task, date, due=due_at", document.get("overdue", []))
    tables.show_table("Missed", "task, date", document["missed"], "Nothing was missed.")
    if document.get("acknowledged"):
        click.echo(f"{document['acknowledged']} missed date(s) are acknowledged and not listed.")
    if document["missed"]:
        click.echo(tables.wrap(_WHY_MISSED, indent=0))


def _add_services(document: Document, stack: Runtime) -> None:
    """Add the containers: inside one, the others cannot be seen."""
    if "services" in document:
        document["services"] = [each._asdict() for each in stack.services()]


@click.command("status")
@click.argument("task", type=family_of, required=False)
@click.option("--grid", "as_grid", is_flag=True, help="Tasks and dates as a table instead.")
@click.option("--weeks", type=click.IntRange(1, 520),
              help="How many weeks the grid shows; it needs no --grid.  [default: 8]")  # fmt: skip
@document_command(show, _add_services)
def command(runtime: Runtime, task: str | None, as_grid: bool, weeks: int | None) -> Document:
    """Show what is up, what runs, what ran last, what comes next and what was missed.

    With TASK, its last ten runs. Works without luigid and without the database.
    """
    now, current = clock.now(), settings.current()
    layout = current.layout
    times = installed.schedules(current.config_dir / "crontab")
    if as_grid or weeks:
        return grid.build(layout, current.plan(), times, now, weeks or 8, task)
    next_runs = ((root, times[root].next_day(now)) for root in ROOTS)
    late, missed = overdue.overdue(layout, times, now), overdue.missed(layout, times, now)
    problems: list[str] = []
    paused = [found for root in ROOTS if (found := pauses.active(layout, root, problems.append))]
    return {
        "at": now.isoformat(),
        "data_root": str(current.data_dir),
        "services": [each._asdict() for each in runtime.services()],
        "running": client.running(runtime.luigid_url(), luigid_password()),
        "last_runs": _last_runs(layout, task),
        "next_runs": [{"task": e, "at": at.astimezone().isoformat()} for e, at in next_runs if at],
        "paused": [{"task": p.task, "until": str(p.until) if p.until else None} for p in paused],
        "overdue": [
            {"task": due.root.family, "date": str(due.date), "due_at": due.at.isoformat()}
            for due in late
        ],
        "missed": [{"task": due.root.family, "date": str(due.date)} for due in missed],
        "acknowledged": len(overdue.missed(layout, times, now, acknowledged=True)),
        "notes": problems,
    }


def _last_runs(layout: Layout, task: str | None) -> list[Document]:
    """Return the last run of each root task, or the last ten of one task, newest first.

    A document without a recorded run was made by version 0.1.0, or came by a copy.
    """
    entries = record.entries(layout)[::-1]
    if task is not None:
        return [row for entry in entries for row in _rows(entry, task)][:10]
    found = []
    for family, root in ROOTS.items():
        if run := next((entry for entry in entries if entry.task == family), None):
            found += _rows(run, family)
        elif last := newest(functools.partial(root.document, layout), clock.today()):
            unknown = dict.fromkeys(("started_at", "ended_at", "seconds", "attempts", "reason"))
            known = {"task": family, "date": str(last[0]), "outcome": "DONE", "source": "files"}
            found.append({**unknown, **known})
    return found


def _rows(entry: Entry, task: str) -> list[Document]:
    """Return a run as the one row of its task, or the task runs of another task in it."""
    attempts = max((each.attempts for each in entry.attempts), default=None)
    run = {**runs.describe(entry), "attempts": attempts, "source": "record"}
    if entry.task == task:
        return [run]
    return [
        {**run, "task": each.task, "outcome": each.outcome.upper(), "seconds": each.seconds}
        | {"attempts": each.attempts, "reason": None if each.outcome == "done" else entry.reason}
        for each in entry.attempts
        if each.family == task
    ]
