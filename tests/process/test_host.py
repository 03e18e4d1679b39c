"""start, stop, restart, trigger and logs with plain processes of this host."""

from __future__ import annotations

import configparser
import contextlib
import datetime
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import psutil
import pytest
from support.fake_tmdb import V3_KEY, FakeTmdb, hang, status
from support.operate import WORDS, Operate, luigi_cfg, plain_luigid
from support.repository import REPOSITORY
from support.waiting import wait_for
from trials.plans import small_plan

from pipeline.ops.runtimes import host

DAY = "2024-01-07"


def pid_of(output: str) -> int:
    return int(output.partition("(process ")[2].partition(")")[0])


def answers(port: int) -> bool:
    with contextlib.closing(socket.socket()) as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def child(code: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A Python process that has said that it is ready."""
    command = [sys.executable, "-c", f"{code}\nprint('ready', flush=True)\n{FOREVER}"]
    command += arguments
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout
    try:
        process.stdout.readline()
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


FOREVER = "import signal, sys\nwhile True: signal.pause()"


def test_luigid_is_started_once_restarted_and_stopped(
    operate: Operate, command: Operate, luigid_port: int
) -> None:
    first = operate("start")
    assert first.status == 0, first.output
    assert f"luigid runs at http://127.0.0.1:{luigid_port}/" in first.out
    assert answers(luigid_port)

    again = command("start")
    assert again.status == 0
    assert "luigid runs already at" in again.out
    assert pid_of(again.out) == pid_of(first.out)

    restarted = operate("restart")
    assert restarted.status == 0
    assert f"luigid (process {pid_of(first.out)}) is stopped." in restarted.out
    assert pid_of(restarted.out.partition("\n")[2]) != pid_of(first.out)
    assert answers(luigid_port)

    stopped = operate("stop")
    assert stopped.status == 0
    assert "is stopped." in stopped.out
    assert not answers(luigid_port)
    assert command("stop").out == "luigid was not running.\n"


def test_luigid_outlives_the_terminal_and_has_no_secret_in_its_arguments(
    operate: Operate, command: Operate, data_dir: Path
) -> None:
    password = {"PIPELINE_LUIGID_PASSWORD": "a-long-password"}
    started = operate("start", **password)
    pid = pid_of(started.out)
    assert os.getsid(pid) == pid
    arguments = Path(f"/proc/{pid}/cmdline").read_text()
    assert V3_KEY not in arguments
    assert "a-long-password" not in arguments
    shown = [command(word, **password).output for word in ("status", "doctor", "check")]
    shown.append(operate("restart", **password).output)
    assert "a-long-password" not in started.output + "".join(shown)
    assert (data_dir / "state").stat().st_mode & 0o077 == 0
    assert (data_dir / "logs/luigid.log").stat().st_mode & 0o007 == 0


def test_two_starts_at_once_start_one_luigid(
    operator_environment: dict[str, str], clean_environment: Path, operate: Operate
) -> None:
    both = [
        subprocess.Popen(
            [*WORDS, "start"],
            env=operator_environment,
            cwd=clean_environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    answers = [process.communicate(timeout=60)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert len({pid_of(each) for each in answers}) == 1
    assert sorted("already" in each for each in answers) == [False, True]


def test_a_port_in_use_is_reported_and_nothing_is_left_running(
    operate: Operate, tmdb: FakeTmdb, tmp_path: Path, data_dir: Path
) -> None:
    taken = luigi_cfg(tmp_path / "taken.cfg", tmdb.url.removesuffix("3"))
    run = operate("start", LUIGI_CONFIG_PATH=taken)
    assert run.status == 1
    assert "luigid ended at once: " in run.err
    assert "is taken" in run.err
    assert str(data_dir / "logs/luigid.log") in run.err
    assert not (data_dir / "state/luigid.pid").exists()


def test_a_luigid_that_something_else_started_is_left_alone(
    command: Operate, luigid_port: int, operator_environment: dict[str, str], tmp_path: Path
) -> None:
    with plain_luigid(luigid_port, operator_environment, tmp_path) as plain:
        started = command("start")
        assert started.status == 0
        assert "started by something else than this command" in started.out
        stopped = command("stop")
        assert stopped.status == 1
        assert "did not start it: stop it where it was started" in stopped.err
        assert plain.poll() is None


def test_a_reused_process_id_is_never_ended(command: Operate, data_dir: Path) -> None:
    with child("") as innocent:
        (data_dir / "state").mkdir(parents=True)
        pid_file = data_dir / "state/luigid.pid"
        pid_file.write_text(f'{{"pid": {innocent.pid}, "started": "long ago"}}')
        assert command("stop").out == "luigid was not running.\n"
        assert innocent.poll() is None
        assert not pid_file.exists()


def test_a_luigid_that_does_not_end_is_ended_by_force(command: Operate, data_dir: Path) -> None:
    ignores = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    remember(data_dir, "{}")
    state = str(data_dir / "state/luigid.pickle")
    with child(ignores, state) as stubborn, mock.patch.object(host, "STOP_SECONDS", 0.2):
        remember(data_dir, json.dumps({"pid": stubborn.pid}))
        assert command("stop").out == f"luigid (process {stubborn.pid}) is stopped.\n"
        assert not psutil.pid_exists(stubborn.pid)


def test_a_luigid_that_0_1_0_started_is_stopped(command: Operate, data_dir: Path) -> None:
    with child("", str(data_dir / "state/luigid.pickle")) as willing:
        remember(data_dir, json.dumps({"pid": willing.pid, "started": "a-boot 12345"}))
        assert "is stopped" in command("stop").out
        assert not psutil.pid_exists(willing.pid)


@pytest.mark.parametrize("content", ["", "{}", "12", '{"pid": "x", "started": 1}', "\x00"])
def test_a_damaged_pid_file_names_no_process(
    command: Operate, data_dir: Path, content: str
) -> None:
    remember(data_dir, content)
    assert command("stop").out == "luigid was not running.\n"


def remember(data_dir: Path, content: str) -> None:
    (data_dir / "state").mkdir(parents=True, exist_ok=True)
    (data_dir / "state/luigid.pid").write_text(content)


@pytest.fixture
def operator_environment(operator_environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """A small plan, and short delays of luigi's workers, also where a task is run again."""
    folder = small_plan(tmp_path / "config")
    shutil.copy(REPOSITORY / "config/crontab", folder)
    mine = Path(operator_environment["LUIGI_CONFIG_PATH"])
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(mine, encoding="utf-8")
    parser["scheduler"]["retry_delay"] = "0.2"
    parser["worker"].update(max_keep_alive_idle_duration="1 seconds", wait_interval="0.1")
    with mine.open("w", encoding="utf-8") as stream:
        parser.write(stream)
    return {**operator_environment, "PIPELINE_CONFIG_DIR": str(folder)}


def test_trigger_runs_by_luigid_where_it_answers(operate: Operate, data_dir: Path) -> None:
    operate("start")
    run = operate("trigger", "daily", DAY)
    assert run.status == 0, run.output
    assert "TMDB movies of 2024-01-07" in run.out
    assert "luigid does not answer" not in run.err
    assert (data_dir / "raw/metadata/daily_summaries/daily_summary_20240107.json").exists()


def test_trigger_runs_without_luigid_and_says_so(operate: Operate, data_dir: Path) -> None:
    run = operate("trigger", "GenreMovies", DAY, "--", "--genre", "horror")
    assert run.status == 0, run.output
    assert "luigid does not answer at http://127.0.0.1:" in run.err
    assert "this run uses the local scheduler" in run.err
    assert (data_dir / "raw/movies/genre/horror_20240107.json").exists()


def test_trigger_of_a_root_task_draws_its_page_too(operate: Operate, data_dir: Path) -> None:
    for task in ("daily", "weekly"):
        run = operate("trigger", task, DAY)
        assert run.status == 0, run.output
    made = {path.name for path in (data_dir / "reports").rglob("*.html")}
    assert made == {"daily_20240107.html", "weekly_1_20240107.html", "index.html"}


def test_trigger_means_today_where_no_day_is_given(operate: Operate, data_dir: Path) -> None:
    assert operate("trigger", "PopularMovies").status == 0
    assert len(list(data_dir.glob("raw/movies/daily/popular_movies_*.json"))) == 1


def test_trigger_of_the_week_means_the_newest_sunday_that_was_due(
    operate: Operate, data_dir: Path
) -> None:
    assert operate("trigger", "weekly", TZ="UTC").status == 0
    [path] = data_dir.glob("processed/weekly/*.json")
    due = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=3)
    sunday = due.date() - datetime.timedelta(days=due.isoweekday() % 7)
    assert path.name.endswith(f"_{sunday:%Y%m%d}.json")


def test_trigger_while_the_same_root_task_runs_is_skipped(
    operate: Operate, command: Operate, data_dir: Path
) -> None:
    lock = data_dir / "state/DailySummary.lock"
    lock.parent.mkdir(parents=True)
    with lock.open("w") as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        skipped = command("trigger", "daily", DAY)
        other = operate("trigger", "PopularMovies", DAY)
    assert skipped.status == 10
    assert skipped.err == "Skipped: another run of DailySummary is in progress.\n"
    assert other.status == 0, other.output
    assert operate("trigger", "daily", DAY).status == 0


def test_the_exit_status_of_luigi_is_handed_through(operate: Operate, tmdb: FakeTmdb) -> None:
    assert operate("trigger", "daily", "2099-01-01").status == 35
    assert operate("trigger", "daily", DAY, "--", "--no-such-option").status == 2
    tmdb.fail(status(404), path="/movie/popular", times=None)
    assert operate("trigger", "PopularMovies", DAY).status == 30


def test_trigger_repeats_a_task_that_failed_as_the_schedule_does(
    operate: Operate, tmdb: FakeTmdb
) -> None:
    tmdb.fail(status(404), path="/movie/popular", times=2)
    run = operate("trigger", "PopularMovies", DAY)
    assert run.status == 0, run.output
    assert tmdb.count("/movie/popular") == 2 + 2


def test_trigger_knows_the_password_of_luigid_and_runs_without_it_where_it_is_wrong(
    operate: Operate, data_dir: Path
) -> None:
    password = {"PIPELINE_LUIGID_PASSWORD": "a p@ss:w/rd!"}
    operate("start", **password)
    run = operate("trigger", "TrendingMovies", DAY, **password)
    assert run.status == 0, run.output
    assert "local scheduler" not in run.err
    assert "a p@ss:w/rd!" not in run.output
    run = operate("trigger", "PopularMovies", DAY, PIPELINE_LUIGID_PASSWORD="a-wrong-password")
    assert run.status == 0, run.output
    assert "refuses the password in PIPELINE_LUIGID_PASSWORD" in run.err
    assert "this run uses the local scheduler" in run.err
    assert "a-wrong-password" not in run.output
    assert (data_dir / "raw/movies/daily/popular_movies_20240107.json").exists()


def test_ctrl_c_reaches_the_run_that_was_triggered(
    operator_environment: dict[str, str], clean_environment: Path, tmdb: FakeTmdb
) -> None:
    tmdb.fail(hang(60), times=None)
    process = subprocess.Popen(
        [*WORDS, "trigger", "PopularMovies", DAY],
        env=operator_environment,
        cwd=clean_environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(lambda: tmdb.count() > 0, 30)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
    finally:
        process.kill()
        process.wait()


def test_logs_show_the_newest_run_a_task_s_run_and_luigid(
    operate: Operate, command: Operate, data_dir: Path
) -> None:
    operate("start")
    operate("trigger", "TrendingMovies", DAY)
    [older] = (data_dir / "logs").glob("*_TrendingMovies_*.log")
    yesterday = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    older.rename(older.with_name(f"{yesterday:%Y%m%dT%H%M%SZ}_TrendingMovies_1.log"))
    operate("trigger", "PopularMovies", DAY)
    assert "PopularMovies(date=2024-01-07): 40 movies" in command("logs").out
    assert "TrendingMovies(date=2024-01-07): 20 movies" in command("logs", "TrendingMovies").out
    assert "luigid listens on" in command("logs", "luigid").out
    assert len(command("logs", "-n", "2").out.splitlines()) == 2


def test_logs_follow_what_is_added_until_ctrl_c(
    operator_environment: dict[str, str], clean_environment: Path, data_dir: Path
) -> None:
    log = data_dir / "logs" / "20240107T020000Z_DailySummary_1.log"
    log.parent.mkdir(parents=True)
    log.write_text("first\n")
    process = subprocess.Popen(
        [*WORDS, "logs", "--follow"],
        env=operator_environment,
        cwd=clean_environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout
    with process.stdout:
        try:
            assert process.stdout.readline() == "first\n"
            with log.open("a") as stream:
                stream.write(f"second 범죄도시 {V3_KEY}\n")
            assert process.stdout.readline() == "second 범죄도시 [credential]\n"
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 0
        finally:
            process.kill()
            process.wait()
