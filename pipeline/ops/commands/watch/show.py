"""`tmdb-pipeline show`."""

import datetime
import textwrap
from functools import partial
from typing import Any

import click

from pipeline import clock, settings
from pipeline.errors import NotPossible
from pipeline.ops.commands import tables
from pipeline.ops.commands.options import Runtime, document_command
from pipeline.ops.roots import ALIASES, ROOTS, newest
from pipeline.ops.runtimes.services import Document
from pipeline.paths import Layout, PathFor
from pipeline.storage import documents
from pipeline.tasks.history import documents_before

_TOP, _TITLE_COLUMNS = 10, 44
_BEFORE_DAYS = {"daily": 1, "weekly": 13}  # in which the document to compare with is looked for


def show(document: Document) -> None:
    """Print the top of each list with its movement."""
    for each in document["lists"]:
        since = f", moves since {each['since']}" if each["since"] else ""
        rows = [
            {**row, "rating": f"{row['rating']:.1f}" if row["rating"] else None,
             "title": textwrap.shorten(str(row["title"]), _TITLE_COLUMNS, placeholder="...")}
            for row in each["movies"]
        ]  # fmt: skip
        title, columns = f"{each['list']} of {document['date']}{since}", "rank, move, rating"
        tables.show_table(title, f"{columns}, released, title", rows, f"{title}: no movies.")


@click.command("show")
@click.argument("kind", type=click.Choice([*ALIASES]))
@click.argument("date", type=clock.day_of, required=False, metavar="[DATE]")
@click.option("--genre", help="The top 10 of a genre of the week, like horror.")
@document_command(show)
def command(runtime: Runtime, kind: str, date: datetime.date | None, genre: str | None) -> Document:
    """Show the top 10 of each list of a day, or of a week, with the moves since the one before.

    The top 10 of a week is by popularity. Without DATE it is the newest that is done.
    """
    current, root = settings.current(), ROOTS[ALIASES[kind]]
    layout, plan = Layout(current.data_dir), current.plan()
    found = newest(partial(root.document, layout), clock.today())
    day = date or (found[0] if found else clock.today())
    if not documents.exists(root.document(layout, day)):
        raise NotPossible(
            f"There is no {kind} document of {day}: `luigi --module pipeline {root.family} --date "
            f"{day} --local-scheduler` makes it."
        )
    if genre and kind == "daily":
        raise NotPossible("A genre is a list of the week: use `show weekly --genre GENRE`.")
    lists = plan.select("daily") if kind == "daily" else ()
    lists = (plan.movie_list(genre, "genre"),) if genre else lists
    path_of: dict[str, PathFor] = {each.name: partial(layout.list_of, each) for each in lists}
    tops = (path_of or {"all lists": layout.consolidated}).items()
    days = _BEFORE_DAYS[kind]
    return {
        "kind": kind,
        "date": str(day),
        "lists": [_top(name, path, day, days) for name, path in tops if path(day).exists()],
    }


def _top(name: str, path_of: PathFor, day: datetime.date, days: int) -> Document:
    """Return the first movies of a list or of a week; compare them with the newest one before."""
    is_week = name == "all lists"
    movies = _ranked(documents.read(path_of(day)), by_popularity=is_week)[:_TOP]
    before = next(documents_before(path_of, day, days), None)
    earlier = _ranked(before[1], by_popularity=is_week) if before else []
    ranks = {movie["id"]: rank for rank, movie in enumerate(earlier, start=1)}
    rows = []
    for rank, movie in enumerate(movies, start=1):
        last = ranks.get(movie["id"])
        moved = "new" if last is None else f"{last - rank:+d}" if last != rank else "="
        row = {"rank": rank, "move": moved if before else None, "rank_before": last}
        keys = {"id": "id", "rating": "vote_average", "released": "release_date", "title": "title"}
        rows.append(row | {key: movie.get(theirs) for key, theirs in keys.items()})
    return {"list": name, "since": str(before[0]) if before else None, "movies": rows}


def _ranked(document: Document, *, by_popularity: bool) -> list[dict[str, Any]]:
    movies: list[dict[str, Any]] = document["movies"]
    return sorted(movies, key=lambda each: -each.get("popularity", 0)) if by_popularity else movies
