"""A stage is where one case plays: a data root, a folder for temporary files, a TMDB of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from support.fake_tmdb import V3_KEY, FakeTmdb
from support.repository import REPOSITORY

from trials import launched
from trials.launched import Order, Run
from trials.trapped import Trap

DAY = "2024-01-07"
DAILY = ("DailySummary", "--date", DAY)
WEEKLY = ("WeeklyConsolidation", "--date", DAY)
PAGES = ("IndexPage", "--date", DAY)

NAMES = {DAILY: "daily", WEEKLY: "weekly", PAGES: "pages"}

SMALL = """
max_days_late = -1
[pages]
popular = 2
trending = 1
genre = 2
top_rated = 2
[top_rated]
min_rating = 7.5
[genres]
list = [
    { id = 28, slug = "action", name = "액션" },
    { id = 27, slug = "horror", name = "공포" },
]
"""

Starter = Callable[[Order], Run]


class Stage(NamedTuple):
    """Where a case plays."""

    folder: Path
    tmdb: FakeTmdb
    data: Path

    @property
    def temporary(self) -> Path:
        """The machine's folder for temporary files, as the runs see it."""
        return self.folder / "tmp"

    def variables(self) -> dict[str, str]:
        """Return the variables of a run."""
        return {
            "PATH": os.environ["PATH"],
            "TMDB_API_KEY": V3_KEY,
            "TMDB_API_URL": self.tmdb.url,
            "TMDB_REQUESTS_PER_SECOND": "1000",
            "TMDB_MAX_RETRIES": "1",
            "PIPELINE_DATA_DIR": str(self.data),
            "PIPELINE_CONFIG_DIR": str(self.folder / "config"),
            "LUIGI_CONFIG_PATH": str(REPOSITORY / "luigi.cfg"),
            "TMPDIR": str(self.temporary),
        }

    def start(
        self,
        words: tuple[str, ...],
        *more: str,
        by: Starter = launched.forked,
        luigid: str = "",
        trap: Trap | None = None,
        powerless: bool = False,
        variables: Mapping[str, str] = MappingProxyType({}),
    ) -> Run:
        """Start a run here; these variables come on top of those of the stage."""
        number = len(list(self.folder.glob("output-*")))
        scheduler = ("--scheduler-url", luigid) if luigid else ("--local-scheduler",)
        return by(
            Order(
                words=(*words, *more, *scheduler),
                variables={**self.variables(), **variables},
                folder=self.folder,
                output=self.folder / f"output-{number}",
                trap=trap,
                powerless=powerless,
            )
        )


@contextmanager
def stage(
    folder: Path, *, latency: float = 0.0, limit: float | None = None, data: Path | None = None
) -> Iterator[Stage]:
    """Set one up in a folder that does not exist yet."""
    for each in (folder, folder / "tmp", folder / "config"):
        each.mkdir(parents=True)
    (folder / "config/collection.toml").write_text(SMALL, encoding="utf-8")
    with FakeTmdb(key=V3_KEY, limit=limit, latency=latency) as tmdb:
        yield Stage(folder, tmdb, data or folder / "data")
