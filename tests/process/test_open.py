"""`tmdb-pipeline open` with programs: the browser that BROWSER names, and docker.

The browser is a program of our own that writes down what it was asked to show.
"""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pytest
from support.docker import PORT, PS, UP, WITHOUT_CRON, Docker
from support.operate import Operate, document
from support.page_files import page

from pipeline.paths import Layout

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


def test_the_program_that_browser_names_is_started(
    operate: Operate, desk: Browser, layout: Layout
) -> None:
    url = page(layout.index_page)
    run = operate("open")
    assert (run.status, run.out, run.err) == (0, f"{url}\n", "")
    assert desk.shown == [url]


@pytest.mark.parametrize("fault", ["fails", "is gone"])
def test_a_browser_that_does_not_start_is_none(
    fault: str, command: Operate, desk: Browser, layout: Layout, tmp_path: Path
) -> None:
    url = page(layout.index_page)
    broken = tmp_path / "broken"
    if fault == "fails":
        program(broken, tmp_path / "shown", status=3)
    run = command("open", BROWSER=f"{broken} %s", PATH=str(tmp_path))
    assert (run.status, run.out, run.err) == (0, f"{url}\n", NO_BROWSER)


FOUND: dict[str, Any] = {
    "runtime": "host",
    "page": "daily",
    "date": "2024-01-07",
    "address": "daily/daily_20240107.html",
    "url": "file:///app/data/reports/daily/daily_20240107.html",
    "problem": None,
    "notes": [],
}


def test_the_stack_s_page_is_asked_for_inside_and_opened_from_its_luigid(
    command: Operate, desk: Browser, docker: Docker
) -> None:
    inside = {"compose exec -T cron tmdb-pipeline": (0, json.dumps(FOUND))}
    docker.answer({"compose ps": (0, UP), "compose port": (0, "127.0.0.1:8082\n"), **inside})
    run = command("open", "daily", "2024-01-07")
    url = "http://127.0.0.1:8082/pages/daily/daily_20240107.html"
    assert (run.status, run.out, run.err) == (0, f"{url}\n", "")
    assert desk.shown == [url]
    asked = [*INSIDE, "daily", "2024-01-07", "--runtime", "host", "--json"]
    assert docker.asked == [PS, PS, asked, ["compose", *PORT]]
    shown = document(command("open", "daily", "2024-01-07", "--json"))
    assert (shown["runtime"], shown["url"]) == ("compose", url)


def test_the_stack_s_page_that_is_not_there_is_the_same_sentence(
    command: Operate, desk: Browser, docker: Docker
) -> None:
    missing = {**FOUND, "date": None, "address": None, "url": None, "problem": "There is none."}
    inside = {"compose exec -T cron tmdb-pipeline": (0, json.dumps(missing))}
    docker.answer({"compose ps": (0, UP), **inside})
    run = command("open", "--runtime", "compose")
    assert (run.status, run.out, run.err) == (1, "", "tmdb-pipeline: There is none.\n")
    assert desk.shown == []


def test_where_cron_is_down_the_files_of_the_host_tell_which_page_it_is(
    command: Operate, desk: Browser, docker: Docker, layout: Layout
) -> None:
    page(layout.daily_page(DAY))
    docker.answer({"compose ps": (0, WITHOUT_CRON), "compose port": (0, "127.0.0.1:8099\n")})
    run = command("open", "daily")
    url = "http://127.0.0.1:8099/pages/daily/daily_20240107.html"
    assert (run.status, run.out) == (0, f"{url}\n")
    assert run.err.startswith("note: The container cron does not run: ")
    assert desk.shown == [url]
