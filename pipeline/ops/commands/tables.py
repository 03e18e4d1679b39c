"""Show documents: tables for people, JSON for programs."""

import datetime
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import click
from tabulate import tabulate

from pipeline.sanitize import UNSEEN, plain

# The words that are coloured on a terminal; click drops the colours anywhere else.
_COLOURS = {
    **dict.fromkeys(("ok", "up", "DONE", "done"), "green"),
    **dict.fromkeys(("warning", "unknown"), "yellow"),
    **dict.fromkeys(("problem", "down", "FAILED"), "red"),
}


def show_json(document: Mapping[str, Any]) -> None:
    r"""Print the document in UTF-8 and indented, with \uXXXX for what acts on a terminal."""
    text = json.dumps(document, ensure_ascii=False, indent=2)
    click.echo(UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def show_table(
    title: str, columns: str, rows: Sequence[Mapping[str, Any]], otherwise: str = ""
) -> None:
    """Print rows of a document as a titled table, or the sentence where there is none.

    A column is a key of the rows, or `header=key`; free text belongs into the last one.
    """
    if rows:
        click.secho(f"\n{title}", bold=True)
        headers = [each.partition("=")[0] for each in columns.split(", ")]
        keys = [each.rpartition("=")[2] for each in columns.split(", ")]
        cells = [[cell(key, row[key]) for key in keys] for row in rows]
        click.echo(tabulate(cells, headers, tablefmt="simple", disable_numparse=True))
    elif otherwise:
        click.echo(f"\n{otherwise}")


def cell(key: str, value: Any) -> str:
    """Return a value as people read it, by the key: instants in the machine's time zone."""
    if value is None:
        return "-"
    if re.fullmatch(r"(.+_)?(at|since)", key):
        return f"{datetime.datetime.fromisoformat(value).astimezone():%Y-%m-%d %H:%M:%S %Z}"
    if key.endswith("seconds"):
        minutes, rest = divmod(round(value), 60)
        if minutes:
            return f"{minutes} min {rest:02d} s"
        return f"{value:.1f} s" if value >= 0.1 else f"{value * 1000:.0f} ms"
    text = plain(str(value))
    return click.style(text, fg=_COLOURS[text]) if text in _COLOURS else text
