"""One alert for each task, date and cause, one all-clear, and no alert ever harms a run."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import time_machine
from click.testing import CliRunner
from support.commands import run_in_process
from support.fake_tmdb import V3_KEY, FakeTmdb, edit, hang, status
from support.luigi_runs import LuigiRun, installed, luigi_command, run_command
from support.receivers import PASSWORD, Receiver
from support.waiting import wait_for

from pipeline.documents.run_record import Entry
from pipeline.ops.alerts import send as alerts
from pipeline.ops.commands.watch import watch
from pipeline.ops.runs import record
from pipeline.paths import Layout
from pipeline.roots import ROOTS

DAILY = ("DailySummary", "--date", "2024-01-07")
DAY = datetime.date(2024, 1, 7)

PROGRAM = """
import datetime, sys
from pipeline.ops.alerts import send
send.raise_alert("DailySummary", datetime.date(2024, 1, 7), sys.argv[1], "title", "text")
"""


@pytest.fixture(autouse=True)
def delivery(request: pytest.FixtureRequest) -> None:
    """Deliver by the fake Apprise, which loads fast, unless the test asks for the real one."""
    if "real_apprise" not in request.fixturenames:
        request.getfixturevalue("fake_apprise")


@pytest.fixture
def real_apprise() -> None:
    """Deliver by Apprise itself."""


@pytest.fixture
def here(receiver: Receiver, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """This process with alerts switched on."""
    monkeypatch.setenv("PIPELINE_ALERT_URL", receiver.url)
    monkeypatch.setenv("PIPELINE_DATA_DIR", str(data_dir))
    return Layout(data_dir)


def send(cause: str = "quality", title: str = "title", text: str = "text") -> bool:
    """Raise an alert of the day; return whether it was delivered."""
    return alerts.raise_alert("DailySummary", DAY, cause, title, text)


def markers(data_dir: Path) -> set[str]:
    """The markers of open alerts below the data root."""
    return {path.name for path in Layout(data_dir).alerts.iterdir()}


@pytest.mark.usefixtures("real_apprise")
def test_a_failed_run_is_alerted_with_its_task_its_date_its_reason_and_its_log(
    luigi_run: LuigiRun, tmdb: FakeTmdb, receiver: Receiver, data_dir: Path
) -> None:
    tmdb.fail(status(500), path="/movie/popular", times=None)
    run = luigi_run(*DAILY, PIPELINE_ALERT_URL=receiver.url, TMDB_MAX_RETRIES="0")
    assert run.status == 30
    (message,) = receiver.messages
    assert message["message"].startswith("PopularMovies(date=2024-01-07) failed: ")
    assert message["title"].startswith("DailySummary of 2024-01-07 failed (exit status 30) on ")
    assert " did not answer /movie/popular properly" in message["message"]
    (log,) = (data_dir / "logs").glob("*.log")
    assert f"Log: {log}" in message["message"]
    assert PASSWORD not in run.output + log.read_text()
    assert markers(data_dir) == {"20240107_DailySummary_TmdbUnavailable-30"}


def test_a_run_that_luigi_cfg_keeps_from_working_is_alerted_too(
    luigi_run: LuigiRun, receiver: Receiver, tmp_path: Path, data_dir: Path
) -> None:
    mine = tmp_path / "luigi.cfg"
    mine.write_text("[worker]\nwait_interval = 1e999\n", encoding="utf-8")
    run = luigi_run(*DAILY, PIPELINE_ALERT_URL=receiver.url, LUIGI_CONFIG_PATH=str(mine))
    assert run.status == 40
    (message,) = receiver.messages
    assert message["title"].startswith("DailySummary of 2024-01-07 failed (exit status 40) on ")
    assert "wait_interval in [worker] of luigi.cfg cannot be used" in message["message"]
    assert markers(data_dir) == {"20240107_DailySummary_SettingsError-40"}


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("TMDB_REGION", "nowhere"),
        ("TMDB_API_KEY", "two words"),
        ("TMDB_API_KEY", None),
    ],
)
def test_a_run_that_an_unusable_setting_keeps_from_working_is_alerted_too(
    luigi_run: LuigiRun, receiver: Receiver, variable: str, value: str | None
) -> None:
    for _ in range(2):
        run = luigi_run(*DAILY, PIPELINE_ALERT_URL=receiver.url, **{variable: value})
        assert run.status == 35
    (message,) = receiver.messages
    assert message["title"].startswith("DailySummary of 2024-01-07 failed (exit status 35) on ")
    assert variable in message["message"]


@pytest.mark.parametrize(
    ("variable", "value"),
    [("PIPELINE_HISTORY_URL", "mysql://nowhere"), ("PIPELINE_LOG_FORMAT", "xml")],
)
def test_a_setting_that_no_list_needs_keeps_no_night_from_running(
    luigi_run: LuigiRun, tmdb: FakeTmdb, variable: str, value: str
) -> None:
    run = luigi_run(*DAILY, **{variable: value})
    assert run.status == 0, run.output


def test_one_message_for_each_task_date_and_cause(
    luigi_run: LuigiRun, tmdb: FakeTmdb, receiver: Receiver
) -> None:
    tmdb.fail(status(500), times=None)
    variables = {"PIPELINE_ALERT_URL": receiver.url, "TMDB_MAX_RETRIES": "0"}
    for _ in range(2):
        assert luigi_run(*DAILY, **variables).status == 30
    assert luigi_run(*DAILY, **variables, TMDB_API_KEY="f" * 32).status == 30
    assert luigi_run("DailySummary", "--date", "2024-01-08", **variables).status == 30
    assert luigi_run("TopRatedMovies", "--date", "2024-01-07", **variables).status == 30
    assert receiver.titles == [
        "DailySummary of 2024-01-07 failed (exit status 30)",
        "DailySummary of 2024-01-07 failed (exit status 30)",
        "DailySummary of 2024-01-08 failed (exit status 30)",
        "TopRatedMovies of 2024-01-07 failed (exit status 30)",
    ]
    assert "refuses the v3 key" in receiver.messages[1]["message"]


def test_the_success_after_a_failure_sends_one_all_clear(
    luigi_run: LuigiRun, tmdb: FakeTmdb, receiver: Receiver, data_dir: Path
) -> None:
    tmdb.fail(status(500), times=2)
    variables = {"PIPELINE_ALERT_URL": receiver.url, "TMDB_MAX_RETRIES": "0"}
    assert luigi_run(*DAILY, **variables).status == 30
    for _ in range(2):
        assert luigi_run(*DAILY, **variables).status == 0
    assert receiver.titles == [
        "DailySummary of 2024-01-07 failed (exit status 30)",
        "All clear: DailySummary of 2024-01-07",
    ]
    assert "DailySummary of 2024-01-07 is done." in receiver.messages[1]["message"]
    assert markers(data_dir) == set()


def test_a_failure_after_the_all_clear_is_alerted_again(here: Layout, receiver: Receiver) -> None:
    for _ in range(2):
        assert send()
        assert alerts.all_clear("DailySummary", DAY, "text")
    assert [title.split()[0] for title in receiver.titles] == ["title", "All"] * 2


def test_a_run_in_a_terminal_alerts_nobody(
    environment: dict[str, str], clean_environment: Path, tmdb: FakeTmdb, receiver: Receiver
) -> None:
    """The person who started it sees how it ends."""
    tmdb.fail(status(500), times=None)
    controller, terminal = pty.openpty()
    run = subprocess.Popen(
        luigi_command(*DAILY, "--local-scheduler"),
        env={**environment, "PIPELINE_ALERT_URL": receiver.url, "TMDB_MAX_RETRIES": "0"},
        cwd=clean_environment, stdout=terminal, stderr=terminal,
    )  # fmt: skip
    os.close(terminal)
    with contextlib.suppress(OSError):  # how Linux says that nobody writes to it any more
        while os.read(controller, 4096):
            pass
    os.close(controller)
    assert run.wait(timeout=30) == 30
    assert receiver.messages == []


@pytest.mark.parametrize(
    ("number", "title"),
    [
        (signal.SIGINT, []),
        (signal.SIGTERM, ["PopularMovies of 2024-01-07 failed (exit status 143)"]),
    ],
)
def test_a_run_that_a_person_stops_is_no_alert_and_one_that_is_ended_is(
    environment: dict[str, str], clean_environment: Path, tmdb: FakeTmdb, receiver: Receiver,
    number: signal.Signals, title: list[str],
) -> None:  # fmt: skip
    tmdb.fail(hang(60), times=None)
    run = subprocess.Popen(
        luigi_command("PopularMovies", *DAILY[1:], "--local-scheduler"),
        env={**environment, "PIPELINE_ALERT_URL": receiver.url},
        cwd=clean_environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for(lambda: tmdb.count() > 0, 30)
        run.send_signal(number)
        assert run.wait(timeout=30) == 128 + number
    finally:
        run.kill()
        run.wait()
    assert receiver.titles == title


def test_bad_quality_is_alerted_by_the_run_that_found_it_alone(
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
    finding = "only 0% of its movies satisfy every required rule"
    assert f"popular: films_valid ({finding})" in message["message"]
    assert "validation_report_20240107.json" in message["message"]


def test_a_week_of_bad_quality_is_an_alert_of_its_own(
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
    assert "horror: genre_ignored (only 0% of its movies are of genre 27" in message["message"]


def test_a_good_run_alerts_nobody(luigi_run: LuigiRun, receiver: Receiver) -> None:
    assert luigi_run(*DAILY, PIPELINE_ALERT_URL=receiver.url).status == 0
    assert receiver.messages == []


def test_without_the_variable_nothing_is_sent_or_noted(
    luigi_run: LuigiRun, tmdb: FakeTmdb, data_dir: Path
) -> None:
    tmdb.fail(status(500), times=None)
    assert luigi_run(*DAILY, TMDB_MAX_RETRIES="0").status == 30
    assert not (data_dir / "state").exists()


def test_a_service_that_hangs_delays_a_run_for_seconds_only(
    here: Layout, receiver: Receiver, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    """The service holds its answer until the test is over."""
    assert alerts.TIMEOUT_SECONDS <= 10
    monkeypatch.setattr(alerts, "TIMEOUT_SECONDS", 0.8)
    receiver.hold.clear()
    assert not send()
    assert "no answer in 0.8 s" in caplog.text


def test_an_alert_that_was_not_delivered_is_sent_at_the_next_occasion(
    here: Layout, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.answer = 500
    assert not send()
    receiver.answer = 200
    assert send()
    assert not send()
    assert len(receiver.messages) == 2
    assert "was not delivered" in caplog.text
    assert PASSWORD not in caplog.text


@pytest.mark.parametrize(("causes", "messages"), [("aa", 1), ("ab", 2)])
def test_two_processes_send_one_message_for_each_alert(
    causes: str, messages: int, here: Layout, receiver: Receiver
) -> None:
    def in_a_process(cause: str) -> int:
        return subprocess.run([sys.executable, "-c", PROGRAM, cause], check=False).returncode

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(in_a_process, causes)) == [0] * 2
    assert receiver.titles == ["title"] * messages
    assert len(markers(here.root)) == messages


def test_an_alert_is_sent_although_its_marker_cannot_be_written(
    here: Layout, receiver: Receiver
) -> None:
    here.root.write_text("a file where the data root should be")
    assert send()
    assert receiver.titles == ["title"]


@pytest.mark.usefixtures("real_apprise")
def test_an_alert_reaches_each_address_although_one_is_down(
    here: Layout, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Receiver().serving() as other:
        down = "json://127.0.0.1:9/"
        monkeypatch.setenv("PIPELINE_ALERT_URL", f"{receiver.url} {down}, {other.url}")
        assert send()
        assert receiver.titles == other.titles == ["title"]


@pytest.mark.usefixtures("real_apprise")
def test_no_secret_is_sent(
    here: Layout, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMDB_API_KEY", V3_KEY)
    assert send(title=f"the key {V3_KEY}", text=f"api_key={V3_KEY}")
    assert V3_KEY not in json.dumps(receiver.messages)


def test_an_address_of_alerts_is_in_no_process_list(here: Layout, receiver: Receiver) -> None:
    receiver.hold.clear()
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(send)
        while not receiver.messages:
            time.sleep(0.01)
        commands = b"".join(
            path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if _readable(path)
        )
        receiver.hold.set()
        assert sending.result()
    assert b"deliver.py" in commands
    assert PASSWORD.encode() not in commands


def _readable(path: Path) -> bool:
    try:
        path.read_bytes()
    except OSError:
        return False
    return True


@pytest.mark.usefixtures("real_apprise")
def test_an_invalid_address_of_alerts_is_reported(
    here: Layout, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PIPELINE_ALERT_URL", "nonsense-hunter2")
    assert not send()
    assert "PIPELINE_ALERT_URL is no address that Apprise knows" in caplog.text
    assert "nonsense-hunter2" not in caplog.text


@pytest.mark.usefixtures("real_apprise")
def test_without_apprise_one_sentence_says_what_to_install(here: Layout, tmp_path: Path) -> None:
    """An environment without the extra, played by a Python that does not find it."""
    program = f"""
import importlib.util, logging, sys
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "apprise" else find(name, *rest)
logging.basicConfig()
{PROGRAM}
"""
    done = subprocess.run(
        [sys.executable, "-c", program, "quality"], capture_output=True, text=True, check=True
    )
    assert done.stderr.count("pip install 'tmdb-pipeline[alerts]'") == 1


# all-clear


def test_an_all_clear_is_sent_once_for_all_that_is_open_until_its_date(
    here: Layout, receiver: Receiver
) -> None:
    day = datetime.timedelta(days=1)
    assert send("TmdbUnavailable-30")
    assert send("overdue")
    assert alerts.raise_alert("DailySummary", DAY + day, "overdue", "later", "text")
    assert alerts.raise_alert("WeeklyConsolidation", DAY, "overdue", "other", "text")
    assert not alerts.all_clear("DailySummary", DAY - day, "text")
    assert alerts.all_clear("DailySummary", DAY, "text")
    assert not alerts.all_clear("DailySummary", DAY, "text")
    assert receiver.titles[4:] == ["All clear: DailySummary of 2024-01-07"]
    assert not alerts.is_open("DailySummary", DAY)
    assert alerts.is_open("DailySummary", DAY + day)
    assert alerts.is_open("WeeklyConsolidation")


def test_an_all_clear_that_was_not_delivered_is_sent_at_the_next_occasion(
    here: Layout, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    assert send()
    receiver.answer = 500
    assert not alerts.all_clear("DailySummary", DAY, "text")
    assert "'All clear: DailySummary of 2024-01-07' was not delivered" in caplog.text
    receiver.answer = 200
    assert alerts.all_clear("DailySummary", DAY, "text")


def test_no_all_clear_follows_a_failure_that_nobody_was_alerted_of(
    here: Layout, receiver: Receiver
) -> None:
    receiver.answer = 500
    assert not send()
    receiver.answer = 200
    assert not alerts.all_clear("DailySummary", DAY, "text")
    assert receiver.titles == ["title"]


def test_the_markers_of_alerts_that_are_long_over_are_removed(
    here: Layout, receiver: Receiver
) -> None:
    """However old their date is: a range can fail for a day of two years ago."""
    here.alerts.mkdir(parents=True)
    now = time.time()
    for name, days in (("20240107_A_b-1", 199), ("20240108_A_b-1", 201), ("notes", 201)):
        (here.alerts / name).touch()
        os.utime(here.alerts / name, (now, now - days * 86_400))
    alerts.sweep()
    assert {path.name for path in here.alerts.iterdir()} == {"20240107_A_b-1", "notes"}


# a test message


@pytest.mark.usefixtures("real_apprise")
def test_a_test_message_says_whether_it_arrived(here: Layout, receiver: Receiver) -> None:
    run = run_command([installed("tmdb-pipeline"), "alert", "--test"], os.environ, Path.cwd())
    assert (run.status, "was accepted" in run.out) == (0, True)
    done = run_in_process("alert", "--test", env=os.environ, cwd=Path.cwd())
    assert (done.status, "was accepted" in done.out) == (0, True)
    assert receiver.titles == ["Test of the alerts"] * 2, "each test is sent"
    receiver.answer = 500
    done = run_in_process("alert", "--test", env=os.environ, cwd=Path.cwd())
    assert done.status == 1
    assert done.err == (
        "tmdb-pipeline: The message did not arrive: the service did not accept it.\n"
    )
    assert PASSWORD not in done.output
    assert not here.root.exists()


def test_a_test_message_without_an_address_names_the_variable(data_dir: Path) -> None:
    done = run_in_process("alert", "--test", env=os.environ, cwd=Path.cwd())
    assert done.status == 1
    assert done.err == (
        "tmdb-pipeline: The message did not arrive: PIPELINE_ALERT_URL is not set.\n"
    )


# watch

NOON = datetime.datetime(2024, 1, 10, 12, tzinfo=datetime.UTC)
"""A Wednesday; the day was due at 02:00, the week on the Sunday before."""


@pytest.fixture
def noon(here: Layout, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    with time_machine.travel(NOON, tick=False):
        yield
    monkeypatch.undo()
    time.tzset()


def made(layout: Layout, *days: str) -> None:
    """Make the documents of both root tasks of these days."""
    for day in map(datetime.date.fromisoformat, days):
        for root in ROOTS.values():
            path = root.document(layout, day)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("{}")


def test_watch_is_content_on_an_empty_data_root(
    here: Layout, receiver: Receiver, noon: None
) -> None:
    done = CliRunner().invoke(watch.command)
    assert (done.exit_code, done.stdout, receiver.messages) == (0, "Nothing is overdue.\n", [])


def test_watch_is_content_where_the_newest_due_dates_are_there(
    here: Layout, receiver: Receiver, noon: None
) -> None:
    made(here, "2024-01-07", "2024-01-10")
    assert CliRunner().invoke(watch.command).exit_code == 0
    assert receiver.messages == []


def test_watch_alerts_once_of_each_root_task_that_is_overdue(
    here: Layout, receiver: Receiver, noon: None
) -> None:
    made(here, "2024-01-01")
    for _ in range(2):
        done = CliRunner().invoke(watch.command)
        assert done.exit_code == 1
        for sentence in (
            "DailySummary of 2024-01-10 was due at 2024-01-10 02:00 UTC and is not there",
            "WeeklyConsolidation of 2024-01-07 was due at 2024-01-07 03:00 UTC and is not there",
        ):
            assert sentence in done.stderr
    assert receiver.titles == [
        "DailySummary of 2024-01-10 is overdue",
        "WeeklyConsolidation of 2024-01-07 is overdue",
    ]
    assert f"Looked in: {here.root}" in receiver.messages[0]["message"]


def test_watch_does_not_repeat_a_failure_that_was_alerted_of(
    here: Layout, receiver: Receiver, noon: None
) -> None:
    made(here, "2024-01-01", "2024-01-07")
    assert alerts.run_failed("DailySummary", NOON.date(), 30, "TmdbUnavailable", ["why"], None)
    done = CliRunner().invoke(watch.command)
    assert (done.exit_code, "DailySummary of 2024-01-10" in done.stderr) == (1, True)
    assert receiver.titles == ["DailySummary of 2024-01-10 failed (exit status 30)"]


def record_run(layout: Layout, *, unattended: bool) -> None:
    """Record the start of a run that no process belongs to any more."""
    log = layout.run_log(NOON, "DailySummary")
    log.parent.mkdir(parents=True)
    log.touch()
    entry = Entry(
        run_id=log.stem, task="DailySummary", date=NOON.date(), at=NOON, log=f"logs/{log.name}",
        unattended=unattended,
    )  # fmt: skip
    record.append(layout, entry)


def test_watch_exits_with_1_and_alerts_once_where_a_run_was_killed(
    here: Layout, receiver: Receiver, noon: None
) -> None:
    made(here, "2024-01-07", "2024-01-10")
    record_run(here, unattended=True)
    assert CliRunner().invoke(watch.command).exit_code == 1
    assert CliRunner().invoke(watch.command).exit_code == 0
    assert receiver.titles == ["DailySummary of 2024-01-10 failed (exit status 137)"]
    assert "it was killed" in receiver.messages[0]["message"]


def test_watch_is_content_though_a_run_in_a_terminal_was_killed(
    here: Layout, receiver: Receiver, noon: None
) -> None:
    made(here, "2024-01-07", "2024-01-10")
    record_run(here, unattended=False)
    assert CliRunner().invoke(watch.command).exit_code == 0
    assert receiver.messages == []
