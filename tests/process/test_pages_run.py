"""The pages as luigi makes them, and as a browser shows them."""

from __future__ import annotations

import datetime
import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.browser import browser
from support.data_roots import DataRoots
from support.fake_tmdb import FakeTmdb, Row
from support.fake_tmdb.catalogue import Catalogue
from support.luigi_runs import LuigiRun, Run
from support.page_documents import led_to

DATE, DAY_BEFORE, DAY_AFTER = "2024-01-07", "2024-01-06", "2024-01-08"
DAILY = "reports/daily/daily_20240107.html"
WEEKLY = "reports/weekly/weekly_1_20240107.html"
INDEX = "reports/index.html"
SUMMARY = "raw/metadata/daily_summaries/daily_summary_20240107.json"
REPORT = "raw/metadata/quality_reports/weekly_validation_report_20240107.json"
POPULAR = "raw/movies/daily/popular_movies_20240107.json"

ENGLISH = {"TMDB_LANGUAGE": "en-US"}
DAY = ("DailySummary", DATE)
DAY_WITH_INDEX = (DAY, ("IndexPage", DATE))
WEEK = (*DAY_WITH_INDEX, ("WeeklyConsolidation", DATE))
WEEK_WITH_INDEX = (*WEEK, ("IndexPage", DATE))
LATE_DAY = (*DAY_WITH_INDEX, ("DailySummary", DAY_AFTER), ("IndexPage", DAY_AFTER),
            ("DailySummary", DAY_BEFORE))  # fmt: skip
"""A day that was collected after the pages of the days that follow it were made."""

HOSTILE = '<img src=x onerror="window.stolen=1"><script>window.stolen=1</script>\' " onload=x'
"""A title that would run in a careless page."""


@pytest.fixture
def page_run(luigi_run: LuigiRun, data_roots: DataRoots) -> LuigiRun:
    """Run a task by the small plan, in English and with the demo key."""
    small = str(data_roots.small_plan)

    def run(*arguments: str, **variables: str) -> Run:
        given = {"TMDB_API_KEY": "demo", "PIPELINE_CONFIG_DIR": small, **ENGLISH}
        return luigi_run(*arguments, **{**given, **variables})

    return run


def pages_below(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in (root / "reports").rglob("*.html")}


def documents_below(root: Path) -> set[Path]:
    return {*(root / "raw").rglob("*.json"), *(root / "processed").rglob("*.json")}


def test_a_day_s_page_is_drawn_again_when_one_of_its_documents_changed_and_else_stays(
    page_run: LuigiRun, data_dir: Path, data_roots: DataRoots
) -> None:
    data_roots.copy(data_dir, DAY, **ENGLISH)
    run = page_run("DailyPage", "--date", DATE)
    assert run.status == 0, run.output
    assert pages_below(data_dir) == {DAILY}
    assert "<title>" in (data_dir / DAILY).read_text(encoding="utf-8")
    first = (data_dir / DAILY).stat().st_mtime_ns
    assert page_run("DailyPage", "--date", DATE).status == 0
    assert (data_dir / DAILY).stat().st_mtime_ns == first
    path = data_dir / SUMMARY
    path.write_text(json.dumps({**json.loads(path.read_bytes()), "verdict": "fail"}))
    assert page_run("DailyPage", "--date", DATE).status == 0
    assert (data_dir / DAILY).stat().st_mtime_ns != first


def test_a_week_s_page_is_drawn_of_the_documents_of_the_week(
    page_run: LuigiRun, data_dir: Path, data_roots: DataRoots
) -> None:
    data_roots.copy(data_dir, *WEEK, **ENGLISH)
    shutil.rmtree(data_dir / "reports")
    run = page_run("WeeklyPage", "--date", DATE)
    assert run.status == 0, run.output
    assert pages_below(data_dir) == {WEEKLY}
    assert '<html lang="en">' in (data_dir / WEEKLY).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("page", "root"),
    [
        ("DailyPage", "DailySummary"),
        ("WeeklyPage", "WeeklyConsolidation"),
        ("TrendsPage", "WeeklyConsolidation"),
    ],
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
    page_run: LuigiRun, data_dir: Path, data_roots: DataRoots, document: str
) -> None:
    data_roots.copy(data_dir, DAY, **ENGLISH)
    path = data_dir / f"{document}_movies_20240107.json"
    path.unlink()
    index = page_run("IndexPage", "--date", DATE)
    assert (index.status, pages_below(data_dir)) == (0, {INDEX})
    family = "PopularMovies" if "popular" in document else "TrendingMovies"
    assert f"DailyPage(date={DATE}) is not drawn: the document of {family}" in index.err
    page = page_run("DailyPage", "--date", DATE)
    assert page.status == 20
    assert f"`luigi --module pipeline {family} --date {DATE}` makes it" in page.err
    assert not path.exists()


@pytest.mark.parametrize("page", ["IndexPage", "DailyPage", "WeeklyPage", "TrendsPage"])
def test_a_page_of_a_future_day_is_refused(page_run: LuigiRun, data_dir: Path, page: str) -> None:
    run = page_run(page, "--date", "2062-11-28")
    assert run.status == 35
    assert "2062-11-28 lies in the future" in run.err
    assert "Traceback" not in run.output
    assert pages_below(data_dir) == set()


def test_the_index_shows_earlier_days_that_came_later(
    page_run: LuigiRun, data_dir: Path, data_roots: DataRoots
) -> None:
    """And the page of the day then has a day before, though its own documents stay as they are."""
    data_roots.copy(data_dir, *LATE_DAY, **ENGLISH)
    alone, published = (data_dir / DAILY).read_text("utf-8"), (data_dir / SUMMARY).read_bytes()
    assert "1 of 30 days" in alone
    assert page_run("IndexPage", "--date", DATE).status == 0
    assert "All 3 days are collected" in (data_dir / INDEX).read_text(encoding="utf-8")
    drawn = (data_dir / DAILY).read_text(encoding="utf-8")
    assert "2 of 30 days" in drawn
    assert "since 6 Jan" in drawn
    assert "since 6 Jan" not in alone
    assert (data_dir / SUMMARY).read_bytes() == published


def test_a_day_that_is_added_redraws_the_pages_of_the_days_after_it(
    page_run: LuigiRun, data_dir: Path, data_roots: DataRoots
) -> None:
    """With four workers as well, and the index loses none of the pages."""
    data_roots.copy(data_dir, *LATE_DAY, **ENGLISH)
    run = page_run("IndexPage", "--date", DAY_BEFORE, "--workers", "4")
    assert run.status == 0, run.output
    later = data_dir / "reports/daily/daily_20240108.html"
    assert "3 of 30 days" in later.read_text(encoding="utf-8")
    assert "2 of 30 days" in (data_dir / DAILY).read_text(encoding="utf-8")
    assert led_to((data_dir / INDEX).read_text(encoding="utf-8")) == {
        f"daily/daily_2024010{day}.html" for day in (6, 7, 8)
    }


def test_a_later_page_that_cannot_be_drawn_again_does_not_fail_the_index(
    page_run: LuigiRun, data_dir: Path, data_roots: DataRoots
) -> None:
    data_roots.copy(data_dir, *LATE_DAY, **ENGLISH)
    (data_dir / POPULAR).write_text("{", encoding="utf-8")
    run = page_run("IndexPage", "--date", DAY_BEFORE)
    assert run.status == 0, run.output
    assert "DailyPage(date=2024-01-07) shows an earlier state" in run.err
    assert page_run("IndexPage", "--date", DAY_BEFORE).status == 0


def test_an_index_that_an_earlier_version_spoilt_shows_the_present_again(
    page_run: LuigiRun, data_dir: Path, data_roots: DataRoots
) -> None:
    data_roots.copy(data_dir, DAY, **ENGLISH)
    index = data_dir / INDEX
    index.parent.mkdir()
    index.write_text('<meta name="newest" content="2062-11-28">', encoding="utf-8")
    assert page_run("IndexPage", "--date", DATE).status == 0
    assert "2062" not in index.read_text(encoding="utf-8")


def test_the_index_makes_the_pages_of_what_is_there_and_collects_nothing(
    luigi_run: LuigiRun, page_run: LuigiRun, data_dir: Path, tmdb: FakeTmdb, data_roots: DataRoots
) -> None:
    assert luigi_run("IndexPage", "--date", DATE).status == 0
    assert (tmdb.count(), pages_below(data_dir)) == (0, {INDEX})
    shutil.rmtree(data_dir)
    data_roots.copy(data_dir, DAY, **ENGLISH)
    documents = documents_below(data_dir)
    assert page_run("IndexPage", "--date", DATE).status == 0
    assert pages_below(data_dir) == {INDEX, DAILY}
    assert led_to((data_dir / INDEX).read_text(encoding="utf-8")) == {DAILY[8:]}
    assert documents_below(data_dir) == documents


def test_the_index_is_made_anew_for_what_came_later_and_else_stays(
    page_run: LuigiRun, data_dir: Path, data_roots: DataRoots
) -> None:
    """For a day as well that is older than those it shows."""
    newest = datetime.date.today() - datetime.timedelta(days=1)
    old = newest - datetime.timedelta(days=200)
    pages = [f"daily/daily_{day:%Y%m%d}.html" for day in (newest, old)]
    day, index_page = ("DailySummary", f"{newest}"), ("IndexPage", f"{newest}")
    data_roots.copy(data_dir, day, index_page, ("DailySummary", f"{old}"), **ENGLISH)
    index = data_dir / INDEX
    assert led_to(index.read_text(encoding="utf-8")) == {pages[0]}
    made = index.stat().st_mtime_ns
    again = page_run("IndexPage", "--date", f"{newest}")
    assert again.status == 0
    assert index.stat().st_mtime_ns == made
    assert page_run("IndexPage", "--date", f"{old}").status == 0
    assert led_to(index.read_text(encoding="utf-8")) == set(pages)


def test_a_range_of_indexes_ends_well_where_the_newest_days_have_no_documents(
    page_run: LuigiRun, data_dir: Path, data_roots: DataRoots
) -> None:
    """With four workers, so several runs of the task meet at the index, and it loses nothing."""
    data_roots.copy(data_dir, DAY, ("DailySummary", DAY_BEFORE), **ENGLISH)
    span = ("--start", DAY_BEFORE, "--stop", "2024-01-09", "--of", "IndexPage", "--workers", "4")
    run = page_run("RangeDaily", *span)
    assert run.status == 0, run.output
    html = (data_dir / INDEX).read_text(encoding="utf-8")
    assert led_to(html) == {"daily/daily_20240106.html", DAILY[8:]}
    again = page_run("RangeDaily", *span)
    assert again.status == 0
    assert (data_dir / INDEX).read_text(encoding="utf-8") == html


def hostile(name: str, page: int, query: Mapping[str, str]) -> list[Row]:
    rows = Catalogue().answer(f"/3{name}", query)[1]["results"]
    return [{**row, "title": HOSTILE, "original_title": HOSTILE} for row in rows]


def test_nothing_of_a_hostile_title_runs_and_nothing_is_asked_for_offline(
    page_run: LuigiRun, data_dir: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    with browser(tmp_path) as page, FakeTmdb(limit=None, rows=hostile) as tmdb:
        given = {"TMDB_API_KEY": environment["TMDB_API_KEY"], "TMDB_API_URL": tmdb.url}
        for task in ("DailySummary", "WeeklyConsolidation", "IndexPage"):
            run = page_run(task, "--date", DATE, **given)
            assert run.status == 0, run.output
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
        shown = page.evaluate("document.querySelector('#popular_movies bdi').textContent")
        assert shown.startswith("<img src=x onerror=")
        assert page.evaluate("document.querySelectorAll('#popular_movies tbody tr').length") == 40


def test_a_script_that_got_in_would_still_not_run(data_roots: DataRoots, tmp_path: Path) -> None:
    with browser(tmp_path) as page:
        html = (data_roots.root(*DAY_WITH_INDEX, **ENGLISH) / DAILY).read_text(encoding="utf-8")
        evil = "<script>window.stolen=1</script><img src=x onerror='window.stolen=1'>"
        path = tmp_path / "page.html"
        path.write_text(html.replace("<main", f"{evil}<main"), encoding="utf-8")
        page.open(path.as_uri())
        assert page.evaluate("document.scripts.length") == 2
        assert page.evaluate("window.stolen") is None


def test_online_the_posters_come_from_tmdbs_image_host_alone(
    data_roots: DataRoots, tmp_path: Path
) -> None:
    with browser(tmp_path) as page:
        page.open((data_roots.root(*DAY_WITH_INDEX, **ENGLISH) / DAILY).as_uri())
        sources = page.evaluate("[...document.querySelectorAll('[data-poster] img')].map(i=>i.src)")
        asked = page.evaluate("performance.getEntriesByType('resource').map(e => e.name)")
    assert all(
        re.match(r"https://image\.tmdb\.org/t/p/w92/", each)
        for each in [*sources, *asked]
        if not each.startswith("data:")
    )


def test_a_page_is_not_made_of_a_damaged_summary(
    page_run: LuigiRun, data_dir: Path, data_roots: DataRoots
) -> None:
    data_roots.copy(data_dir, DAY, **ENGLISH)
    (data_dir / SUMMARY).write_text("{", encoding="utf-8")
    run = page_run("IndexPage", "--date", DATE)
    assert run.status == 30
    assert "is damaged" in run.err
    assert "Traceback" not in run.output
    assert not (data_dir / DAILY).exists()


@pytest.mark.parametrize("document", [SUMMARY, REPORT])
def test_the_index_says_which_document_of_its_day_is_damaged(
    page_run: LuigiRun, data_dir: Path, data_roots: DataRoots, document: str
) -> None:
    """Though the day's page is there already; without its line the index was never finished."""
    data_roots.copy(data_dir, *WEEK_WITH_INDEX, **ENGLISH)
    (data_dir / INDEX).unlink()
    (data_dir / document).write_text("{", encoding="utf-8")
    run = page_run("IndexPage", "--date", DATE)
    assert run.status == 30
    assert f"{data_dir / document} is damaged" in run.err
    assert "Traceback" not in run.output
    assert not (data_dir / INDEX).exists()


def test_a_report_that_is_gone_is_not_made_by_the_index(
    page_run: LuigiRun, data_dir: Path, data_roots: DataRoots
) -> None:
    data_roots.copy(data_dir, *WEEK_WITH_INDEX, **ENGLISH)
    index = (data_dir / INDEX).read_text(encoding="utf-8")
    assert led_to(index) == {DAILY[8:], WEEKLY[8:]}
    (data_dir / REPORT).unlink()
    run = page_run("IndexPage", "--date", DATE)
    assert run.status == 0, run.output
    assert not (data_dir / REPORT).exists()
    expected = "is not drawn: the document of WeeklyValidationReport is missing"
    assert f"WeeklyPage(date={DATE}) {expected}" in run.err


def test_summaries_of_an_older_version_become_pages_too(
    page_run: LuigiRun, data_dir: Path, data_roots: DataRoots
) -> None:
    data_roots.copy(data_dir, DAY, **ENGLISH)
    path = data_dir / SUMMARY
    summary = json.loads(path.read_bytes())
    for key in ("verdict", "changes"):
        del summary[key]
    for key in ("verdict", "checks", "drift", "profiles", "failed_lists"):
        del summary["quality_summary"][key]
    path.write_text(json.dumps(summary), encoding="utf-8")
    run = page_run("DailyPage", "--date", DATE)
    assert run.status == 0, run.output
    assert (data_dir / DAILY).exists()


def test_a_damaged_note_of_due_times_is_reported_and_the_index_drawn_without_them(
    page_run: LuigiRun, data_dir: Path, data_roots: DataRoots
) -> None:
    data_roots.copy(data_dir, DAY, **ENGLISH)
    noted = data_dir / "state/due-times.json"
    noted.parent.mkdir(exist_ok=True)
    at = "2024-01-08T02:00:00Z"
    noted.write_text(f'[{{"task": "DailySummary", "date": "{DAY_AFTER}", "at": "{at}"}}]')
    assert page_run("IndexPage", "--date", DATE).status == 0
    assert "Day of 8 January 2024" in (data_dir / INDEX).read_text("utf-8")
    noted.write_text("[{}]")
    run = page_run("IndexPage", "--date", DATE)
    assert run.status == 0
    assert "state/due-times.json cannot be read" in run.err
    assert 'id="due"' not in (data_dir / INDEX).read_text("utf-8")
