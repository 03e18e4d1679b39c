"""The pages as luigi makes them, and as a browser shows them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.browser import browser
from support.fake_tmdb import FakeTmdb, Row
from support.fake_tmdb.catalogue import Catalogue
from support.luigi_runs import LuigiRun
from support.page_documents import led_to

DATE = "2024-01-07"
DAILY = "reports/daily/daily_20240107.html"
WEEKLY = "reports/weekly/weekly_1_20240107.html"
INDEX = "reports/index.html"

HOSTILE = '<img src=x onerror="window.stolen=1"><script>window.stolen=1</script>\' " onload=x'
"""A title that would run in a careless page."""


def pages_below(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in (root / "reports").rglob("*.html")}


def test_a_day_s_page_is_drawn_of_the_documents_of_the_day(
    luigi_run: LuigiRun, data_dir: Path
) -> None:
    assert luigi_run("DailySummary", "--date", DATE).status == 0
    run = luigi_run("DailyPage", "--date", DATE)
    assert run.status == 0, run.output
    assert pages_below(data_dir) == {DAILY}
    assert "<title>" in (data_dir / DAILY).read_text(encoding="utf-8")


def test_a_week_s_page_is_drawn_of_the_documents_of_the_week(
    luigi_run: LuigiRun, data_dir: Path
) -> None:
    english = {"TMDB_API_KEY": "demo", "TMDB_LANGUAGE": "en-US"}
    assert luigi_run("WeeklyConsolidation", "--date", DATE, **english).status == 0
    run = luigi_run("WeeklyPage", "--date", DATE, **english)
    assert run.status == 0, run.output
    assert pages_below(data_dir) == {WEEKLY}
    assert '<html lang="en">' in (data_dir / WEEKLY).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("page", "root"), [("DailyPage", "DailySummary"), ("WeeklyPage", "WeeklyConsolidation")]
)
def test_a_page_of_nothing_collects_nothing_and_says_what_makes_its_documents(
    luigi_run: LuigiRun, data_dir: Path, tmdb: FakeTmdb, page: str, root: str
) -> None:
    run = luigi_run(page, "--date", DATE)
    assert run.status == 20
    sentences = [line for line in run.err.splitlines() if " ERROR: " in line or "WARNING" in line]
    assert len(sentences) == 1
    assert "is missing, and a page makes no document" in sentences[0]
    assert f"`luigi --module pipeline {root} --date {DATE}` makes it" in sentences[0]
    assert (tmdb.count(), pages_below(data_dir)) == (0, set())


@pytest.mark.parametrize("document", ["raw/movies/daily/popular", "raw/movies/trending/trending"])
def test_a_page_whose_list_was_deleted_is_not_drawn_of_today_s_list(
    luigi_run: LuigiRun, data_dir: Path, tmdb: FakeTmdb, document: str
) -> None:
    assert luigi_run("DailySummary", "--date", DATE).status == 0
    (data_dir / f"{document}_movies_20240107.json").unlink()
    asked = tmdb.count()
    index = luigi_run("IndexPage", "--date", DATE)
    assert (index.status, pages_below(data_dir)) == (0, {INDEX})
    assert f"DailyPage is not drawn: {document}_movies_20240107.json is missing" in index.err
    page = luigi_run("DailyPage", "--date", DATE)
    assert page.status == 20
    family = "PopularMovies" if "popular" in document else "TrendingMovies"
    assert f"`luigi --module pipeline {family} --date {DATE}` makes it" in page.err
    assert tmdb.count() == asked


def test_a_list_that_is_younger_than_its_summary_is_not_shown_beside_it(
    luigi_run: LuigiRun, data_dir: Path
) -> None:
    assert luigi_run("DailySummary", "--date", DATE).status == 0
    path = data_dir / "raw/movies/daily/popular_movies_20240107.json"
    popular = json.loads(path.read_bytes())
    popular["collection_info"]["late_by_days"] += 3
    path.write_text(json.dumps(popular), encoding="utf-8")
    run = luigi_run("DailyPage", "--date", DATE)
    assert run.status == 30
    assert "was collected 3 day(s) after the summary of 2024-01-07 was made" in run.err
    assert pages_below(data_dir) == set()


@pytest.mark.parametrize("page", ["IndexPage", "DailyPage", "WeeklyPage"])
def test_a_page_of_a_future_day_is_refused(luigi_run: LuigiRun, data_dir: Path, page: str) -> None:
    run = luigi_run(page, "--date", "2062-11-28")
    assert run.status == 35
    assert "2062-11-28 lies in the future" in run.err
    assert "Traceback" not in run.output
    assert pages_below(data_dir) == set()


def test_the_index_shows_earlier_days_that_came_later(luigi_run: LuigiRun, data_dir: Path) -> None:
    """And the page of the day then has a day before, though its own documents stay as they are."""
    demo = {"TMDB_API_KEY": "demo", "TMDB_LANGUAGE": "en-US"}
    for task in ("DailySummary", "IndexPage"):
        assert luigi_run(task, "--date", DATE, **demo).status == 0
    summary = data_dir / "raw/metadata/daily_summaries/daily_summary_20240107.json"
    alone, published = (data_dir / DAILY).read_text(encoding="utf-8"), summary.read_bytes()
    assert "1 of 30 days" in alone
    for day in ("2024-01-05", "2024-01-06"):
        assert luigi_run("DailySummary", "--date", day, **demo).status == 0
    assert luigi_run("IndexPage", "--date", DATE, **demo).status == 0
    assert "3 of 60 days" in (data_dir / INDEX).read_text(encoding="utf-8")
    drawn = (data_dir / DAILY).read_text(encoding="utf-8")
    assert "3 of 30 days" in drawn
    assert "since 6 Jan" in drawn
    assert "since 6 Jan" not in alone
    assert summary.read_bytes() == published


def test_a_day_that_is_added_redraws_the_pages_of_the_days_after_it(
    luigi_run: LuigiRun, data_dir: Path
) -> None:
    demo = {"TMDB_API_KEY": "demo", "TMDB_LANGUAGE": "en-US"}
    for day in ("2024-01-07", "2024-01-08", "2024-01-06"):
        for task in ("DailySummary", "IndexPage"):
            assert luigi_run(task, "--date", day, **demo).status == 0
    later = data_dir / "reports/daily/daily_20240108.html"
    assert "3 of 30 days" in later.read_text(encoding="utf-8")
    assert "2 of 30 days" in (data_dir / DAILY).read_text(encoding="utf-8")


def test_a_later_page_that_cannot_be_drawn_again_does_not_fail_the_index(
    luigi_run: LuigiRun, data_dir: Path
) -> None:
    demo = {"TMDB_API_KEY": "demo"}
    for task in ("DailySummary", "IndexPage"):
        assert luigi_run(task, "--date", DATE, **demo).status == 0
    (data_dir / "raw/movies/daily/popular_movies_20240107.json").write_text("{", encoding="utf-8")
    assert luigi_run("DailySummary", "--date", "2024-01-06", **demo).status == 0
    run = luigi_run("IndexPage", "--date", "2024-01-06", **demo)
    assert run.status == 0, run.output
    assert "DailyPage of 2024-01-07 shows an earlier state" in run.err
    assert luigi_run("IndexPage", "--date", "2024-01-06", **demo).status == 0


def test_a_page_is_drawn_again_when_one_of_its_documents_changed_and_else_stays(
    luigi_run: LuigiRun, data_dir: Path
) -> None:
    demo = {"TMDB_API_KEY": "demo"}
    for task in ("DailySummary", "DailyPage"):
        assert luigi_run(task, "--date", DATE, **demo).status == 0
    first = (data_dir / DAILY).stat().st_mtime_ns
    assert luigi_run("DailyPage", "--date", DATE, **demo).status == 0
    assert (data_dir / DAILY).stat().st_mtime_ns == first
    path = data_dir / "raw/metadata/daily_summaries/daily_summary_20240107.json"
    path.write_text(json.dumps({**json.loads(path.read_bytes()), "verdict": "fail"}))
    assert luigi_run("DailyPage", "--date", DATE, **demo).status == 0
    assert (data_dir / DAILY).stat().st_mtime_ns != first


def test_an_index_that_an_earlier_version_spoilt_shows_the_present_again(
    luigi_run: LuigiRun, data_dir: Path
) -> None:
    demo = {"TMDB_API_KEY": "demo", "TMDB_LANGUAGE": "en-US"}
    assert luigi_run("DailySummary", "--date", DATE, **demo).status == 0
    index = data_dir / INDEX
    index.parent.mkdir()
    index.write_text('<meta name="newest" content="2062-11-28">', encoding="utf-8")
    assert luigi_run("IndexPage", "--date", DATE, **demo).status == 0
    assert "2062" not in index.read_text(encoding="utf-8")


def test_the_index_makes_the_pages_of_what_is_there_and_collects_nothing(
    luigi_run: LuigiRun, data_dir: Path, tmdb: FakeTmdb
) -> None:
    assert luigi_run("IndexPage", "--date", DATE).status == 0
    assert (tmdb.count(), pages_below(data_dir)) == (0, {INDEX})
    assert luigi_run("DailySummary", "--date", DATE).status == 0
    asked = tmdb.count()
    assert luigi_run("IndexPage", "--date", DATE).status == 0
    assert pages_below(data_dir) == {INDEX, DAILY}
    assert led_to((data_dir / INDEX).read_text(encoding="utf-8")) == {DAILY[8:]}
    assert tmdb.count() == asked


def test_the_index_is_made_anew_for_what_came_later_and_else_stays(
    luigi_run: LuigiRun, data_dir: Path
) -> None:
    demo = {"TMDB_API_KEY": "demo"}
    for task in ("DailySummary", "IndexPage", "WeeklyConsolidation", "IndexPage"):
        run = luigi_run(task, "--date", DATE, **demo)
        assert run.status == 0, run.output
    index = data_dir / INDEX
    assert led_to(index.read_text(encoding="utf-8")) == {DAILY[8:], WEEKLY[8:]}
    made = index.stat().st_mtime_ns
    again = luigi_run("IndexPage", "--date", DATE, **demo)
    assert again.status == 0
    assert index.stat().st_mtime_ns == made
    assert luigi_run("DailySummary", "--date", "2023-09-01", **demo).status == 0
    assert luigi_run("IndexPage", "--date", "2023-09-01", **demo).status == 0
    assert led_to(index.read_text(encoding="utf-8")) == {
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
    assert led_to(html) == {f"daily/daily_{day.replace('-', '')}.html" for day in days}


def test_a_range_of_indexes_ends_well_where_the_newest_days_have_no_documents(
    luigi_run: LuigiRun, data_dir: Path
) -> None:
    demo = {"TMDB_API_KEY": "demo"}
    for day in ("2024-01-05", "2024-01-07"):
        assert luigi_run("DailySummary", "--date", day, **demo).status == 0
    span = ("--start", "2024-01-04", "--stop", "2024-01-10", "--of", "IndexPage")
    run = luigi_run("RangeDaily", *span, **demo)
    assert run.status == 0, run.output
    html = (data_dir / INDEX).read_text(encoding="utf-8")
    assert led_to(html) == {"daily/daily_20240105.html", "daily/daily_20240107.html"}
    again = luigi_run("RangeDaily", *span, **demo)
    assert again.status == 0
    assert (data_dir / INDEX).read_text(encoding="utf-8") == html


def hostile(name: str, page: int, query: Mapping[str, str]) -> list[Row]:
    rows = Catalogue().answer(f"/3{name}", query)[1]["results"]
    return [{**row, "title": HOSTILE, "original_title": HOSTILE} for row in rows]


def test_nothing_of_a_hostile_title_runs_and_nothing_is_asked_for_offline(
    luigi_run: LuigiRun, data_dir: Path, tmp_path: Path
) -> None:
    with FakeTmdb(limit=None, rows=hostile) as tmdb:
        for task in ("DailySummary", "WeeklyConsolidation", "IndexPage"):
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
    for task in ("DailySummary", "DailyPage"):
        assert luigi_run(task, "--date", DATE).status == 0
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
    for task in ("DailySummary", "DailyPage"):
        assert luigi_run(task, "--date", DATE).status == 0
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


def test_a_report_that_is_gone_is_not_made_by_the_index(
    luigi_run: LuigiRun, data_dir: Path
) -> None:
    report = data_dir / "raw/metadata/quality_reports/weekly_validation_report_20240107.json"
    for task in ("WeeklyConsolidation", "IndexPage"):
        assert luigi_run(task, "--date", DATE, TMDB_API_KEY="demo").status == 0
    report.unlink()
    run = luigi_run("IndexPage", "--date", DATE, TMDB_API_KEY="demo")
    assert run.status == 0, run.output
    assert not report.exists()
    assert "WeeklyPage is not drawn" in run.err
    assert f"`luigi --module pipeline WeeklyValidationReport --date {DATE}` makes it" in run.err


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
