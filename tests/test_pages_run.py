"""The pages as luigi makes them, and as a browser shows them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from browser import browser
from conftest import LuigiRun
from fake_tmdb import FakeTmdb, Row
from fake_tmdb.catalogue import Catalogue

from pipeline.pages.index import covered

pytestmark = pytest.mark.run

DATE = "2024-01-07"
DAILY = "reports/daily/daily_20240107.html"
WEEKLY = "reports/weekly/weekly_1_20240107.html"
INDEX = "reports/index.html"

HOSTILE = '<img src=x onerror="window.stolen=1"><script>window.stolen=1</script>\' " onload=x'
"""A title that would run in a careless page."""


def pages_below(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in (root / "reports").rglob("*.html")}


def test_a_day_s_page_pulls_in_the_day(luigi_run: LuigiRun, data_dir: Path) -> None:
    run = luigi_run("DailyPage", "--date", DATE)
    assert run.status == 0, run.output
    assert pages_below(data_dir) == {DAILY}
    assert (data_dir / "raw/metadata/daily_summaries/daily_summary_20240107.json").exists()
    assert "<title>" in (data_dir / DAILY).read_text(encoding="utf-8")


def test_a_week_s_page_pulls_in_the_week(luigi_run: LuigiRun, data_dir: Path) -> None:
    run = luigi_run("WeeklyPage", "--date", DATE, TMDB_API_KEY="demo", TMDB_LANGUAGE="en-US")
    assert run.status == 0, run.output
    assert pages_below(data_dir) == {WEEKLY}
    assert '<html lang="en">' in (data_dir / WEEKLY).read_text(encoding="utf-8")


def test_the_index_makes_the_pages_of_what_is_there_and_collects_nothing(
    luigi_run: LuigiRun, data_dir: Path, tmdb: FakeTmdb
) -> None:
    assert luigi_run("IndexPage", "--date", DATE).status == 0
    assert (tmdb.count(), pages_below(data_dir)) == (0, {INDEX})
    assert luigi_run("DailySummary", "--date", DATE).status == 0
    asked = tmdb.count()
    assert luigi_run("IndexPage", "--date", DATE).status == 0
    assert pages_below(data_dir) == {INDEX, DAILY}
    assert covered((data_dir / INDEX).read_text(encoding="utf-8")) == {DAILY[8:]}
    assert tmdb.count() == asked


def test_the_index_is_made_anew_for_what_came_later_and_else_stays(
    luigi_run: LuigiRun, data_dir: Path
) -> None:
    demo = {"TMDB_API_KEY": "demo"}
    for task in ("DailySummary", "IndexPage", "WeeklyConsolidation", "IndexPage"):
        run = luigi_run(task, "--date", DATE, **demo)
        assert run.status == 0, run.output
    index = data_dir / INDEX
    assert covered(index.read_text(encoding="utf-8")) == {DAILY[8:], WEEKLY[8:]}
    made = index.stat().st_mtime_ns
    again = luigi_run("IndexPage", "--date", DATE, **demo)
    assert again.status == 0
    assert index.stat().st_mtime_ns == made
    assert luigi_run("DailySummary", "--date", "2023-09-01", **demo).status == 0
    assert luigi_run("IndexPage", "--date", "2023-09-01", **demo).status == 0
    assert covered(index.read_text(encoding="utf-8")) == {
        DAILY[8:], WEEKLY[8:], "daily/daily_20230901.html"
    }  # fmt: skip


def test_with_four_workers_and_for_several_days_the_index_loses_nothing(
    luigi_run: LuigiRun, data_dir: Path
) -> None:
    days = ("2024-01-05", "2024-01-06", DATE)
    for day in days:
        assert luigi_run("DailySummary", "--date", day, TMDB_API_KEY="demo").status == 0
    for day in days:
        run = luigi_run("IndexPage", "--date", day, "--workers", "4", TMDB_API_KEY="demo")
        assert run.status == 0, run.output
    html = (data_dir / INDEX).read_text(encoding="utf-8")
    assert covered(html) == {f"daily/daily_{day.replace('-', '')}.html" for day in days}


def hostile(name: str, page: int, query: Mapping[str, str]) -> list[Row]:
    rows = Catalogue().answer(f"/3{name}", query)[1]["results"]
    return [{**row, "title": HOSTILE, "original_title": HOSTILE} for row in rows]


def test_nothing_of_a_hostile_title_runs_and_nothing_is_asked_for_offline(
    luigi_run: LuigiRun, data_dir: Path, tmp_path: Path
) -> None:
    with FakeTmdb(limit=None, rows=hostile) as tmdb:
        for task in ("DailyPage", "WeeklyPage", "IndexPage"):
            run = luigi_run(task, "--date", DATE, TMDB_API_URL=tmdb.url)
            assert run.status == 0, run.output
    with browser(tmp_path) as page:
        page._send("Network.enable")
        page._send(
            "Network.emulateNetworkConditions",
            offline=True, latency=0, downloadThroughput=-1, uploadThroughput=-1,
        )  # fmt: skip
        for name in (DAILY, WEEKLY, INDEX):
            page.open((data_dir / name).as_uri())
            assert page.evaluate("window.stolen") is None
            assert page.evaluate("document.scripts.length") == 1
            assert page.evaluate("document.images.length") == 0
            asked = page.evaluate("performance.getEntriesByType('resource').map(e => e.name)")
            assert [each for each in asked if not each.startswith("data:")] == []
        page.open((data_dir / DAILY).as_uri())
        shown = page.evaluate("document.querySelector('#popular_films bdi').textContent")
        assert shown.startswith("<img src=x onerror=")
        assert page.evaluate("document.querySelectorAll('#popular_films tbody tr').length") == 100


def test_a_script_that_got_in_would_still_not_run(
    luigi_run: LuigiRun, data_dir: Path, tmp_path: Path
) -> None:
    assert luigi_run("DailyPage", "--date", DATE).status == 0
    path = data_dir / DAILY
    html = path.read_text(encoding="utf-8")
    evil = "<script>window.stolen=1</script><img src=x onerror='window.stolen=1'>"
    path.write_text(html.replace("<main", f"{evil}<main"), encoding="utf-8")
    with browser(tmp_path) as page:
        page.open(path.as_uri())
        assert page.evaluate("document.scripts.length") == 2
        assert page.evaluate("window.stolen") is None


def test_online_the_posters_come_from_tmdbs_image_host_alone(
    luigi_run: LuigiRun, data_dir: Path, tmp_path: Path
) -> None:
    assert luigi_run("DailyPage", "--date", DATE).status == 0
    with browser(tmp_path) as page:
        page.open((data_dir / DAILY).as_uri())
        sources = page.evaluate("[...document.querySelectorAll('[data-poster] img')].map(i=>i.src)")
        asked = page.evaluate("performance.getEntriesByType('resource').map(e => e.name)")
    assert all(
        re.match(r"https://image\.tmdb\.org/t/p/w92/", each)
        for each in [*sources, *asked]
        if not each.startswith("data:")
    )


def test_a_page_is_not_made_of_a_damaged_summary(luigi_run: LuigiRun, data_dir: Path) -> None:
    assert luigi_run("DailySummary", "--date", DATE).status == 0
    path = data_dir / "raw/metadata/daily_summaries/daily_summary_20240107.json"
    path.write_text("{", encoding="utf-8")
    run = luigi_run("IndexPage", "--date", DATE)
    assert run.status == 30
    assert "is damaged" in run.err
    assert "Traceback" not in run.output
    assert not (data_dir / DAILY).exists()


@pytest.mark.parametrize(
    ("task", "document"),
    [
        ("DailySummary", "raw/metadata/daily_summaries/daily_summary_20240107.json"),
        (
            "WeeklyConsolidation",
            "raw/metadata/quality_reports/weekly_validation_report_20240107.json",
        ),
    ],
)
def test_the_index_says_which_document_of_its_day_is_damaged(
    luigi_run: LuigiRun, data_dir: Path, task: str, document: str
) -> None:
    """Though the day's page is there already; without its line the index was never finished."""
    assert luigi_run(task, "--date", DATE, TMDB_API_KEY="demo").status == 0
    assert luigi_run("IndexPage", "--date", DATE, TMDB_API_KEY="demo").status == 0
    (data_dir / INDEX).unlink()
    (data_dir / document).write_text("{", encoding="utf-8")
    run = luigi_run("IndexPage", "--date", DATE, TMDB_API_KEY="demo")
    assert run.status == 30
    assert f"{data_dir / document} is damaged" in run.err
    assert "Traceback" not in run.output
    assert not (data_dir / INDEX).exists()


def test_a_report_that_is_gone_is_made_again_for_the_index(
    luigi_run: LuigiRun, data_dir: Path
) -> None:
    report = data_dir / "raw/metadata/quality_reports/weekly_validation_report_20240107.json"
    for task in ("WeeklyConsolidation", "IndexPage"):
        assert luigi_run(task, "--date", DATE, TMDB_API_KEY="demo").status == 0
    before = report.read_bytes()
    (data_dir / INDEX).unlink()
    report.unlink()
    run = luigi_run("IndexPage", "--date", DATE, TMDB_API_KEY="demo")
    assert run.status == 0, run.output
    assert json.loads(report.read_bytes())["verdict"] == json.loads(before)["verdict"]
    assert covered((data_dir / INDEX).read_text(encoding="utf-8")) == {WEEKLY[8:]}


def test_summaries_of_an_older_version_become_pages_too(
    luigi_run: LuigiRun, data_dir: Path
) -> None:
    assert luigi_run("DailySummary", "--date", DATE).status == 0
    path = data_dir / "raw/metadata/daily_summaries/daily_summary_20240107.json"
    summary = json.loads(path.read_bytes())
    for key in ("verdict", "changes"):
        del summary[key]
    for key in ("verdict", "checks", "drift", "lateness", "profiles", "failed_lists"):
        del summary["quality_summary"][key]
    path.write_text(json.dumps(summary), encoding="utf-8")
    run = luigi_run("IndexPage", "--date", DATE)
    assert run.status == 0, run.output
    assert (data_dir / DAILY).exists()
