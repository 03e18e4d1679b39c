"""The questions, against figures computed of the documents."""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from support.ports import free_port
from support.warehouse import ALL, DATES, GENRE_IDS, SUNDAY, Period, expected_views, load

from pipeline.errors import NotPossible, SettingsError, StorageError
from pipeline.tmdb.credential import Secret
from pipeline.warehouse.questions import Scope, answer
from pipeline.warehouse.rows import DAY, WEEK
from pipeline.warehouse.store import Warehouse

VIEWS = expected_views(ALL)


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """A warehouse with all periods."""
    filled = Warehouse(tmp_path / "warehouse.sqlite", None)
    load(filled, ALL)
    return filled


def test_climbers_are_of_the_newest_date_of_the_list(warehouse: Warehouse) -> None:
    scope, rows = answer(warehouse, "climbers", Scope(top=3))
    assert (scope.list, scope.date) == ("popular", SUNDAY)
    climbed = [row[8] for row in VIEWS["movers"] if row[:2] == ("popular", str(SUNDAY)) and row[8]]
    assert [row["climbed"] for row in rows] == sorted((c for c in climbed if c > 0), reverse=True)[
        :3
    ]


def test_a_rank_is_found_by_id_and_by_words_of_the_title(warehouse: Warehouse) -> None:
    _, rows = answer(warehouse, "rank", Scope(movie="12", since=DATES[0]))
    expected = [(row[1], row[0], row[3]) for row in VIEWS["ranks"] if row[4] == 12]
    found = [(row["date"], row["list"], row["rank"]) for row in rows]
    assert sorted(found) == sorted(expected)
    assert found == sorted(found, key=lambda row: (-datetime.date.fromisoformat(row[0]).toordinal(),
                                                   row[1]))  # fmt: skip
    scope, again = answer(warehouse, "rank", Scope(movie="영화 12", since=DATES[0]))
    assert (scope.movie, again) == ("12", rows)
    _, popular = answer(warehouse, "rank", Scope(movie="12", since=DATES[0], list="popular"))
    assert popular == [row for row in rows if row["list"] == "popular"]


@pytest.mark.parametrize(
    ("movie", "sentence"),
    [
        (None, "Name the movie"),
        ("영화_1", "No loaded movie"),
        ("9" * 19, "No loaded movie"),
        ("영화 1", r"Several movies .*: 1\d? 영화 1"),
        ("영화", "and others"),
    ],
)
def test_a_movie_that_is_not_one_is_refused(
    warehouse: Warehouse, movie: str | None, sentence: str
) -> None:
    with pytest.raises(NotPossible, match=sentence):
        answer(warehouse, "rank", Scope(movie=movie))


def test_the_share_of_a_genre_is_the_mean_of_the_dates_of_a_month(warehouse: Warehouse) -> None:
    _, rows = answer(warehouse, "genres", Scope(since=DATES[0]))
    lists = {each.date: each.lists()["popular"]["movies"] for each in ALL if each.period == DAY}
    dates = defaultdict(list)
    for date in lists:
        dates[f"{date:%Y-%m}"].append(date)
    expected = {}
    for month, days in dates.items():
        for genre in GENRE_IDS:
            shares = [sum(genre in movie["genre_ids"] for movie in lists[day]) / len(lists[day])
                      for day in days]  # fmt: skip
            if any(shares):
                expected[month, genre] = pytest.approx(sum(shares) / len(days))
    assert {(row["month"], row["genre_id"]): row["share"] for row in rows} == expected
    assert rows[0]["month"] == "2024-01"


def test_shared_movies_are_of_the_newest_week(warehouse: Warehouse) -> None:
    load(warehouse, [Period(DAY, SUNDAY + datetime.timedelta(days=1))])
    scope, rows = answer(warehouse, "shared", Scope(top=100))
    assert scope.date == SUNDAY
    expected = [row[4:] for row in VIEWS["shared_movies"] if row[1] == str(SUNDAY)]
    found = [(row["lists"], row["best_rank"]) for row in rows]
    assert sorted(found) == sorted(expected)
    assert found == sorted(found, key=lambda row: (-row[0], row[1]))


def test_votes_gained_count_over_all_lists(warehouse: Warehouse) -> None:
    _, rows = answer(warehouse, "votes", Scope(since=DATES[0], top=100))
    votes = defaultdict(list)
    for row in VIEWS["ranks"]:
        if row[8] is not None:
            votes[row[4]].append(row[8])
    gained = Counter({movie: max(each) - min(each) for movie, each in votes.items()})
    assert {row["movie_id"]: row["votes_gained"] for row in rows} == +gained
    _, of_a_list = answer(warehouse, "votes", Scope(since=DATES[0], list="popular", top=1))
    assert len(of_a_list) == 1


def test_quality_is_of_the_last_month(warehouse: Warehouse) -> None:
    later = Period(WEEK, SUNDAY + datetime.timedelta(days=25))
    load(warehouse, [later])
    scope, rows = answer(warehouse, "quality", Scope())
    assert scope.since == later.date - datetime.timedelta(days=30)
    assert {row["date"] for row in rows} == {str(later.date), *map(str, DATES[2:])}


def test_nothing_loaded_is_one_sentence(tmp_path: Path, warehouse: Warehouse) -> None:
    with pytest.raises(NotPossible, match="There is no list 'nope' in the warehouse"):
        answer(warehouse, "votes", Scope(list="nope"))
    with pytest.raises(NotPossible, match="There is nothing of that kind in the warehouse"):
        answer(Warehouse(tmp_path / "none", None), "quality", Scope())


def test_a_server_that_is_away_is_one_sentence() -> None:
    away = Warehouse(
        Path("/nowhere"), Secret(f"postgresql+psycopg2://x:secret@127.0.0.1:{free_port()}/y")
    )
    with pytest.raises(StorageError, match="The warehouse's database does not serve") as caught:
        away.fingerprints()
    assert "secret" not in str(caught.value)
    nobody = Warehouse(Path("/nowhere"), Secret("postgresql+psycopg2://a@b@c/d"))
    with pytest.raises(SettingsError, match="PIPELINE_WAREHOUSE_URL has to be like"):
        nobody.fingerprints()
