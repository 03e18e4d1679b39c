"""No unit test starts a child process; one that does fails."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

_STARTS = frozenset({"subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.system"})
_started: list[str] = []


def _note_child(
    event: str, arguments: tuple[object, ...], starts: frozenset[str] = _STARTS
) -> None:
    """Note what starts a child; the default outlives the module, whose globals end before hooks."""
    if event in starts:
        _started.append(f"{event} {arguments[:2]}")


sys.addaudithook(_note_child)


@pytest.fixture(autouse=True)
def no_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep crontab, systemctl and docker of this machine from being found."""
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))


@pytest.fixture(autouse=True)
def no_child_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail a test that starts a child process: it belongs into tests/process.

    What multiprocessing spawns has no audit event.
    """
    _started.clear()
    monkeypatch.setattr(BaseProcess, "start", lambda process: _started.append(str(process)))
    yield
    assert not _started, f"a unit test starts no child process: {_started}"
