"""The plain script that most people write first: one page after another.

Waits and asks again when the API says that it was too fast; one JSON file a list, and one in which
each movie stands once. Files go below SUBJECT_FOLDER.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import requests
from week import LISTS, MovieList

FOLDER = Path(os.environ["SUBJECT_FOLDER"])
session = requests.Session()


def page(url: str, query: dict[str, str]) -> list[dict[str, Any]]:
    """Return the movies of one page."""
    while True:
        answer = session.get(url, params=query, timeout=15)
        if answer.status_code != 429:
            answer.raise_for_status()
            movies: list[dict[str, Any]] = answer.json()["results"]
            return movies
        time.sleep(float(answer.headers.get("Retry-After", 1)))


def collect(wanted: MovieList) -> list[dict[str, Any]]:
    """Return the movies of one list."""
    movies: list[dict[str, Any]] = []
    for number in range(1, wanted.pages + 1):
        movies += page(wanted.url, {**wanted.query, "page": str(number)})
    return [movie for movie in movies if movie["vote_average"] >= wanted.least_rating]


def save(name: str, movies: list[dict[str, Any]]) -> None:
    """Write a file of movies."""
    text = json.dumps(movies, ensure_ascii=False, indent=2)
    (FOLDER / f"{name}.json").write_text(text, encoding="utf-8")


def main() -> None:
    """Collect every list, then merge them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    merged: dict[int, dict[str, Any]] = {}
    for name, wanted in LISTS.items():
        movies = collect(wanted)
        save(name, movies)
        for movie in movies:
            merged.setdefault(movie["id"], movie)
    save("week", list(merged.values()))
    print(len(merged))


if __name__ == "__main__":
    main()
