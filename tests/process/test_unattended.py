"""Runs without anybody watching: tried again, never hanging, stopped whole.

Real runs with config/unattended.cfg, its numbers made small, by the local scheduler and by luigid.
"""

from __future__ import annotations

import configparser
import contextlib
import json
import os
import pty
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from support.configurations import change_options, quick
from support.fake_tmdb import FakeTmdb, hang, refused, status
from support.luigi_runs import LuigiRun, luigi_command, slow_tmdb
from support.ports import free_port
from support.repository import REPOSITORY
from support.waiting import wait_for

POPULAR = ("PopularMovies", "--date", "2024-01-07")
DAILY = ("DailySummary", "--date", "2024-01-07")
ACTION = ("GenreMovies", "--date", "2024-01-07", "--genre", "action")
WEEKLY = ("WeeklyConsolidation", "--date", "2024-01-07")
SCHEDULERS = ["local", "luigid"]

NOT_RUN, FAILED, NOT_PLANNED = 25, 30, 35

BROKEN_TASKS = """
import luigi


class Absent(luigi.ExternalTask):
    def output(self):
        return luigi.LocalTarget("not there")


class BadComplete(luigi.Task):
    def complete(self):
        raise OSError("complete() fails")


class BadRequires(luigi.Task):
    def requires(self):
        raise OSError("requires() fails")

    def output(self):
        return luigi.LocalTarget("neither")


class Root(luigi.Task):
    of = luigi.Parameter()

    def requires(self):
        return globals()[self.of]()

    def output(self):
        return luigi.LocalTarget("nor this")
"""


class Luigid:
    """Stock luigid, started in a folder with our luigi.cfg; keeps its state over a restart."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.port = free_port()
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = Path(sys.executable).with_name("luigid")
        with (self.folder / "luigid.out").open("ab") as output:
            self._process = subprocess.Popen(
                [program, "--address", "127.0.0.1", "--port", str(self.port),
                 "--state-path", str(self.folder / "luigid.state")],
                env=self._environment, cwd=self.folder, stdout=output, stderr=output,
            )  # fmt: skip
        deadline = time.monotonic() + 20
        while not self._is_up():
            assert self._process.poll() is None, (self.folder / "luigid.out").read_text()
            assert time.monotonic() < deadline, "luigid does not listen"
            time.sleep(0.05)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=20)
            self._process = None

    def call(self, method: str, **arguments: str) -> None:
        data = urllib.parse.urlencode({"data": json.dumps(arguments)}).encode()
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        opener.open(f"http://127.0.0.1:{self.port}/api/{method}", data, timeout=5).close()

    def _is_up(self) -> bool:
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0


@pytest.fixture
def luigid(tmp_path: Path, environment: dict[str, str]) -> Iterator[Luigid]:
    folder = tmp_path / "luigid"
    folder.mkdir()
    cfg = quick(REPOSITORY / "luigi.cfg", folder)
    text = cfg.read_text().replace("pause_enabled = False", "pause_enabled = True")
    cfg.write_text(text)
    server = Luigid(folder, environment | {"LUIGI_CONFIG_PATH": str(cfg)})
    try:
        yield server
    finally:
        server.stop()


Command = Callable[..., list[str]]


@pytest.fixture
def unattended(
    environment: dict[str, str], clean_environment: Path, tmp_path: Path, luigid: Luigid
) -> dict[str, str]:
    """The variables of an unattended run in a folder with our luigi.cfg, as cron has them."""
    quick(REPOSITORY / "luigi.cfg", clean_environment,
          scheduler_url=f"http://127.0.0.1:{luigid.port}/")  # fmt: skip
    cfg = quick(REPOSITORY / "config/unattended.cfg", tmp_path)
    return environment | {"LUIGI_CONFIG_PATH": str(cfg), "TMDB_MAX_RETRIES": "0"}


@pytest.fixture(params=SCHEDULERS)
def by(request: pytest.FixtureRequest, luigid: Luigid) -> list[str]:
    """Who schedules: the options for it."""
    if request.param == "local":
        return ["--local-scheduler"]
    luigid.start()
    return []


def test_the_configuration_is_read_on_top_of_ours() -> None:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(REPOSITORY / "config/unattended.cfg", encoding="utf-8")
    worker, scheduler = parser["worker"], parser["scheduler"]
    idle = int(worker["max_keep_alive_idle_duration"].split()[0])
    longest_attempt = int(worker["timeout"])
    assert int(scheduler["retry_delay"]) == 300
    assert idle > 600, "the delay of the weekly tasks"
    assert int(scheduler["disable_window"]) > 4 * (300 + longest_attempt)
    assert int(scheduler["disable_window"]) > 3 * (600 + longest_attempt)
    assert not any(";" in value or "#" in value for each in parser.values() for value in each)


@pytest.mark.parametrize(
    ("command", "path", "attempts"),
    [(POPULAR, "/movie/popular", 4), (ACTION, "/discover/movie", 3)],
    ids=["daily", "weekly"],
)
def test_a_failed_task_is_tried_again_and_then_given_up(
    luigi_run: LuigiRun,
    tmdb: FakeTmdb,
    unattended: dict[str, str],
    by: list[str],
    command: tuple[str, ...],
    path: str,
    attempts: int,
) -> None:
    tmdb.fail(status(500), path=path, times=None)
    run = luigi_run(*command, *by, local=False, **unattended)
    assert run.status == FAILED, run.output
    assert tmdb.count(path) == attempts


def test_a_fault_that_passes_costs_attempts_and_nothing_else(
    luigi_run: LuigiRun, tmdb: FakeTmdb, unattended: dict[str, str], by: list[str]
) -> None:
    tmdb.fail(status(500), path="/movie/popular", times=2)
    run = luigi_run(*DAILY, *by, local=False, **unattended)
    assert run.status == 0, run.output


def test_an_interactive_run_fails_at_once_and_is_never_refused(
    luigi_run: LuigiRun, tmdb: FakeTmdb, unattended: dict[str, str], luigid: Luigid
) -> None:
    """Six failures in a row: had they counted, luigid would refuse the last two."""
    luigid.start()
    tmdb.fail(status(500), path="/movie/popular", times=None)
    desk = unattended | {"LUIGI_CONFIG_PATH": None}
    for attempt in range(1, 7):
        assert luigi_run(*POPULAR, local=False, **desk).status == FAILED
        assert tmdb.count("/movie/popular") == attempt


# what concerns every list is met once an attempt


@pytest.mark.parametrize(
    ("command", "workers"), [(DAILY, "1"), (WEEKLY, "4")], ids=["daily", "weekly"]
)
def test_without_a_network_only_the_first_lists_are_tried(
    luigi_run: LuigiRun, command: tuple[str, ...], workers: str
) -> None:
    """And so it is in the next run: it does not believe the one before."""
    nobody = f"http://127.0.0.1:{free_port()}/3"
    for _ in range(2):
        run = luigi_run(*command, "--workers", workers, TMDB_API_URL=nobody, TMDB_MAX_RETRIES="1")
        assert run.status == FAILED, run.output
        assert 1 <= run.err.count("attempt 2 follows") <= int(workers), run.err
        sentences = {line for line in run.err.splitlines() if " ERROR: " in line}
        reasons = {line.partition("could not be reached in 2 attempts")[2] for line in sentences}
        assert sentences
        assert all(each.startswith(" (last error: the connection was refu") for each in reasons)


def test_the_next_attempt_of_an_unattended_run_tries_the_host_again(
    luigi_run: LuigiRun, unattended: dict[str, str]
) -> None:
    nobody = f"http://127.0.0.1:{free_port()}/3"
    variables = unattended | {"TMDB_API_URL": nobody, "TMDB_MAX_RETRIES": "1"}
    run = luigi_run(*DAILY, **variables)
    assert run.status == FAILED, run.output
    assert run.err.count("attempt 2 follows") == 4


def test_a_key_that_is_refused_once_is_tried_again_by_the_next_attempt(
    luigi_run: LuigiRun, tmdb: FakeTmdb, unattended: dict[str, str]
) -> None:
    """TMDB's CDN keeps a refusal for some minutes."""
    tmdb.fail(refused())
    run = luigi_run(*DAILY, **unattended)
    assert run.status == 0, run.output
    assert tmdb.count() == 1 + 6


# nothing hangs for ever


@pytest.mark.parametrize(
    ("broken", "expected"),
    [("Absent", FAILED), ("BadComplete", NOT_PLANNED), ("BadRequires", NOT_PLANNED)],
)
def test_what_can_never_run_ends_the_run(
    luigi_run: LuigiRun,
    clean_environment: Path,
    unattended: dict[str, str],
    by: list[str],
    broken: str,
    expected: int,
) -> None:
    (clean_environment / "broken.py").write_text(BROKEN_TASKS)
    words = ("--module", "broken", "Root", "--of", broken)
    run = luigi_run(*words, *by, local=False, PYTHONPATH=".", **unattended)
    assert run.status == expected, run.output


def test_a_paused_luigid_does_not_keep_a_day_from_being_collected(
    luigi_run: LuigiRun, unattended: dict[str, str], luigid: Luigid, tmdb: FakeTmdb
) -> None:
    luigid.start()
    luigid.call("pause")
    run = luigi_run(*DAILY, local=False, **unattended)
    assert run.status == 0, run.output
    assert run.err.count("starts over with the local scheduler") == 1
    assert_no_page_was_requested_twice(tmdb)


def test_a_paused_luigid_ends_a_run_in_a_terminal(
    clean_environment: Path, environment: dict[str, str], unattended: dict[str, str],
    luigid: Luigid, tmdb: FakeTmdb,
) -> None:  # fmt: skip
    """The person at the terminal may be the one who paused it."""
    luigid.start()
    luigid.call("pause")
    controller, terminal = pty.openpty()
    variables = environment | {"LUIGI_CONFIG_PATH": str(clean_environment / "luigi.cfg")}
    run = subprocess.Popen(
        luigi_command(*DAILY), env=variables, cwd=clean_environment, stdout=terminal,
        stderr=terminal,
    )  # fmt: skip
    os.close(terminal)
    shown = b""
    with contextlib.suppress(OSError):  # how Linux says that nobody writes to it any more
        while chunk := os.read(controller, 4096):
            shown += chunk
    os.close(controller)
    assert run.wait(timeout=30) == NOT_RUN, shown
    assert b"ERROR: Not everything is done, and the scheduler grants nothing more" in shown
    assert tmdb.count() == 0


def assert_no_page_was_requested_twice(tmdb: FakeTmdb) -> None:
    for path, number in (("/movie/popular", 5), ("/trending/movie/day", 1)):
        assert sorted(tmdb.pages(path)) == [*range(1, number + 1)]


def test_no_key_ends_the_run(luigi_run: LuigiRun, unattended: dict[str, str]) -> None:
    run = luigi_run(*DAILY, **{**unattended, "TMDB_API_KEY": None})
    assert run.status == NOT_PLANNED
    assert "TMDB_API_KEY is not set" in run.err


_started: list[subprocess.Popen[bytes]] = []


def started(
    environment: dict[str, str],
    cwd: Path,
    *arguments: str,
    command: list[str] | None = None,
    **options: Any,
) -> subprocess.Popen[bytes]:
    process: subprocess.Popen[bytes] = subprocess.Popen(
        command or luigi_command(*arguments),
        env=environment,
        cwd=cwd,
        **{"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, **options},
        start_new_session=True,
    )
    _started.append(process)
    return process


@pytest.fixture(autouse=True)
def no_run_is_left() -> Iterator[None]:
    """End the runs that a failed test left, so that they disturb no other test."""
    yield
    while _started:
        run = _started.pop()
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
        run.communicate()


def output_of(run: subprocess.Popen[bytes], seconds: float = 60) -> str:
    try:
        return run.communicate(timeout=seconds)[1].decode()
    finally:
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
            run.wait()


@pytest.mark.parametrize("requests", [1, 3])
def test_a_luigid_that_is_gone_for_good_costs_the_run_one_more_start(
    clean_environment: Path, unattended: dict[str, str], luigid: Luigid, requests: int
) -> None:
    """Whether it is lost early or in the middle of a list, what was collected is kept."""
    luigid.start()
    with slow_tmdb() as slow:
        run = started(unattended | {"TMDB_API_URL": slow.url}, clean_environment, *DAILY)
        wait_for(lambda: slow.count() >= requests)
        luigid.stop()
        output = output_of(run)
        assert run.returncode == 0, output
        assert "luigid does not answer" in output
        assert output.count("starts over with the local scheduler") == 1
        assert_no_page_was_requested_twice(slow)


def test_a_run_survives_a_restart_of_luigid(
    clean_environment: Path, unattended: dict[str, str], luigid: Luigid
) -> None:
    change_options(
        Path(unattended["LUIGI_CONFIG_PATH"]), rpc_retry_attempts="30", rpc_retry_wait="1"
    )
    luigid.start()
    with slow_tmdb() as slow:
        run = started(unattended | {"TMDB_API_URL": slow.url}, clean_environment, *DAILY)
        wait_for(lambda: slow.count("/movie/popular") >= 1)
        luigid.stop()
        wait_for(lambda: slow.count("/movie/popular") >= 5)  # its end is to be reported now
        luigid.start()
        output = output_of(run)
    assert run.returncode == 0, output
    assert "starts over with the local scheduler" not in output


def test_a_killed_task_process_is_one_failed_attempt(
    clean_environment: Path, unattended: dict[str, str]
) -> None:
    """As the kernel does when memory is out. One worker: the run itself has to survive it."""
    with slow_tmdb() as slow:
        run = started(unattended | {"TMDB_API_URL": slow.url}, clean_environment, *DAILY,
                      "--local-scheduler")  # fmt: skip
        wait_for(lambda: slow.count() >= 1)
        (task,) = psutil.Process(run.pid).children()
        task.kill()
        output = output_of(run)
    assert run.returncode == 0, output
    assert ": its process died (-9): killed, or out of memory" in output


def test_a_task_that_hangs_is_stopped_and_tried_again(
    luigi_run: LuigiRun, tmdb: FakeTmdb, unattended: dict[str, str]
) -> None:
    change_options(Path(unattended["LUIGI_CONFIG_PATH"]), timeout="1")
    tmdb.fail(hang(30), path="/movie/popular", times=1)
    run = luigi_run(*POPULAR, **unattended)
    assert run.status == 0, run.output
    assert ": it took too long and was stopped" in run.err


# stopped from outside


def is_at_work(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


@pytest.mark.parametrize(
    ("mode", "workers", "number", "expected"),
    [
        ("desk", 1, signal.SIGTERM, 143),
        ("desk", 4, signal.SIGTERM, 143),
        ("unattended", 1, signal.SIGTERM, 143),
        ("unattended", 4, signal.SIGTERM, 143),
        ("desk", 4, signal.SIGINT, 130),
        ("unattended", 1, signal.SIGHUP, 129),
    ],
)
def test_a_stopped_run_leaves_no_process_that_writes(
    clean_environment: Path,
    environment: dict[str, str],
    unattended: dict[str, str],
    data_dir: Path,
    mode: str,
    workers: int,
    number: int,
    expected: int,
) -> None:
    """Only the main process gets the signal, as from `kill` or a service manager."""
    variables = unattended if mode == "unattended" else environment
    words = (*WEEKLY, "--local-scheduler", "--workers", str(workers))
    with slow_tmdb(0.3) as slow:
        run = started(variables | {"TMDB_API_URL": slow.url}, clean_environment, *words)
        wait_for(lambda: slow.count() >= 3)
        family = psutil.Process(run.pid).children(recursive=True)
        os.kill(run.pid, number)
        output = output_of(run)  # whole once no process of the run is left to write to it
        wait_for(lambda: not any(is_at_work(each) for each in family))
        assert not (data_dir / "processed").exists()
    assert run.returncode == expected, output
    assert "Stopped. What is finished is kept" in output
    assert "Traceback" not in output


def test_a_stopped_run_ends_soon_though_luigid_is_gone(
    clean_environment: Path, unattended: dict[str, str], luigid: Luigid
) -> None:
    """It would wait for a minute: one attempt a second to say that it ends."""
    luigid.start()
    change_options(
        Path(unattended["LUIGI_CONFIG_PATH"]), rpc_retry_attempts="60", rpc_retry_wait="1"
    )
    with slow_tmdb(30) as slow:
        variables = unattended | {"TMDB_API_URL": slow.url}
        run = started(variables, clean_environment, command=with_short_grace(*WEEKLY))
        wait_for(lambda: slow.count() >= 1)
        luigid.stop()
        os.kill(run.pid, signal.SIGTERM)
        output = output_of(run, seconds=20)
    assert run.returncode == 143, output


def with_short_grace(*arguments: str) -> list[str]:
    """Return the `luigi` command with a shorter time for a stopped run to leave."""
    program = (
        "import runpy, sys\n"
        "from pipeline.runtime import signals\n"
        "assert signals.GRACE_SECONDS == 5\n"
        "signals.GRACE_SECONDS = 0.5\n"
        "sys.argv = sys.argv[1:]\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')\n"
    )
    return [sys.executable, "-c", program, *luigi_command(*arguments)]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
def test_a_killed_run_leaves_no_process_that_writes(
    clean_environment: Path, unattended: dict[str, str], data_dir: Path
) -> None:
    with slow_tmdb(60) as slow:  # so long would they go on
        words = (*WEEKLY, "--local-scheduler", "--workers", "4")
        run = started(unattended | {"TMDB_API_URL": slow.url}, clean_environment, *words,
                      stderr=subprocess.DEVNULL)  # fmt: skip
        wait_for(lambda: slow.count() >= 4)
        family = psutil.Process(run.pid).children(recursive=True)
        run.kill()
        run.wait()
        wait_for(lambda: not any(is_at_work(each) for each in family))
    assert len(family) == 4
    assert not (data_dir / "processed").exists()


def test_a_run_under_nohup_outlives_its_terminal(
    clean_environment: Path, environment: dict[str, str]
) -> None:
    with slow_tmdb(0.1) as slow:
        run = started(
            environment | {"TMDB_API_URL": slow.url}, clean_environment,
            *POPULAR, "--local-scheduler", "--workers", "2",
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
        )  # fmt: skip
        wait_for(lambda: slow.count() >= 1)
        os.killpg(run.pid, signal.SIGHUP)
        output = output_of(run)
    assert run.returncode == 0, output
