"""`tmdb-pipeline open`."""

import datetime
import webbrowser

import click

from pipeline import clock, settings
from pipeline.errors import NotPossible
from pipeline.ops import reports
from pipeline.ops.commands.options import Runtime, document_command
from pipeline.ops.runtimes.services import Document
from pipeline.storage import documents


def show(document: Document) -> None:
    """Print the page's address, and open it where there is something to open it with."""
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
@click.argument("kind", type=click.Choice(reports.KINDS), required=False)
@click.argument("date", type=clock.day_of, required=False, metavar="[DATE]")
@click.option("--print", "prints_only", is_flag=True, help="Only print where the page is.")
@document_command(show, _add_url)
def command(
    runtime: Runtime, kind: str | None, date: datetime.date | None, prints_only: bool
) -> Document:
    """Open a page in the browser: the index, or the daily, weekly or trends page of DATE.

    Without DATE it is the newest. The page's address is printed in any case; where there is no
    browser, that is all.
    """
    page = reports.wanted(settings.current().layout, kind, date, clock.today())
    is_there = documents.exists(page.file)
    return {
        "page": kind or "index",
        "date": page.day.isoformat() if is_there and page.day else None,
        "address": page.address if is_there else None,
        "url": page.file.as_uri() if is_there else None,
        "problem": None if is_there else page.absent(clock.now()),
    }


def _is_opened(url: str) -> bool:
    # Browsers that take the terminal over and show no chart; found where there is no screen.
    in_terminal = {"www-browser", "links", "elinks", "lynx", "w3m"}
    try:
        browser = webbrowser.get()
        return browser.name not in in_terminal and browser.open(url)
    except (webbrowser.Error, OSError):
        return False
