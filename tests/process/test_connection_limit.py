"""All processes of a user share the connections to one API, and none of them is stuck for it."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from pipeline.tmdb import connection_limit
from pipeline.tmdb.connection_limit import ConnectionLimit

HOLDER = """
import sys
from pathlib import Path
from pipeline.tmdb.connection_limit import ConnectionLimit
with ConnectionLimit(Path(sys.argv[1]), 16).lend(int(sys.argv[2])) as granted:
    print(granted, flush=True)
    sys.stdin.readline()
"""


class Holder(NamedTuple):
    """A process that has some of the connections."""

    process: subprocess.Popen[str]
    granted: int


@contextlib.contextmanager
def held_elsewhere(path: Path, wanted: int) -> Iterator[Holder]:
    """Have another process hold some of them until the block is left."""
    command = [sys.executable, "-c", HOLDER, str(path), str(wanted)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield Holder(process, int(process.stdout.readline()))
        process.kill()


def test_what_another_process_has_is_not_lent_again(tmp_path: Path) -> None:
    path = tmp_path / "private" / "connections"
    limit = ConnectionLimit(path, 16)
    with held_elsewhere(path, 10) as other:
        assert other.granted == 10
        with limit.lend(16) as granted:
            assert granted == 6


def test_a_killed_process_gives_its_connections_back(tmp_path: Path) -> None:
    path = tmp_path / "private" / "connections"
    limit = ConnectionLimit(path, 16)
    with held_elsewhere(path, 16) as other:
        other.process.kill()
        other.process.wait()
        with limit.lend(16) as granted:
            assert granted == 16


def test_the_last_process_waits_for_a_free_connection(tmp_path: Path) -> None:
    path = tmp_path / "private" / "connections"
    limit = ConnectionLimit(path, 16)
    with held_elsewhere(path, 16) as other:
        threading.Timer(0.2, other.process.kill).start()
        with limit.lend(4) as granted:
            assert granted == 4


def test_waiting_for_a_connection_has_a_time_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_limit, "MAX_WAIT_SECONDS", 0.1)
    path = tmp_path / "private" / "connections"
    limit = ConnectionLimit(path, 16)
    with held_elsewhere(path, 16), limit.lend(4) as granted:
        assert granted == 1
