"""The command of a systemd host, which sees what the units see; run as root with a test user."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support.repository import REPOSITORY

USER = "nobody"
SHOW = '#!/bin/sh\nid -un; id -Gn; pwd; umask; env | sort; echo "ARGUMENTS: $*"\n'

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Run the wrapper around a program that shows what it sees."""
    group = pwd.getpwnam(USER).pw_gid
    app = tmp_path / "app"
    (app / ".venv/bin").mkdir(parents=True)
    (app / ".venv/bin/tmdb-pipeline").write_text(SHOW, encoding="utf-8")
    (app / ".venv/bin/tmdb-pipeline").chmod(0o755)
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.getuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o011)
    text = (REPOSITORY / "config/host/tmdb-pipeline").read_text(encoding="utf-8")
    for ours, here in (
        ("/opt/tmdb-pipeline", str(app)),
        ("/etc/tmdb-pipeline/environment", str(tmp_path / "environment")),
        ("user=pipeline", f"user={USER}"),
        ('--regid "$user"', f"--regid {group}"),
    ):
        assert ours in text
        text = text.replace(ours, here)
    (tmp_path / "wrapper").write_text(text, encoding="utf-8")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/sh", str(tmp_path / "wrapper"), *words],
            env={"PATH": os.environ["PATH"], "TMDB_API_KEY": "of-root", "PIPELINE_ALERT_URL": "x"},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")


@as_root
def test_the_command_sees_the_settings_of_the_units_as_their_user(
    command: Command, tmp_path: Path
) -> None:
    file = tmp_path / "environment"
    file.write_text(
        "# TMDB_REGION=US\n\n"
        "TMDB_API_KEY=a key with $HOME and `date` in it\n"
        'PIPELINE_HISTORY_URL="postgresql://luigi:p@h/luigi?a=b"\n'
        "TZ='Asia/Seoul'\n"
        "no setting\nbad-name=1\n"
        "TMDB_LANGUAGE=de-DE"
    )
    file.chmod(0o600)
    done = command("status", "two words")
    assert done.returncode == 0, done.stderr
    user, groups, folder, mask, *variables = done.stdout.splitlines()
    assert (user, folder, mask) == (USER, str(tmp_path / "app"), "0027")
    assert "root" not in groups
    seen = dict(each.partition("=")[::2] for each in variables)
    assert seen["TMDB_API_KEY"] == "a key with $HOME and `date` in it"
    assert seen["PIPELINE_HISTORY_URL"] == "postgresql://luigi:p@h/luigi?a=b"
    assert (seen["TZ"], seen["TMDB_LANGUAGE"]) == ("Asia/Seoul", "de-DE")
    assert not seen.keys() & {"TMDB_REGION", "PIPELINE_ALERT_URL", "bad-name", "AS_THE_UNITS"}
    assert variables[-1] == "ARGUMENTS: status two words"


@as_root
def test_without_settings_the_command_runs_and_sees_none_of_root_s_own(command: Command) -> None:
    done = command("status")
    assert done.returncode == 0, done.stderr
    assert "TMDB_API_KEY" not in done.stdout


def test_the_wrapper_names_what_the_units_name() -> None:
    text = (REPOSITORY / "config/host/tmdb-pipeline").read_text(encoding="utf-8")
    unit = (REPOSITORY / "config/systemd/tmdb-daily.service").read_text(encoding="utf-8")
    for line in ("User=pipeline", "WorkingDirectory=/opt/tmdb-pipeline", "UMask=0027"):
        assert f"\n{line}\n" in unit
    assert "EnvironmentFile=-/etc/tmdb-pipeline/environment" in unit
    assert "settings=/etc/tmdb-pipeline/environment\n" in text
    assert "user=pipeline\n" in text
