"""The heartbeat: requested while nothing is overdue, never failing a run, never shown."""

from __future__ import annotations

import subprocess
from datetime import date, timedelta
from pathlib import Path

import pytest
from support.fake_tmdb import FakeTmdb, status
from support.luigi_runs import LuigiRun
from support.receivers import TOKEN, Receiver, Switch
from support.scheduled_runs import CATCH_UP, TMDB_PIPELINE, Run

from pipeline.layout import Layout


def shown(data_dir: Path, *outputs: str) -> bool:
    """Whether the address is in any log, record, state file or output."""
    files = [path.read_bytes() for path in data_dir.rglob("*") if path.is_file()]
    return any(TOKEN.encode() in content for content in files) or any(
        TOKEN in output for output in outputs
    )


def test_the_hourly_catch_up_requests_it_with_nothing_due(
    run: Run, tmdb: FakeTmdb, switch: Switch, data_dir: Path
) -> None:
    assert run(*CATCH_UP)[0] == 0
    assert run(*CATCH_UP, PIPELINE_HEARTBEAT_URL=switch.url) == (0, "")
    assert switch.paths == [f"/ping/{TOKEN}"]
    assert not shown(data_dir)


def test_an_unattended_run_requests_it_at_its_end(
    run: Run, luigi_run: LuigiRun, tmdb: FakeTmdb, switch: Switch, data_dir: Path
) -> None:
    assert run(*CATCH_UP)[0] == 0
    today = date.today().isoformat()
    done = luigi_run("DailySummary", "--date", today, "--log-level", "DEBUG",
                     PIPELINE_HEARTBEAT_URL=switch.url)  # fmt: skip
    assert done.status == 0, done.output
    assert switch.paths == [f"/ping/{TOKEN}"]
    assert not shown(data_dir, done.output)


def test_it_stays_away_while_a_root_task_is_overdue(
    run: Run, tmdb: FakeTmdb, switch: Switch, layout: Layout
) -> None:
    assert run(*CATCH_UP)[0] == 0
    old = date.today() - timedelta(days=9)
    layout.daily_summary(date.today()).rename(layout.daily_summary(old))
    for path in layout.consolidated(date.today()).parent.iterdir():
        path.unlink()
    layout.popular(date.today()).unlink()
    tmdb.fail(status(500), times=None)
    assert run(*CATCH_UP, PIPELINE_HEARTBEAT_URL=switch.url)[0] == 30
    assert switch.paths == []


def test_a_service_that_refuses_is_asked_again(run: Run, tmdb: FakeTmdb, switch: Switch) -> None:
    assert run(*CATCH_UP)[0] == 0
    switch.refuses = 2
    assert run(*CATCH_UP, PIPELINE_HEARTBEAT_URL=switch.url) == (0, "")
    assert len(switch.paths) == 3


@pytest.mark.parametrize("url", ["hang", "http://127.0.0.1:9/x", "nonsense", "http://[", "ftp://a"])
def test_whatever_is_wrong_with_it_no_run_fails(
    run: Run, tmdb: FakeTmdb, switch: Switch, data_dir: Path, url: str
) -> None:
    assert run(*CATCH_UP)[0] == 0
    switch.hold.clear()
    address = switch.url if url == "hang" else f"{url}/{TOKEN}"
    code, output = run(*CATCH_UP, PIPELINE_HEARTBEAT_URL=address)
    assert code == 0, output
    assert not shown(data_dir, output)


def test_alert_test_says_whether_the_message_arrived(
    variables: dict[str, str], receiver: Receiver
) -> None:
    def ask(**changes: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(TMDB_PIPELINE), "alert", "--test"], env={**variables, **changes},
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    done = ask()
    assert (done.returncode, receiver.titles) == (0, ["Test of the alerts"])
    assert ask().returncode == 0, "each test is sent"
    assert len(receiver.titles) == 2
    receiver.answer = 500
    refused = ask()
    assert refused.returncode == 1
    assert refused.stderr == (
        "tmdb-pipeline: The message did not arrive: the service did not accept it.\n"
    )
    without = ask(PIPELINE_ALERT_URL="")
    assert without.returncode == 1
    assert "PIPELINE_ALERT_URL is not set" in without.stderr
