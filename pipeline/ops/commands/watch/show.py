"""`tmdb-pipeline show`."""

import datetime
from functools import partial
from typing import Any

import click

from pipeline import clock, settings
from pipeline.errors import NotPossible
from pipeline.ops.commands import tables
from pipeline.ops.commands.options import Runtime, document_command
from pipeline.ops.runtimes.services import Document
from pipeline.paths import PathFor
from pipeline.roots import ALIASES, ROOTS
from pipeline.storage import documents
from pipeline.storage.documents import newest
from pipeline.tasks.history import documents_before

_TOP = 10
_LOOK_BACK_DAYS = {"daily": 1, "weekly": 13}  # to the document to compare with
_KEYS = {"id": "id", "rating": "vote_average", "released": "release_date", "title": "title"}


def show(document: Document) -> None:
    """Print the top of each list with its movement."""
    for each in document["lists"]:
        since = f", moves since {each['since']}" if each["since"] else ""
        title, columns = f"{each['list']} of {document['date']}{since}", "rank, move, rating"
        ratings = [f"{row['rating']:.1f}" if row["rating"] else None for row in each["movies"]]
        rows = [{**row, "rating": r} for row, r in zip(each["movies"], ratings, strict=True)]
        tables.show_table(title, f"{columns}, released, title", rows)


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
    layout, plan = current.layout, current.plan()
    last = newest(partial(root.document, layout), clock.today())
    day = date or (last[0] if last else clock.today())
    if not documents.exists(root.document(layout, day)):
        raise NotPossible(
            f"There is no {kind} document of {day}: `luigi --module pipeline {root.family} --date "
            f"{day} --local-scheduler` makes it."
        )
    if genre and kind == "daily":
        raise NotPossible("A genre is a list of the week: use `show weekly --genre GENRE`.")
    lists = (plan.movie_list(genre, "genre"),) if genre else plan.select("daily")
    path_of: dict[str, PathFor] = {each.name: partial(layout.list_of, each) for each in lists}
    if kind == "weekly" and not genre:
        path_of = {"week": layout.consolidated}
    there = [(name, path) for name, path in path_of.items() if documents.exists(path(day))]
    tops = [_top(name, path, day, _LOOK_BACK_DAYS[kind]) for name, path in there]
    return {"kind": kind, "date": str(day), "lists": tops}


def _top(name: str, path_of: PathFor, day: datetime.date, days: int) -> Document:
    """Return the first movies of a list or of a week; compare them with the newest one before."""
    since, before = next(documents_before(path_of, day, days), (None, {"movies": []}))
    ranks = {movie["id"]: rank for rank, movie in enumerate(_ranked(name, before), start=1)}
    rows = []
    for rank, movie in enumerate(_ranked(name, documents.read(path_of(day)))[:_TOP], start=1):
        last = ranks.get(movie["id"])
        moved = "new" if last is None else f"{last - rank:+d}" if last != rank else "="
        row = {key: movie.get(theirs) for key, theirs in _KEYS.items()}
        rows.append({"rank": rank, "move": moved if since else None, **row})
    return {"list": name, "since": str(since) if since else None, "movies": rows}


def _ranked(name: str, document: Document) -> list[dict[str, Any]]:
    """Return the movies of a list in its order, those of a week by popularity."""
    movies: list[dict[str, Any]] = document["movies"]
    return sorted(movies, key=lambda each: -each["popularity"]) if name == "week" else movies
