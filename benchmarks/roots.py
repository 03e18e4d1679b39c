"""Data roots of any size, made up for `growth.py`: many movies, many lists, many days.

The documents are those that the pipeline itself would write: of a week they are assembled by
pipeline/collection.py from rows of the embedded catalogue, of many days they are one day's, which
was really collected, under other dates.
"""

from __future__ import annotations

import datetime
import json
import math
import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.catalog import PAGE_SIZE, MovieList, Plan, plan_from
from pipeline.demo import answer
from pipeline.documents.collect import Identity, document
from pipeline.paths import Layout
from pipeline.storage import documents
from pipeline.tmdb.page import FetchStats, Page

ROWS_PER_MOVIE = 1.55
"""In a genuine week 2,800 rows are 1,800 movies."""

RECENT_DAYS = 60
"""Documents of so many days are copies with dates of their own; older ones are hard links, which
nothing reads. Logs are kept for as long."""

_FIRST_ID, _FIRST_GENRE = 9_000_000, 100_000
_SCATTER = 1_000_003
"""A prime: its multiples visit the movies in no order that a list would show."""

_PAGES_OF_ROWS = 50
_COLLECTION = """
max_days_late = -1
pages = {{ popular = 5, trending = 1, genre = {pages}, top_rated = {pages} }}
top_rated = {{ min_rating = 0.0 }}
genres = {{ list = [{genres}] }}
"""
_DAY = datetime.timedelta(days=1)
_IDENTITY = Identity("demo", "ko-KR", "KR")
_STATS = FetchStats(0, 0, 0, 0.0)


def make_week(folder: Path, date: datetime.date, rows: int, lists: int) -> None:
    """Write `folder/config` for so many lists, and the lists with so many rows in all.

    They overlap as those of a genuine week do. The last list is the top rated.
    """
    of_one = rows // lists
    plan = _plan(folder / "config", lists - 1, math.ceil(of_one / PAGE_SIZE))
    layout, sample = Layout(folder / "data"), _sample(date)
    noon = datetime.datetime.combine(date, datetime.time(12), datetime.UTC)
    movies = max(of_one, int(rows / ROWS_PER_MOVIE))
    for number, (movie_list, path) in enumerate(_lists(plan, layout, date)):
        first = number * movies // lists
        chosen = sorted((_SCATTER * each) % movies for each in range(first, first + of_one))
        genre = movie_list.genre_id or _FIRST_GENRE
        made = [_row(sample, each, movies, genre) for each in chosen]
        content = document(movie_list, date, _pages(made), _IDENTITY, noon, 0, _STATS)
        documents.publish(path, content)


def make_days(data: Path, newest: datetime.date, days: int) -> None:
    """Have all documents of a day, which are there, stand for each of so many days until it."""
    files = [path for path in data.rglob("*") if path.is_file() and f"{newest:%Y%m%d}" in path.name]
    for number in range(1, days):
        day = newest - number * _DAY
        for path in files:
            other = path.with_name(path.name.replace(f"{newest:%Y%m%d}", f"{day:%Y%m%d}"))
            if number <= RECENT_DAYS:
                text = path.read_text(encoding="utf-8")
                other.write_text(text.replace(str(newest), str(day)), encoding="utf-8")
            elif not path.is_relative_to(Layout(data).logs):
                os.link(path, other)


def _plan(folder: Path, genres: int, pages: int) -> Plan:
    """Write a collection.toml of so many genres, and return it as the pipeline understands it."""
    entries = (
        f'{{ id = {_FIRST_GENRE + number}, slug = "genre_{number:03}", name = "Genre {number}" }}'
        for number in range(genres)
    )
    text = _COLLECTION.format(pages=pages, genres=", ".join(entries))
    folder.mkdir(parents=True)
    (folder / "collection.toml").write_text(text, encoding="utf-8")
    return plan_from(tomllib.loads(text))


def _lists(plan: Plan, layout: Layout, date: datetime.date) -> Iterator[tuple[MovieList, Path]]:
    for movie_list in plan.select("weekly"):
        yield movie_list, layout.list_of(movie_list, date)


def _sample(date: datetime.date) -> list[dict[str, Any]]:
    """Return a thousand rows of the catalogue, with their words and numbers."""
    rows: list[dict[str, Any]] = []
    for number in range(1, _PAGES_OF_ROWS + 1):
        query = {"language": "ko-KR", "region": "KR", "page": str(number)}
        rows += json.loads(answer("/movie/popular", query, day=date).body)["results"]
    return rows


def _row(sample: list[dict[str, Any]], movie: int, movies: int, genre: int) -> dict[str, Any]:
    """Return the row of a movie in the list of a genre; the lower its number, the more popular."""
    row = sample[movie % len(sample)]
    return {
        **row,
        "id": _FIRST_ID + movie,
        "title": f"{row['title']} {movie}",
        "popularity": round(500 * (1 - movie / movies), 4),
        "genre_ids": [genre, *row["genre_ids"]],
    }


def _pages(rows: list[dict[str, Any]]) -> list[Page]:
    starts = range(0, len(rows), PAGE_SIZE)
    return [
        Page(number, rows[start : start + PAGE_SIZE], len(starts), len(rows))
        for number, start in enumerate(starts, start=1)
    ]
