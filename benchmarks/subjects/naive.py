"""Luigi as most people write it: a task a list, its pages in a loop, one task that merges.

    PYTHONPATH=benchmarks/subjects python -m luigi --module naive Week --date 2024-01-07 \\
        --local-scheduler --workers 9

Stock luigi with its own defaults. Refusals are left to urllib3's Retry, which waits longer each
time. Files go below SUBJECT_FOLDER.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import luigi
import requests
import urllib3
from requests.adapters import HTTPAdapter
from week import LISTS

FOLDER = Path(os.environ["SUBJECT_FOLDER"])


def save(target: luigi.LocalTarget, movies: list[dict[str, Any]]) -> None:
    """Write a task's file of movies."""
    with target.open("w") as stream:
        json.dump(movies, stream, ensure_ascii=False, indent=2)


class List(luigi.Task):
    """One list."""

    date = luigi.DateParameter()
    name = luigi.Parameter()

    def output(self) -> luigi.LocalTarget:
        """Return the list's file."""
        return luigi.LocalTarget(str(FOLDER / f"{self.name}_{self.date:%Y%m%d}.json"))

    def run(self) -> None:
        """Ask for its pages, one after another."""
        wanted = LISTS[self.name]
        retry = urllib3.Retry(total=10, backoff_factor=0.5, status_forcelist=[429, 500, 502, 503])
        movies: list[dict[str, Any]] = []
        with requests.Session() as session:
            session.mount("http://", HTTPAdapter(max_retries=retry))
            for number in range(1, wanted.pages + 1):
                query = {**wanted.query, "page": str(number)}
                answer = session.get(wanted.url, params=query, timeout=15)
                answer.raise_for_status()
                movies += answer.json()["results"]
        save(
            self.output(), [each for each in movies if each["vote_average"] >= wanted.least_rating]
        )


class Week(luigi.Task):
    """All lists, each movie once."""

    date = luigi.DateParameter()

    def requires(self) -> list[luigi.Task]:
        """Require every list."""
        return [List(date=self.date, name=name) for name in LISTS]

    def output(self) -> luigi.LocalTarget:
        """Return the week's file."""
        return luigi.LocalTarget(str(FOLDER / f"week_{self.date:%Y%m%d}.json"))

    def run(self) -> None:
        """Read the lists and merge them."""
        merged: dict[int, dict[str, Any]] = {}
        for target in self.input():
            with target.open() as stream:
                for movie in json.load(stream):
                    merged.setdefault(movie["id"], movie)
        save(self.output(), list(merged.values()))
