"""doctor and what it needs other processes for: luigid, PostgreSQL, crontab and systemd."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from support import systemd
from support.fake_tmdb import V3_KEY
from support.operate import Operate, document, findings, plain_luigid
from support.postgres import PASSWORD
from support.repository import REPOSITORY


def test_where_all_is_well_doctor_finds_no_problem(
    operate: Operate, command: Operate, history_url: str
) -> None:
    assert operate("start", PIPELINE_HISTORY_URL=history_url).status == 0
    run = command("doctor", "--json", PIPELINE_HISTORY_URL=history_url)
    found = findings(run)
    assert {name: each["state"] for name, each in found.items() if name != "cron"} == {
        "settings": "ok",
        "key": "ok",
        "host": "ok",
        "clock": "ok",
        "disk": "ok",
        "memory": "ok",
        "luigid": "ok",
        "postgres": "ok",
        "data root": "ok",
        "backups": "ok",
        "retention": "ok",
        ".env": "ok",
    }
    assert (run.status, document(run)["ok"]) == (0, True)
    assert found["key"]["found"] == "the v3 key is accepted"
    assert "(hardened, luigid/3." in found["luigid"]["found"]
    assert "PostgreSQL 18" in found["postgres"]["found"]
    assert V3_KEY not in run.output
    assert PASSWORD not in run.output


def test_a_database_without_tables_is_distinguished_from_one_that_is_down(
    command: Operate, history_url: str
) -> None:
    found = findings(command("doctor", "--json", PIPELINE_HISTORY_URL=history_url))["postgres"]
    assert found["state"] == "problem"
    assert "the history's tables are not there" in found["found"]


def test_a_plain_luigid_is_warned_of(
    command: Operate, luigid_port: int, operator_environment: dict[str, str], tmp_path: Path
) -> None:
    with plain_luigid(luigid_port, operator_environment, tmp_path):
        found = findings(command("doctor", "--json"))["luigid"]
    assert found["state"] == "warning"
    assert "(plain, " in found["found"]


OURS = {
    "daily": "0 2 * * * tmdb-scheduled daily -- luigi --module pipeline DailySummary",
    "weekly": "0 3 * * 0 tmdb-scheduled weekly -- luigi --module pipeline WeeklyConsolidation",
    "catch-up": "40 * * * * tmdb-scheduled catch-up -- luigi --module pipeline",
    "prune": "50 4 * * * tmdb-scheduled prune -- tmdb-pipeline prune --yes --runtime host",
}
OLD = "0 2 * * * flock -n lock luigi --module pipeline DailySummary --date $(date +\\%F)"
"""A line of a version without the wrapper."""


@dataclass
class Schedules:
    """What is installed on the host that doctor looks at."""

    folder: Path
    command: Operate
    path: str
    shown: str = ""
    """What `systemctl show` prints."""

    def crontab(self, *lines: str) -> None:
        self._program("crontab", "\n".join(["cat <<'END'", *lines, "END"]))

    def timer(self, name: str, *, enabled: bool = True, command: str | None = None) -> None:
        """Install a timer of config/systemd for this user, with another command if one is given."""
        units = self.folder / "units"
        units.mkdir(exist_ok=True)
        for kind in ("timer", "service"):
            source = REPOSITORY / f"config/systemd/tmdb-{name}.{kind}"
            (units / source.name).write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
        if command:
            (units / f"tmdb-{name}.service").write_text(f"[Service]\nExecStart={command}\n")
        state = "active" if enabled else "inactive"
        self.shown += "\n" + systemd.show(units, name, state=state)

    def found(self) -> dict[str, str]:
        """What doctor finds."""
        self._program("systemd-analyze", "echo 'Next elapse: Sun 2099-01-04 03:00:00 UTC'")
        self._program("systemctl", systemd.program(self.shown))
        path = f"{self.folder}:{self.path}"
        return findings(self.command("doctor", "--json", PATH=path))["cron"]

    def _program(self, name: str, text: str) -> None:
        (self.folder / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        (self.folder / name).chmod(0o755)


@pytest.fixture
def schedules(command: Operate, operator_environment: dict[str, str], tmp_path: Path) -> Schedules:
    folder = tmp_path / "programs"
    folder.mkdir()
    found = Schedules(folder, command, operator_environment["PATH"])
    found.crontab()
    return found


def test_the_schedule_of_this_version_is_found_in_a_crontab(schedules: Schedules) -> None:
    schedules.crontab("MAILTO=ops", *OURS.values(), "15 5 * * * rsync -a reports/daily backup:")
    found = schedules.found()
    assert (found["state"], found["found"]) == ("ok", "crontab of this user")


def test_the_schedule_of_this_version_is_found_in_systemd(schedules: Schedules) -> None:
    for name in OURS:
        schedules.timer(name)
    found = schedules.found()
    assert (found["state"], found["found"]) == ("ok", "systemd timer tmdb-daily, tmdb-weekly")


def test_a_schedule_is_found_in_a_crontab_and_in_systemd(schedules: Schedules) -> None:
    schedules.crontab(OURS["daily"], OURS["catch-up"], OURS["prune"])
    schedules.timer("weekly")
    found = schedules.found()
    assert found["state"] == "ok"
    assert found["found"] == "crontab of this user, systemd timer tmdb-weekly"


def test_a_schedule_without_the_catch_up_is_warned_of(schedules: Schedules) -> None:
    schedules.crontab(OURS["daily"], OURS["weekly"], OURS["prune"])
    found = schedules.found()
    assert found["state"] == "warning"
    assert found["found"] == "crontab of this user; without the hourly catch-up"
    assert "catch-up line of config/crontab" in found["fix"]


def test_a_schedule_without_the_prune_is_warned_of(schedules: Schedules) -> None:
    schedules.crontab(OURS["daily"], OURS["weekly"], OURS["catch-up"])
    found = schedules.found()
    assert found["state"] == "warning"
    assert found["found"] == "crontab of this user; without the daily prune"
    assert "prune line of config/crontab" in found["fix"]


def test_a_line_or_a_unit_of_an_older_version_is_warned_of(schedules: Schedules) -> None:
    schedules.crontab(OLD, OURS["catch-up"])
    schedules.timer(
        "weekly", command="/bin/sh -c 'exec luigi --module pipeline WeeklyConsolidation'"
    )
    found = schedules.found()
    assert found["state"] == "warning"
    assert found["found"] == (
        "outdated: crontab of this user: the line of DailySummary (`0 2 * * *`); "
        "systemd timer tmdb-weekly: tmdb-weekly.service"
    )
    assert "docs/operations.md" in found["fix"]


@pytest.mark.parametrize(
    "line", [f"# {OURS['daily']}", "15 5 * * * rsync -a reports/daily backup:", OURS["catch-up"]]
)
def test_a_crontab_that_starts_no_root_task_at_its_time_is_no_schedule(
    schedules: Schedules, line: str
) -> None:
    schedules.crontab(line)
    schedules.timer("daily", enabled=False)
    found = schedules.found()["found"]
    assert "crontab of this user" not in found
    assert "systemd timer tmdb-daily" not in found
