"""The page of trends as luigi draws it, from documents that exist."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from support.data_roots import DataRoots
from support.fake_tmdb import FakeTmdb
from support.luigi_runs import LuigiRun, Run
from support.run_records import lines
from support.scheduled_runs import WEEKLY
from support.scheduled_runs import Run as ScheduledRun

from pipeline.paths import Layout

DATE = "2024-01-07"
JOBS = (("DailySummary", "2024-01-06"), ("DailySummary", DATE), ("WeeklyConsolidation", DATE))
ENGLISH = {"TMDB_LANGUAGE": "en-US"}
POPULAR = "raw/movies/daily/popular_movies_20240107.json"


def test_the_page_is_drawn_from_all_that_is_there_and_again_when_that_changes(
    luigi_run: LuigiRun, data_dir: Path, data_roots: DataRoots, tmdb: FakeTmdb
) -> None:
    data_roots.copy(data_dir, *JOBS, **ENGLISH)
    page = data_dir / "reports/trends/trends_1_20240107.html"

    def draw() -> Run:
        small = str(data_roots.small_plan)
        given = {**ENGLISH, "TMDB_API_KEY": "demo", "PIPELINE_CONFIG_DIR": small}
        return luigi_run("TrendsPage", "--date", DATE, **given)

    documents = {path: path.read_bytes() for path in data_dir.glob("raw/movies/*/*")}
    run = draw()
    assert run.status == 0, run.output
    html = page.read_text("utf-8")
    assert "listed on 2 of 2 collected days." in html
    assert "2 of 8 days: " in html
    assert "1 of 2 weeks: " in html
    assert tmdb.count() == 0
    assert documents == {path: path.read_bytes() for path in data_dir.glob("raw/movies/*/*")}

    drawn_at = page.stat().st_mtime_ns
    assert draw().status == 0
    assert page.stat().st_mtime_ns == drawn_at

    path = data_dir / POPULAR
    changed = json.loads(path.read_bytes())
    changed["movies"].reverse()
    path.write_text(json.dumps(changed), encoding="utf-8")
    assert draw().status == 0
    assert page.read_text("utf-8") != html


def test_a_database_that_is_away_is_a_sentence_and_leaves_the_page_as_it_was(
    luigi_run: LuigiRun, data_dir: Path, data_roots: DataRoots
) -> None:
    data_roots.copy(data_dir, *JOBS, **ENGLISH)
    url = "postgresql://warehouse:hunter2@127.0.0.1:9/luigi"
    given = {**ENGLISH, "TMDB_API_KEY": "demo", "PIPELINE_WAREHOUSE_URL": url}
    run = luigi_run("TrendsPage", "--date", DATE, **given)
    assert run.status == 35
    assert "Traceback" not in run.output
    assert "hunter2" not in run.output
    assert not os.path.exists(data_dir / "reports/trends")


@pytest.fixture
def operator_environment(
    operator_environment: dict[str, str], data_roots: DataRoots
) -> dict[str, str]:
    """The settings of a scheduled run of the small plan, which requests nothing."""
    demo = {"TMDB_API_KEY": "demo", "TMDB_API_URL": ""}
    return {**operator_environment, **demo, "PIPELINE_CONFIG_DIR": str(data_roots.small_plan)}


def test_the_schedule_draws_the_trends_of_a_week_and_leads_to_them_from_the_index(
    run: ScheduledRun, layout: Layout
) -> None:
    status, output = run(*WEEKLY, PIPELINE_WAREHOUSE_URL="sqlite")
    assert status == 0, output
    (page,) = layout.pages.glob("trends/*.html")
    assert f'href="trends/{page.name}"' in layout.index_page.read_text("utf-8")
    ended = [line["task"] for line in lines(layout) if line["event"] == "ended"]
    tasks = ("WeeklyConsolidation", "IndexPage", "LoadWarehouse", "TrendsPage", "IndexPage")
    assert ended == [*tasks]
