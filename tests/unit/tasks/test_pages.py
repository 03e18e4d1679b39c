"""A page shows its documents as they are, or is drawn again."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from support.lists import list_path
from support.page_documents import collection, daily_report, summary

import pipeline
from pipeline.errors import DocumentUnreadable, StorageError
from pipeline.paths import Layout
from pipeline.tasks import history, index, pages

DAY = datetime.date(2024, 1, 7)
ONE = datetime.timedelta(days=1)


@pytest.fixture
def layout(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """A data root with two days of documents, of which the second has its page."""
    monkeypatch.setenv("PIPELINE_DATA_DIR", str(data_dir))
    monkeypatch.setenv("TMDB_API_KEY", "demo")
    layout = Layout(data_dir)
    for day in (DAY - ONE, DAY):
        write(list_path(layout, "popular", day), collection("popular", day))
        write(list_path(layout, "trending", day), collection("trending", day))
        write(layout.validation_report(day), daily_report(day))
        write(layout.daily_summary(day), summary(day))
    pipeline.DailyPage(date=DAY).run()
    return layout


def write(path: Path, document: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document), encoding="utf-8")


def cut(layout: Layout) -> None:
    page = layout.daily_page(DAY)
    page.write_bytes(page.read_bytes()[:-200])


CHANGES: dict[str, Callable[[Layout], None]] = {
    "its summary is another one": lambda layout: write(layout.daily_summary(DAY), {}),
    "yesterday's list is gone": lambda layout: list_path(layout, "popular", DAY - ONE).unlink(),
    "a report of the last 30 days came later": lambda layout: write(
        layout.validation_report(DAY - 30 * ONE), {}
    ),
    "the next day came": lambda layout: write(
        layout.daily_summary(DAY + 2 * ONE), summary(DAY + 2 * ONE)
    ),
    "its week came": lambda layout: write(layout.consolidated(DAY), {}),
    "the page was cut off": cut,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_page_is_not_done_where(layout: Layout, change: Callable[[Layout], None]) -> None:
    assert pipeline.DailyPage(date=DAY).complete()
    change(layout)
    assert not pipeline.DailyPage(date=DAY).complete()


def test_a_page_of_an_earlier_version_is_drawn_again(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "VERSION", "0.0.1")
    assert not pipeline.DailyPage(date=DAY).complete()


def test_a_document_that_changes_while_a_page_is_drawn_makes_the_page_stale(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = pages.DailyPage.draw

    def draw_slowly(page: pages.DailyPage) -> str:
        text = draw(page)
        list_path(layout, "popular", DAY - ONE).unlink()
        return text

    with monkeypatch.context() as patch:
        patch.setattr(pages.DailyPage, "draw", draw_slowly)
        pipeline.DailyPage(date=DAY).run()
    assert not pipeline.DailyPage(date=DAY).complete()


def test_the_index_ends_with_the_newest_day_that_has_documents(layout: Layout) -> None:
    later = pipeline.IndexPage(date=DAY + ONE)
    later.run()
    assert index.newest_day(layout) == DAY
    assert later.complete()
    assert pipeline.IndexPage(date=DAY).complete()


def test_the_index_is_drawn_again_for_a_run_of_a_day_that_it_shows(layout: Layout) -> None:
    page = pipeline.IndexPage(date=DAY)
    page.run()
    layout.run_record.parent.mkdir(parents=True)
    for day, is_shown in ((DAY - 100 * ONE, False), (DAY, True)):
        run = {
            "run_id": f"{day}", "task": "DailySummary", "date": f"{day}", "event": "ended",
            "status": 30, "at": "2024-01-07T02:00:00Z", "log": "x",
        }  # fmt: skip
        with layout.run_record.open("a") as record:
            record.write(json.dumps(run) + "\n")
        assert page.complete() == (not is_shown)


def test_the_index_leads_to_the_newest_page_of_trends(layout: Layout) -> None:
    page = pipeline.IndexPage(date=DAY)
    page.run()
    for day in (DAY - 7 * ONE, DAY):
        layout.trends_page(day).parent.mkdir(exist_ok=True)
        layout.trends_page(day).touch()
    assert not page.complete()
    page.run()
    assert page.complete()
    assert re.findall("trends/.*?html", page.path.read_text()) == ["trends/trends_1_20240107.html"]


def test_a_page_leads_to_its_neighbours_and_shows_their_ranks(layout: Layout) -> None:
    html = pipeline.DailyPage(date=DAY).draw()
    assert 'rel="prev" href="../daily/daily_20240106.html"' in html
    assert 'href="../../raw/movies/daily/popular_movies_20240107.json"' in html
    assert "목록에 2일" in html


def test_files_of_other_names_are_no_pages(layout: Layout) -> None:
    for name in ("notes.html", "daily_20240199.html", "daily_20240107.html.bak", "daily_.html"):
        (layout.daily_page(DAY).parent / name).touch()
    assert history.days_of(layout.daily_page) == [DAY]


def test_a_day_without_a_summary_is_missing_on_the_index_though_its_page_exists(
    layout: Layout,
) -> None:
    write(layout.daily_summary(DAY - 2 * ONE), summary(DAY - 2 * ONE))
    pipeline.DailyPage(date=DAY - ONE).run()
    assert 'class="day missing"' not in pipeline.IndexPage(date=DAY).draw()
    layout.daily_summary(DAY - ONE).unlink()
    assert pipeline.IndexPage(date=DAY).draw().count('class="day missing"') == 1


def test_a_page_that_cannot_be_read_is_drawn_again_with_a_warning(
    layout: Layout, caplog: pytest.LogCaptureFixture
) -> None:
    layout.daily_page(DAY).unlink()
    layout.daily_page(DAY).mkdir()
    assert not pipeline.DailyPage(date=DAY).complete()
    assert "daily_20240107.html: Not a regular file." in caplog.text
    with pytest.raises(StorageError, match=r"Cannot write .*daily_20240107\.html: Is a directory"):
        pipeline.DailyPage(date=DAY).run()


def test_the_index_is_not_drawn_without_a_list_that_cannot_be_read_now(layout: Layout) -> None:
    path = list_path(layout, "trending", DAY)
    path.unlink()
    path.mkdir()
    with pytest.raises(DocumentUnreadable, match="trending_movies_20240107"):
        pipeline.IndexPage(date=DAY).draw()
