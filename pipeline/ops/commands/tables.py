"""Show documents: tables for people, which fit the terminal, and JSON for programs."""

import datetime
import json
import re
import shutil
import sys
import textwrap
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

_MIN_WIDTH = 8  # of the last column, however wide the others are


def show_json(document: Mapping[str, Any]) -> None:
    r"""Print the document in UTF-8 and indented, with \uXXXX for what acts on a terminal."""
    text = json.dumps(document, ensure_ascii=False, indent=2)
    click.echo(UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def show_table(
    title: str, columns: str, rows: Sequence[Mapping[str, Any]], otherwise: str = ""
) -> None:
    """Print rows of a document as a titled table, or the sentence where there is none.

    A column is a key of the rows, or `header=key`. The last one, into which free text belongs, is
    wrapped into what the others leave of the terminal.
    """
    if not rows:
        if otherwise:
            click.echo(f"\n{otherwise}")
        return
    names = [each.partition("=") for each in columns.split(", ")]
    cells = [[cell(key or name, row[key or name]) for name, _, key in names] for row in rows]
    lines = [[name for name, _, _ in names], *cells]
    widths = [max(len(click.unstyle(text)) for text in each) for each in zip(*lines, strict=True)]
    left = terminal_width() - sum(width + 2 for width in widths[:-1])
    widths[-1] = min(widths[-1], max(left, _MIN_WIDTH))
    lines.insert(1, ["-" * width for width in widths])
    click.secho(f"\n{title}", bold=True)
    click.echo(tabulate(
        lines, tablefmt="plain", disable_numparse=True, maxcolwidths=widths, break_on_hyphens=False
    ))  # fmt: skip


def terminal_width() -> int:
    """Return the columns of the terminal; 80 where the output is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 80


def wrap(text: str, indent: int = 2, first: str = "", further: str = "") -> str:
    """Return text in lines that fit the terminal, those after the first indented."""
    return textwrap.fill(
        plain(text), terminal_width(), initial_indent=first,
        subsequent_indent=further + " " * indent, break_on_hyphens=False,
    )  # fmt: skip


def cell(key: str, value: Any) -> str:
    """Return a value as people read it, by the key: instants in the machine's time zone."""
    if value is None:
        return "-"
    if re.fullmatch(r"(.+_)?(at|since)", key):
        return f"{datetime.datetime.fromisoformat(value).astimezone():%Y-%m-%d %H:%M %Z}"
    if key.endswith("seconds"):
        minutes, rest = divmod(round(value), 60)
        if minutes:
            return f"{minutes} min {rest:02d} s"
        return f"{value:.1f} s" if value >= 0.1 else f"{value * 1000:.0f} ms"
    text = plain(str(value))
    return click.style(text, fg=_COLOURS[text]) if text in _COLOURS else text
