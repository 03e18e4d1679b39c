"""A list is one entry of collection.toml: a day and a week with one list more than usual."""

from __future__ import annotations

import datetime
import re
from pathlib import Path
from typing import Any

import luigi
import pytest
from luigi.task import flatten

import pipeline
from pipeline.errors import SettingsError
from pipeline.ops.luigid.calls import refuse_foreign
from pipeline.paths import Layout
from pipeline.storage import documents

DAY = datetime.date(2024, 1, 7)
ENTRIES = """
[pages]
popular = 2
genre = 1
top_rated = 1

[lists.now_playing]
endpoint = "/movie/now_playing"
cadence = "daily"
pages = 3
title = "Now playing"

[lists.upcoming]
endpoint = "/movie/upcoming"
cadence = "weekly"
pages = 2
title = "Upcoming"
sorted_by = "popularity"
"""
QUALITY = """
[lists.now_playing]
ranks = 0.1

[lists.upcoming.severity]
order = "info"
"""


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """A data root in which the day, the week and their pages are done."""
    folder = tmp_path_factory.mktemp("added lists")
    (folder / "collection.toml").write_text(ENTRIES, encoding="utf-8")
    (folder / "quality.toml").write_text(QUALITY, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        set_environment(patch, folder)
        for root in (pipeline.DailySummary, pipeline.WeeklyConsolidation, pipeline.IndexPage):
            run_with_requirements(root(date=DAY))
    return Layout(folder / "data")


def set_environment(patch: pytest.MonkeyPatch, folder: Path) -> None:
    patch.setenv("PIPELINE_CONFIG_DIR", str(folder))
    patch.setenv("PIPELINE_DATA_DIR", str(folder / "data"))
    patch.setenv("TMDB_API_KEY", "demo")


def run_with_requirements(task: luigi.Task) -> None:
    if not task.complete():
        for each in flatten(task.requires()):
            run_with_requirements(each)
        task.run()
        assert task.complete(), task


def read(layout: Layout, name: str) -> dict[str, Any]:
    return documents.read(layout.root / name)


def html(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("file", "kind", "movies"),
    [
        ("raw/movies/daily/now_playing_movies_20240107.json", "daily_now_playing", 60),
        ("raw/movies/weekly/upcoming_20240107.json", "weekly_upcoming", 40),
    ],
)
def test_its_document_has_the_name_and_the_type_of_its_entry(
    layout: Layout, file: str, kind: str, movies: int
) -> None:
    info = read(layout, file)["collection_info"]
    assert (info["collection_type"], info["total_collected"]) == (kind, movies)
    assert ("week_number" in info) == kind.startswith("weekly")


def test_a_daily_list_is_validated_and_summed_up(layout: Layout) -> None:
    summary = documents.read(layout.daily_summary(DAY))
    assert summary["collection_summary"] == {
        "popular_movies": 40, "trending_movies": 20, "now_playing_movies": 60,
        "total_collected": 120,
    }  # fmt: skip
    assert summary["quality_summary"]["files_validated"][-1] == {
        "file": "raw/movies/daily/now_playing_movies_20240107.json", "movie_count": 60,
    }  # fmt: skip
    assert set(summary["changes"]) == {"popular", "trending", "now_playing"}


def test_a_weekly_list_is_validated_and_merged_after_the_packaged_ones(layout: Layout) -> None:
    week = documents.read(layout.consolidated(DAY))
    info = week["consolidation_info"]
    assert info["sources_processed"][-2:] == [
        "raw/movies/weekly/top_rated_20240107.json", "raw/movies/weekly/upcoming_20240107.json",
    ]  # fmt: skip
    assert list(info["by_category"]) == ["장르별", "평점별", "기타"]
    assert sum(info["by_category"].values()) == info["total_unique_movies"]
    report = documents.read(layout.weekly_validation_report(DAY))
    assert "upcoming" in report["profiles"]
    found_in = {each["list"] for movie in week["movies"] for each in movie["found_in"]}
    assert {"horror", "top_rated", "upcoming"} <= found_in


def test_it_is_shown_by_its_title(layout: Layout) -> None:
    page = html(layout.daily_page(DAY))
    section = page.split('<section id="now_playing_movies"', 1)[1].split("</section>", 1)[0]
    assert len(re.findall("<tr", section)) == 61
    assert "Now playing" in page
    assert "Upcoming" in html(layout.weekly_page(DAY))
    assert "daily/daily_20240107.html" in html(layout.index_page)


def test_it_can_be_collected_alone_and_is_accepted_by_luigid(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_environment(monkeypatch, layout.root.parent)
    task = pipeline.ListMovies(date=DAY, list="upcoming")
    assert task.complete()
    call = {
        "task_id": task.task_id,
        "family": "ListMovies",
        "module": "pipeline.tasks.collect",
        "params": task.to_str_params(),
        "worker": "worker",
    }
    refuse_foreign(call, None)


def test_a_list_without_an_entry_is_refused_with_the_known_ones(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_environment(monkeypatch, layout.root.parent)
    with pytest.raises(SettingsError, match=r"There is no list 'best'.* now_playing, upcoming"):
        pipeline.ListMovies(date=DAY, list="best").complete()
