"""`tmdb-pipeline watch`: whether every root task still brings its documents, once an hour."""

from __future__ import annotations

import click

from pipeline import clock, settings
from pipeline.ops.alerts import send
from pipeline.ops.runs import ended
from pipeline.ops.runs.record import WHY_KILLED
from pipeline.ops.schedule import installed, overdue
from pipeline.paths import Layout


@click.command("watch")
def command() -> None:
    """Exit with 1, and alert, where a root task is overdue or a run was killed."""
    current = settings.current()
    layout = Layout(current.data_dir)
    times = installed.schedules(current.config_dir / "crontab")
    found = [f"{e.task} of {e.date}: {WHY_KILLED}" for e in ended.alert_of_killed_runs(layout)]
    for due in overdue.overdue(layout, times, clock.now()):
        task, date, at = due.root.family, due.date, due.at.astimezone()
        sentence = (
            f"{task} of {date} was due at {at:%Y-%m-%d %H:%M %Z} and is not there: see `tmdb-"
            f"pipeline status` for what failed, then `tmdb-pipeline trigger {due.root.alias}`."
        )
        if not send.was_raised(task, date):  # of a failure that left it overdue
            text = f"{sentence}\nLooked in: {layout.root}"
            send.raise_alert(task, date, "overdue", f"{task} of {date} is overdue", text)
        found.append(sentence)
    for sentence in found:
        click.echo(f"tmdb-pipeline: {sentence}", err=True)
    if found:
        raise SystemExit(1)
    click.echo("Nothing is overdue.")
