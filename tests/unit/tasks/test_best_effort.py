"""A day is summed up whatever lies in its journal, in the lists of yesterday or in old reports."""

from __future__ import annotations

import datetime
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import luigi
import pytest
from support.lists import list_path
from support.page_documents import collection, daily_report, summary, weekly_report

import pipeline
from pipeline.pages.daily import daily_page
from pipeline.pages.index import index_page
from pipeline.paths import Layout
from pipeline.runtime.progress import Progress
from pipeline.storage import documents

DAY = datetime.date(2024, 1, 7)
BEFORE = DAY - datetime.timedelta(days=1)

START = {"at": "2024-01-07T02:00:00+00:00", "task": "PopularMovies", "event": "start"}


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root in which both lists of the day are collected; only to be copied."""
    data_dir = tmp_path_factory.mktemp("collected") / "data"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIPELINE_DATA_DIR", str(data_dir))
        patch.setenv("TMDB_API_KEY", "demo")
        for task in (pipeline.PopularMovies, pipeline.TrendingMovies):
            task(date=DAY).run()
    return data_dir


@pytest.fixture
def layout(collected: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """A data root of the test's own in which both lists of the day are collected."""
    monkeypatch.setenv("PIPELINE_DATA_DIR", str(data_dir))
    monkeypatch.setenv("TMDB_API_KEY", "demo")
    shutil.copytree(collected, data_dir)
    return Layout(data_dir)


def write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    path.write_bytes(text)


def summed_up(layout: Layout) -> dict[str, Any]:
    """Check and sum up the day as luigi does, and read the summary back."""
    pipeline.ValidationReport(date=DAY).run()
    pipeline.DailySummary(date=DAY).run()
    return documents.read(layout.daily_summary(DAY))


JOURNALS: dict[str, list[Any]] = {
    "a day instead of an instant": [START, {**START, "at": "2024-01-07", "event": "done"}],
    "no zone": [START, {**START, "at": "2024-01-07T02:00:05", "event": "done"}],
    "a list for a task": [{**START, "task": ["PopularMovies"]}],
    "an object for a task": [{**START, "task": {"name": "PopularMovies"}}],
    "a number for a task": [{**START, "task": 5}, {**START, "task": None}],
    "a list for an event": [{**START, "event": ["start"]}, {**START, "event": 5}],
    "done before start": [{**START, "event": "done"}, START],
    "numbers, texts and nothing": [5, "start", None, True, [], [START], {"at": 5}],
    "an instant of another age": [{**START, "at": "0001-01-01T00:00:00+14:00"}],
    "an event nobody knows": [START, {**START, "event": "exploded"}],
    "a name of megabytes": [{**START, "task": "x" * 2_000_000}],
}


@pytest.mark.parametrize("lines", JOURNALS.values(), ids=JOURNALS)
def test_a_journal_of_any_form_does_not_fail_the_summary(layout: Layout, lines: list[Any]) -> None:
    text = "\n".join(json.dumps(line) for line in lines)
    write(layout.journal(DAY), text.encode())
    tasks = summed_up(layout)["execution_summary"]["tasks"]
    assert all(isinstance(each["task"], str) and len(each["task"]) < 100 for each in tasks)


def a_folder(path: Path) -> None:
    path.mkdir(parents=True)


def a_pipe(path: Path) -> None:
    path.parent.mkdir(parents=True)
    os.mkfifo(path)


def gigabytes(path: Path) -> None:
    write(path, b"")
    os.truncate(path, 5 << 30)


def a_file_for_a_folder(path: Path) -> None:
    write(path.parent, b"")


@pytest.mark.parametrize("make", [a_folder, a_pipe, gigabytes, a_file_for_a_folder])
def test_a_journal_that_is_no_file_of_lines_costs_one_warning(
    layout: Layout, make: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    make(layout.journal(DAY))
    pipeline.DailySummary(date=DAY).trigger_event(
        luigi.Event.START, pipeline.DailySummary(date=DAY)
    )
    assert summed_up(layout)["execution_summary"]["tasks"] == []
    warnings = [each for each in caplog.messages if "not part of the summary" in each]
    assert len(warnings) == 1


INFO = {"total_collected": 1, "collected_at": "2024-01-06T02:00:00+00:00", "late_by_days": 0,
        "source": "demo", "language": "ko-KR", "region": "KR"}  # fmt: skip
YESTERDAYS: dict[str, Any] = {
    "no object": [1, 2],
    "no films": {"movies": None, "collection_info": INFO},
    "films without ids": {"movies": [{"title": "x"}], "collection_info": INFO},
    "nothing for a film": {"movies": [None], "collection_info": INFO},
    "texts for films": {"movies": ["x", "y"], "collection_info": INFO},
    "an id of thirty digits": {"movies": [{"id": 10**30}], "collection_info": INFO},
    "a nested title": {"movies": [{"id": 5, "title": [[[1]]]}], "collection_info": INFO},
    "no facts": {"movies": []},
    "text for facts": {"movies": [], "collection_info": "none"},
}


@pytest.mark.parametrize("content", YESTERDAYS.values(), ids=YESTERDAYS)
def test_a_list_of_yesterday_of_any_form_does_not_fail_the_summary(
    layout: Layout, content: Any
) -> None:
    write(list_path(layout, "popular", BEFORE), content)
    write(list_path(layout, "trending", BEFORE), content)
    gone = summed_up(layout)["changes"]["popular"]["gone"]
    assert all(each["title"] is None or isinstance(each["title"], str) for each in gone)


ODD: list[Any] = [None, [], ["popular"], "popular", 5, 1e300, {}, {"popular": None}, True]


@pytest.mark.parametrize("value", ODD, ids=repr)
@pytest.mark.parametrize("key", ["profiles", "failed_lists", "source", "verdict"])
def test_an_earlier_report_of_any_form_does_not_fail_the_day(
    layout: Layout, key: str, value: Any
) -> None:
    write(layout.validation_report(BEFORE), {**daily_report(BEFORE), key: value})
    assert summed_up(layout)["verdict"] in ("pass", "warn", "fail")


@pytest.mark.parametrize(
    "profile",
    [
        {"films": "9" * 5_000},
        {"popularity_median": 1e299, "votes_median": -1e299, "year_median": 1e299},
        {"popularity_median": 5e-324, "votes_median": 1e299},
        {"date": "2999-01-01"},
        {"date": "0001-01-01"},
        {"fields": "x " * 10_000},
    ],
)
def test_an_earlier_profile_of_any_size_does_not_fail_the_day(
    layout: Layout, profile: dict[str, Any]
) -> None:
    for number in range(1, 8):
        day = DAY - datetime.timedelta(days=number)
        report = daily_report(day)
        report["profiles"]["popular"] = {**report["profiles"]["popular"], **profile}
        write(layout.validation_report(day), report)
    assert summed_up(layout)["verdict"] in ("pass", "warn", "fail")


@pytest.mark.parametrize("text", [b'{"profiles": {"popular": NaN}}', b'{"source": 1e999}', b"\xff"])
def test_an_earlier_report_that_is_no_json_does_not_fail_the_day(
    layout: Layout, text: bytes
) -> None:
    write(layout.validation_report(BEFORE), text)
    assert summed_up(layout)["verdict"] in ("pass", "warn", "fail")


@pytest.mark.parametrize("key", ["checks", "common_issues"])
@pytest.mark.parametrize("value", [[None], ["x"], [{}], [5]], ids=repr)
def test_a_table_that_cannot_be_drawn_does_not_fail_the_summary(
    layout: Layout, key: str, value: Any, caplog: pytest.LogCaptureFixture
) -> None:
    pipeline.ValidationReport(date=DAY).run()
    path = layout.validation_report(DAY)
    path.write_text(json.dumps({**documents.read(path), key: value}), encoding="utf-8")
    pipeline.DailySummary(date=DAY).run()
    assert layout.daily_summary(DAY).exists()
    assert "is not shown here" in caplog.text


@pytest.mark.parametrize("fault", [ValueError("no JSON"), KeyError("response"), OSError(), None])
def test_a_scheduler_that_answers_anything_does_not_fail_a_list(
    fault: Exception | None, caplog: pytest.LogCaptureFixture
) -> None:
    asked = []

    def answer(*_: object) -> None:
        asked.append(1)
        raise fault if fault else RuntimeError("odd")

    task = luigi.Task()
    task.set_progress_percentage = answer
    task.set_status_message = answer
    with Progress(task, "drama", 15) as progress:
        progress(1, 15)
        progress(15, 15)
    assert (len(asked), len(caplog.records)) == (1, 1)


@pytest.mark.parametrize("score", [1e14, -5.0, 105.5, "x", None])
def test_a_page_is_drawn_of_a_score_that_is_none(score: object) -> None:
    odd = {**summary(DAY), "quality_summary": {**daily_report(DAY), "overall_quality_score": score}}
    past = {BEFORE: {**daily_report(BEFORE), "overall_quality_score": score}}
    lists = {name: collection(name, DAY) for name in ("popular", "trending")}
    assert "</html>" in daily_page(DAY, lists, odd, past, "en")
    assert "</html>" in index_page(DAY, {DAY: odd}, {}, [], "en")


def test_a_page_is_drawn_beside_a_report_with_a_number_of_thousands_of_digits() -> None:
    report = daily_report(BEFORE)
    report["profiles"]["popular"]["films"] = "9" * 5_000
    lists = {name: collection(name, DAY) for name in ("popular", "trending")}
    assert "</html>" in daily_page(DAY, lists, summary(DAY), {BEFORE: report}, "en")


@pytest.mark.parametrize("profile", [None, [], "x", 5, {"films": None}, {"films": [1]}], ids=repr)
def test_the_index_is_drawn_of_a_week_whose_report_is_odd(layout: Layout, profile: object) -> None:
    report = weekly_report(DAY)
    write(
        layout.weekly_validation_report(DAY),
        {**report, "profiles": {**report["profiles"], "horror": profile}},
    )
    write(layout.consolidated(DAY), {"movies": [], "consolidation_info": {}})
    assert "</html>" in pipeline.IndexPage(date=DAY).draw()
