"""The weekly job without any tool: what is asked for, what is kept and where it is written.

Every peer imports this, so that they differ in nothing but the tool. `AT_ONCE` is how many requests
one process has under way: at 100 ms an answer as many as 140 pages allow without a refusal. Where a
tool's own processes run side by side, more may be under way, and refused ones are asked again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import Retry

Movie = dict[str, Any]

AT_ONCE = 5
COMMON = {"language": "ko-KR", "region": "KR"}


@dataclass(frozen=True)
class MovieList:
    """One list of the week: a path of the API, its parameters, and the least rating to keep."""

    name: str
    path: str
    pages: int
    parameters: dict[str, str] = field(default_factory=dict)
    least_rating: float = 0.0


def _genre(name: str, number: int) -> MovieList:
    wanted = {"with_genres": str(number), "sort_by": "popularity.desc"}
    return MovieList(name, "/discover/movie", 15, wanted)


TOP_RATED = MovieList("top_rated", "/movie/top_rated", 20, least_rating=7.5)
GENRES = [
    _genre("action", 28),
    _genre("comedy", 35),
    _genre("drama", 18),
    _genre("horror", 27),
    _genre("romance", 10749),
    _genre("science_fiction", 878),
    _genre("thriller", 53),
    _genre("animation", 16),
]
WEEK = {each.name: each for each in [TOP_RATED, *GENRES]}
"""The longest list first, so that it is not the one that all others wait for."""


def session(retries: int = 8) -> requests.Session:
    """Return a session that tries again by itself, the way `requests` documents it."""
    again = Retry(
        total=retries,
        status_forcelist=(429, 500, 502, 503, 504),
        backoff_factor=0.2,
        backoff_jitter=0.2,
    )
    made = requests.Session()
    made.mount("http://", HTTPAdapter(max_retries=again, pool_maxsize=AT_ONCE))
    made.mount("https://", HTTPAdapter(max_retries=again, pool_maxsize=AT_ONCE))
    return made


def page(http: requests.Session, movies: MovieList, number: int) -> list[Movie]:
    """Return the rows of one page, or raise."""
    query = {"api_key": os.environ["TMDB_API_KEY"], "page": str(number), **COMMON}
    answer = http.get(
        os.environ["TMDB_API_URL"] + movies.path, params=query | movies.parameters, timeout=15
    )
    answer.raise_for_status()
    rows: list[Movie] = answer.json()["results"]
    return rows


def collect(name: str, *, retries: int = 8, at_once: int = 1) -> str:
    """Ask for all pages of a list and write its file; return where that is."""
    movies = WEEK[name]
    with session(retries) as http, ThreadPoolExecutor(at_once) as pool:
        pages = pool.map(lambda number: page(http, movies, number), range(1, movies.pages + 1))
        rows = [row for rows in pages for row in rows]
    kept = [row for row in unique(rows) if row["vote_average"] >= movies.least_rating]
    return write(folder() / "lists" / f"{name}.json", kept)


def consolidate(paths: Iterable[str]) -> str:
    """Write the week's movies, each once; return where that is."""
    rows = [row for path in paths for row in json.loads(Path(path).read_text())]
    return write(folder() / "consolidated.json", unique(rows))


def unique(rows: Iterable[Movie]) -> list[Movie]:
    """Return the rows without those whose movie was there before."""
    first: dict[int, Movie] = {}
    for row in rows:
        first.setdefault(row["id"], row)
    return list(first.values())


def folder() -> Path:
    """Return where the files of this run go."""
    return Path(os.environ["FILMS_FOLDER"])


def write(path: Path, movies: list[Movie]) -> str:
    """Write a file that is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(movies, ensure_ascii=False))
    part.replace(path)
    return str(path)
