"""The heartbeat: requested while nothing is overdue, never failing a run, never shown."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from support.fake_tmdb import FakeTmdb, status
from support.luigi_runs import LuigiRun
from support.receivers import TOKEN, Switch
from support.scheduled_runs import CATCH_UP, Run, leave_nothing_due

from pipeline.paths import Layout

pytestmark = pytest.mark.usefixtures("fake_apprise")


def shown(data_dir: Path, *outputs: str) -> bool:
    """Whether the address is in any log, record, state file or output."""
    files = [path.read_bytes() for path in data_dir.rglob("*") if path.is_file()]
    return any(TOKEN.encode() in content for content in files) or any(
        TOKEN in output for output in outputs
    )


def test_the_hourly_catch_up_requests_it_with_nothing_due(
    run: Run, switch: Switch, data_dir: Path
) -> None:
    leave_nothing_due(Layout(data_dir))
    assert run(*CATCH_UP, PIPELINE_HEARTBEAT_URL=switch.url) == (0, "")
    assert switch.paths == [f"/ping/{TOKEN}"]
    assert not shown(data_dir)


def test_an_unattended_run_requests_it_at_its_end(
    luigi_run: LuigiRun, switch: Switch, data_dir: Path
) -> None:
    leave_nothing_due(Layout(data_dir))
    today = date.today().isoformat()
    done = luigi_run("TrendingMovies", "--date", today, "--log-level", "DEBUG",
                     PIPELINE_HEARTBEAT_URL=switch.url)  # fmt: skip
    assert done.status == 0, done.output
    assert switch.paths == [f"/ping/{TOKEN}"]
    assert not shown(data_dir, done.output)


def test_no_heartbeat_is_sent_while_a_root_task_is_overdue(
    run: Run, tmdb: FakeTmdb, switch: Switch, layout: Layout
) -> None:
    leave_nothing_due(layout)
    (summary,) = layout.daily_summary(date.today()).parent.iterdir()
    summary.rename(layout.daily_summary(date.today() - timedelta(days=9)))
    tmdb.fail(status(500), times=None)
    assert run(*CATCH_UP, PIPELINE_HEARTBEAT_URL=switch.url)[0] == 30
    assert switch.paths == []


def test_a_failed_heartbeat_fails_no_run(run: Run, data_dir: Path) -> None:
    leave_nothing_due(Layout(data_dir))
    code, output = run(*CATCH_UP, PIPELINE_HEARTBEAT_URL=f"nonsense/{TOKEN}")
    assert code == 0, output
    assert "The heartbeat was not accepted" in output
    assert not shown(data_dir, output)
