"""The graph of a task is shown for each of its lists."""

from __future__ import annotations

import datetime

import pytest

import pipeline
from pipeline import settings
from pipeline.tasks import graph


@pytest.mark.parametrize(
    ("family", "last"),
    [
        ("DailySummary", "DailySummary"),
        ("GenreMovies", "GenreMovies(animation)"),
        ("ListMovies", "ListMovies(top_rated)"),
    ],
)
def test_a_task_is_shown_for_each_genre_or_list_of_the_plan(
    family: str, last: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert family in pipeline.__all__
    monkeypatch.setenv("TMDB_API_KEY", "demo")
    now = settings.current()
    nodes = graph.graphs(family, datetime.date(2024, 1, 7), now.data_dir, now.plan())
    assert nodes[-1]["task"] == last
    assert {each["problem"] for each in nodes} == {None}
