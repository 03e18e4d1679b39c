"""The path of each document: the names that others rely on."""

from __future__ import annotations

import datetime
import os
import tempfile
from pathlib import Path

import pytest
from support.lists import list_path

from pipeline.paths import Layout, pace_file

SUNDAY = datetime.date(2024, 1, 7)
AT = datetime.datetime(2024, 1, 7, 6, 5, 4, tzinfo=datetime.UTC)
ROOT = Path("/data")
LAYOUT = Layout(ROOT)


def test_each_file_has_its_name_below_the_root() -> None:
    paths = {
        "raw/movies/daily/popular_movies_20240107.json": list_path(LAYOUT, "popular", SUNDAY),
        "raw/movies/trending/trending_movies_20240107.json": list_path(LAYOUT, "trending", SUNDAY),
        "raw/movies/genre/science_fiction_20240107.json": list_path(
            LAYOUT, "science_fiction", SUNDAY
        ),
        "raw/movies/weekly/top_rated_20240107.json": list_path(LAYOUT, "top_rated", SUNDAY),
        "raw/metadata/quality_reports/validation_report_20240107.json": (
            LAYOUT.validation_report(SUNDAY)
        ),
        "raw/metadata/quality_reports/weekly_validation_report_20240107.json": (
            LAYOUT.weekly_validation_report(SUNDAY)
        ),
        "raw/metadata/daily_summaries/daily_summary_20240107.json": LAYOUT.daily_summary(SUNDAY),
        "raw/metadata": LAYOUT.metadata,
        "raw": LAYOUT.collected,
        "root.json": LAYOUT.identity,
        "reports/index.html": LAYOUT.index_page,
        "reports/daily/daily_20240107.html": LAYOUT.daily_page(SUNDAY),
        "reports/weekly/weekly_1_20240107.html": LAYOUT.weekly_page(SUNDAY),
        "reports/trends/trends_1_20240107.html": LAYOUT.trends_page(SUNDAY),
        "rejected/x_20240107_20240107T060504Z.json": LAYOUT.rejected(Path("x_20240107.json"), AT),
        f"logs/20240107T060504Z_DailyPage_{os.getpid()}.log": LAYOUT.run_log(AT, "DailyPage"),
        "exports/v1/entries/day=2024-01-07/day.parquet": LAYOUT.day_export(SUNDAY),
        "exports/v1/entries/day=2024-01-07/week.parquet": LAYOUT.week_export(SUNDAY),
        "exports/v1/schema.json": LAYOUT.export_schema,
        "exports/v1/README": LAYOUT.export_readme,
        "logs/runs.jsonl": LAYOUT.run_record,
        "logs/journal/20240107.log": LAYOUT.journal(SUNDAY),
        "state/luigid.pickle": LAYOUT.luigid_state,
        "state/luigid.pid": LAYOUT.luigid_pid,
        "state/history-spool.jsonl": LAYOUT.luigid_spool,
        "state/alerts": LAYOUT.alerts,
        "state/DailySummary.lock": LAYOUT.run_lock("DailySummary"),
        "state/data-root-id": LAYOUT.data_root_id,
        "state/luigid-seen": LAYOUT.luigid_seen,
        "backups": LAYOUT.backups,
    }
    assert {name: ROOT / name for name in paths} == paths


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


def test_documents_cite_files_relative_to_the_root() -> None:
    name = "raw/movies/weekly/top_rated_20240107.json"
    assert LAYOUT.relative(ROOT / name) == name
    with pytest.raises(ValueError, match="elsewhere"):
        LAYOUT.relative(Path("/elsewhere") / name)


def test_files_of_the_machine_are_temporary_files_by_user_and_address() -> None:
    tmdb = "https://api.themoviedb.org/3"
    folder = Path(tempfile.gettempdir()) / f"tmdb-pipeline-{os.getuid()}"
    assert pace_file(tmdb) == folder / "pace-2fdc11bbcb80f2d6"
    assert pace_file("http://localhost:8000/3") != pace_file(tmdb)
