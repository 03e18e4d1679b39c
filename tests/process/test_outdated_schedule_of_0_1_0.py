"""`doctor` names what is outdated of the crontab and the units of version 0.1.0."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from support.earlier_version import FIXTURES, Installation

from pipeline import settings
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
def units(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a user's units, without a crontab; systemd knows the times of any timer."""
    programs = tmp_path / "programs"
    programs.mkdir()
    answers = {
        "crontab": "exit 1",
        "systemd-analyze": "echo 'Next elapse: Sun 2099-01-04 03:00:00 UTC'",
    }
    for name, text in answers.items():
        (programs / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    folder = tmp_path / "home/.config/systemd/user"
    (folder / "timers.target.wants").mkdir(parents=True)
    return folder


def install(units: Path, source: Path, *names: str) -> None:
    """Install and enable timers with their services."""
    for name in names:
        for kind in ("timer", "service"):
            content = (source / f"tmdb-{name}.{kind}").read_bytes()
            (units / f"tmdb-{name}.{kind}").write_bytes(content)
        (units / f"timers.target.wants/tmdb-{name}.timer").symlink_to(f"../tmdb-{name}.timer")


def outdated() -> list[str]:
    return [name for each in installed.installed() for name in each.outdated]


def test_doctor_names_each_unit_of_0_1_0(units: Path) -> None:
    install(units, CONFIG / "systemd", "daily", "weekly", "backup", "watch")
    names = ("daily", "weekly", "backup", "watch")
    assert outdated() == [f"tmdb-{name}.service" for name in names]


def test_doctor_names_a_unit_of_0_1_0_beside_new_ones(units: Path) -> None:
    ours = settings.REPOSITORY / "config/systemd"
    install(units, ours, "daily", "weekly", "catch-up", "backup")
    assert outdated() == []
    install(units, CONFIG / "systemd", "watch")
    assert outdated() == ["tmdb-watch.service"]
