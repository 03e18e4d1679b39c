"""Places in which commands are run: a data root that is done, copied for each example."""

from __future__ import annotations

import contextlib
import datetime
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from support.operate import luigi_cfg
from support.repository import REPOSITORY

import pipeline  # noqa: F401  so that children have it
from pipeline.luigi_cli import luigi
from pipeline.ops import cli
from trials.children import Ended, forked, spawned
from trials.plans import small_plan

TODAY = datetime.date.today()
YESTERDAY = TODAY - datetime.timedelta(days=1)

CRONTAB = REPOSITORY / "config/crontab"
DEMO = {"TMDB_API_KEY": "demo", "PIPELINE_CONFIG_DIR": "config", "PIPELINE_DATA_DIR": "data"}
_NO_LUIGID = "http://127.0.0.1:9/"

_IMPORTED_WHEN_NEEDED = (
    *("pipeline.pages.daily", "pipeline.pages.weekly", "pipeline.pages.index"),
    *("pipeline.quality.report", "pipeline.tasks.history", "pipeline.ops.runs.session"),
    *{f"pipeline.ops.commands.{entry.partition(':')[0]}" for entry in cli.COMMANDS.values()},
    *("pipeline.ops.runtimes.compose", "pipeline.ops.history.store", "pipeline.demo"),
)
"""Modules that a child imports; the parent imports them once, before it forks."""


class Workspace(NamedTuple):
    """A folder with the plan, luigi.cfg and the data root of an example."""

    folder: Path

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def luigi(self, *words: str, **variables: str) -> Ended:
        """Run `luigi --module pipeline WORDS` in a fork."""
        return forked(
            _luigi, ["luigi", "--module", "pipeline", *words], self.folder, {**DEMO, **variables}
        )

    def operate(self, *words: str, **variables: str) -> Ended:
        """Run `tmdb-pipeline WORDS` in a fork."""
        return forked(
            cli.main, ["tmdb-pipeline", *words], self.folder, {**DEMO, "BROWSER": "", **variables}
        )

    def spawn(self, *words: str, **variables: str) -> Ended:
        """Run a command in a process of its own, which reads the luigi.cfg of the workspace."""
        return spawned(words, self.folder, {**DEMO, **variables})


class Workspaces:
    """Makes workspaces like one in which today and yesterday are done."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._model = Workspace(_empty(folder / "model"))
        self._count = 0
        for day in (YESTERDAY, TODAY):
            for task in ("DailySummary", "WeeklyConsolidation", "IndexPage"):
                done = self._model.luigi(task, "--date", str(day), "--local-scheduler")
                assert done.status == 0, done
        backup = self._model.operate("backup", "--to", "backups")
        assert backup.status == 0, backup
        self.files = {
            path.relative_to(self._model.folder).as_posix(): path.read_bytes()
            for path in sorted(self._model.folder.rglob("*"))
            if path.is_file()
        }

    @contextlib.contextmanager
    def done(self) -> Iterator[Workspace]:
        """Make a workspace with all of that."""
        yield from self._made(full=True)

    @contextlib.contextmanager
    def empty(self) -> Iterator[Workspace]:
        """Make a workspace in which nothing is done."""
        yield from self._made(full=False)

    def _made(self, *, full: bool) -> Iterator[Workspace]:
        self._count += 1
        folder = self._folder / str(self._count)
        if full:
            shutil.copytree(self._model.folder, folder, symlinks=True)
        else:
            _empty(folder)
        try:
            yield Workspace(folder)
        finally:
            shutil.rmtree(folder)


@contextlib.contextmanager
def workspaces() -> Iterator[Workspaces]:
    """Import what the children need, and make the model."""
    for module in _IMPORTED_WHEN_NEEDED:
        __import__(module)
    memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory(prefix="fuzz-", dir=memory) as folder:
        yield Workspaces(Path(folder))


def _empty(folder: Path) -> Path:
    small_plan(folder / "config")
    shutil.copy(CRONTAB, folder / "config")
    luigi_cfg(folder / "luigi.cfg", _NO_LUIGID)
    return folder


def _luigi() -> None:
    """Be the `luigi` command, which looks for ranges while it imports."""
    if any(word.startswith("Range") for word in sys.argv):
        import pipeline.tasks.ranges  # noqa: F401
    luigi()
