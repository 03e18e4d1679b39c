"""Lists made of recorded rows, which move from day to day as genuine ones do.

The recordings hold some 170 movies in English, so genre and rating lists are shorter than the
configured ones.
"""

from __future__ import annotations

import datetime
import json
import math
from pathlib import Path

from msgspec import structs
from support.quality_days.day import Source

from pipeline.catalog import PAGE_SIZE, MovieList
from pipeline.demo.keyed_random import smooth_noise
from pipeline.documents.schema import Movie
from pipeline.tmdb.page import Page

GENRES = ("action", "drama", "thriller")
"""The genres of which enough movies were recorded."""

_MIN_VOTES = 200
_PERIODS = {"trending": (3, 0.5)}
_CALM = (9, 0.2)


def recorded(folder: Path) -> Source:
    """Return a source that serves the recordings in that folder."""
    films = _films(folder)

    def source(movie_list: MovieList, on: datetime.date, language: str) -> list[Page]:
        rows = _ordered(movie_list, _admitted(movie_list, films), on.toordinal())
        starts = range(0, movie_list.pages * PAGE_SIZE, PAGE_SIZE)
        return [
            Page(number, rows[start : start + PAGE_SIZE], movie_list.pages, len(rows))
            for number, start in enumerate(starts, start=1)
        ]

    return source


def shortened(movie_list: MovieList) -> MovieList:
    """Return the list with as many pages as the recordings can fill."""
    return structs.replace(
        movie_list, pages=min(movie_list.pages, 5 if _is_whole(movie_list) else 2)
    )


def _is_whole(movie_list: MovieList) -> bool:
    return movie_list.name in ("popular", "trending")


def _films(folder: Path) -> list[Movie]:
    films: dict[int, Movie] = {}
    for path in sorted(folder.glob("*_20*.json")):
        answer = json.loads(path.read_text(encoding="utf-8"))
        body, query = answer["body"], answer["request"]["query"]
        rows = body.get("results", []) if isinstance(body, dict) else []
        if "language" not in query:
            films.update((row["id"], row) for row in rows if "title" in row)
    return list(films.values())


def _admitted(movie_list: MovieList, films: list[Movie]) -> list[Movie]:
    if movie_list.genre_id is not None:
        return [film for film in films if movie_list.genre_id in film["genre_ids"]]
    if movie_list.min_rating is not None:
        best = (film for film in films if film["vote_average"] >= movie_list.min_rating)
        return [film for film in best if film["vote_count"] >= _MIN_VOTES]
    return films


def _ordered(movie_list: MovieList, films: list[Movie], today: int) -> list[Movie]:
    days, restlessness = _PERIODS.get(movie_list.name, _CALM)
    moved = [
        film
        | {"popularity": _moved(film, 1 + restlessness * smooth_noise(today, days, film["id"]))}
        for film in films
    ]
    field = "vote_average" if movie_list.min_rating is not None else "popularity"
    return sorted(moved, key=lambda film: (-film[field], film["id"]))


def _moved(film: Movie, factor: float) -> float:
    """Return a flattened popularity, because recorded lists are the top of far longer ones."""
    return round(math.sqrt(film["popularity"]) * 10 * factor, 4)
