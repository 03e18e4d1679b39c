"""`tmdb-pipeline open`."""

import datetime
import webbrowser

import click

from pipeline import clock, identity, settings
from pipeline.errors import NotPossible, StorageError
from pipeline.ops import reports
from pipeline.ops.commands.options import document_command
from pipeline.ops.roots import ALIASES
from pipeline.ops.runtimes.runtime import Document, Runtime
from pipeline.paths import Layout

_ON_A_TERMINAL = {"www-browser", "links", "elinks", "lynx", "w3m"}
"""Browsers that take the terminal over and show no chart; found where there is no screen."""


def show(document: Document) -> None:
    """Print the page's address, and open it where there is something to open it with."""
    for note in document["notes"]:
        click.echo(f"note: {note}", err=True)
    if document["problem"]:
        raise NotPossible(document["problem"])
    click.echo(document["url"])
    if not (click.get_current_context().params["prints_only"] or _is_opened(document["url"])):
        click.echo("There is no browser here: open it where there is one.", err=True)


def _add_url(document: Document, stack: Runtime) -> None:
    """Add the address that luigid publishes: a container's file is none of this host."""
    if document["address"] is not None:
        document["url"] = f"{stack.luigid_url().rstrip('/')}/pages/{document['address']}"


@click.command("open")
@click.argument("kind", type=click.Choice([*ALIASES]), required=False)
@click.argument("date", type=clock.day_of, required=False, metavar="[DATE]")
@click.option("--print", "prints_only", is_flag=True, help="Only print where the page is.")
@document_command(show, _add_url)
def command(
    runtime: Runtime, kind: str | None, date: datetime.date | None, prints_only: bool
) -> Document:
    """Open a page in the browser: the index, or the daily or weekly one of DATE.

    Without DATE it is the newest. The page's address is printed in any case; where there is no
    browser, that is all.
    """
    today, problem = clock.today(), None
    try:
        found = reports.wanted(Layout(settings.current().data_dir), kind, date, today)
        if found is None:
            made_by = reports.command(str(kind), today)
            problem = f"There is no {kind} page yet: `{made_by}` makes today's."
        elif not found.file.is_file():
            problem = found.absent(clock.now())
    except OSError as error:
        raise StorageError(f"{error.filename} cannot be read ({error.strerror}).") from None
    page = None if problem else found
    return {
        "runtime": runtime.name,
        "page": kind or "index",
        "date": page.day.isoformat() if page and page.day else None,
        "address": page.address if page else None,
        "url": page.file.as_uri() if page else None,
        "problem": problem,
        "notes": [*filter(None, [identity.warning()])],
    }


def _is_opened(url: str) -> bool:
    try:
        browser = webbrowser.get()
        return browser.name not in _ON_A_TERMINAL and browser.open(url)
    except (webbrowser.Error, OSError):
        return False
