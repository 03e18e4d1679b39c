"""start and stop where there is nothing to start and nothing to stop."""

from __future__ import annotations

from pathlib import Path

from support.operate import Operate, luigi_cfg


def test_a_luigid_of_another_machine_is_not_started_here(command: Operate, tmp_path: Path) -> None:
    other = luigi_cfg(tmp_path / "other.cfg", "http://scheduler.example:8082/")
    run = command("start", LUIGI_CONFIG_PATH=other)
    assert run.status == 1
    assert "names a luigid on scheduler.example: start it there" in run.err


def test_nothing_is_stopped_where_nothing_runs(command: Operate) -> None:
    run = command("stop")
    assert (run.status, run.out) == (0, "luigid was not running.\n")
