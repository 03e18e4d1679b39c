"""Show documents: tables for people, JSON for programs."""

import datetime
import json
from collections.abc import Mapping, Sequence
from typing import Any

import click
from tabulate import tabulate

from pipeline.sanitize import escaped, plain

COLOURS = {
    **dict.fromkeys(("ok", "up", "DONE", "done"), "green"),
    **dict.fromkeys(("warning", "unknown"), "yellow"),
    **dict.fromkeys(("problem", "down", "FAILED"), "red"),
}
"""The words that are coloured on a terminal; click drops the colours anywhere else."""


def show_json(document: Mapping[str, Any]) -> None:
    """Print the document, in UTF-8 and indented."""
    click.echo(escaped(json.dumps(document, ensure_ascii=False, indent=2)))


def show_table(title: str, headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a titled table, its free text in the last column; "-" stands for what is not known."""
    click.secho(f"\n{title}", bold=True)
    cells = [[_cell(each) for each in row] for row in rows]
    click.echo(tabulate(cells, headers=headers, tablefmt="simple", disable_numparse=True))


def show_notes(notes: Sequence[str]) -> None:
    """Print sentences below what they are about."""
    if notes:
        click.echo()
    for note in notes:
        click.echo(f"note: {plain(note)}")


def instant(text: str | None) -> str:
    """Return an instant of a document as people read it: the machine's time zone, to the second."""
    if text is None:
        return "-"
    return f"{datetime.datetime.fromisoformat(text).astimezone():%Y-%m-%d %H:%M:%S %Z}"


def seconds(value: float | None) -> str:
    """Return a duration: milliseconds, seconds with tenths, or minutes."""
    if value is None:
        return "-"
    minutes, rest = divmod(round(value), 60)
    if minutes:
        return f"{minutes} min {rest:02d} s"
    return f"{value:.1f} s" if value >= 0.1 else f"{value * 1000:.0f} ms"


def _cell(value: object) -> str:
    text = "-" if value is None else plain(str(value))
    return click.style(text, fg=COLOURS[text]) if text in COLOURS else text
