"""`tmdb-pipeline watch`: whether the daily films still come, to be asked every hour."""

from __future__ import annotations

import datetime
from pathlib import Path

import click

from pipeline import clock, settings, storage
from pipeline.errors import DocumentUnreadable
from pipeline.layout import Layout
from pipeline.ops import alerts

LONGEST_PAUSE = datetime.timedelta(hours=26)
"""A day, and two hours for a run that has to try again."""


@click.command(help="Exit with 1, and alert, where the last day brought no films.")
def command() -> None:
    """Look for the summary of today, or one of yesterday that is young enough."""
    layout = Layout(settings.current().data_dir)
    today = clock.today()
    yesterday = today - datetime.timedelta(days=1)
    if layout.daily_summary(today).exists() or _is_young(layout.daily_summary(yesterday)):
        click.echo("The daily films are there.")
        return
    sentence = (
        f"No daily films were collected in the last {LONGEST_PAUSE.total_seconds() / 3600:.0f} "
        "hours: see `tmdb-pipeline status` for what failed, then `tmdb-pipeline trigger "
        "DailySummary`."
    )
    alerts.nothing_collected(f"{sentence}\nLooked in: {layout.root}")
    click.echo(f"tmdb-pipeline: {sentence}", err=True)
    raise SystemExit(1)


def _is_young(summary: Path) -> bool:
    """Whether the summary is there, whole, and was finished less than 26 hours ago."""
    try:
        end = storage.read(summary)["execution_summary"]["end_time"]
        return clock.now() - datetime.datetime.fromisoformat(end) < LONGEST_PAUSE
    except (DocumentUnreadable, KeyError, TypeError, ValueError):
        return False
