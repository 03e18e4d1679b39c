"""`tmdb-pipeline pause`, `resume` and `acknowledge`: what schedule and reports leave out."""

import datetime

import click

from pipeline import clock, settings
from pipeline.errors import NotPossible
from pipeline.ops.commands import tables
from pipeline.ops.commands.options import command_on_data, json_option
from pipeline.ops.schedule import installed, overdue, pauses
from pipeline.roots import ALIASES, ROOTS
from pipeline.storage import documents

_ALIAS = click.Choice(list(ALIASES))


@click.command("pause")
@click.argument("task", type=_ALIAS)
@click.option("--until", type=clock.day_of, metavar="DATE", help="First date that runs again.")
@json_option
@command_on_data
def pause(task: str, until: datetime.date | None, as_json: bool) -> int:
    """Pause the schedule of daily or weekly, until DATE or `resume`; `run` works as before."""
    if until and until <= clock.today():
        raise NotPossible(f"--until {until} is no future date: choose one after {clock.today()}.")
    found = pauses.begin(settings.current().layout, ROOTS[ALIASES[task]], until)
    sentence = f"{found.task}: {found.reason} `tmdb-pipeline run {task}` works as before."
    until_day = str(until) if until else None
    return _report(as_json, [sentence], task=found.task, paused=True, until=until_day)


@click.command("resume")
@click.argument("task", type=_ALIAS)
@json_option
@command_on_data
def resume(task: str, as_json: bool) -> int:
    """End the pause of daily or weekly; the hourly catch-up makes what can still be collected."""
    family = ALIASES[task]
    path = settings.current().layout.pause(family)
    was_paused = path.exists()
    documents.remove(path)
    sentence = f"{family} {'is no longer' if was_paused else 'was not'} paused."
    return _report(as_json, [sentence], task=family, paused=False, was_paused=was_paused)


@click.command("acknowledge")
@click.argument("date", type=clock.day_of)
@click.argument("task", type=_ALIAS, required=False)
@json_option
@command_on_data
def acknowledge(date: datetime.date, task: str | None, as_json: bool) -> int:
    """Report the missed DATE of daily, weekly or both no longer, as in `status`."""
    current = settings.current()
    layout, times = current.layout, installed.schedules(current.config_dir / "crontab")
    roots = [root for root in ROOTS.values() if task in (None, root.alias)]
    dues = [due for e in roots for due in overdue.missing(e, layout, times[e.family], date, date)]
    lacking = [
        due.root.family for due in dues if not documents.is_listed(due.root.document(layout, date))
    ]
    if not lacking:
        what = f"{task} document" if task else "document"
        raise NotPossible(f"No {what} of {date} is missed: `tmdb-pipeline status` lists them.")
    for family in lacking:
        documents.replace(layout.acknowledged(family, date), "")
    done = "is acknowledged and no longer reported as missed."
    sentences = [f"{family} of {date} {done}" for family in lacking]
    return _report(as_json, sentences, date=str(date), acknowledged=lacking)


def _report(as_json: bool, sentences: list[str], **facts: object) -> int:
    """Show what was done, as sentences or as a document; return the exit status."""
    tables.show_json(facts) if as_json else click.echo("\n".join(sentences))
    return 0
