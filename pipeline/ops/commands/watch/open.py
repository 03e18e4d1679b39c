"""`tmdb-pipeline open`."""

from __future__ import annotations

import datetime
import sys
import webbrowser

import click

from pipeline import clock, identity, settings
from pipeline.errors import NotPossible, StorageError
from pipeline.ops import reports
from pipeline.ops.commands import tables
from pipeline.ops.commands.options import Day, json_option, runtime_option
from pipeline.ops.reports import Report
from pipeline.ops.runtimes.choose import choose_runtime
from pipeline.ops.runtimes.runtime import Document
from pipeline.paths import Layout

_ON_A_TERMINAL = {"www-browser", "links", "elinks", "lynx", "w3m"}
"""Browsers that take the terminal over and show no chart; found where there is no screen."""


@click.command("open")
@click.argument("kind", type=click.Choice(["daily", "weekly"]), required=False)
@click.argument("date", type=Day(), required=False, metavar="[DATE]")
@click.option("--print", "prints_only", is_flag=True, help="Only print where the page is.")
@runtime_option
@json_option
def command(
    kind: str | None,
    date: datetime.date | None,
    prints_only: bool,
    runtime: str,
    as_json: bool,
) -> None:
    """Open a page in the browser: the index, or the daily or weekly one of DATE.

    Without DATE it is the newest. The page's address is printed in any case; where there is no
    browser, that is all.
    """
    here = choose_runtime(runtime)
    words = ["open", *([kind] if kind else []), *([date.isoformat()] if date else [])]
    document = here.ask(words, lambda: build(here.name, kind, date))
    if here.name == "compose" and document["address"] is not None:
        document["url"] = f"{here.luigid_url().rstrip('/')}/pages/{document['address']}"
    if as_json:
        tables.show_json(document)
        sys.exit(1 if document["problem"] else 0)
    show(document, prints_only=prints_only)


def build(runtime: str, kind: str | None, date: datetime.date | None) -> Document:
    """Return which page it is and where, or why there is none, as plain data.

    Raises:
        StorageError: this user may not look into the folder of the pages.
    """
    try:
        found, problem = _found(kind, date)
    except OSError as error:
        raise StorageError(f"{error.filename} cannot be read ({error.strerror}).") from None
    return {
        "runtime": runtime,
        "page": kind or "index",
        "date": found.day.isoformat() if found and found.day else None,
        "address": found.address if found else None,
        "url": found.file.as_uri() if found else None,
        "problem": problem,
        "notes": [*filter(None, [identity.warning()])],
    }


def show(document: Document, *, prints_only: bool) -> None:
    """Print the page's address, and open it where there is something to open it with.

    Raises:
        NotPossible: the page is not there.
    """
    for note in document["notes"]:
        click.echo(f"note: {note}", err=True)
    if document["problem"]:
        raise NotPossible(document["problem"])
    click.echo(document["url"])
    if not (prints_only or _is_opened(document["url"])):
        click.echo("There is no browser here: open it where there is one.", err=True)


def _found(kind: str | None, date: datetime.date | None) -> tuple[Report | None, str | None]:
    """Return the page that was asked for, or the sentence that says what makes it."""
    layout, today = Layout(settings.current().data_dir), clock.today()
    if kind is None:
        report: Report | None = reports.index(layout)
    elif date is None:
        report = reports.latest(layout, kind, today)
    else:
        report = reports.dated(layout, kind, date)
    if report is None:
        made_by = reports.command(str(kind), today)
        return None, f"There is no {kind} page yet: `{made_by}` makes today's."
    if not report.file.is_file():
        return None, report.absent(today)
    return report, None


def _is_opened(url: str) -> bool:
    try:
        browser = webbrowser.get()
        return browser.name not in _ON_A_TERMINAL and browser.open(url)
    except (webbrowser.Error, OSError):
        return False
