"""`tmdb-pipeline watch`: whether every root task still brings its documents, once an hour."""

from __future__ import annotations

import click

from pipeline import clock, settings
from pipeline.ops.alerts import send
from pipeline.ops.runs import ended
from pipeline.ops.runs.record import WHY_KILLED
from pipeline.ops.schedule import installed, overdue
from pipeline.ops.schedule.overdue import Due
from pipeline.paths import Layout


@click.command("watch")
def command() -> None:
    """Exit with 1, and alert, where a root task is overdue or a run was killed."""
    current = settings.current()
    layout = Layout(current.data_dir)
    times = installed.schedules(current.config_dir / "crontab")
    killed = ended.alert_of_killed_runs(layout)
    for entry in killed:
        click.echo(f"tmdb-pipeline: {entry.task} of {entry.date}: {WHY_KILLED}", err=True)
    found = overdue.overdue(layout, times, clock.now())
    for due in found:
        sentence = _sentence(due)
        alert_once(due, f"{sentence}\nLooked in: {layout.root}")
        click.echo(f"tmdb-pipeline: {sentence}", err=True)
    send.sweep()
    if found or killed:
        raise SystemExit(1)
    click.echo("Nothing is overdue.")


def alert_once(due: Due, text: str) -> None:
    """Alert of a document that is overdue, unless a failure of the same date was alerted of."""
    if not send.was_raised(due.root.family, due.date):
        title = f"{due.root.family} of {due.date} is overdue"
        send.raise_alert(due.root.family, due.date, "overdue", title, text)


def _sentence(due: Due) -> str:
    at = f"{due.at.astimezone():%Y-%m-%d %H:%M %Z}"
    return (
        f"{due.root.family} of {due.date} was due at {at} and is not there: see "
        f"`tmdb-pipeline status` for what failed, then `tmdb-pipeline trigger {due.root.alias}`."
    )
