"""`tmdb-pipeline pause`, `resume` and `acknowledge`: what schedule and reports leave out."""

import datetime

import click

from pipeline import clock, settings
from pipeline.errors import NotPossible
from pipeline.ops.commands.options import Runtime, command_on_data
from pipeline.ops.roots import ALIASES, ROOTS
from pipeline.ops.schedule import installed, overdue, pauses
from pipeline.storage import documents

_ALIAS = click.Choice(list(ALIASES))


@click.command("pause")
@click.argument("task", type=_ALIAS)
@click.option("--until", type=clock.day_of, metavar="DATE", help="First date that runs again.")
@command_on_data
def pause(runtime: Runtime, task: str, until: datetime.date | None) -> int:
    """Pause the schedule of daily or weekly, until DATE or `resume`; `run` works as before."""
    if until and until <= clock.today():
        raise NotPossible(f"--until {until} is no future date: choose one after {clock.today()}.")
    found = pauses.begin(settings.current().layout, ROOTS[ALIASES[task]], until)
    click.echo(f"{found.task}: {found.reason} `tmdb-pipeline run {task}` works as before.")
    return 0


@click.command("resume")
@click.argument("task", type=_ALIAS)
@command_on_data
def resume(runtime: Runtime, task: str) -> int:
    """End the pause of daily or weekly; the hourly catch-up makes what can still be collected."""
    path = settings.current().layout.pause(ALIASES[task])
    was_paused = path.exists()
    documents.storage_of(path).remove(path)
    click.echo(f"{ALIASES[task]} {'is no longer' if was_paused else 'was not'} paused.")
    return 0


@click.command("acknowledge")
@click.argument("date", type=clock.day_of)
@click.argument("task", type=_ALIAS, required=False)
@command_on_data
def acknowledge(runtime: Runtime, date: datetime.date, task: str | None) -> int:
    """Report the missed DATE of daily, weekly or both no longer, as in `status`."""
    current = settings.current()
    layout, times = current.layout, installed.schedules(current.config_dir / "crontab")
    roots = [root for root in ROOTS.values() if task in (None, root.alias)]
    dues = [due for e in roots for due in overdue.missing(e, layout, times[e.family], date, date)]
    lacking = [due.root.family for due in dues if not due.root.document(layout, date).exists()]
    if not lacking:
        what = f"{task} document" if task else "document"
        raise NotPossible(f"No {what} of {date} is missed: `tmdb-pipeline status` lists them.")
    for family in lacking:
        documents.storage_of(layout.root).replace(layout.acknowledged(family, date), [])
        click.echo(f"{family} of {date} is acknowledged and no longer reported as missed.")
    return 0
