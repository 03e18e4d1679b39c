"""Commands in this process, on a host that has no programs, no schedule and no home yet."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def operator_environment(operator_environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """The variables of an operator, with no docker, crontab or browser on PATH."""
    for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"):
        operator_environment.pop(name, None)
    (tmp_path / "programs").mkdir()
    empty = {"PATH": str(tmp_path / "programs"), "HOME": str(tmp_path / "home"), "TERM": "dumb"}
    return {**operator_environment, **empty}
