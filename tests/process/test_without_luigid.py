"""A night does not depend on luigid: without it a run uses the local scheduler.

Real runs, real luigids that are stopped, frozen and killed, and a fake TMDB that counts requests.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from support.configurations import quick
from support.fake_tmdb import V3_KEY, FakeTmdb, Fault, status
from support.luigi_runs import (
    Start,
    held_tmdb,
    luigi_command,
    process_starter,
    run_command,
    slow_tmdb,
)
from support.luigid_process import Luigid, our_luigid, plain_luigid
from support.ports import free_port
from support.receivers import Receiver
from support.repository import REPOSITORY
from support.waiting import wait_for
from trials.plans import small_plan

DAY = "2024-01-07"
DAILY = ("DailySummary", "--date", DAY)
PAGES_OF_A_DAY = [("/movie/popular", 1), ("/movie/popular", 2), ("/trending/movie/day", 1)]

pytestmark = pytest.mark.usefixtures("fake_apprise")


def requested(tmdb: FakeTmdb) -> list[tuple[str, int]]:
    """Every page that was requested, in order of list and page."""
    paths = {path for path, _ in PAGES_OF_A_DAY}
    return sorted((path, page) for path in paths for page in tmdb.pages(path))


def configured(folder: Path, port: int, **core: str) -> dict[str, str]:
    """Write luigi.cfg and unattended.cfg with short waits; return the variables of a run there."""
    folder.mkdir(parents=True, exist_ok=True)
    url = f"http://127.0.0.1:{port}/"
    quick(REPOSITORY / "luigi.cfg", folder, scheduler_url=url, rpc_retry_wait="0")
    cfg = quick(REPOSITORY / "config/unattended.cfg", folder, **core)
    return {"LUIGI_CONFIG_PATH": str(cfg)}


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def variables(
    environment: dict[str, str], clean_environment: Path, port: int, tmp_path: Path
) -> dict[str, str]:
    """The variables of an unattended run of few pages in a folder of its own."""
    return {
        **environment,
        **configured(clean_environment, port),
        "TMDB_MAX_RETRIES": "0",
        "PIPELINE_CONFIG_DIR": str(small_plan(tmp_path / "small plan")),
    }


@pytest.fixture
def start(variables: dict[str, str], clean_environment: Path) -> Iterator[Start]:
    """Start `luigi --module pipeline WORDS` without a terminal."""
    with process_starter(clean_environment) as start_process:

        def begin(
            *words: str, command: list[str] | None = None, **changes: str
        ) -> subprocess.Popen[str]:
            return start_process(command or luigi_command(*words), {**variables, **changes})

        yield begin


@pytest.fixture
def run(variables: dict[str, str], clean_environment: Path) -> Callable[..., tuple[int, str]]:
    """Run `luigi --module pipeline WORDS` without a terminal; return its status and output."""

    def to_the_end(*words: str, **changes: str) -> tuple[int, str]:
        done = run_command(luigi_command(*words), {**variables, **changes}, clean_environment)
        return done.status, done.output

    return to_the_end


RunToEnd = Callable[..., tuple[int, str]]


def ended(process: subprocess.Popen[str], seconds: float = 60) -> tuple[int, str]:
    output, _ = process.communicate(timeout=seconds)
    return process.returncode, output


def record(data_dir: Path) -> list[dict[str, Any]]:
    lines = (data_dir / "logs/runs.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@contextlib.contextmanager
def serving(port: int, folder: Path, data_dir: Path) -> Iterator[Luigid]:
    """The hardened luigid of a data root, on that port."""
    with our_luigid(folder, "--port", str(port), PIPELINE_DATA_DIR=str(data_dir)) as luigid:
        yield luigid


# away from the beginning


def test_a_run_without_luigid_is_done_by_the_local_scheduler(
    run: RunToEnd, tmdb: FakeTmdb, data_dir: Path
) -> None:
    status, output = run(*DAILY)
    assert status == 0, output
    assert "this run uses the local scheduler" in output
    assert requested(tmdb) == PAGES_OF_A_DAY
    assert [each["scheduler"] for each in record(data_dir)] == ["local", "local"]


def test_a_run_in_a_terminal_says_that_luigid_does_not_answer(
    variables: dict[str, str], clean_environment: Path
) -> None:
    """Somebody is there to start it: nothing is decided for them."""
    controller, terminal = os.openpty()
    run = subprocess.Popen(
        luigi_command(*DAILY), env={**variables, "LUIGI_CONFIG_PATH": ""},
        cwd=clean_environment, stdout=terminal, stderr=terminal,
    )  # fmt: skip
    os.close(terminal)
    output = b""
    with contextlib.suppress(OSError):
        while chunk := os.read(controller, 65_536):
            output += chunk
    assert run.wait(30) == 40, output
    assert b"luigid does not answer at" in output


@contextlib.contextmanager
def listening(port: int, answer: Callable[[socket.socket], None]) -> Iterator[None]:
    """Something that accepts connections where luigid should be."""
    with socket.create_server(("127.0.0.1", port)) as server:
        server.settimeout(0.1)
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                with contextlib.suppress(OSError):
                    connection, _ = server.accept()
                    accepted.append(connection)
                    threading.Thread(target=answer, args=(connection,), daemon=True).start()

        accepted: list[socket.socket] = []
        thread = threading.Thread(target=serve)
        thread.start()
        yield
        over.set()
        thread.join()
        for connection in accepted:
            connection.close()


def another_program(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.recv(65_536)
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>"
        )
        connection.close()


def test_another_program_at_the_address_of_luigid_keeps_no_run_from_working(
    run: RunToEnd, tmdb: FakeTmdb, port: int
) -> None:
    with listening(port, another_program):
        status, output = run(*DAILY)
    assert status == 0, output
    assert requested(tmdb) == PAGES_OF_A_DAY


def test_a_luigid_with_another_password_is_not_used(
    run: RunToEnd, tmdb: FakeTmdb, port: int, tmp_path: Path, data_dir: Path
) -> None:
    folder = tmp_path / "luigid"
    with our_luigid(folder, "--port", str(port), PIPELINE_DATA_DIR=str(data_dir),
                    PIPELINE_LUIGID_PASSWORD="another"):  # fmt: skip
        status, output = run(*DAILY)
    assert status == 0, output
    assert requested(tmdb) == PAGES_OF_A_DAY


def test_a_run_ignores_an_invalid_scheduler_url(
    run: RunToEnd, tmdb: FakeTmdb, clean_environment: Path
) -> None:
    quick(REPOSITORY / "luigi.cfg", clean_environment, scheduler_url="nonsense")
    status, output = run(*DAILY)
    assert status == 0, output
    assert requested(tmdb) == PAGES_OF_A_DAY


def test_a_run_uses_the_luigid_that_the_command_line_names(
    run: RunToEnd, tmp_path: Path, data_dir: Path
) -> None:
    with serving(free_port(), tmp_path / "luigid", data_dir) as luigid:
        status, output = run(*DAILY, "--scheduler-url", luigid.url)
        assert status == 0, output
        assert {each["scheduler"] for each in record(data_dir)} == {"luigid"}


def test_a_luigid_frozen_at_the_start_and_back_after_the_fallback_is_not_used_again(
    start: Start, port: int, tmp_path: Path, data_dir: Path
) -> None:
    with slow_tmdb(0.5) as slow, serving(port, tmp_path / "luigid", data_dir) as luigid:
        luigid.process.send_signal(signal.SIGSTOP)
        run = start(*DAILY, TMDB_API_URL=slow.url)
        wait_for(lambda: slow.count() >= 1)
        luigid.process.send_signal(signal.SIGCONT)
        status, output = ended(run)
        assert status == 0, output
        assert requested(slow) == PAGES_OF_A_DAY
        assert luigid.call("task_list").response == {}


# lost during the run


def test_a_run_survives_a_killed_luigid(
    start: Start, port: int, tmp_path: Path, data_dir: Path
) -> None:
    with slow_tmdb() as slow:
        with serving(port, tmp_path / "luigid", data_dir) as luigid:
            run = start(*DAILY, TMDB_API_URL=slow.url)
            wait_for(lambda: slow.count() >= 1)
            luigid.process.kill()
        status, output = ended(run)
        assert status == 0, output
        assert "starts over with the local scheduler" in output
        assert requested(slow) == PAGES_OF_A_DAY
    (begin, end) = record(data_dir)
    assert (begin["scheduler"], end["scheduler"], end["status"]) == ("luigid", "local", 0)
    assert begin["run_id"] == end["run_id"]


def test_a_run_survives_a_luigid_that_hangs(
    start: Start, port: int, tmp_path: Path, data_dir: Path
) -> None:
    impatient = configured(tmp_path / "impatient", port, rpc_connect_timeout="0.5")
    with slow_tmdb() as slow, serving(port, tmp_path / "luigid", data_dir) as luigid:
        run = start(*DAILY, TMDB_API_URL=slow.url, **impatient)
        wait_for(lambda: slow.count() >= 1)
        luigid.process.send_signal(signal.SIGSTOP)
        status, output = ended(run)
        luigid.process.send_signal(signal.SIGCONT)
        assert status == 0, output
        assert requested(slow) == PAGES_OF_A_DAY


def test_a_run_survives_a_luigid_that_lost_its_state(
    start: Start, port: int, tmp_path: Path, data_dir: Path
) -> None:
    """It was killed and forgot the run: luigi ends with 25 then, although nothing failed."""
    patient = configured(tmp_path / "patient", port, rpc_retry_attempts="30", rpc_retry_wait="1")
    with slow_tmdb() as slow:
        with serving(port, tmp_path / "luigid", data_dir) as luigid:
            run = start(*DAILY, TMDB_API_URL=slow.url, **patient)
            wait_for(lambda: slow.count() >= 1)
            luigid.process.kill()
        (data_dir / "state/luigid.pickle").unlink(missing_ok=True)
        with serving(port, tmp_path / "luigid", data_dir):
            status, output = ended(run)
        assert status == 0, output
        assert "the run is planned again" in output
        assert requested(slow) == PAGES_OF_A_DAY
    assert [each["scheduler"] for each in record(data_dir)] == ["luigid", "luigid"]


def test_a_paused_luigid_does_not_stop_an_unattended_run(
    run: RunToEnd, port: int, tmp_path: Path, data_dir: Path, tmdb: FakeTmdb
) -> None:
    with serving(port, tmp_path / "luigid", data_dir) as luigid:
        assert luigid.call("pause").status == 200
        status, output = run(*DAILY)
    assert status == 0, output
    assert requested(tmdb) == PAGES_OF_A_DAY


# at the same moment


def test_a_scheduled_and_a_triggered_run_at_the_same_moment_request_no_page_twice(
    start: Start, data_dir: Path
) -> None:
    program = Path(luigi_command()[0])
    with slow_tmdb(1) as slow:
        url = {"TMDB_API_URL": slow.url}
        words = ["--", str(program), "--module", "pipeline", "DailySummary"]
        scheduled = start(
            command=[str(program.with_name("tmdb-scheduled")), "daily", *words], **url
        )
        trigger = [str(program.with_name("tmdb-pipeline")), "trigger", "daily", "--runtime", "host"]
        triggered = start(command=trigger, **url)
        results = [ended(scheduled), ended(triggered)]
        assert sorted(status for status, _ in results) in ([0, 10], [0, 0]), results
        assert requested(slow) == PAGES_OF_A_DAY
    assert any("Skipped: another run of DailySummary is in progress." in out for _, out in results)


def test_a_crontab_line_of_0_1_0_and_a_trigger_request_no_page_twice(
    start: Start, data_dir: Path
) -> None:
    """Such a line calls luigi itself, under a lock of its own."""
    program = Path(luigi_command()[0])
    today = time.strftime("%Y-%m-%d")
    with held_tmdb() as (slow, arrived, released):
        url = {"TMDB_API_URL": slow.url}
        line = start("DailySummary", "--date", today, **url)
        assert arrived.wait(30)
        trigger = [str(program.with_name("tmdb-pipeline")), "trigger", "daily", "--runtime", "host"]
        status, output = ended(start(command=trigger, **url))
        assert (status, "is in progress" in output) == (10, True), output
        released.set()
        assert ended(line)[0] == 0
        assert requested(slow) == PAGES_OF_A_DAY


def test_the_status_is_0_where_the_document_came_from_another_run(
    run: RunToEnd, data_dir: Path, tmdb: FakeTmdb
) -> None:
    assert run(*DAILY)[0] == 0
    status, output = run(*DAILY, TMDB_API_KEY=V3_KEY)
    assert status == 0, output
    assert requested(tmdb) == PAGES_OF_A_DAY


def test_a_failed_run_ends_with_0_where_another_run_did_the_rest(
    run: RunToEnd, data_dir: Path
) -> None:
    """Its first request fails, after another run has completed the day meanwhile."""
    other: list[tuple[int, str]] = []

    def fail_first(_path: str, _query: Mapping[str, str]) -> Fault | None:
        if other:
            return None
        other.append((-1, "not ended"))
        other[0] = run(*DAILY, TMDB_API_URL=tmdb.url)
        return status(404)

    with FakeTmdb(key=V3_KEY, limit=None, choose_fault=fail_first) as tmdb:
        command = (
            *DAILY,
            "--scheduler-retry-delay",
            "600",
        )  # not again
        exit_status, output = run(*command, TMDB_API_URL=tmdb.url, LUIGI_CONFIG_PATH="")
    assert other[0][0] == 0, other
    assert exit_status == 0, output
    assert "Movies(date=2024-01-07) failed" in output
    assert "Other runs did the rest of DailySummary: it is complete." in output
    assert [each["status"] for each in record(data_dir)[2:]] == [0, 0]


def test_a_run_that_stops_at_bad_lists_is_scheduled_by_luigid_as_any_other(
    start: Start, port: int, tmp_path: Path, data_dir: Path, tmdb: FakeTmdb
) -> None:
    shutil.copytree(REPOSITORY / "config", tmp_path / "config")
    quality = tmp_path / "config/quality.toml"
    quality.write_text(quality.read_text().replace('on_fail = "warn"', 'on_fail = "stop"'))
    with serving(port, tmp_path / "luigid", data_dir):
        run = start(*DAILY, PIPELINE_CONFIG_DIR=str(quality.parent), LUIGI_CONFIG_PATH="")
        status, output = ended(run)
    assert status == 0, output
    assert [each["scheduler"] for each in record(data_dir)] == ["luigid", "luigid"]


# one luigid, two data roots


@contextlib.contextmanager
def stock(port: int, folder: Path, data_dir: Path) -> Iterator[None]:
    """luigi's own luigid, which cannot say whose data root it serves."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("support.luigid_process.free_port", lambda: port)
        with plain_luigid(folder):
            yield


@pytest.mark.parametrize("kind", [serving, stock])
def test_two_data_roots_in_two_languages_share_one_luigid_and_mix_nothing(
    start: Start, port: int, tmp_path: Path, data_dir: Path, kind: Callable[..., Any]
) -> None:
    roots = {"ko-KR": data_dir, "en-US": tmp_path / "english"}
    with slow_tmdb() as slow, kind(port, tmp_path / "luigid", data_dir):
        runs = {
            language: start(*DAILY, TMDB_API_URL=slow.url, TMDB_LANGUAGE=language,
                            PIPELINE_DATA_DIR=str(root))
            for language, root in roots.items()
        }  # fmt: skip
        outputs = {language: ended(run) for language, run in runs.items()}
    assert {status for status, _ in outputs.values()} == {0}, outputs
    assert any("serves another data root" in output for _, output in outputs.values())
    for language, root in roots.items():
        path = root / "raw/movies/daily/popular_movies_20240107.json"
        assert json.loads(path.read_text())["collection_info"]["language"] == language
        assert (root / "raw/metadata/daily_summaries/daily_summary_20240107.json").exists()
    assert sorted(requested(slow)) == sorted(PAGES_OF_A_DAY * 2)


def test_a_copied_data_root_is_another_one(
    run: RunToEnd, port: int, tmp_path: Path, data_dir: Path, tmdb: FakeTmdb
) -> None:
    with serving(port, tmp_path / "luigid", data_dir):
        copy = tmp_path / "copy"
        subprocess.run(["cp", "-a", str(data_dir), str(copy)], check=True)
        status, output = run(*DAILY, PIPELINE_DATA_DIR=str(copy))
    assert status == 0, output
    assert "serves another data root" in output


# alerts of an outage


def test_an_outage_of_luigid_is_one_alert_and_one_all_clear(
    run: RunToEnd, port: int, tmp_path: Path, data_dir: Path, tmdb: FakeTmdb, receiver: Receiver
) -> None:
    alerting = {"PIPELINE_ALERT_URL": receiver.url}
    with serving(port, tmp_path / "luigid", data_dir):
        assert run(*DAILY, **alerting)[0] == 0
    assert receiver.titles == []
    for day in ("2024-01-08", "2024-01-09"):
        assert run("DailySummary", "--date", day, **alerting)[0] == 0
    assert receiver.titles == ["luigid does not answer"]
    with serving(port, tmp_path / "luigid", data_dir):
        for day in ("2024-01-10", "2024-01-11"):
            assert run("DailySummary", "--date", day, **alerting)[0] == 0
    assert len(receiver.titles) == 2
    assert receiver.titles[1].startswith("All clear: luigid")


def test_a_host_that_never_had_a_luigid_is_not_alerted_of_it(
    run: RunToEnd, tmdb: FakeTmdb, receiver: Receiver
) -> None:
    assert run(*DAILY, PIPELINE_ALERT_URL=receiver.url)[0] == 0
    assert receiver.titles == []
