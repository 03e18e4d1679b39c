"""docs/commands.md shows what the commands print."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from support import sixty_days
from support.operate import Operate
from support.repository import REPOSITORY

from pipeline.catalog import plan_from
from pipeline.ops.commands.watch import grid
from pipeline.ops.schedule import times
from pipeline.paths import Layout

PAGE = (REPOSITORY / "docs/commands.md").read_text(encoding="utf-8")
LAST = datetime.date(2026, 11, 29)


@pytest.fixture
def layout(data_dir: Path) -> Layout:
    """The data root whose runs and dates the page shows."""
    return sixty_days.make(data_dir, LAST)


@pytest.mark.parametrize(
    "words",
    [
        "runs --limit 3",
        "runs show 20261109",
        "explain daily 2026-11-17",
        "explain daily 2026-11-09",
    ],
)
def test_the_page_shows_the_output_of_a_command(
    command: Operate, layout: Layout, words: str
) -> None:
    assert f"$ tmdb-pipeline {words}\n{command(*words.split(), TZ='UTC').out}" in PAGE


def test_the_page_shows_the_grid(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TZ", "UTC")
    at = datetime.datetime.combine(LAST, datetime.time(8), datetime.UTC)
    schedules = times.packaged(REPOSITORY / "config/crontab")
    grid.show(grid.build(layout, plan_from({}), schedules, at, 8))
    assert f"$ tmdb-pipeline status --grid\n{capsys.readouterr().out}" in PAGE
