"""Data roots that finished runs left behind; each is made once and copied for the tests.

Their lists come from the demo catalogue. A root of several runs starts as a copy of the root of
all but the last of them, so that roots that begin with the same runs share the work.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from support.fake_tmdb import V3_KEY, FakeTmdb, Request
from support.luigi_runs import Run, luigi_command, run_command
from support.repository import REPOSITORY
from trials.plans import small_plan

Job = tuple[str, str]
"""A task and its date."""

_SETTINGS = ("TMDB_", "PIPELINE_", "LUIGI_")


class DataRoots:
    """Data roots by the runs that made them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[tuple[object, ...], Path] = {}
        self.small_plan = small_plan(folder / "config")

    def copy(self, target: Path, *jobs: Job, **variables: str) -> None:
        """Make `target` a data root in which these tasks have run, in this order.

        Variables are those of the runs; the plan is the small one unless they name another.
        """
        shutil.copytree(self.root(*jobs, **variables), target, dirs_exist_ok=True)

    def root(self, *jobs: Job, **variables: str) -> Path:
        """Return a data root in which these tasks have run, for tests that only read it."""
        key = (jobs, tuple(sorted(variables.items())))
        if key not in self._made:
            start = self.root(*jobs[:-1], **variables) if jobs[:-1] else None
            root = self._folder / f"root-{len(self._made)}"
            if start:
                shutil.copytree(start, root)
            self._run(root, *jobs[-1], variables)
            self._made[key] = root
        return self._made[key]

    def _run(self, root: Path, task: str, date: str, variables: Mapping[str, str]) -> None:
        demo = {"TMDB_API_KEY": "demo", "PIPELINE_CONFIG_DIR": str(self.small_plan)}
        run = _run(self._folder, root, (task, "--date", date), {**demo, **variables})
        assert run.status == 0, run.output


class FinishedRun(NamedTuple):
    """A run against a fake TMDB, the data root that it left, and the requests that it sent."""

    run: Run
    root: Path
    requests: list[Request]


def finished_run(folder: Path, *arguments: str) -> FinishedRun:
    """Run `luigi --module pipeline ARGUMENTS` with a data root below the folder."""
    with FakeTmdb(key=V3_KEY, limit=None) as tmdb:
        given = {"TMDB_API_KEY": V3_KEY, "TMDB_API_URL": tmdb.url}
        run = _run(folder, folder / "data", arguments, given)
    assert run.status == 0, run.output
    return FinishedRun(run, folder / "data", tmdb.requests)


def _run(folder: Path, root: Path, arguments: tuple[str, ...], given: Mapping[str, str]) -> Run:
    inherited = {name: each for name, each in os.environ.items() if not name.startswith(_SETTINGS)}
    environment = {
        **inherited,
        "PIPELINE_DATA_DIR": str(root),
        "LUIGI_CONFIG_PATH": str(REPOSITORY / "luigi.cfg"),
        "PYTHONWARNINGS": "default",
        "TMDB_REQUESTS_PER_SECOND": "1000",
        "TMPDIR": str(folder),
        **given,
    }
    return run_command(luigi_command(*arguments, "--local-scheduler"), environment, folder)


@pytest.fixture(scope="session")
def data_roots(tmp_path_factory: pytest.TempPathFactory) -> DataRoots:
    """Data roots of runs of the demo catalogue by a small plan."""
    return DataRoots(tmp_path_factory.mktemp("data-roots"))
