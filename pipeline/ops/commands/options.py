"""Options and arguments that several commands share."""

from __future__ import annotations

import datetime
from typing import Any

import click

from pipeline import clock
from pipeline.ops.roots import family_of


class Day(click.ParamType[datetime.date]):
    """A day as YYYY-MM-DD."""

    name = "date"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime.date:
        """Return the day.

        Raises:
            NotPossible: it is no day in that form.
        """
        if isinstance(value, datetime.date):
            return value
        return clock.day_of(str(value))


class Family(click.ParamType[str]):
    """A task's name, or `daily` or `weekly`."""

    name = "task"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the task's name as luigi knows it.

        Raises:
            NotPossible: there is no such task; the sentence names those that are there.
        """
        return family_of(str(value))


runtime_option = click.option(
    "--runtime",
    type=click.Choice(["auto", "compose", "host"]),
    default="auto",
    show_default=True,
    help="The compose stack or plain processes of this host; auto: compose where it runs.",
)

json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document instead.")
