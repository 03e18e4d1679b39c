"""The run record: two lines a run, readable whatever happens to the disk or to the run."""

from __future__ import annotations

import contextlib
import datetime
import multiprocessing
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

from support.fake_tmdb import FakeTmdb, status
from support.luigi_runs import LuigiRun, luigi_command, slow_tmdb
from support.run_records import lines
from support.waiting import wait_for

from pipeline.ops.runs import record
from pipeline.ops.runs.record import ENDED, KILLED, STARTED, Entry
from pipeline.paths import Layout

DAILY = ("DailySummary", "--date", "2024-01-07")
KEYS = [
    *("run_id", "task", "date", "event", "at", "status", "reason", "started_by", "scheduler"),
    *("version", "log", "unattended"),
]


def entry(run_id: str, **changes: Any) -> Entry:
    at = datetime.datetime(2024, 1, 7, 2, tzinfo=datetime.UTC)
    known = Entry(run_id, "DailySummary", "2024-01-07", at, None, None, None, "schedule", "local",
                  "0", None, True)  # fmt: skip
    return known._replace(**changes)


def test_a_run_is_recorded_when_it_begins_and_when_it_ends(
    luigi_run: LuigiRun, tmdb: FakeTmdb, data_dir: Path
) -> None:
    assert luigi_run(*DAILY).status == 0
    begin, end = lines(Layout(data_dir))
    assert list(begin) == list(end) == KEYS
    assert (begin["event"], begin["status"], end["event"], end["status"]) == (
        "started", None, "ended", 0,
    )  # fmt: skip
    assert begin["run_id"] == end["run_id"]
    assert (end["task"], end["date"], end["started_by"]) == ("DailySummary", "2024-01-07", "manual")
    assert (data_dir / end["log"]).is_file()


def test_a_failed_run_is_recorded_with_its_status_and_reason(
    luigi_run: LuigiRun, tmdb: FakeTmdb, data_dir: Path
) -> None:
    tmdb.fail(status(500), times=None)
    assert luigi_run(*DAILY, TMDB_MAX_RETRIES="0").status == 30
    end = lines(Layout(data_dir))[-1]
    assert end["status"] == 30
    assert "did not answer /" in end["reason"]


def test_a_record_that_cannot_be_written_fails_no_run(
    luigi_run: LuigiRun, tmdb: FakeTmdb, data_dir: Path
) -> None:
    Layout(data_dir).run_record.mkdir(parents=True)
    assert luigi_run(*DAILY).status == 0


def test_a_killed_run_is_known_from_the_record(
    environment: dict[str, str], clean_environment: Path, data_dir: Path
) -> None:
    layout = Layout(data_dir)
    with slow_tmdb(0.5) as slow:
        run = subprocess.Popen(
            luigi_command(*DAILY, "--local-scheduler"),
            env={**environment, "TMDB_API_URL": slow.url}, cwd=clean_environment,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        wait_for(lambda: slow.count() >= 1)
        assert record.killed(layout) == [], "it is still running"
        run.send_signal(signal.SIGKILL)
        run.wait()
    wait_for(lambda: bool(record.killed(layout)))
    record.close(layout, *record.killed(layout))
    (known,) = record.entries(layout)
    assert known.status == KILLED
    assert known.reason == record.WHY_KILLED
    assert record.killed(layout) == [], "once is enough"


def test_lines_of_another_form_are_passed_over(data_dir: Path) -> None:
    layout = Layout(data_dir)
    record.append(layout, STARTED, entry("a"))
    with layout.run_record.open("ab") as stream:
        for odd in (
            b"[]",
            b'"x"',
            b"null",
            b"{}",
            b"\xff\xfe",
            b'{"run_id": 1}',
            b'{"run_id": "b"',
        ):
            stream.write(odd + b"\n")
        stream.write(b'{"run_id": "cut')
    record.append(layout, ENDED, entry("a", ended_at=entry("a").started_at, status=0))
    (known,) = record.entries(layout)
    assert (known.run_id, known.status) == ("a", 0)


def write_many(layout: Layout, name: str) -> None:
    for number in range(200):
        record.append(layout, STARTED, entry(f"{name}-{number}", reason="x" * 500))


def test_lines_of_several_processes_never_mix(data_dir: Path) -> None:
    layout = Layout(data_dir)
    writers = [
        multiprocessing.get_context("fork").Process(target=write_many, args=(layout, str(each)))
        for each in range(4)
    ]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    assert len({line["run_id"] for line in lines(layout)}) == 800


def test_a_run_without_a_log_counts_as_over_after_its_time_limit(data_dir: Path) -> None:
    layout = Layout(data_dir)
    now = datetime.datetime.now(datetime.UTC)
    record.append(layout, STARTED, entry("young", started_at=now))
    old = now - datetime.timedelta(hours=10)
    record.append(layout, STARTED, entry("old", started_at=old))
    assert [each.run_id for each in record.killed(layout)] == ["old"]


def test_a_pipe_in_place_of_the_run_record_delays_no_run(data_dir: Path) -> None:
    layout = Layout(data_dir)
    layout.logs.mkdir(parents=True)
    os.mkfifo(layout.run_record)
    with contextlib.suppress(OSError):
        record.append(layout, STARTED, entry("a"))
    assert record.entries(layout) == []
