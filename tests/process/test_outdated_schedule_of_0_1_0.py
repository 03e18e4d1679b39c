"""`doctor` names what is outdated of the crontab and the units of version 0.1.0."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from support import systemd
from support.earlier_version import FIXTURES, Installation
from support.repository import REPOSITORY

from pipeline.ops.schedule import installed

CONFIG = FIXTURES / "v0_1_0/config"
SUNDAY_NOON = "2026-01-04T12:00"


def test_doctor_names_each_line_of_the_crontab_of_0_1_0(tmp_path: Path) -> None:
    place = Installation("v0_1_0", tmp_path / "app")
    place.program("crontab", f"cat {CONFIG / 'crontab'}")
    run = place.operate("doctor", "--json", at=SUNDAY_NOON)
    findings = {each["probe"]: each for each in json.loads(run.out)["findings"]}
    assert findings["cron"]["state"] == "warning"
    named = re.findall(r"the line of (.+?) \(", findings["cron"]["found"])
    jobs = ["DailySummary", "WeeklyConsolidation", "tmdb-pipeline backup", "tmdb-pipeline watch"]
    assert named == jobs
    assert "config/crontab" in findings["cron"]["fix"]
    problems = {name for name, each in findings.items() if each["state"] == "problem"}
    assert problems == {"luigid"}, findings


@pytest.fixture
def systemctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Give the text that `systemctl show` prints; systemd knows the times of any timer."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    def make(name: str, text: str) -> None:
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)

    make("crontab", "exit 1")
    make("systemd-analyze", "echo 'Next elapse: Sun 2099-01-04 03:00:00 UTC'")
    return lambda text: make("systemctl", systemd.program(text))


def outdated() -> list[str]:
    places = installed.installed().values()
    return [job.outdated for jobs in places for job in jobs if job.outdated]


def test_doctor_names_each_unit_of_0_1_0(systemctl: Callable[[str], None]) -> None:
    names = ("backup", "daily", "watch", "weekly")
    systemctl(systemd.show(CONFIG / "systemd", *names))
    assert outdated() == [f"tmdb-{name}.service" for name in names]


def test_doctor_names_a_unit_of_0_1_0_beside_new_ones(systemctl: Callable[[str], None]) -> None:
    ours = systemd.show(REPOSITORY / "config/systemd", "daily", "weekly", "catch-up", "backup")
    systemctl(ours)
    assert outdated() == []
    systemctl(f"{ours}\n{systemd.show(CONFIG / 'systemd', 'watch')}")
    assert outdated() == ["tmdb-watch.service"]
