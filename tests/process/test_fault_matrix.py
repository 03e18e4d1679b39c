"""A sample of the trials of faults and of chaos."""

from __future__ import annotations

import subprocess
import sys

from support.repository import TESTS

SEED = "20240107"


def test_a_sample_of_the_faults_ends_as_it_has_to() -> None:
    done = trial("faults", "--sample", "12", "--seed", SEED)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "| **all** | 12 |" in done.stdout


def test_a_run_in_chaos_is_complete() -> None:
    done = trial("chaos", "--runs", "2", "--seed", SEED)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 |" in done.stdout


def trial(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own: it forks, and pytest is full of threads."""
    return subprocess.run(
        [sys.executable, "-m", f"trials.{name}", *arguments],
        cwd=TESTS,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
