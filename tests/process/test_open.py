"""`tmdb-pipeline open`: which page it means, and what is opened or printed.

The browser is a program of our own, named in BROWSER, that writes down what it was asked to show.
"""

from __future__ import annotations

import datetime
import json
import os
from pathlib import Path

import pytest
from support.docker import PORT, PS, UP, WITHOUT_CRON, Docker
from support.luigi_runs import Run
from support.operate import Operate, document

from pipeline import clock
from pipeline.layout import Layout
from pipeline.ops import reports

DAY = datetime.date(2024, 1, 7)
INSIDE = ["compose", "exec", "-T", "cron", "tmdb-pipeline", "open"]
NO_BROWSER = "There is no browser here: open it where there is one.\n"


class Browser:
    """What the person's browser was asked to show."""

    def __init__(self, folder: Path) -> None:
        self.program = program(folder / "browser", folder / "shown")
        self._shown = folder / "shown"

    @property
    def shown(self) -> list[str]:
        return self._shown.read_text().splitlines() if self._shown.exists() else []


def program(path: Path, story: Path, status: int = 0) -> Path:
    """A program that writes its arguments down."""
    path.write_text(f'#!/bin/sh\necho "$@" >>{story}\nexit {status}\n')
    path.chmod(0o755)
    return path


@pytest.fixture
def desk(operator_environment: dict[str, str], tmp_path: Path) -> Browser:
    """A desk with that browser and no other."""
    browser = Browser(tmp_path)
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        operator_environment.pop(name, None)
    operator_environment["BROWSER"] = f"{browser.program} %s"
    return browser


@pytest.fixture
def layout(data_dir: Path) -> Layout:
    return Layout(data_dir)


def page(path: Path) -> str:
    """Lay a page down and return its address in a browser."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("<title>영화</title>", encoding="utf-8")
    return path.as_uri()


def assert_missing(run: Run, sentence: str) -> None:
    assert (run.status, run.out, run.err) == (1, "", f"tmdb-pipeline: {sentence}\n")


def test_the_index_is_opened_where_no_page_is_named(
    operate: Operate, desk: Browser, layout: Layout
) -> None:
    url = page(layout.index_page)
    run = operate("open")
    assert (run.status, run.out, run.err) == (0, f"{url}\n", "")
    assert desk.shown == [url]


def test_a_day_and_a_week_are_opened_by_their_date(
    operate: Operate, desk: Browser, layout: Layout
) -> None:
    urls = [page(layout.daily_page(DAY)), page(layout.weekly_page(DAY))]
    assert urls[1].endswith("/reports/weekly/weekly_1_20240107.html")
    assert operate("open", "daily", "2024-01-07").out == f"{urls[0]}\n"
    assert operate("open", "weekly", "2024-01-07").out == f"{urls[1]}\n"
    assert desk.shown == urls


@pytest.mark.parametrize("kind", ["daily", "weekly"])
@pytest.mark.parametrize("days", [0, 3, 59, 60, 4000])
def test_without_a_date_the_newest_is_opened(
    kind: str, days: int, operate: Operate, desk: Browser, layout: Layout
) -> None:
    newest = clock.today() - datetime.timedelta(days=days)
    for older in (400, 33, 7, 0):
        url = page(reports.dated(layout, kind, newest - datetime.timedelta(days=older)).file)
    (layout.pages / kind / "notes.html").touch()
    (layout.pages / kind / f"{kind}_99999999.html").touch()
    assert operate("open", kind).out == f"{url}\n"
    assert desk.shown == [url]


def test_the_newest_week_is_that_of_the_latest_day_not_of_the_highest_number(
    layout: Layout,
) -> None:
    for day in ((2023, 12, 24), (2024, 1, 7), (2023, 3, 5)):
        page(layout.weekly_page(datetime.date(*day)))
    found = reports.latest(layout, "weekly", datetime.date(2026, 1, 1))
    assert found
    assert found.address == "weekly/weekly_1_20240107.html"


def test_the_newest_of_late_days_is_found_without_listing_the_folder(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    page(layout.daily_page(DAY))
    monkeypatch.delattr(os, "listdir")
    found = reports.latest(layout, "daily", DAY + datetime.timedelta(days=59))
    assert found
    assert found.file == layout.daily_page(DAY)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "There is no index of the pages yet: `{luigi} IndexPage --date {today}` makes it."),
        (
            ("daily",),
            "There is no daily page yet: `{luigi} DailyPage --date {today}` makes today's.",
        ),
        (
            ("weekly",),
            "There is no weekly page yet: `{luigi} WeeklyPage --date {today}` makes today's.",
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
            "There is no daily page of 2999-01-01 yet: it is {today} today.",
        ),
        (
            ("daily", "yesterday"),
            "'yesterday' is no day of the calendar: write it as YYYY-MM-DD, for example "
            "2024-01-07.",
        ),
    ],
)
def test_a_page_that_is_not_there_says_what_makes_it(
    words: tuple[str, ...], sentence: str, operate: Operate, desk: Browser, data_dir: Path
) -> None:
    told = sentence.format(luigi="luigi --module pipeline", today=clock.today())
    assert_missing(operate("open", *words), told)
    assert desk.shown == []
    assert not data_dir.exists()


def test_another_word_is_a_wrong_use(operate: Operate, desk: Browser) -> None:
    run = operate("open", "monthly")
    assert run.status == 2
    assert "'monthly' is not one of 'daily', 'weekly'" in run.err


def test_print_opens_nothing(operate: Operate, desk: Browser, layout: Layout) -> None:
    url = page(layout.index_page)
    run = operate("open", "--print")
    assert (run.status, run.out, run.err) == (0, f"{url}\n", "")
    assert desk.shown == []


def test_a_path_that_no_address_can_hold_as_it_is(
    operate: Operate, desk: Browser, tmp_path: Path
) -> None:
    root = tmp_path / "내 영화 #1"
    page(Layout(root).index_page)
    run = operate("open", PIPELINE_DATA_DIR=str(root))
    assert run.out.endswith("/%EB%82%B4%20%EC%98%81%ED%99%94%20%231/reports/index.html\n")
    assert desk.shown == [run.out.strip()]


def test_the_catalogue_s_pages_are_those_of_its_own_data_root(
    operate: Operate, desk: Browser, clean_environment: Path
) -> None:
    url = page(Layout(clean_environment / "data-demo").index_page)
    run = operate("open", TMDB_API_KEY="demo", PIPELINE_DATA_DIR=None)
    assert (run.out, desk.shown) == (f"{url}\n", [url])


def test_where_there_is_no_browser_the_address_is_printed(
    operate: Operate, desk: Browser, layout: Layout, tmp_path: Path
) -> None:
    url = page(layout.index_page)
    empty = tmp_path / "empty"
    empty.mkdir()
    run = operate("open", BROWSER=None, PATH=str(empty))
    assert (run.status, run.out, run.err) == (0, f"{url}\n", NO_BROWSER)


@pytest.mark.parametrize("name", ["w3m", "lynx", "links", "elinks", "www-browser"])
def test_a_browser_in_the_terminal_is_none(
    name: str, operate: Operate, desk: Browser, layout: Layout, tmp_path: Path
) -> None:
    url = page(layout.index_page)
    folder = tmp_path / "terminal"
    folder.mkdir()
    program(folder / name, tmp_path / "shown")
    run = operate("open", BROWSER=None, PATH=str(folder), TERM="xterm")
    assert (run.status, run.out, run.err) == (0, f"{url}\n", NO_BROWSER)
    assert desk.shown == []


@pytest.mark.parametrize("fault", ["fails", "is gone"])
def test_a_browser_that_does_not_start_is_none(
    fault: str, operate: Operate, desk: Browser, layout: Layout, tmp_path: Path
) -> None:
    url = page(layout.index_page)
    broken = tmp_path / "broken"
    if fault == "fails":
        program(broken, tmp_path / "shown", status=3)
    run = operate("open", BROWSER=f"{broken} %s", PATH=str(tmp_path))
    assert (run.status, run.out, run.err) == (0, f"{url}\n", NO_BROWSER)


def test_for_programs_it_is_one_document_and_nothing_is_opened(
    operate: Operate, desk: Browser, layout: Layout
) -> None:
    url = page(layout.weekly_page(DAY))
    run = operate("open", "weekly", "--json")
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
    missing = operate("open", "--json")
    assert missing.status == 1
    assert document(missing)["url"] is None
    assert document(missing)["problem"].startswith("There is no index of the pages yet: ")


@pytest.mark.skipif(os.geteuid() == 0, reason="root can look into every folder")
def test_a_folder_that_may_not_be_looked_into_is_one_sentence(
    operate: Operate, desk: Browser, layout: Layout
) -> None:
    page(layout.index_page)
    layout.pages.chmod(0)
    assert_missing(operate("open"), f"{layout.index_page} cannot be read (Permission denied).")
    layout.pages.chmod(0o700)


FOUND = {
    "runtime": "host",
    "page": "daily",
    "date": "2024-01-07",
    "address": "daily/daily_20240107.html",
    "url": "file:///app/data/reports/daily/daily_20240107.html",
    "problem": None,
    "notes": [],
}


def test_the_stack_s_page_is_asked_for_inside_and_opened_from_its_luigid(
    operate: Operate, desk: Browser, docker: Docker
) -> None:
    inside = {"compose exec -T cron tmdb-pipeline": (0, json.dumps(FOUND))}
    docker.answer({"compose ps": (0, UP), "compose port": (0, "127.0.0.1:8082\n"), **inside})
    run = operate("open", "daily", "2024-01-07")
    url = "http://127.0.0.1:8082/pages/daily/daily_20240107.html"
    assert (run.status, run.out, run.err) == (0, f"{url}\n", "")
    assert desk.shown == [url]
    asked = [*INSIDE, "daily", "2024-01-07", "--runtime", "host", "--json"]
    assert docker.asked == [PS, PS, asked, ["compose", *PORT]]
    shown = document(operate("open", "daily", "2024-01-07", "--json"))
    assert (shown["runtime"], shown["url"]) == ("compose", url)


def test_the_stack_s_page_that_is_not_there_is_the_same_sentence(
    operate: Operate, desk: Browser, docker: Docker
) -> None:
    missing = {**FOUND, "date": None, "address": None, "url": None, "problem": "There is none."}
    inside = {"compose exec -T cron tmdb-pipeline": (0, json.dumps(missing))}
    docker.answer({"compose ps": (0, UP), **inside})
    assert_missing(operate("open", "--runtime", "compose"), "There is none.")
    assert desk.shown == []


def test_where_cron_is_down_the_files_of_the_host_tell_which_page_it_is(
    operate: Operate, desk: Browser, docker: Docker, layout: Layout
) -> None:
    page(layout.daily_page(DAY))
    docker.answer({"compose ps": (0, WITHOUT_CRON), "compose port": (0, "127.0.0.1:8099\n")})
    run = operate("open", "daily")
    url = "http://127.0.0.1:8099/pages/daily/daily_20240107.html"
    assert (run.status, run.out) == (0, f"{url}\n")
    assert run.err.startswith("note: The container cron does not run: ")
    assert desk.shown == [url]
