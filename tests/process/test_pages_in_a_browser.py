"""What the script of the pages does, under the policy that they bring along."""

from __future__ import annotations

import csv
import datetime
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import support.page_documents as documents
from support.browser import BROKEN_WORDS, Page, browser
from support.page_documents import DAY, NAMES

from pipeline.documents.due_times import DueTime
from pipeline.pages.daily import daily_page
from pipeline.pages.i18n import Translator
from pipeline.pages.index import Shown, index_page
from pipeline.pages.links import Around, daily_address
from pipeline.pages.weekly import weekly_page

ONE = datetime.timedelta(days=1)
FORMULA = "=cmd|' /C calc'!A0"


def day_page(day: datetime.date, **around: Any) -> str:
    lists = {name: documents.collection(name, day) for name in ("popular", "trending")}
    first, *rest = lists["trending"]["movies"]
    lists["trending"]["movies"] = [{**first, "title": FORMULA}, *rest]
    summary = documents.summary(day)
    return daily_page(day, lists, summary, documents.past(day, 8), "en", around=Around(**around))


def due_times() -> list[DueTime]:
    """Two days that were due long ago, and one of each kind that is due in a year or two."""
    now = datetime.datetime.now(datetime.UTC).replace(hour=2, minute=0, second=0, microsecond=0)
    days = [datetime.datetime(2024, 1, day, 2, tzinfo=datetime.UTC) for day in (8, 9)]
    future = [now + number * ONE for number in (400, 401)]
    daily = [DueTime("DailySummary", at.date(), at) for at in (*days, *future)]
    return [*daily, DueTime("WeeklyConsolidation", future[0].date(), future[0])]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two days, their week and an index."""
    folder = tmp_path_factory.mktemp("pages")
    texts = {
        daily_address(DAY - ONE): day_page(DAY - ONE, next=DAY),
        daily_address(DAY): day_page(DAY, previous=DAY - ONE),
        "weekly/week.html": weekly_page(
            DAY, documents.week(DAY), documents.weekly_report(DAY), None, "en", NAMES
        ),
        **{
            f"index{name}.html": index_page(
                DAY,
                {DAY: documents.summary(DAY)},
                {DAY: {**documents.weekly_report(DAY), "total_unique_movies": 12_345}},
                [],
                language,
                shown=Shown(files={"popular": {DAY: "raw/x.json"}}, due=due_times()),
            )
            for name, language in (("", "en"), ("-ko", "ko"))
        },
    }
    for name, text in texts.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A browser's tab."""
    with browser(tmp_path_factory.mktemp("browser")) as tab:
        yield tab


def press(page: Page, key: str) -> None:
    page._send("Input.dispatchKeyEvent", type="keyDown", key=key, code=key)


def shown(page: Page, rows: str) -> int:
    count = page.evaluate(
        f"[...document.querySelectorAll({json.dumps(rows)})].filter(e => e.offsetParent).length"
    )
    return int(count)


def test_the_arrow_keys_lead_to_the_day_before_and_after(pages: Path, page: Page) -> None:
    page.open((pages / daily_address(DAY)).as_uri())
    press(page, "ArrowLeft")
    page.wait_for("location.href.endsWith('daily_20240106.html')")
    page.wait_for("document.readyState === 'complete'")
    press(page, "ArrowRight")
    page.wait_for("location.href.endsWith('daily_20240107.html')")


def test_twenty_movies_are_shown_and_the_rest_on_demand(pages: Path, page: Page) -> None:
    page.open((pages / daily_address(DAY)).as_uri())
    assert shown(page, "#popular_movies tbody tr") == 20
    page.evaluate("document.querySelector('#popular_movies .rest summary').click()")
    assert shown(page, "#popular_movies tbody tr") == len(documents.films("popular", DAY))


def test_a_printed_page_shows_upward_moves_and_whole_tables(pages: Path, page: Page) -> None:
    page._send("Emulation.setEmulatedMedia", media="print")
    page._send(
        "Emulation.setDeviceMetricsOverride",
        width=794, height=1123, deviceScaleFactor=1, mobile=False,
    )  # fmt: skip
    page.open((pages / daily_address(DAY)).as_uri())
    arrows = page.evaluate("document.querySelectorAll('#trending_movies .rise').length")
    assert shown(page, "#trending_movies .rise") == arrows > 0
    cut = "[...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth + 1)"
    assert page.evaluate(f"{cut}.length") == 0
    page._send("Emulation.setEmulatedMedia", media="")
    page._send("Emulation.clearDeviceMetricsOverride")


def test_a_table_is_saved_as_csv_that_no_program_reads_as_a_formula(
    pages: Path, page: Page, tmp_path: Path
) -> None:
    page._send("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    page.open((pages / daily_address(DAY)).as_uri())
    page.evaluate("document.querySelector('#trending_movies .tools button').click()")
    path = tmp_path / "trending_movies_2024-01-07.csv"
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline, "nothing was downloaded"
        time.sleep(0.05)
    head, *rows = csv.reader(path.read_text(encoding="utf-8-sig").splitlines())
    assert head[:4] == ["Rank", "Title", "Day", "Week"]
    assert len(rows) == len(documents.films("trending", DAY))
    assert rows[0][:2] == ["1", f"'{FORMULA}"]


def test_the_movies_of_a_week_are_filtered_and_sorted(pages: Path, page: Page) -> None:
    page.open((pages / "weekly/week.html").as_uri())
    page.evaluate("document.querySelector('.every summary').click()")
    every = shown(page, "#all tbody tr")
    assert every == len(documents.week(DAY)["movies"])
    page.evaluate(
        "(box => { box.value = 'ACTION'; box.dispatchEvent(new Event('input')) })"
        "(document.querySelector('#all input'))"
    )
    some = shown(page, "#all tbody tr")
    assert 0 < some < every
    status = page.evaluate("document.querySelector('#all [role=status]').textContent")
    assert status == f"{some} movies"
    values = (
        "[...document.querySelectorAll('#all tbody tr')].map(r => +r.cells[2].textContent || 0)"
    )
    for order in ("descending", "ascending"):
        page.evaluate("document.querySelectorAll('#all th button')[2].click()")
        assert page.evaluate("document.querySelectorAll('#all th')[2].ariaSort") == order
        ratings = page.evaluate(values)
        assert ratings == sorted(ratings, reverse=order == "descending")


def test_the_index_says_how_old_the_newest_day_is(pages: Path, page: Page) -> None:
    page.open((pages / "index.html").as_uri())
    age = (datetime.date.today() - DAY).days
    assert f"{age} days ago" in page.evaluate("document.querySelector('.fresh').textContent")
    assert shown(page, ".served") == 0


@pytest.mark.parametrize(
    ("index", "language", "states"),
    [("index", "en", ["overdue", "next", "next"]), ("index-ko", "ko", ["미수집", "다음", "다음"])],
)
def test_the_index_says_what_is_overdue_and_what_is_next(
    index: str, language: str, states: list[str], pages: Path, page: Page
) -> None:
    t = Translator(language)
    _, overdue, future, _, week = due_times()
    page.open((pages / f"{index}.html").as_uri())
    rows = page.evaluate(
        "[...document.querySelectorAll('#due tbody tr')].filter(row => row.offsetParent)"
        ".map(row => [...row.cells].map(cell => cell.textContent))"
    )
    assert rows == [
        [t.enum("due", each.task, day=t.day(each.date)), t.instant(each.at), state]
        for each, state in zip((overdue, future, week), states, strict=True)
    ]
    banner = page.evaluate("document.querySelector('#overdue').innerText")
    assert banner == f"{t('due.overdue_heading')} {rows[0][0]}"


@pytest.mark.parametrize(("index", "language"), [("index", "en"), ("index-ko", "ko")])
def test_the_script_writes_an_instant_as_the_page_does(
    index: str, language: str, pages: Path, page: Page
) -> None:
    page.open((pages / f"{index}.html").as_uri())
    text = page.evaluate("document.querySelector('#due .note').textContent")
    at = datetime.datetime.now(datetime.UTC)
    near = [at - datetime.timedelta(minutes=number) for number in range(3)]
    notes = [Translator(language)("due.note", time=Translator(language).instant(n)) for n in near]
    assert text in notes


def test_the_signs_of_all_states_are_drawn_alike(pages: Path, page: Page) -> None:
    page.open((pages / "index.html").as_uri())
    boxes = page.evaluate(
        "[...document.querySelectorAll('#tasks .legend .cell')].map(each =>"
        " getComputedStyle(each).display + getComputedStyle(each).margin)"
    )
    assert len(boxes) == 5
    assert len(set(boxes)) == 1


@pytest.mark.parametrize("name", ["index", "index-ko", "weekly/week", "daily/daily_20240107"])
def test_no_short_word_of_a_table_is_broken_on_a_phone(name: str, pages: Path, page: Page) -> None:
    size = {"width": 390, "height": 900, "deviceScaleFactor": 1, "mobile": True}
    page._send("Emulation.setDeviceMetricsOverride", **size)
    page.open((pages / f"{name}.html").as_uri())
    broken = page.evaluate(BROKEN_WORDS.replace("SELECTOR", "th, td"))
    page._send("Emulation.clearDeviceMetricsOverride")
    assert broken == []


def test_one_movie_that_matches_is_counted_in_the_singular(pages: Path, page: Page) -> None:
    page.open((pages / "weekly/week.html").as_uri())
    texts = page.evaluate(
        "(table => [table.dataset.match, table.dataset.matches])"
        "(document.querySelector('#all table'))"
    )
    assert texts == ["1 movie", "{n} movies"]
