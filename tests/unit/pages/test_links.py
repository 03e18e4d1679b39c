"""Pages lead to each other, to their documents and to the logs of their runs."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path

import pytest
import support.page_documents as documents
from support.page_documents import DAY, NAMES

from pipeline.pages.daily import daily_page
from pipeline.pages.i18n import Translator
from pipeline.pages.index import Shown, index_page
from pipeline.pages.links import Around
from pipeline.pages.task_grid import Cell, build_grid, list_files, read_runs
from pipeline.pages.weekly import weekly_page
from pipeline.paths import Layout

ONE = datetime.timedelta(days=1)
LISTS = {name: documents.collection(name, DAY) for name in ("popular", "trending")}
AROUND = Around(
    previous=DAY - ONE,
    next=DAY + 2 * ONE,
    week=DAY,
    days=(DAY - ONE, DAY),
    files=("raw/movies/daily/popular_movies_20240107.json", "processed/x.json"),
)


def addresses(html: str) -> dict[str, str]:
    """The address behind each relation."""
    return dict(re.findall(r'<a rel="(\w+)" href="([^"]+)"', html))


def test_a_day_leads_to_the_days_around_it_and_to_its_week() -> None:
    html = daily_page(DAY, LISTS, documents.summary(DAY), documents.past(DAY), "en", around=AROUND)
    assert addresses(html) == {
        "prev": "../daily/daily_20240106.html",
        "up": "../weekly/weekly_1_20240107.html",
        "next": "../daily/daily_20240109.html",
    }
    assert html.count('href="../../raw/movies/daily/popular_movies_20240107.json"') == 2


def test_a_week_leads_to_its_days_and_to_the_weeks_around_it() -> None:
    around = Around(DAY - 7 * ONE, DAY + 7 * ONE, None, AROUND.days, ("processed/week.json",))
    week, report = documents.week(DAY), documents.weekly_report(DAY)
    html = weekly_page(DAY, week, report, None, "en", NAMES, around)
    assert addresses(html) == {
        "prev": "../weekly/weekly_52_20231231.html",
        "next": "../weekly/weekly_2_20240114.html",
    }
    assert 'href="../daily/daily_20240106.html"' in html
    assert 'href="../../processed/week.json"' in html


def test_a_page_without_neighbours_leads_to_the_index_alone() -> None:
    html = daily_page(DAY, LISTS, documents.summary(DAY), {}, "en")
    assert addresses(html) == {}
    assert 'href="../index.html"' in html


def test_the_index_shows_the_top_of_the_newest_day_and_week() -> None:
    before = documents.summary(DAY - ONE)
    html = index_page(
        DAY,
        {DAY: documents.summary(DAY), DAY - ONE: before},
        {DAY: documents.weekly_report(DAY)},
        [],
        "en",
        shown=Shown(LISTS, documents.week(DAY), NAMES),
    )
    day, week = html.split('<section id="week"')
    for film in documents.films("popular", DAY)[:5]:
        assert str(film["title"]).split("'")[0] in day
    assert documents.films("popular", DAY)[5]["title"] not in day.split("New in the list")[0]
    assert week.count('<div class="panel top5">') == 9
    assert "New in the list" in day


def test_a_task_is_done_late_rejected_or_missing() -> None:
    dates = [DAY - back * ONE for back in range(4, -1, -1)]
    files = {
        "popular": {dates[1]: "raw/a.json", dates[2]: "raw/b.json"},
        "consolidated": {DAY: "processed/c.json"},
    }
    rejected = [f"rejected/popular_movies_{dates[3]:%Y%m%d}_20240107T020000Z.json"]
    popular, week = build_grid(Translator("en"), dates, files, [dates[2], DAY], [], rejected, [])
    assert list(popular.cells) == [
        Cell(""), Cell("done", "../raw/a.json"), Cell("late", "../raw/b.json"),
        Cell("rejected", f"../{rejected[0]}"), Cell("missing"),
    ]  # fmt: skip
    assert [cell.kind for cell in week.cells] == ["", "", "", "", "done"]


def test_the_last_run_of_a_date_leads_to_its_log() -> None:
    ended = {
        "run_id": "1", "task": "DailySummary", "date": f"{DAY}", "event": "ended", "status": 30,
        "at": "2024-01-07T02:00:00Z", "log": "x",
    }  # fmt: skip
    earlier = {**ended, "date": f"{DAY - ONE}"}
    entries = [
        {**ended, "task": ["x"]},
        ended,
        {**ended, "run_id": "2", "task": "IndexPage"},
        {**ended, "run_id": "3", "date": "2023-01-01"},
        {**ended, "run_id": "4", "status": 0, "log": "logs/b.log"},
        {**earlier, "run_id": "5", "event": "started", "status": None, "log": None},
        {**earlier, "run_id": "6", "status": 10},
        {**ended, "run_id": "7", "status": 25, "reason": "Paused until 2024-02-01."},
    ]
    lines = ["not JSON", json.dumps([1]), *map(json.dumps, entries)]
    runs = read_runs("\n".join(lines).encode() + b"\n{\xff", (DAY - ONE, DAY))
    (row,) = build_grid(Translator("en"), [DAY - ONE, DAY], {}, [], [], [], runs)
    assert list(row.cells) == [Cell("running"), Cell("done", "../logs/b.log")]


def test_the_files_of_the_last_days_are_found_by_their_names(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.daily_summary(DAY).parent.mkdir(parents=True)
    layout.daily_summary(DAY).touch()
    files = list_files(layout, {}, DAY, Path.exists)
    assert files["daily_summary"] == {
        DAY: "raw/metadata/daily_summaries/daily_summary_20240107.json"
    }
    assert files["daily_page"] == {}


def test_two_collections_of_a_week_share_a_row() -> None:
    weeks = {day: documents.weekly_report(DAY) for day in (DAY, DAY - 3 * ONE)}
    pages = [f"weekly/weekly_1_{day:%Y%m%d}.html" for day in weeks]
    html = index_page(DAY, {}, weeks, pages, "en")
    rows = html.split('class="weeks"')[1].split("<tbody>")[1].split("</tbody>")[0]
    assert rows.count("<tr>") == 1
    assert all(f'href="{page}"' in rows for page in pages)


@pytest.mark.parametrize(("late", "marked"), [(0, False), (3, True)])
def test_a_day_that_was_collected_late_is_marked_in_the_calendar(late: int, marked: bool) -> None:
    summary = {**documents.summary(DAY), "late_by_days": late}
    html = index_page(DAY, {DAY: summary}, {}, [f"daily/daily_{DAY:%Y%m%d}.html"], "en")
    assert ("3 days late" in html.split('class="calendar"')[1]) == marked
