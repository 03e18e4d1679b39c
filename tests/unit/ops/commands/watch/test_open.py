"""`tmdb-pipeline open`: which page it means, and what is opened or printed."""

from __future__ import annotations

import datetime
import os
import webbrowser
from pathlib import Path

import pytest
from support.luigi_runs import Run
from support.operate import Operate, document
from support.page_files import page

from pipeline import clock
from pipeline.ops import reports
from pipeline.paths import Layout

DAY = datetime.date(2024, 1, 7)
NO_BROWSER = "There is no browser here: open it where there is one.\n"


class Browser(webbrowser.BaseBrowser):
    """A browser that notes what it is asked to show."""

    def __init__(self) -> None:
        super().__init__("noting")
        self.shown: list[str] = []

    def open(self, url: str, new: int = 0, autoraise: bool = True) -> bool:
        """Note the address."""
        self.shown.append(url)
        return True


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Browser:
    """A desk with that browser and no other."""
    browser = Browser()
    monkeypatch.setattr(webbrowser, "_tryorder", [])
    monkeypatch.setattr(webbrowser, "_browsers", {})
    webbrowser.register(browser.name, None, browser, preferred=True)
    return browser


@pytest.fixture
def layout(data_dir: Path) -> Layout:
    return Layout(data_dir)


def assert_missing(run: Run, sentence: str) -> None:
    assert (run.status, run.out, run.err) == (1, "", f"tmdb-pipeline: {sentence}\n")


def test_the_index_is_opened_where_no_page_is_named(
    command: Operate, desk: Browser, layout: Layout
) -> None:
    url = page(layout.index_page)
    run = command("open")
    assert (run.status, run.out, run.err) == (0, f"{url}\n", "")
    assert desk.shown == [url]


def test_a_day_and_a_week_are_opened_by_their_date(
    command: Operate, desk: Browser, layout: Layout
) -> None:
    urls = [*map(page, (layout.daily_page(DAY), layout.weekly_page(DAY), layout.trends_page(DAY)))]
    assert urls[1].endswith("/reports/weekly/weekly_1_20240107.html")
    assert command("open", "daily", "2024-01-07").out == f"{urls[0]}\n"
    assert command("open", "weekly", "2024-01-07").out == f"{urls[1]}\n"
    assert command("open", "trends").out == f"{urls[2]}\n"
    assert desk.shown == urls


@pytest.mark.parametrize("kind", ["daily", "weekly"])
@pytest.mark.parametrize("days", [0, 3, 59, 60, 4000])
def test_without_a_date_the_newest_is_opened(
    kind: str, days: int, command: Operate, desk: Browser, layout: Layout
) -> None:
    newest = clock.today() - datetime.timedelta(days=days)
    for older in (400, 33, 7, 0):
        url = page(reports.dated(layout, kind, newest - datetime.timedelta(days=older)).file)
    (layout.pages / kind / "notes.html").touch()
    (layout.pages / kind / f"{kind}_99999999.html").touch()
    assert command("open", kind).out == f"{url}\n"
    assert desk.shown == [url]


def test_the_newest_week_is_that_of_the_latest_day_not_of_the_highest_number(
    layout: Layout,
) -> None:
    for day in ((2023, 12, 24), (2024, 1, 7), (2023, 3, 5)):
        page(layout.weekly_page(datetime.date(*day)))
    found = reports.wanted(layout, "weekly", None, datetime.date(2026, 1, 1))
    assert found.address == "weekly/weekly_1_20240107.html"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "There is no index of the pages yet: `{luigi} IndexPage --date {today}` makes it."),
        (
            ("daily",),
            "There is no daily page of {today} yet: `{luigi} DailyPage --date {today}` makes it.",
        ),
        (
            ("weekly",),
            "There is no weekly page of {today} yet: `{luigi} WeeklyPage --date {today}` makes it.",
        ),
        (
            ("daily", "2024-01-07"),
            "There is no daily page of 2024-01-07 yet: `{luigi} DailyPage --date 2024-01-07` "
            "makes it.",
        ),
        (
            ("weekly", "2024-01-07"),
            "There is no weekly page of 2024-01-07 yet: `{luigi} WeeklyPage --date 2024-01-07` "
            "makes it.",
        ),
        (
            ("daily", "2999-01-01"),
            "There is no daily page of 2999-01-01 yet: it is {today} ({zone}) now.",
        ),
        (
            ("daily", "yesterday"),
            "'yesterday' is no day of the years 1900 to 2999: write it as YYYY-MM-DD, for example "
            "2024-01-07.",
        ),
    ],
)
def test_a_page_that_is_not_there_says_what_makes_it(
    words: tuple[str, ...], sentence: str, command: Operate, desk: Browser, data_dir: Path
) -> None:
    zone = f"{clock.now().astimezone():%Z}"
    today = clock.today()
    expected = sentence.format(luigi="luigi --module pipeline", today=today, zone=zone)
    assert_missing(command("open", *words), expected)
    assert desk.shown == []
    assert not data_dir.exists()


def test_another_word_is_a_wrong_use(command: Operate, desk: Browser) -> None:
    run = command("open", "monthly")
    assert run.status == 2
    assert "'monthly' is not one of 'daily', 'weekly', 'trends'" in run.err


def test_print_opens_nothing(command: Operate, desk: Browser, layout: Layout) -> None:
    url = page(layout.index_page)
    run = command("open", "--print")
    assert (run.status, run.out, run.err) == (0, f"{url}\n", "")
    assert desk.shown == []


def test_a_path_that_no_address_can_hold_as_it_is(
    command: Operate, desk: Browser, tmp_path: Path
) -> None:
    root = tmp_path / "내 영화 #1"
    page(Layout(root).index_page)
    run = command("open", PIPELINE_DATA_DIR=str(root))
    assert run.out.endswith("/%EB%82%B4%20%EC%98%81%ED%99%94%20%231/reports/index.html\n")
    assert desk.shown == [run.out.strip()]


def test_the_catalogue_s_pages_are_those_of_its_own_data_root(
    command: Operate, desk: Browser, clean_environment: Path
) -> None:
    url = page(Layout(clean_environment / "data-demo").index_page)
    run = command("open", TMDB_API_KEY="demo", PIPELINE_DATA_DIR=None)
    assert (run.out, desk.shown) == (f"{url}\n", [url])


def test_where_there_is_no_browser_the_address_is_printed(command: Operate, layout: Layout) -> None:
    url = page(layout.index_page)
    run = command("open")
    assert (run.status, run.out, run.err) == (0, f"{url}\n", NO_BROWSER)


@pytest.mark.parametrize("name", ["w3m", "lynx", "links", "elinks", "www-browser"])
def test_a_text_browser_in_the_terminal_is_not_used(
    name: str, command: Operate, layout: Layout, tmp_path: Path
) -> None:
    """It is not started: a test that starts a process fails."""
    url = page(layout.index_page)
    folder = tmp_path / "terminal"
    folder.mkdir()
    (folder / name).write_text("#!/bin/sh\n")
    (folder / name).chmod(0o755)
    run = command("open", PATH=str(folder), TERM="xterm")
    assert (run.status, run.out, run.err) == (0, f"{url}\n", NO_BROWSER)


def test_for_programs_it_is_one_document_and_nothing_is_opened(
    command: Operate, desk: Browser, layout: Layout
) -> None:
    url = page(layout.weekly_page(DAY))
    run = command("open", "weekly", "--json")
    assert (run.status, desk.shown) == (0, [])
    assert document(run) == {
        "runtime": "host",
        "page": "weekly",
        "date": "2024-01-07",
        "address": "weekly/weekly_1_20240107.html",
        "url": url,
        "problem": None,
        "notes": [],
    }
    missing = command("open", "--json")
    assert missing.status == 1
    assert document(missing)["url"] is None
    assert document(missing)["problem"].startswith("There is no index of the pages yet: ")


@pytest.mark.skipif(os.geteuid() == 0, reason="root can look into every folder")
def test_a_folder_that_may_not_be_looked_into_is_one_sentence(
    command: Operate, desk: Browser, layout: Layout
) -> None:
    page(layout.index_page)
    layout.pages.chmod(0)
    run = command("open")
    assert run.err.startswith(f"tmdb-pipeline: Cannot read {layout.index_page}: Permission denied.")
    layout.pages.chmod(0o700)
