"""A data root holds lists of one source, language and region, and refuses all others."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import luigi
import pytest
from support.data_roots import DataRoots, FinishedRun, finished_run
from support.fake_tmdb import FakeTmdb
from support.lists import list_path
from support.luigi_runs import LuigiRun, luigi_command
from support.operate import operated
from support.stored_documents import files_below, relabel

import pipeline
from pipeline import identity
from pipeline.errors import DataError, OtherIdentity
from pipeline.ops.commands.data import restore
from pipeline.paths import Layout
from pipeline.storage import documents

DATE = "2024-01-07"
ROOT = {"source": "tmdb", "language": "ko-KR", "region": "KR"}
ENGLISH = {"TMDB_LANGUAGE": "en-US", "TMDB_REGION": "US"}
OTHERS: dict[str, dict[str, str]] = {
    "language": {"TMDB_LANGUAGE": "en-US"},
    "region": {"TMDB_REGION": "US"},
    "source": {"TMDB_API_KEY": "demo"},
}


def identity_of(root: Path) -> Any:
    return json.loads((root / "root.json").read_bytes())


@pytest.fixture
def layout(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    monkeypatch.setenv("PIPELINE_DATA_DIR", str(data_dir))
    monkeypatch.setenv("TMDB_API_KEY", "demo")
    return Layout(data_dir)


def collected(layout: Layout, date: str = DATE) -> pipeline.PopularMovies:
    task = pipeline.PopularMovies(date=pipeline.PopularMovies.date.parse(date))
    task.run()
    return task


# --- What is written -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    """A day with its page and the index, of the real service."""
    folder = tmp_path_factory.mktemp("day")
    finished_run(folder, "DailySummary", "--date", DATE)
    return finished_run(folder, "IndexPage", "--date", DATE)


def test_the_first_run_binds_the_data_root(finished: FinishedRun) -> None:
    assert identity_of(finished.root) == ROOT


@pytest.mark.parametrize(
    ("task", "other"),
    [
        *(("DailySummary", other) for other in OTHERS),
        *((task, "language") for task in ("PopularMovies", "DailyPage", "IndexPage")),
        ("WeeklyConsolidation", "region"),
    ],
)
def test_under_other_settings_a_run_is_refused_before_anything_is_asked_or_written(
    finished: FinishedRun,
    luigi_run: LuigiRun,
    tmdb: FakeTmdb,
    data_dir: Path,
    task: str,
    other: str,
) -> None:
    shutil.copytree(finished.root, data_dir)
    before = files_below(data_dir)
    run = luigi_run(task, "--date", DATE, **OTHERS[other])
    assert run.status == 35
    errors = [line for line in run.err.splitlines() if " ERROR: " in line]
    assert len(errors) == 1
    assert f"The data root {data_dir} belongs to tmdb, ko-KR, KR" in errors[0]
    assert "set PIPELINE_DATA_DIR to another folder, or TMDB_" in errors[0]
    assert "Traceback" not in run.output
    assert (tmdb.count(), files_below(data_dir)) == (0, before)


def test_a_range_that_is_done_is_refused_under_other_settings_too(
    finished: FinishedRun, luigi_run: LuigiRun, data_dir: Path
) -> None:
    shutil.copytree(finished.root, data_dir)
    span = ("RangeDaily", "--start", DATE, "--stop", "2024-01-08")
    run = luigi_run(*span, **ENGLISH)
    assert run.status == 35
    assert "belongs to tmdb, ko-KR, KR" in run.err


@pytest.mark.parametrize("name", ["TMDB_LANGUAGE", "TMDB_REGION"])
def test_luigi_build_is_refused_as_well(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    task = collected(layout)
    assert luigi.build([task], local_scheduler=True, no_lock=True)
    monkeypatch.setenv(name, "en" if name == "TMDB_LANGUAGE" else "US")
    assert not luigi.build([task], local_scheduler=True, no_lock=True)
    summary = pipeline.DailySummary(date=task.date)
    assert not luigi.build([summary], local_scheduler=True, no_lock=True)
    assert not list_path(layout, "trending", task.date).exists()


def test_of_two_first_runs_in_two_languages_one_binds_the_root_and_one_publishes_nothing(
    environment: dict[str, str], clean_environment: Path, data_dir: Path
) -> None:
    with FakeTmdb(limit=None, latency=0.3) as slow:
        runs = [
            subprocess.Popen(
                luigi_command("PopularMovies", "--date", date, "--local-scheduler"),
                env={**environment, "TMDB_API_URL": slow.url, "TMDB_LANGUAGE": language},
                cwd=clean_environment,
                stderr=subprocess.PIPE,
            )
            for date, language in ((DATE, "ko-KR"), ("2024-01-06", "en-US"))
        ]
        for run in runs:
            run.communicate(timeout=60)
    assert sorted(run.returncode != 0 for run in runs) == [False, True]
    lists = list((data_dir / "raw/movies/daily").glob("*.json"))
    assert len(lists) == 1
    info = json.loads(lists[0].read_bytes())["collection_info"]
    assert info["language"] == identity_of(data_dir)["language"]


def test_a_list_of_a_second_identity_is_not_published(layout: Layout) -> None:
    """As two first runs meet, whatever they saw when they were planned."""
    korean = {"movies": [], "collection_info": {**ROOT, "collected_at": "2024-01-07T02:00:00Z"}}
    english = {"movies": [], "collection_info": {**ROOT, "language": "en-US"}}
    first, second = layout.root / "raw/movies/daily/a_20240107.json", layout.root / "b.json"
    identity.publish_list(layout, first, korean)
    with pytest.raises(OtherIdentity, match="belongs to tmdb, ko-KR, KR"):
        identity.publish_list(layout, second, english)
    assert (first.exists(), second.exists()) == (True, False)
    assert identity_of(layout.root) == ROOT


# --- What is missing or damaged --------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [None, b"", b"{", b"[]", b"null", b'{"source": "demo"}', b'{"source": 5, "language": [], '
     b'"region": {}}', b"\xff", b'{"source": "", "language": "ko-KR", "region": "KR"}'],
)  # fmt: skip
def test_a_missing_or_damaged_root_json_is_rebuilt_from_the_newest_list(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    task = collected(layout)
    layout.identity.unlink()
    if content is not None:
        layout.identity.write_bytes(content)
    monkeypatch.setenv("TMDB_LANGUAGE", "en-US")
    with pytest.raises(OtherIdentity, match="belongs to demo, ko-KR, KR"):
        task.output()
    monkeypatch.setenv("TMDB_LANGUAGE", "ko-KR")
    assert task.complete()
    assert identity_of(layout.root) == {**ROOT, "source": "demo"}


@pytest.mark.parametrize("make", ["folder", "pipe"])
def test_a_root_json_that_is_no_file_still_binds_by_its_lists(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, make: str
) -> None:
    task = collected(layout)
    layout.identity.unlink()
    layout.identity.mkdir() if make == "folder" else os.mkfifo(layout.identity)
    monkeypatch.setenv("TMDB_REGION", "US")
    with pytest.raises(OtherIdentity, match="belongs to demo, ko-KR, KR"):
        task.output()


def test_a_root_of_an_older_version_is_bound_by_the_list_that_was_collected_last(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    older, newer = collected(layout, "2024-01-06"), collected(layout)
    relabel(Path(older.output().path), language="en-US")
    layout.identity.unlink()
    assert newer.complete()
    assert identity_of(layout.root)["language"] == "ko-KR"


# --- Documents of another identity that are there ---------------------------------------------


def test_half_a_day_in_another_language_is_not_summed_up(layout: Layout) -> None:
    task = collected(layout)
    pipeline.TrendingMovies(date=task.date).run()
    relabel(list_path(layout, "trending", task.date), language="en-US")
    with pytest.raises(DataError, match="is of demo, en-US, KR, and its data root is not"):
        pipeline.ValidationReport(date=task.date).run()
    assert not layout.validation_report(task.date).exists()


def test_an_english_genre_is_not_merged_into_a_korean_week(
    luigi_run: LuigiRun, data_dir: Path, data_roots: DataRoots
) -> None:
    data_roots.copy(data_dir, ("WeeklyValidationReport", DATE))
    relabel(data_dir / "raw/movies/genre/horror_20240107.json", language="en-US", region="US")
    demo = {"TMDB_API_KEY": "demo", "PIPELINE_CONFIG_DIR": str(data_roots.small_plan)}
    run = luigi_run("WeeklyConsolidation", "--date", DATE, **demo)
    assert run.status == 30
    assert "horror_20240107.json is of demo, en-US, US" in run.err
    assert not (data_dir / "processed").exists() or not list(
        (data_dir / "processed/weekly").glob("*.json")
    )


def test_a_list_of_yesterday_in_another_language_is_compared_with_nothing(
    layout: Layout, caplog: pytest.LogCaptureFixture
) -> None:
    before, task = collected(layout, "2024-01-06"), collected(layout)
    relabel(Path(before.output().path), language="en-US")
    pipeline.TrendingMovies(date=task.date).run()
    pipeline.ValidationReport(date=task.date).run()
    pipeline.DailySummary(date=task.date).run()
    assert documents.read(layout.daily_summary(task.date))["changes"]["popular"]["since"] is None
    assert "Nothing is compared with popular_movies_20240106.json" in caplog.text


def test_a_report_says_of_which_language_and_region_its_lists_are(layout: Layout) -> None:
    task = collected(layout)
    for each in (pipeline.TrendingMovies, pipeline.ValidationReport, pipeline.DailySummary):
        each(date=task.date).run()
    assert {path for path in files_below(layout.root) if "raw" not in path} == {"root.json"}
    report = documents.read(layout.validation_report(task.date))
    assert {key: report[key] for key in ROOT} == {**ROOT, "source": "demo"}
    assert documents.read(layout.daily_summary(task.date))["quality_summary"] == report


# --- Who only reads --------------------------------------------------------------------------


def asked(*words: str, **changes: Any) -> str:
    """What `tmdb-pipeline` says in the environment of this test."""
    here = Path.cwd()
    run = operated(*words, "--runtime", "host", "--json", env=os.environ, cwd=here, **changes)
    return run.output


@pytest.mark.parametrize("command", ["check", "status", "open"])
def test_commands_that_only_read_warn(layout: Layout, command: str) -> None:
    collected(layout)
    said = asked(command, TMDB_LANGUAGE="en-US")
    assert "belongs to demo, ko-KR, KR, and the settings ask for demo, en-US, KR" in said


def test_check_counts_lists_of_another_identity_and_still_shows_what_is_done(
    layout: Layout,
) -> None:
    for date in ("2024-01-05", "2024-01-06", DATE):
        collected(layout, date)
    for date in ("20240105", "20240106"):
        relabel(layout.root / f"raw/movies/daily/popular_movies_{date}.json", region="US")
    assert "2 list(s) below" in asked("check")
    done = asked("check", "PopularMovies", DATE, TMDB_LANGUAGE="en-US")
    assert json.loads(done)["done"] == 1


def test_a_demo_root_is_refused_under_a_real_key_at_the_same_address(
    luigi_run: LuigiRun, tmdb: FakeTmdb, data_dir: Path, data_roots: DataRoots
) -> None:
    """Both have the default address of TMDB, though only one of them requests anything."""
    data_roots.copy(data_dir, ("DailySummary", DATE))
    assert set(identity_of(data_dir)) == set(ROOT)
    run = luigi_run("DailySummary", "--date", DATE)
    assert run.status == 35, run.output
    assert "belongs to demo, ko-KR, KR" in run.err
    assert tmdb.count() == 0


# --- Backups ---------------------------------------------------------------------------------


def test_a_backup_of_another_identity_is_refused(layout: Layout, tmp_path: Path) -> None:
    """By its root.json."""
    backup = tmp_path / "root.json"
    backup.write_text(json.dumps(ROOT))
    restore.refuse_foreign(layout, backup)
    collected(layout)
    with pytest.raises(OtherIdentity, match="and the backup to tmdb, ko-KR, KR"):
        restore.refuse_foreign(layout, backup)
    backup.write_text(json.dumps({**ROOT, "source": "demo"}))
    restore.refuse_foreign(layout, backup)
    for damaged in ("{", "{}"):
        backup.write_text(damaged)
        with pytest.raises(DataError, match="is damaged"):
            restore.refuse_foreign(layout, backup)
