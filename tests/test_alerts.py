"""Those on duty are told once a cause and day, and no alert ever harms a run."""

from __future__ import annotations

import contextlib
import datetime
import http.server
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from conftest import V3_KEY, LuigiRun
from fake_tmdb import FakeTmdb, edit, status

from pipeline.layout import Layout
from pipeline.ops import alerts
from pipeline.ops.commands import watch

pytestmark = pytest.mark.run

DAILY = ("DailySummary", "--date", "2024-01-07")
PASSWORD = "hunter2hunter2"


class Receiver:
    """A service that takes alerts on loopback: keeps them, refuses them, or never answers."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.answer = 200
        self.hold = threading.Event()
        self.hold.set()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                receiver.messages.append(json.loads(self.rfile.read(length)))
                receiver.hold.wait(20)
                self.send_response(receiver.answer)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"json://operator:{PASSWORD}@127.0.0.1:{self._server.server_port}/"

    @contextlib.contextmanager
    def serving(self) -> Iterator[Receiver]:
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield self
        finally:
            self.hold.set()
            self._server.shutdown()
            thread.join()
            self._server.server_close()

    @property
    def titles(self) -> list[str]:
        return [message["title"].partition(" on ")[0] for message in self.messages]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver().serving() as receiver:
        yield receiver


@pytest.fixture
def here(receiver: Receiver, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """This process with alerts switched on."""
    monkeypatch.setenv("PIPELINE_ALERT_URL", receiver.url)
    monkeypatch.setenv("PIPELINE_DATA_DIR", str(data_dir))
    return Layout(data_dir)


def test_a_failed_run_is_told_with_its_task_its_reason_and_its_log(
    luigi_run: LuigiRun, tmdb: FakeTmdb, receiver: Receiver, data_dir: Path
) -> None:
    tmdb.fail(status(500), path="/movie/popular", times=None)
    run = luigi_run(*DAILY, PIPELINE_ALERT_URL=receiver.url, TMDB_MAX_RETRIES="0")
    assert run.status == 30
    (message,) = receiver.messages
    assert message["message"].startswith("PopularMovies(date=2024-01-07) failed: ")
    assert message["title"].startswith("DailySummary failed (exit status 30) on ")
    assert " did not answer /movie/popular properly" in message["message"]
    (log,) = (data_dir / "logs").glob("*.log")
    assert f"Log: {log}" in message["message"]
    assert PASSWORD not in run.output + log.read_text()


def test_a_run_that_luigi_cfg_keeps_from_working_is_told_too(
    luigi_run: LuigiRun, receiver: Receiver, tmp_path: Path
) -> None:
    mine = tmp_path / "luigi.cfg"
    mine.write_text("[worker]\nwait_interval = 1e999\n", encoding="utf-8")
    run = luigi_run(*DAILY, PIPELINE_ALERT_URL=receiver.url, LUIGI_CONFIG_PATH=str(mine))
    assert run.status == 40
    (message,) = receiver.messages
    assert message["title"].startswith("DailySummary failed (exit status 40) on ")
    assert "wait_interval in [worker] of luigi.cfg cannot be used" in message["message"]


def test_one_message_a_cause_and_day(
    luigi_run: LuigiRun, tmdb: FakeTmdb, receiver: Receiver
) -> None:
    tmdb.fail(status(500), times=None)
    variables = {"PIPELINE_ALERT_URL": receiver.url, "TMDB_MAX_RETRIES": "0"}
    for _ in range(2):
        assert luigi_run(*DAILY, **variables).status == 30
    assert receiver.titles == ["DailySummary failed (exit status 30)"]
    luigi_run("TopRatedMovies", "--date", "2024-01-07", **variables)
    assert receiver.titles[1:] == ["TopRatedMovies failed (exit status 30)"]


def test_a_run_that_could_not_be_planned_is_told(luigi_run: LuigiRun, receiver: Receiver) -> None:
    luigi_run(*DAILY, PIPELINE_ALERT_URL=receiver.url, TMDB_API_KEY=None)
    (message,) = receiver.messages
    assert "exit status 35" in message["title"]
    assert "TMDB_API_KEY is not set" in message["message"]


def test_bad_quality_is_told_by_the_run_that_found_it_alone(
    luigi_run: LuigiRun, tmdb: FakeTmdb, receiver: Receiver
) -> None:
    def without_titles(document: dict[str, Any]) -> None:
        for film in document["results"]:
            film.update(title="", original_title="")

    tmdb.fail(edit(without_titles), times=None)
    run = luigi_run(*DAILY, "--workers", "2", PIPELINE_ALERT_URL=receiver.url)
    assert run.status == 0, run.output
    (message,) = receiver.messages
    assert message["title"].startswith("Quality of 2024-01-07: fail")
    assert "popular: films_valid: only 0% of its films break no required rule" in message["message"]
    assert "validation_report_20240107.json" in message["message"]


def test_a_week_of_bad_quality_is_told_by_itself(
    luigi_run: LuigiRun, tmdb: FakeTmdb, receiver: Receiver
) -> None:
    def of_no_genre(document: dict[str, Any]) -> None:
        for film in document["results"]:
            film.update(genre_ids=[99])

    tmdb.fail(edit(of_no_genre), path="/discover/movie", times=None)
    week = ("WeeklyConsolidation", *DAILY[1:])
    run = luigi_run(*week, PIPELINE_ALERT_URL=receiver.url)
    assert run.status == 0, run.output
    (message,) = receiver.messages
    assert message["title"].startswith("Quality of 2024-01-07: fail")
    assert "horror: genre_ignored: only 0% of its films are of genre 27" in message["message"]


def test_a_good_run_tells_nothing(luigi_run: LuigiRun, receiver: Receiver) -> None:
    assert luigi_run(*DAILY, PIPELINE_ALERT_URL=receiver.url).status == 0
    assert receiver.messages == []


def test_without_the_variable_nothing_is_sent_or_noted(
    luigi_run: LuigiRun, tmdb: FakeTmdb, data_dir: Path
) -> None:
    tmdb.fail(status(500), times=None)
    assert luigi_run(*DAILY, TMDB_MAX_RETRIES="0").status == 30
    assert not (data_dir / "state").exists()


def test_a_service_that_hangs_holds_nobody_up_for_long(
    here: Layout, receiver: Receiver, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    monkeypatch.setattr(alerts, "TIMEOUT_SECONDS", 1.5)
    receiver.hold.clear()
    started_at = time.monotonic()
    assert not alerts.send("failed-DailySummary", "title", "text")
    assert time.monotonic() - started_at < 4
    assert "no answer in 1.5 s" in caplog.text


def test_an_alert_that_was_not_taken_is_sent_at_the_next_occasion(
    here: Layout, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.answer = 500
    assert not alerts.send("quality", "title", "text")
    receiver.answer = 200
    assert alerts.send("quality", "title", "text")
    assert not alerts.send("quality", "title", "text")
    assert len(receiver.messages) == 2
    assert "was not delivered" in caplog.text
    assert PASSWORD not in caplog.text


def test_two_processes_send_one(here: Layout, receiver: Receiver) -> None:
    program = "from pipeline.ops import alerts; alerts.send('quality', 'title', 'text')"

    def send(_: int) -> int:
        return subprocess.run([sys.executable, "-c", program], check=False).returncode

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(send, range(4))) == [0] * 4
    assert receiver.titles == ["title"]


def test_a_marker_that_cannot_be_written_silences_nobody(here: Layout, receiver: Receiver) -> None:
    here.root.write_text("a file where the data root should be")
    assert alerts.send("failed-DailySummary", "title", "text")
    assert receiver.titles == ["title"]


def test_several_addresses_each_get_it_and_one_that_is_down_does_not_matter(
    here: Layout, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Receiver().serving() as other:
        down = "json://127.0.0.1:9/"
        monkeypatch.setenv("PIPELINE_ALERT_URL", f"{receiver.url} {down}, {other.url}")
        assert alerts.send("quality", "title", "text")
        assert receiver.titles == other.titles == ["title"]


def test_no_secret_is_sent(
    here: Layout, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMDB_API_KEY", V3_KEY)
    assert alerts.send("quality", f"the key {V3_KEY}", f"api_key={V3_KEY}")
    assert V3_KEY not in json.dumps(receiver.messages)


def test_an_address_stands_in_no_list_of_processes(here: Layout, receiver: Receiver) -> None:
    receiver.hold.clear()
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(alerts.send, "quality", "title", "text")
        while not receiver.messages:
            time.sleep(0.01)
        commands = b"".join(
            path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if _readable(path)
        )
        receiver.hold.set()
        assert sending.result()
    assert b"delivery.py" in commands
    assert PASSWORD.encode() not in commands


def _readable(path: Path) -> bool:
    try:
        path.read_bytes()
    except OSError:
        return False
    return True


def test_an_address_that_is_none_is_named(
    here: Layout, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PIPELINE_ALERT_URL", "nonsense-hunter2")
    assert not alerts.send("quality", "title", "text")
    assert "PIPELINE_ALERT_URL is no address that Apprise knows" in caplog.text
    assert "nonsense-hunter2" not in caplog.text


def test_without_apprise_one_sentence_says_what_to_install(here: Layout, tmp_path: Path) -> None:
    """An environment without the extra, played by a Python that does not find it."""
    program = """
import importlib.util, logging, sys
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "apprise" else find(name, *rest)
logging.basicConfig()
from pipeline.ops import alerts
alerts.send("quality", "title", "text")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stderr.count("pip install 'tmdb-pipeline[alerts]'") == 1


# nothing collected for a day


def summary(layout: Layout, day: datetime.date, ended_at: datetime.datetime) -> None:
    path = layout.daily_summary(day)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"execution_summary": {"end_time": ended_at.isoformat()}}))


def hours_ago(hours: float) -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=hours)


TODAY = datetime.date.today
YESTERDAY = lambda: TODAY() - datetime.timedelta(days=1)  # noqa: E731


@pytest.mark.parametrize("hours", [1, 25.9])
def test_watch_is_content_with_a_summary_of_the_last_26_hours(
    here: Layout, receiver: Receiver, hours: float
) -> None:
    summary(here, YESTERDAY(), hours_ago(hours))
    done = CliRunner().invoke(watch.command)
    assert (done.exit_code, receiver.messages) == (0, [])


def test_watch_is_content_with_todays_summary(here: Layout, receiver: Receiver) -> None:
    summary(here, TODAY(), hours_ago(0))
    assert CliRunner().invoke(watch.command).exit_code == 0


@pytest.mark.parametrize("left", ["nothing", "one that is too old", "a damaged one"])
def test_watch_tells_of_a_day_without_films_once(
    here: Layout, receiver: Receiver, left: str
) -> None:
    if left != "nothing":
        summary(here, YESTERDAY(), hours_ago(26.1))
    if left == "a damaged one":
        here.daily_summary(YESTERDAY()).write_text("{")
    for _ in range(2):
        done = CliRunner().invoke(watch.command)
        assert done.exit_code == 1
        assert "No daily films were collected in the last 26 hours" in done.stderr
    assert receiver.titles == ["Nothing collected for a day"]
