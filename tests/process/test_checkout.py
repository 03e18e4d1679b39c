"""A checkout on Windows holds what runs in containers: scripts whose lines end in a line feed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from support.repository import REPOSITORY

RUN_ELSEWHERE = (
    "Dockerfile",
    "Makefile",
    "docker-compose.yml",
    "luigi.cfg",
    ".env.example",
    "config/crontab",
    "config/docker/as-pipeline",
    "config/docker/entrypoint",
    "config/docker/luigid-answers",
    "config/quality.toml",
    "config/unattended.cfg",
)


def git(*words: str) -> str:
    done = subprocess.run(
        ["git", *words], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(autouse=True)
def checkout() -> None:
    if not (REPOSITORY / ".git").exists() or not shutil.which("git"):
        pytest.skip("this is no git checkout, or git is not installed")


def scripts() -> list[str]:
    """Every tracked file that a shell, cron, systemd or docker reads."""
    names = git("ls-files").splitlines()
    starts = {name: (REPOSITORY / name).read_bytes()[:2] for name in names}
    kinds = (".service", ".timer", ".cfg", ".toml", ".yml", ".sh")
    return [name for name in names if starts[name] == b"#!" or name.endswith(kinds)]


def test_every_script_and_setting_is_checked_out_with_line_feeds() -> None:
    names = [*RUN_ELSEWHERE, *scripts()]
    attributes = git("check-attr", "eol", "--", *names).splitlines()
    assert [line for line in attributes if not line.endswith(": eol: lf")] == []
    assert len(attributes) == len(names) > 25


def test_a_checkout_of_windows_holds_no_line_that_ends_in_crlf(tmp_path: Path) -> None:
    windows = ["-c", "core.autocrlf=true", "-c", "core.eol=crlf"]
    git(*windows, "checkout-index", "--all", f"--prefix={tmp_path}/")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    texts = {path: text for path in files if b"\0" not in (text := path.read_bytes())}
    wrong = [str(path.relative_to(tmp_path)) for path, text in texts.items() if b"\r\n" in text]
    assert len(texts) > 100
    assert wrong == []
