"""`tmdb-pipeline watch` and `alert`: whether documents still come, and whether alerts arrive."""

import sys

import click

from pipeline import clock, settings
from pipeline.errors import PipelineError
from pipeline.ops.alerts import send
from pipeline.ops.runs import ended
from pipeline.ops.runs.record import WHY_KILLED
from pipeline.ops.schedule import installed, overdue


@click.command("watch")
def command() -> None:
    """Exit with 1, and alert, where a root task is overdue or a run was killed."""
    current = settings.current()
    layout = current.layout
    times = installed.schedules(current.config_dir / "crontab")
    found = [f"{e.task} of {e.date}: {WHY_KILLED}" for e in ended.alert_of_killed_runs(layout)]
    for due in overdue.overdue(layout, times, clock.now()):
        task, date, at = due.root.family, due.date, due.at.astimezone()
        sentence = (
            f"{task} of {date} was due at {at:%Y-%m-%d %H:%M %Z} and is not there: see `tmdb-"
            f"pipeline status` for what failed, then `tmdb-pipeline run {due.root.alias}`."
        )
        if not send.is_open(task, date):  # of a failure that left it overdue
            text = f"{sentence}\nLooked in: {layout.root}"
            send.raise_alert(task, date, "overdue", f"{task} of {date} is overdue", text)
        found.append(sentence)
    for sentence in found:
        click.echo(f"tmdb-pipeline: {sentence}", err=True)
    if found:
        sys.exit(1)
    click.echo("Nothing is overdue.")


@click.command("alert")
@click.option("--test", is_flag=True, required=True, help="Send a message of no importance.")
def alert(test: bool) -> None:
    """Send a message to PIPELINE_ALERT_URL and say whether it arrived.

    Exit status 1 if it did not.
    """
    if problem := send.send_test():
        raise PipelineError(f"The message did not arrive: {problem}.")
    click.echo("The message was accepted by the service of PIPELINE_ALERT_URL.")
