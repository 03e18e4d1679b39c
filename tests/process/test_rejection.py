"""The switch `on_fail = "stop"`: a list that falls short stops the day and is collected afresh."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support.configurations import change_options, quick
from support.fake_tmdb import FakeTmdb, Row
from support.fake_tmdb.catalogue import Catalogue
from support.luigi_runs import LuigiRun
from support.repository import REPOSITORY

COMMAND = ("DailySummary", "--date", "2024-01-07")
POPULAR = "raw/movies/daily/popular_movies_20240107.json"
TRENDING = "raw/movies/trending/trending_movies_20240107.json"
REPORT = "raw/metadata/quality_reports/validation_report_20240107.json"
SUMMARY = "raw/metadata/daily_summaries/daily_summary_20240107.json"


@pytest.fixture
def stops(tmp_path: Path) -> str:
    """A configuration that stops at a verdict of fail."""
    folder = tmp_path / "config"
    folder.mkdir()
    for name in ("collection.toml", "quality.toml"):
        text = (REPOSITORY / "config" / name).read_text(encoding="utf-8")
        text = text.replace('on_fail = "warn"', 'on_fail = "stop"')
        (folder / name).write_text(text, encoding="utf-8")
    return str(folder)


class Junk:
    """The popular list as it was in March 2025, so many times; then as it should be."""

    def __init__(self, lists: int) -> None:
        self._left = 5 * lists
        """Pages, which come in any order."""
        self._lock = threading.Lock()

    def __call__(self, name: str, page: int, query: Mapping[str, str]) -> list[Row]:
        rows = Catalogue().answer(f"/3{name}", query)[1]["results"]
        with self._lock:
            is_junk = name == "/movie/popular" and self._left > 0
            self._left -= is_junk
        changes = {"overview": "", "vote_count": 1} if is_junk else {}
        return [{**row, **changes} for row in rows]


def rejected(data_dir: Path) -> list[str]:
    return sorted(path.name.rsplit("_", 1)[0] for path in (data_dir / "rejected").iterdir())


def test_a_bad_list_stops_the_day_and_a_rerun_collects_it_again(
    luigi_run: LuigiRun, data_dir: Path, stops: str
) -> None:
    with FakeTmdb(limit=None, rows=Junk(1)) as tmdb:
        run = luigi_run(*COMMAND, TMDB_API_URL=tmdb.url, PIPELINE_CONFIG_DIR=stops)
        assert run.status == 30, run.output
        assert "Rejected for 2024-01-07: popular: votes_few (100 of 100 movies," in run.err
        assert "run the same command again" in run.err
        assert "Traceback" not in run.output
        assert rejected(data_dir) == ["popular_movies_20240107", "validation_report_20240107"]
        assert not (data_dir / POPULAR).exists()
        assert not (data_dir / REPORT).exists()
        assert (data_dir / TRENDING).exists()
        asked = tmdb.count()
        again = luigi_run(*COMMAND, TMDB_API_URL=tmdb.url, PIPELINE_CONFIG_DIR=stops)
        assert again.status == 0, again.output
        assert tmdb.count() - asked == 5
    assert json.loads((data_dir / REPORT).read_bytes())["verdict"] != "fail"
    assert (data_dir / SUMMARY).exists()


def test_what_was_rejected_is_kept_whole_as_evidence(
    luigi_run: LuigiRun, data_dir: Path, stops: str
) -> None:
    with FakeTmdb(limit=None, rows=Junk(1)) as tmdb:
        luigi_run(*COMMAND, TMDB_API_URL=tmdb.url, PIPELINE_CONFIG_DIR=stops)
    kept = {path.name.split("_")[0]: path for path in (data_dir / "rejected").iterdir()}
    films: list[dict[str, Any]] = json.loads(kept["popular"].read_bytes())["movies"]
    report = json.loads(kept["validation"].read_bytes())
    assert len(films) == 100
    assert report["verdict"] == "fail"
    assert report["failed_lists"] == ["popular"]


def test_an_unattended_run_collects_a_rejected_list_again(
    luigi_run: LuigiRun, data_dir: Path, stops: str, tmp_path: Path, clean_environment: Path
) -> None:
    quick(REPOSITORY / "luigi.cfg", clean_environment)
    configuration = quick(REPOSITORY / "config/unattended.cfg", tmp_path)
    # The name of a rejected file holds the second in which it was rejected.
    change_options(configuration, retry_delay="1", max_keep_alive_idle_duration="20")
    with FakeTmdb(limit=None, rows=Junk(2)) as tmdb:
        run = luigi_run(
            *COMMAND,
            TMDB_API_URL=tmdb.url,
            PIPELINE_CONFIG_DIR=stops,
            LUIGI_CONFIG_PATH=str(configuration),
        )
        assert run.status == 0, run.output
        assert tmdb.count() == 6 + 2 * 5
    assert rejected(data_dir).count("popular_movies_20240107") == 2
    assert "its inputs are missing and will be made again: PopularMovies" in run.err
    assert "Traceback" not in run.output
    tasks = json.loads((data_dir / SUMMARY).read_bytes())["execution_summary"]["tasks"]
    attempts = {each["task"]: each["attempts"] for each in tasks}
    assert attempts == {
        "PopularMovies": 1, "TrendingMovies": 1, "ValidationReport": 3, "DailySummary": 1
    }  # fmt: skip


def test_one_bad_genre_stops_the_week_and_the_others_are_kept(
    luigi_run: LuigiRun, data_dir: Path, stops: str
) -> None:
    def without_horror(name: str, page: int, query: Mapping[str, str]) -> list[Row]:
        rows = Catalogue().answer(f"/3{name}", query)[1]["results"]
        changes = {"genre_ids": [99]} if query.get("with_genres") == "27" else {}
        return [{**row, **changes} for row in rows]

    week = ("WeeklyConsolidation", *COMMAND[1:])
    with FakeTmdb(limit=None, rows=without_horror) as tmdb:
        run = luigi_run(*week, TMDB_API_URL=tmdb.url, PIPELINE_CONFIG_DIR=stops)
    assert run.status == 30, run.output
    assert "horror: genre_ignored" in run.err
    assert rejected(data_dir) == ["horror_20240107", "weekly_validation_report_20240107"]
    assert len(list((data_dir / "raw/movies/genre").iterdir())) == 7
    assert not (data_dir / "processed").exists()


def test_by_default_a_bad_list_is_marked_and_stops_nothing(
    luigi_run: LuigiRun, data_dir: Path
) -> None:
    with FakeTmdb(limit=None, rows=Junk(1)) as tmdb:
        run = luigi_run(*COMMAND, TMDB_API_URL=tmdb.url)
    assert run.status == 0, run.output
    warning = "WARNING: QUALITY: the lists of 2024-01-07 violate rules: popular: votes_few"
    assert warning in run.err
    assert json.loads((data_dir / SUMMARY).read_bytes())["verdict"] == "fail"
    assert not (data_dir / "rejected").exists()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('on_fail = "warn"', 'on_fail = "shout"', "on_fail"),
        ("overview_missing = 0.65", "overview_missing = -1", "limits.overview_missing"),
        ("[past]", "[past", "quality.toml cannot be read"),
    ],
)
def test_unusable_thresholds_are_reported_before_anything_is_collected(
    luigi_run: LuigiRun, tmdb: FakeTmdb, stops: str, old: str, new: str, message: str
) -> None:
    path = Path(stops) / "quality.toml"
    text = path.read_text(encoding="utf-8").replace('on_fail = "stop"', 'on_fail = "warn"')
    path.write_text(text.replace(old, new), encoding="utf-8")
    run = luigi_run(*COMMAND, PIPELINE_CONFIG_DIR=stops)
    assert run.status == 35, run.output
    assert message in run.err
    assert "Traceback" not in run.output


def test_a_configuration_folder_of_an_older_version_uses_our_thresholds(
    luigi_run: LuigiRun, data_dir: Path, stops: str
) -> None:
    (Path(stops) / "quality.toml").unlink()
    run = luigi_run(*COMMAND, PIPELINE_CONFIG_DIR=stops)
    assert run.status == 0, run.output
    assert (data_dir / REPORT).exists()
