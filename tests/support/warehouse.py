"""Periods to load into a warehouse, its tables, and its views computed in Python.

`python warehouse.py PATH [URL]` loads the periods again and again, until it is killed, or once with
the variable ONCE.
"""

from __future__ import annotations

import contextlib
import datetime
import itertools
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa
from hypothesis import Phase, settings
from hypothesis import strategies as st

from pipeline.catalog import MovieList
from pipeline.documents.consolidate import consolidated_week
from pipeline.errors import StorageError
from pipeline.genres import GENRE_NAMES
from pipeline.tmdb.credential import Secret
from pipeline.warehouse.rows import DAY, WEEK, Rows, rows_of
from pipeline.warehouse.store import Warehouse
from pipeline.warehouse.tables import METADATA, VIEW_NAMES

SUNDAY = datetime.date(2024, 1, 7)
DATES = [SUNDAY - datetime.timedelta(days=back) for back in (8, 7, 1, 0)]
LISTS = {DAY: ("popular", "trending"), WEEK: ("action", "comedy", "top_rated")}
GENRE_IDS = [28, 12, 35, 4711]

Document = dict[str, Any]


class Period(NamedTuple):
    """A period of a date as it was collected; a variant has other movies, and one a list less."""

    period: str
    date: datetime.date
    variant: int = 0

    @property
    def fingerprint(self) -> str:
        return f"variant {self.variant}"

    def lists(self) -> dict[str, Document]:
        """Return the documents of the lists."""
        names = LISTS[self.period][: 1 if self.variant == 2 else None]
        return {name: self._list(name) for name in names}

    def _list(self, name: str) -> Document:
        chance = random.Random(f"{self} {name}")
        days = (self.date - DATES[0]).days + self.variant
        at = datetime.datetime.combine(DATES[0], datetime.time(2), datetime.UTC)
        movies = [
            {
                "id": number, "title": f"영화 {number}", "vote_average": chance.random() * 10,
                "popularity": chance.random() * 900,
                "vote_count": chance.choice([None, number, number + days]),
                "genre_ids": chance.sample(GENRE_IDS, chance.randrange(3)),
                "release_date": "2024-01-01", "original_language": "ko",
            }
            for number in chance.sample(range(1, 13), 6)
        ]  # fmt: skip
        info = {
            "total_collected": len(movies), "late_by_days": self.variant, "source": "tmdb",
            "collected_at": (at + datetime.timedelta(days=days)).isoformat(),
            "language": "ko-KR", "region": "KR",
        }  # fmt: skip
        return {"movies": movies, "collection_info": info}

    def report(self) -> Document:
        """Return what a report says of the lists; those of an odd date violate a rule."""
        evidence = [{"list": name, "finding": "…"} for name in self.lists()]
        return {
            "validation_rate": 99.5, "overall_quality_score": 90 + self.variant, "source": "tmdb",
            "late_by_days": self.variant, "verdict": "warn",
            "checks": [{"id": "title", "severity": "warn",
                        "evidence": evidence if self.date.day % 2 else []}],
        }  # fmt: skip

    def rows(self) -> Rows:
        """Return the rows of the documents."""
        return rows_of(self.period, self.date, self.lists(), self.report())


ALL = [Period(period, date) for period, date in itertools.product(LISTS, DATES)]
SEQUENCES = st.lists(
    st.builds(Period, st.sampled_from([DAY, WEEK]), st.sampled_from(DATES), st.integers(0, 2)),
    min_size=1, max_size=8,
)  # fmt: skip

few_examples = settings(
    deadline=None, max_examples=15, phases=[Phase.explicit, Phase.reuse, Phase.generate]
)
"""Each takes a second where others use the machine as well."""


def load(warehouse: Warehouse, periods: Iterable[Period]) -> None:
    """Load periods one after the other."""
    for each in periods:
        warehouse.load(each.rows(), each.fingerprint)


def last_of(periods: Iterable[Period]) -> list[Period]:
    """Return the periods as they were collected last."""
    return sorted({(each.period, each.date): each for each in periods}.values())


def tables_of(warehouse: Warehouse) -> dict[str, set[tuple[Any, ...]]]:
    """Return the rows of all tables."""
    with warehouse._transaction() as database:
        return {
            name: {tuple(row) for row in database.execute(sa.select(table))}
            for name, table in METADATA.tables.items()
        }


def views_of(warehouse: Warehouse) -> dict[str, list[tuple[Any, ...]]]:
    """Return the sorted rows of all views."""
    found = {}
    for name in VIEW_NAMES:
        rows = warehouse.ask(f"SELECT * FROM {name}")
        found[name] = sorted((tuple(row.values()) for row in rows), key=repr)
    return found


@contextlib.contextmanager
def fault_after(statements: int) -> Iterator[None]:
    """Have the database connection break after so many statements."""
    left = itertools.count(statements, -1)

    def count(*_: object) -> None:
        if next(left) <= 0:
            raise sa.exc.OperationalError("", None, OSError("broken"))

    sa.event.listen(sa.Engine, "before_cursor_execute", count)
    try:
        yield
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", count)


def assert_loads_commute(
    clean: Warehouse,
    worn: Warehouse,
    periods: list[Period],
    chance: random.Random,
    draw_statements: Callable[[], int],
) -> None:
    """Load periods in order, repeated and broken off, and compare with one clean load of the last.

    `draw_statements` says after how many statements each load breaks off; many are enough for it.
    """
    last = last_of(periods)
    load(clean, last)
    for each in [*periods, *chance.sample(last, len(last))]:
        with contextlib.suppress(StorageError), fault_after(draw_statements()):
            load(worn, [each])
    load(worn, chance.sample(last, len(last)))
    assert tables_of(worn) == tables_of(clean)
    assert views_of(worn) == expected_views(last)
    assert worn.fingerprints() == {(each.period, each.date): each.fingerprint for each in last}


def assert_a_broken_load_changes_nothing(warehouse: Warehouse) -> None:
    """Break a load off after each of its statements."""
    before, broken = tables_of(warehouse), 0
    for statements in itertools.count():
        try:
            with fault_after(statements):
                load(warehouse, [Period(WEEK, SUNDAY, 1)])
        except StorageError:
            broken += 1
            assert tables_of(warehouse) == before
        else:
            break
    assert broken > 8
    assert tables_of(warehouse) != before


def assert_killed_loads_leave_whole_periods(
    warehouse: Warehouse, path: Path, url: str | None
) -> None:
    """Kill loads at random moments, look at what is there, and load the rest."""
    for _ in range(3):
        kill_while_loading(path, url)
        variants = {key: int(text[-1]) for key, text in warehouse.fingerprints().items()}
        there = [Period(*key, variant) for key, variant in variants.items()]
        assert there
        assert views_of(warehouse) == expected_views(there)
    load(warehouse, ALL)
    assert views_of(warehouse) == expected_views(ALL)


def assert_a_year_keeps_no_old_title(warehouse: Warehouse, read_all: Callable[[], bytes]) -> None:
    """Load and prune every second week of a year, and look for titles in all that is stored."""
    dates = [SUNDAY + datetime.timedelta(days=14 * number) for number in range(27)]
    for date in dates:
        rows = Period(WEEK, date).rows()
        entries = [each._replace(title=f"title of {date}") for each in rows.entries]
        warehouse.load(rows._replace(entries=entries), "")
        before = datetime.datetime.combine(date, datetime.time(2), datetime.UTC)
        before -= datetime.timedelta(days=180)
        warehouse.prune(before)
        stored = read_all()
        found = {each for each in dates if f"title of {each}".encode() in stored}
        assert found == {each for each in dates if before.date() <= each <= date}
    assert len(warehouse.ask("SELECT date FROM quality")) == len(dates)


def expected_views(periods: Iterable[Period]) -> dict[str, list[tuple[Any, ...]]]:
    """Return what the views should show of loaded periods, by their documents."""
    views: dict[str, list[tuple[Any, ...]]] = {name: [] for name in VIEW_NAMES}
    before: dict[str, tuple[str, dict[int, tuple[int, Document]]]] = {}
    for each in sorted(periods, key=lambda each: each.date):
        day, late = each.date.isoformat(), each.variant
        lists = each.lists()
        for name, document in lists.items():
            ranks = {movie["id"]: (rank, movie) for rank, movie in enumerate(document["movies"], 1)}
            date_before, earlier = before.get(name, ("", {}))
            genres = Counter(number for _, movie in ranks.values() for number in movie["genre_ids"])
            for number, count in genres.items():
                names = GENRE_NAMES.get(number, (None, None))
                row = (name, day, each.period, number, *names, count, count / len(ranks))
                views["genre_share"].append(row)
            for number, (rank, movie) in ranks.items():
                votes, title = movie["vote_count"], movie["title"]
                views["ranks"].append((
                    name, day, each.period, rank, number, title, movie["popularity"],
                    movie["vote_average"], votes, late,
                ))  # fmt: skip
                rank_before, movie_before = earlier.get(number, (None, {"vote_count": None}))
                votes_before = movie_before["vote_count"]
                climbed = None if rank_before is None else rank_before - rank
                gained = None if None in (votes, votes_before) else votes - votes_before
                if date_before:
                    views["movers"].append((
                        name, day, date_before, late, number, title, rank, rank_before, climbed,
                        votes, gained,
                    ))  # fmt: skip
            before[name] = day, ranks
        merged = merged_movies(each)
        for movie in merged:
            fields = ("id", "title", "popularity", "vote_average", "vote_count")
            row = (each.period, day, *(movie[field] for field in fields))
            views["merged_movies"].append(row)
            held = [found["rank"] for found in movie["found_in"]]
            if len(held) > 1:
                views["shared_movies"].append((*row[:4], len(held), min(held)))
        violations = len(lists) if each.date.day % 2 else 0
        views["quality"].append((
            each.period, day, "warn", 90.0 + each.variant, 99.5, late, len(merged), violations,
        ))  # fmt: skip
    return {name: sorted(rows, key=repr) for name, rows in views.items()}


def merged_movies(period: Period) -> list[Document]:
    """Return the movies of a period as the consolidated week has them."""
    sources = [
        (MovieList(name=name, endpoint="/x", cadence="weekly", pages=1), name, document)
        for name, document in period.lists().items()
    ]
    week = consolidated_week(period.date, sources, verdict="warn", quality_report="report")
    movies: list[Document] = week["movies"]
    return movies


def start_loading(path: Path, url: str | None = None, **variables: str) -> subprocess.Popen[bytes]:
    """Start a process that loads all periods, and wait until it has loaded one."""
    words = [sys.executable, __file__, str(path), *([url] if url else [])]
    folder = Path(__file__).parent.parent
    env = {**os.environ, "PYTHONPATH": f"{folder.parent}:{folder}", **variables}
    process = subprocess.Popen(words, env=env, stdout=subprocess.PIPE)
    assert process.stdout
    assert process.stdout.readline() == b"loaded\n"
    return process


def kill_while_loading(path: Path, url: str | None = None) -> None:
    """Kill a process at a random moment of its loads."""
    with start_loading(path, url) as process:
        time.sleep(random.random() / 4)
        process.kill()


def load_at_once(path: Path, url: str | None = None) -> None:
    """Load all periods in two processes at once, three times over."""
    processes = [start_loading(path, url, ONCE="3") for _ in range(2)]
    for process in processes:
        with process:
            assert process.wait(60) == 0


def main(path: str, url: str = "") -> None:
    """Load all periods, each variant once; then again."""
    warehouse = Warehouse(Path(path), Secret(url) if url else None)
    times = int(os.environ.get("ONCE", 10_000))
    for variant in itertools.islice(itertools.cycle((1, 2, 0)), times):
        for each in ALL:
            load(warehouse, [each._replace(variant=variant)])
            print("loaded", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
