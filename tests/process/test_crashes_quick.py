"""A seeded sample of `make crashes`: nothing is lost, broken or unexplained."""

from __future__ import annotations

import errno
import random
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from trials import concurrent_runs, disks, kills, permissions
from trials.aftermath import Findings
from trials.cases import Case, Clean, clean_run
from trials.crashes import SEED, play

Cases = Callable[[Clean, Path], Iterator[Case]]

SAMPLES: dict[str, tuple[Cases, int]] = {
    "kills-everything-fork": (kills.cases, 1),
    "kills-one-worker-fork": (kills.cases, 1),
    "kills-the-parent-fork": (kills.cases, 1),
    "kills-step-daily-1": (kills.cases, 2),
    "disks-ENOSPC-daily": (partial(disks.cases_of, errno.ENOSPC), 2),
    "disks-ENOSPC-tmp": (partial(disks.cases_of, errno.ENOSPC), 1),
    "permissions": (permissions.cases, 1),
    "concurrent-runs-local-2-daily-1": (concurrent_runs.cases, 1),
}
"""How the names of cases begin, where these come from, and how many are played."""


@pytest.fixture(scope="session")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Clean:
    """What the commands make when nothing disturbs them."""
    return clean_run(tmp_path_factory.mktemp("clean"))


@pytest.mark.parametrize("beginning", SAMPLES)
def test_a_crash_loses_and_breaks_nothing(clean: Clean, tmp_path: Path, beginning: str) -> None:
    cases, number = SAMPLES[beginning]
    found = [case for case in cases(clean, tmp_path / "cases") if case.name.startswith(beginning)]
    for case in random.Random(SEED).sample(found, number):
        assert play(case, clean, tmp_path, SEED) == Findings([], [], []), case.name
