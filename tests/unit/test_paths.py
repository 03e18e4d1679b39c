"""Where each document lies: the names that others rely on."""

from __future__ import annotations

import datetime
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.paths import Layout, pace_file

SUNDAY = datetime.date(2024, 1, 7)
ROOT = Path("/data")
LAYOUT = Layout(ROOT)


def test_popular_films_lie_in_the_daily_folder() -> None:
    assert LAYOUT.popular(SUNDAY) == ROOT / "raw/movies/daily/popular_movies_20240107.json"


def test_trending_films_lie_in_the_trending_folder() -> None:
    assert LAYOUT.trending(SUNDAY) == ROOT / "raw/movies/trending/trending_movies_20240107.json"


def test_a_genre_is_named_by_its_slug() -> None:
    assert LAYOUT.genre("science_fiction", SUNDAY) == (
        ROOT / "raw/movies/genre/science_fiction_20240107.json"
    )


def test_top_rated_films_lie_in_the_weekly_folder() -> None:
    assert LAYOUT.top_rated(SUNDAY) == ROOT / "raw/movies/weekly/top_rated_20240107.json"


def test_the_validation_report_lies_with_the_quality_reports() -> None:
    assert LAYOUT.validation_report(SUNDAY) == (
        ROOT / "raw/metadata/quality_reports/validation_report_20240107.json"
    )


def test_the_daily_summary_lies_with_the_summaries() -> None:
    assert LAYOUT.daily_summary(SUNDAY) == (
        ROOT / "raw/metadata/daily_summaries/daily_summary_20240107.json"
    )


AT = datetime.datetime(2024, 1, 7, 6, 5, 4, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (
            lambda: LAYOUT.weekly_validation_report(SUNDAY),
            "raw/metadata/quality_reports/weekly_validation_report_20240107.json",
        ),
        (lambda: LAYOUT.metadata, "raw/metadata"),
        (lambda: LAYOUT.index_page, "reports/index.html"),
        (lambda: LAYOUT.daily_page(SUNDAY), "reports/daily/daily_20240107.html"),
        (lambda: LAYOUT.weekly_page(SUNDAY), "reports/weekly/weekly_1_20240107.html"),
        (
            lambda: LAYOUT.rejected(LAYOUT.popular(SUNDAY), AT),
            "rejected/popular_movies_20240107_20240107T060504Z.json",
        ),
        (
            lambda: LAYOUT.run_log(AT, "DailyPage"),
            "logs/20240107T060504Z_DailyPage_PID.log",
        ),
        (lambda: LAYOUT.journal(SUNDAY), "logs/journal/20240107.log"),
        (lambda: LAYOUT.luigid_state, "state/luigid.pickle"),
        (lambda: LAYOUT.luigid_pid, "state/luigid.pid"),
        (lambda: LAYOUT.luigid_spool, "state/history-spool.jsonl"),
        (lambda: LAYOUT.alerts, "state/alerts"),
        (lambda: LAYOUT.run_lock("DailySummary"), "state/DailySummary.lock"),
        (lambda: LAYOUT.data_root_id, "state/data-root-id"),
        (lambda: LAYOUT.luigid_seen, "state/luigid-seen"),
        (lambda: LAYOUT.run_record, "logs/runs.jsonl"),
        (lambda: LAYOUT.backups, "backups"),
        (lambda: LAYOUT.identity, "root.json"),
    ],
)
def test_what_else_is_kept_has_its_place_below_the_root(
    path: Callable[[], Path], name: str
) -> None:
    assert path() == ROOT / name.replace("PID", str(os.getpid()))


@pytest.mark.parametrize(
    ("date", "name"),
    [
        (SUNDAY, "consolidated_week_1_20240107.json"),
        (datetime.date(2024, 6, 9), "consolidated_week_23_20240609.json"),
        (datetime.date(2024, 12, 30), "consolidated_week_1_20241230.json"),
        (datetime.date(2026, 12, 31), "consolidated_week_53_20261231.json"),
    ],
)
def test_the_week_is_named_by_its_number_without_padding(date: datetime.date, name: str) -> None:
    assert LAYOUT.consolidated(date) == ROOT / "processed/weekly" / name


def test_documents_cite_files_from_the_root_on() -> None:
    assert LAYOUT.relative(LAYOUT.top_rated(SUNDAY)) == "raw/movies/weekly/top_rated_20240107.json"


def test_a_file_from_elsewhere_is_not_cited_as_ours() -> None:
    with pytest.raises(ValueError, match="elsewhere"):
        LAYOUT.relative(Path("/elsewhere/raw/movies/weekly/top_rated_20240107.json"))


def test_one_api_has_one_pace_and_another_has_its_own() -> None:
    tmdb, proxy = "https://api.themoviedb.org/3", "http://localhost:8000/3"
    assert pace_file(tmdb) == pace_file(tmdb)
    assert pace_file(tmdb) != pace_file(proxy)
    assert pace_file(tmdb).parent == pace_file(proxy).parent


def test_what_is_the_machines_lies_with_its_temporary_files_by_user() -> None:
    tmdb = "https://api.themoviedb.org/3"
    folder = Path(tempfile.gettempdir()) / f"tmdb-pipeline-{os.getuid()}"
    assert pace_file(tmdb) == folder / "pace-2fdc11bbcb80f2d6"
