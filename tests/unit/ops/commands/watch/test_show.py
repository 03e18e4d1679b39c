"""`tmdb-pipeline show`: the first movies of a day or a week, and how they moved."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pytest
from support.lists import packaged
from support.operate import Operate, document

from pipeline.paths import Layout

DAY = datetime.date(2024, 1, 7)


def movie(number: int, popularity: float = 1.0) -> dict[str, Any]:
    return {
        "id": number, "title": f"Movie {number}", "vote_average": 7.25, "popularity": popularity,
        "release_date": "2023-12-24",
    }  # fmt: skip


def write(path: Path, *movies: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"movies": movies}), encoding="utf-8")


@pytest.fixture
def layout(data_dir: Path) -> Layout:
    """A data root with a day, a week and the ones before."""
    layout, popular, horror = Layout(data_dir), packaged("popular"), packaged("horror")
    write(layout.daily_summary(DAY))
    write(layout.list_of(popular, DAY), *map(movie, (3, 1, 4, 2)))
    write(layout.list_of(popular, DAY - datetime.timedelta(days=1)), *map(movie, (1, 2, 3)))
    write(layout.consolidated(DAY), *(movie(number, number) for number in range(12)))
    write(layout.consolidated(DAY - datetime.timedelta(days=7)), movie(10, 2.0), movie(11, 1.0))
    write(layout.list_of(horror, DAY), movie(666))
    return layout


def moves(shown: dict[str, Any]) -> list[tuple[int, str | None]]:
    (top,) = shown["lists"]
    return [(row["id"], row["move"]) for row in top["movies"]]


@pytest.mark.usefixtures("layout")
def test_a_day_is_compared_with_the_day_before(command: Operate) -> None:
    shown = document(command("show", "daily", "2024-01-07", "--json"))
    assert (shown["kind"], shown["date"]) == ("daily", "2024-01-07")
    assert shown["lists"][0]["list"] == "popular"
    assert shown["lists"][0]["since"] == "2024-01-06"
    assert moves(shown) == [(3, "+2"), (1, "-1"), (4, "new"), (2, "-2")]


@pytest.mark.usefixtures("layout")
def test_the_top_of_a_week_is_by_popularity(command: Operate) -> None:
    shown = document(command("show", "weekly", "2024-01-07", "--json"))
    assert shown["lists"][0]["since"] == "2023-12-31"
    assert moves(shown) == [
        (11, "+1"),
        (10, "-1"),
        *((number, "new") for number in range(9, 1, -1)),
    ]


@pytest.mark.usefixtures("layout")
def test_a_genre_of_the_first_week_has_no_moves(command: Operate) -> None:
    shown = document(command("show", "weekly", "2024-01-07", "--genre", "horror", "--json"))
    assert moves(shown) == [(666, None)]
    text = command("show", "weekly", "2024-01-07", "--genre", "horror").out
    assert [line.split() for line in text.splitlines()[1:]] == [
        ["horror", "of", "2024-01-07"],
        ["rank", "move", "rating", "released", "title"],
        ["----", "----", "------", "----------", "---------"],
        ["1", "-", "7.2", "2023-12-24", "Movie", "666"],
    ]


@pytest.mark.usefixtures("layout")
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("daily 2024-01-05", "There is no daily document of 2024-01-05: `luigi --module pipeline "
         "DailySummary --date 2024-01-05 --local-scheduler` makes it."),
        ("daily 2024-01-07 --genre horror", "A genre is a list of the week"),
        ("weekly 2024-01-07 --genre horor", "There is no genre 'horor' in config/collection.toml. "
         "Did you mean 'horror'?"),
    ],
)  # fmt: skip
def test_what_cannot_be_shown_is_one_sentence(command: Operate, words: str, sentence: str) -> None:
    run = command("show", *words.split())
    assert (run.status, run.out) == (1, "")
    assert run.err.startswith(f"tmdb-pipeline: {sentence}")


def test_without_a_date_it_is_the_newest(command: Operate, layout: Layout) -> None:
    day = datetime.date.today() - datetime.timedelta(days=3)
    write(layout.daily_summary(day))
    write(layout.list_of(packaged("popular"), day), movie(5))
    shown = document(command("show", "daily", "--json"))
    assert (shown["date"], moves(shown)) == (str(day), [(5, None)])
