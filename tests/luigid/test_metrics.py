"""The metrics for Prometheus, from real runs and from damaged files, and their low cost."""

from __future__ import annotations

import datetime
import json
import math
import os
import time
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from support.lists import list_path
from support.luigi_runs import LuigiRun
from support.luigid_process import Luigid, our_luigid
from support.repository import REPOSITORY

from pipeline import clock
from pipeline.catalog import Plan
from pipeline.ops.luigid.metrics import gauges
from pipeline.paths import Layout
from pipeline.roots import ROOTS
from pipeline.settings import current
from pipeline.storage.documents import LOOK_BACK_DAYS, newest, read_info

TODAY = datetime.date(2024, 1, 7)
Sample = tuple[str, tuple[tuple[str, str], ...]]


def scraped(luigid: Luigid) -> dict[Sample, float]:
    """Every sample, by name and labels, as Prometheus itself reads them."""
    answer = luigid.ask("GET", "/metrics")
    assert answer.status == 200, answer.text
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


@pytest.fixture
def plan(monkeypatch: pytest.MonkeyPatch) -> Plan:
    monkeypatch.setenv("PIPELINE_CONFIG_DIR", str(REPOSITORY / "config"))
    return current().plan()


def figures(data_dir: Path, plan: Plan) -> dict[str, dict[str, float]]:
    return {
        each.name: {"".join(sample.labels.values()): sample.value for sample in each.samples}
        for each in gauges(Layout(data_dir), plan, TODAY)
    }


def test_after_a_day_and_a_week_an_operator_sees_what_was_collected(
    luigi_run: LuigiRun, ours: Luigid, tmp_path: Path
) -> None:
    today = str(clock.today())
    before = scraped(ours)
    begun = time.time()
    config = tmp_path / "run.cfg"
    config.write_text(f"[core]\nscheduler_url = {ours.url}/\n")
    variables = {"LUIGI_CONFIG_PATH": str(config), "PIPELINE_DATA_DIR": str(ours.data_dir)}
    for task in ("DailySummary", "WeeklyConsolidation"):
        run = luigi_run(task, "--date", today, local=False, **variables)
        assert run.status == 0, run.output
    samples = scraped(ours)
    for task in ("DailySummary", "WeeklyConsolidation"):
        done = samples["tmdb_last_success_timestamp_seconds", (("task", task),)]
        assert int(begun) <= done <= time.time()
        for name in ("luigi_task_done_total", "luigi_task_started_total"):
            counter = (name, (("family", task),))
            assert samples[counter] - before.get(counter, 0) == 1
    document = json.loads(
        list_path(Layout(ours.data_dir), "popular", clock.today()).read_text("utf-8")
    )
    info = document["collection_info"]
    popular = (("list", "popular"),)
    assert samples["tmdb_films_collected", popular] == info["total_collected"] > 0
    assert samples["tmdb_requests", popular] == info["requests"] == 5
    assert samples["tmdb_retries", popular] == 0
    assert samples["tmdb_films_collected", (("list", "horror"),)] > 0
    assert samples["tmdb_films_collected", (("list", "top_rated"),)] > 0
    assert 0 < samples["tmdb_quality_score", ()] <= 100
    assert 0 < samples["tmdb_validation_rate", ()] <= 100
    assert {samples["tmdb_overdue", (("task", task),)] for task in ROOTS} == {0}
    for task in ROOTS:
        assert samples["tmdb_last_run_status", (("task", task),)] == 0
        assert 0 < samples["tmdb_last_run_seconds", (("task", task),)] < 600
        ended = samples["tmdb_last_run_end_timestamp_seconds", (("task", task),)]
        assert int(begun) <= ended <= time.time()
    assert samples["tmdb_history_up", ()] == 0
    assert samples["tmdb_history_buffered_events", ()] == 0
    assert samples["tmdb_history_lost_events", ()] == 0


def test_nothing_collected_yet_is_no_figure(data_dir: Path, plan: Plan) -> None:
    assert all(not values for values in figures(data_dir, plan).values())


def write_list(path: Path, info: object, films: int = 3) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [
        {"id": number, "overview": '\n  "collection_info": {"x": 1}'} for number in range(films)
    ]
    document = {"movies": rows, "collection_info": info}
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8")


def test_the_newest_list_counts_however_old_the_others_are(data_dir: Path, plan: Plan) -> None:
    layout = Layout(data_dir)
    for days, films in ((0, 1), (1, 2), (LOOK_BACK_DAYS - 1, 3), (LOOK_BACK_DAYS, 4)):
        day = TODAY - datetime.timedelta(days=days)
        info = {"total_collected": films, "requests": 5, "retries": films}
        write_list(list_path(layout, "popular", day), info)
    assert figures(data_dir, plan)["tmdb_films_collected"] == {"popular": 1}
    for days, films in ((0, 2), (1, 3)):
        list_path(layout, "popular", TODAY - datetime.timedelta(days=days)).unlink()
        assert figures(data_dir, plan)["tmdb_retries"] == {"popular": films}
    list_path(layout, "popular", TODAY - datetime.timedelta(days=LOOK_BACK_DAYS - 1)).unlink()
    assert newest(lambda day: list_path(layout, "popular", day), TODAY) is None


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"movies": []}', b'x\n  "collection_info": {', b"\xff" * 9000],
    ids=repr,
)
def test_a_damaged_document_is_ignored(content: bytes, data_dir: Path, plan: Plan) -> None:
    layout = Layout(data_dir)
    write_list(list_path(layout, "trending", TODAY), {"total_collected": 20})
    for path in (list_path(layout, "popular", TODAY), layout.validation_report(TODAY)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    found = figures(data_dir, plan)
    assert found["tmdb_films_collected"] == {"trending": 20}
    assert found["tmdb_quality_score"] == {}


@pytest.mark.parametrize("figure", ["5", None, True, []], ids=repr)
def test_a_figure_that_is_not_a_number_is_ignored(
    figure: object, data_dir: Path, plan: Plan
) -> None:
    write_list(
        list_path(Layout(data_dir), "popular", TODAY), {"total_collected": figure, "requests": 5}
    )
    found = figures(data_dir, plan)
    assert found["tmdb_films_collected"] == {}
    assert found["tmdb_requests"] == {"popular": 5}


def test_the_last_success_is_when_the_lists_say_and_not_when_a_file_was_copied(
    data_dir: Path, plan: Plan
) -> None:
    layout = Layout(data_dir)
    at = datetime.datetime(2024, 1, 6, 2, tzinfo=datetime.UTC)
    name = "tmdb_last_success_timestamp_seconds"
    for minute, each in enumerate(("popular", "trending")):
        collected_at = at + datetime.timedelta(minutes=minute)
        path = list_path(layout, each, at.date())
        write_list(path, {"collected_at": collected_at.isoformat()})
    assert figures(data_dir, plan)[name] == {}, "the lists are there, the summary is not"
    summary = layout.daily_summary(at.date())
    summary.parent.mkdir(parents=True)
    summary.write_text("{}")
    assert figures(data_dir, plan)[name] == {"DailySummary": at.timestamp() + 60}
    list_path(layout, "popular", at.date()).unlink()
    assert figures(data_dir, plan)[name] == {}, "unknown rather than wrong"


def test_a_list_with_an_invalid_json_number_is_ignored(data_dir: Path, plan: Plan) -> None:
    write_list(
        list_path(Layout(data_dir), "popular", TODAY), {"total_collected": math.nan, "requests": 5}
    )
    assert figures(data_dir, plan)["tmdb_requests"] == {}


def test_of_a_list_only_the_end_is_read(data_dir: Path, plan: Plan) -> None:
    path = list_path(Layout(data_dir), "popular", TODAY)
    info = {"total_collected": 1_000, "requests": 1, "retries": 0}
    write_list(path, info, films=1_000)
    with path.open("r+b") as file:
        file.write(b"\xff" * (path.stat().st_size - 9_000))
    assert read_info(path) == info


def test_no_folder_is_listed(data_dir: Path, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    def listed(*_: object) -> None:
        raise AssertionError("a folder was listed")

    write_list(list_path(Layout(data_dir), "popular", TODAY), {"total_collected": 1})
    monkeypatch.setattr(os, "listdir", listed)
    monkeypatch.setattr(os, "scandir", listed)
    assert figures(data_dir, plan)["tmdb_films_collected"] == {"popular": 1}


def test_settings_that_cannot_be_used_leave_the_counters(tmp_path: Path) -> None:
    config_dir = tmp_path / "config"
    config_dir.mkdir()
    (config_dir / "collection.toml").write_text("broken")
    with our_luigid(tmp_path / "luigid", PIPELINE_CONFIG_DIR=str(config_dir)) as luigid:
        assert ("tmdb_history_up", ()) in scraped(luigid)
