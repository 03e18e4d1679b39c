"""The wrapper around scheduled commands: it runs and alerts whatever is missing around it."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.fake_tmdb import FakeTmdb, status
from support.lists import list_path
from support.luigi_runs import Start, held_tmdb, slow_tmdb
from support.receivers import Receiver
from support.run_records import lines
from support.scheduled_runs import (
    CATCH_UP,
    DAILY,
    PAGES_OF_A_DAY,
    TMDB_PIPELINE,
    WEEKLY,
    Run,
    leave_nothing_due,
)
from support.waiting import wait_for

from pipeline.ops.schedule import job
from pipeline.paths import Layout

pytestmark = pytest.mark.usefixtures("fake_apprise")


def last_sunday() -> date:
    today = date.today()
    return today - timedelta(days=today.isoweekday() % 7)


# what it does


def test_a_day_is_collected_and_its_page_drawn(run: Run, layout: Layout, tmdb: FakeTmdb) -> None:
    code, output = run(*DAILY)
    assert code == 0, output
    today = date.today()
    assert layout.daily_summary(today).exists()
    assert layout.daily_page(today).exists()
    assert {line["started_by"] for line in lines(layout)} == {"schedule"}
    assert (today + timedelta(days=1)).isoformat() in layout.due_times.read_text("utf-8")
    assert 'id="due"' in layout.index_page.read_text("utf-8")


def test_a_week_is_the_one_of_the_newest_sunday(run: Run, layout: Layout, tmdb: FakeTmdb) -> None:
    code, output = run(*WEEKLY)
    assert code == 0, output
    (week,) = layout.consolidated(date.today()).parent.iterdir()
    assert week in {layout.consolidated(last_sunday()),
                    layout.consolidated(last_sunday() - timedelta(days=7))}  # fmt: skip
    assert week.name.endswith(".json")


def test_a_date_that_the_command_names_is_the_one_of_run_and_page(
    run: Run, layout: Layout, tmdb: FakeTmdb
) -> None:
    """Kubernetes starts a run again after midnight, and a run of its date draws its page."""
    day = date.today() - timedelta(days=1)
    code, output = run(*DAILY, "--date", day.isoformat())
    assert code == 0, output
    assert layout.daily_page(day).exists()
    assert {line["date"] for line in lines(layout)} == {day.isoformat()}


def test_a_catch_up_with_nothing_due_starts_nothing_and_writes_nothing(
    run: Run, layout: Layout, tmdb: FakeTmdb
) -> None:
    code, output = run(*CATCH_UP)
    assert code == 0, output
    before = {path: path.stat().st_mtime_ns for path in layout.root.rglob("*")}
    requests = tmdb.count()
    assert run(*CATCH_UP) == (0, "")
    assert {path: path.stat().st_mtime_ns for path in layout.root.rglob("*")} == before
    assert tmdb.count() == requests


def test_a_page_that_was_not_drawn_is_caught_up(run: Run, layout: Layout, tmdb: FakeTmdb) -> None:
    assert run(*DAILY)[0] == 0
    layout.daily_page(date.today()).unlink()
    assert run(*DAILY)[0] == 0
    assert layout.daily_page(date.today()).exists()


def test_a_catch_up_that_lasts_until_its_next_start_is_followed_by_another_pass(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, data_dir: Path
) -> None:
    """systemd starts no unit that is still active: the last start of a day would be lost."""
    runs = tmp_path / "runs"
    program = tmp_path / "luigi"
    program.write_text(f'#!/bin/sh\necho "$*" >> {runs}\nexit 30\n')
    program.chmod(0o755)

    def weeks() -> int:
        return runs.read_text().count("WeeklyConsolidation") if runs.exists() else 0

    first_takes = SimpleNamespace(monotonic=lambda: 3600.0 * min(weeks(), 1))
    monkeypatch.setattr("pipeline.clock.time", first_takes)
    monkeypatch.setenv("PIPELINE_DATA_DIR", str(data_dir))
    stops = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    handlers = {number: signal.getsignal(number) for number in stops}
    try:
        assert job.run_job("catch-up", [str(program)]) == 30
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)

    assert weeks() == 2


# what may be missing around it


@pytest.mark.parametrize("name", ["no/such/folder/file", "a folder"])
def test_it_runs_and_alerts_though_its_output_cannot_be_written(
    run: Run, layout: Layout, tmdb: FakeTmdb, receiver: Receiver, tmp_path: Path, name: str
) -> None:
    (tmp_path / "a folder").mkdir()
    code, output = run(*DAILY, OUTPUT=str(tmp_path / name))
    assert code == 0, output
    assert "in OUTPUT cannot be written" in output
    layout.daily_summary(date.today()).unlink()
    list_path(layout, "popular", date.today()).unlink()
    assert run(*DAILY, OUTPUT=str(tmp_path / name), TMDB_API_KEY=None)[0] == 35
    assert [title.partition(" of ")[0] for title in receiver.titles] == ["DailySummary"]


def test_a_pipe_without_a_reader_delays_no_run(run: Run, tmp_path: Path, tmdb: FakeTmdb) -> None:
    os.mkfifo(tmp_path / "output")
    code, output = run(*DAILY, OUTPUT=str(tmp_path / "output"))
    assert code == 0, output


@pytest.mark.parametrize(
    "content", [None, "export TMDB_API_KEY='unfinished", "exit 3\n", "if\n"], ids=repr
)
def test_it_runs_though_its_settings_file_cannot_be_read(
    run: Run, tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "settings"
    if content is not None:
        file.write_text(content)
    code, output = run("backup", "--", "echo", "the command runs", ENVIRONMENT=str(file))
    assert code == 0, output
    assert "in ENVIRONMENT cannot be read" in output
    assert "unfinished" not in output
    assert "the command runs" in output


def test_the_settings_file_is_read_as_a_shell_reads_it(
    run: Run, variables: dict[str, str], tmdb: FakeTmdb, tmp_path: Path
) -> None:
    root = tmp_path / "it's a root"
    file = tmp_path / "settings"
    file.write_text(
        f"export PIPELINE_DATA_DIR={shlex.quote(str(root))}\nTZ=Asia/Seoul # not exported\n"
    )
    code, output = run(*DAILY, ENVIRONMENT=str(file), PIPELINE_DATA_DIR=None, TZ="UTC")
    assert code == 0, output
    (summary,) = (root / "raw/metadata/daily_summaries").iterdir()
    in_seoul = subprocess.run(
        ["date", "+%Y%m%d"], env={"TZ": "Asia/Seoul"}, capture_output=True, text=True, check=True
    )
    assert summary.name == f"daily_summary_{in_seoul.stdout.strip()}.json"


def test_a_state_folder_of_another_owner_keeps_no_day_from_being_collected(
    run: Run, layout: Layout, tmdb: FakeTmdb
) -> None:
    layout.root.mkdir()
    (layout.root / "state").write_text("not a folder")
    """Its page cannot be remembered then, and says so."""
    _, output = run(*DAILY)
    assert "Traceback" not in output
    assert layout.daily_summary(date.today()).exists()


def test_a_data_root_that_cannot_be_looked_at_is_alerted_without_a_traceback(
    run: Run, receiver: Receiver, tmp_path: Path
) -> None:
    root = str(tmp_path / ("x" * 300))
    for words in (DAILY, CATCH_UP):
        code, output = run(*words, PIPELINE_DATA_DIR=root)
        assert code != 0
        assert "Traceback" not in output
    assert len(receiver.titles) == 2, receiver.titles


def test_wrong_use_is_one_sentence(run: Run) -> None:
    for words in ([], ["daily"], ["daily", "luigi"], ["daily", "--"]):
        code, output = run(*words)
        assert code == 2
        assert output.startswith("tmdb-scheduled: Use it as")
    code, output = run(*DAILY, "--date", "yesterday")
    assert (code, output) == (
        2, "tmdb-scheduled: 'yesterday' is no date: write it like 2026-11-29.\n"
    )  # fmt: skip


# ends that nothing else reports


def test_a_command_that_is_not_there_is_alerted(run: Run, receiver: Receiver) -> None:
    code, output = run("backup", "--", "no-such-program")
    assert code == 127
    assert "no-such-program cannot be started" in output
    assert [title.partition(" of ")[0] for title in receiver.titles] == ["backup"]


def test_a_damaged_luigi_cfg_is_alerted(
    run: Run, receiver: Receiver, clean_environment: Path, tmdb: FakeTmdb
) -> None:
    (clean_environment / "luigi.cfg").write_text("[core\nnonsense")
    code, output = run(*DAILY)
    assert code == 1, output
    assert len(receiver.titles) == 1
    assert run(*DAILY)[0] == 1
    assert len(receiver.titles) == 1, "the same failure is alerted once"


def killed(start: Start, slow: FakeTmdb, number: int, whole: bool) -> tuple[int, str]:
    process = start(*DAILY, TMDB_API_URL=slow.url)
    wait_for(lambda: slow.count() >= 1)
    target = process.pid
    if not whole:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        target = int(children[0])
    os.kill(target, number)
    output, _ = process.communicate(timeout=60)
    return process.returncode, output


@pytest.mark.parametrize(
    ("number", "whole", "code", "cause"),
    [
        (signal.SIGTERM, True, 143, "exit status 143"),
        (signal.SIGTERM, False, 143, "exit status 143"),
        (signal.SIGKILL, False, 137, "exit status 137"),
    ],
)
def test_a_run_that_is_ended_from_outside_raises_one_alert_and_then_an_all_clear(
    start: Start, run: Run, receiver: Receiver, layout: Layout,
    number: int, whole: bool, code: int, cause: str,
) -> None:  # fmt: skip
    leave_nothing_due(layout)
    layout.daily_summary(date.today()).unlink()
    with slow_tmdb(0.5) as slow:
        ended, output = killed(start, slow, number, whole)
    assert ended == code, output
    assert [cause in title for title in receiver.titles] == [True], receiver.titles
    assert run(*CATCH_UP)[0] == 0
    assert receiver.titles[1].startswith("All clear: DailySummary")
    assert len(receiver.titles) == 2


def test_a_wrapper_that_is_killed_leaves_the_lock_with_its_command(
    start: Start, run: Run, receiver: Receiver, layout: Layout
) -> None:
    with held_tmdb() as (slow, arrived, released):
        process = start(*DAILY, TMDB_API_URL=slow.url)
        assert arrived.wait(30)
        process.kill()
        process.wait()
        code, output = run(*DAILY, TMDB_API_URL=slow.url)
        assert (code, "another run of DailySummary is in progress" in output) == (10, True)
        released.set()
        wait_for(lambda: layout.daily_summary(date.today()).exists(), seconds=30)
        assert len(slow.requests) == PAGES_OF_A_DAY


def test_a_machine_that_went_down_is_alerted_by_the_next_watch(
    start: Start, run: Run, receiver: Receiver, layout: Layout
) -> None:
    with slow_tmdb(0.5) as slow:
        process = start(*DAILY, TMDB_API_URL=slow.url)
        wait_for(lambda: slow.count() >= 1)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert receiver.titles == []
    wait_for(lambda: run("watch", "--", str(TMDB_PIPELINE), "watch") and bool(receiver.titles))
    assert len(receiver.titles) == 1
    assert "exit status 137" in receiver.titles[0]


def test_the_time_limit_ends_a_run_and_is_alerted(start: Start, receiver: Receiver) -> None:
    with slow_tmdb(10) as slow:
        process = start(*DAILY, TMDB_API_URL=slow.url, LIMIT_SECONDS="4")
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 143, output
    assert "The time limit is over" in output
    assert len(receiver.titles) == 1


def test_every_failure_of_a_day_is_one_alert_for_each_cause_and_one_all_clear(
    run: Run, receiver: Receiver, tmdb: FakeTmdb
) -> None:
    tmdb.fail(status(500), times=None)
    assert run(*DAILY)[0] == 30
    assert run(*CATCH_UP)[0] == 30
    assert sum("DailySummary" in title for title in receiver.titles) == 1
    assert run(*DAILY, TMDB_API_KEY=None)[0] == 35
    assert sum("DailySummary" in title for title in receiver.titles) == 2, "another cause"
    tmdb.clear_faults()
    assert run(*CATCH_UP)[0] == 0
    clear = [title for title in receiver.titles if title.startswith("All clear")]
    assert sorted(title.split()[2] for title in clear) == ["DailySummary", "WeeklyConsolidation"]
    assert run(*CATCH_UP) == (0, "")
    assert len([title for title in receiver.titles if title.startswith("All clear")]) == 2


def test_a_data_root_that_cannot_be_written_is_alerted_once(
    run: Run, receiver: Receiver, layout: Layout, tmdb: FakeTmdb
) -> None:
    layout.root.write_text("a file in its place")
    assert run(*DAILY)[0] == 30
    assert run(*DAILY)[0] == 30
    assert len(receiver.titles) == 1


# Ctrl-C


def test_ctrl_c_at_a_trigger_ends_the_run_and_alerts_nobody(
    variables: dict[str, str], clean_environment: Path, receiver: Receiver
) -> None:
    with slow_tmdb(0.5) as slow:
        process = subprocess.Popen(
            [str(TMDB_PIPELINE), "trigger", "daily", "--runtime", "host"],
            env={**variables, "TMDB_API_URL": slow.url}, cwd=clean_environment,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip
        wait_for(lambda: slow.count() >= 1)
        os.killpg(process.pid, signal.SIGINT)
        output, _ = process.communicate(timeout=30)
        assert slow.count() < PAGES_OF_A_DAY
    assert process.returncode == 130, output
    assert receiver.titles == []


def test_a_triggered_run_ends_with_the_other_end_of_its_stdin(
    variables: dict[str, str], clean_environment: Path
) -> None:
    """So a run in the container ends with the client outside, which docker does not do."""
    with slow_tmdb(0.5) as slow:
        process: Any = subprocess.Popen(
            [str(TMDB_PIPELINE), "trigger", "daily", "--runtime", "host", "--until-stdin-closes"],
            env={**variables, "TMDB_API_URL": slow.url}, cwd=clean_environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        wait_for(lambda: slow.count() >= 1)
        process.stdin.close()
        process.stdin = None
        output, _ = process.communicate(timeout=30)
    assert process.returncode == 130, output


def test_a_trigger_repeats_failed_tasks_and_draws_the_pages_as_the_schedule_does(
    variables: dict[str, str], clean_environment: Path, layout: Layout, tmdb: FakeTmdb
) -> None:
    tmdb.fail(status(500), path="/movie/popular", times=2)
    own = clean_environment / "own.cfg"
    own.write_text(
        Path(variables["LUIGI_CONFIG_PATH"]).read_text().replace("keep_alive = True", "")
    )
    done = subprocess.run(
        [str(TMDB_PIPELINE), "trigger", "daily", "--runtime", "host"],
        env={**variables, "LUIGI_CONFIG_PATH": str(own)}, cwd=clean_environment,
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert layout.daily_page(date.today()).exists()
    assert {line["started_by"] for line in lines(layout)} == {"trigger"}
