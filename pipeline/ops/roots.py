"""The root tasks in one table: what the schedule starts, and everything that it pulls in.

A further root task is one more entry here; schedule, catch-up, status, alerts, metrics and retries
read this table.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import NotPossible
from pipeline.paths import Layout


@dataclass(frozen=True)
class Root:
    """A task that the schedule starts.

    Attributes:
        family: the task's name.
        alias: the short name that commands accept.
        steps: every task that asking for it pulls in, itself last.
        document: where its document of a date is.
        page: where its page of a date is.
        report: where the validation report of a date is.
        cron: the five fields of its schedule where no schedule can be read.
        retry_delay_option: the option of `[tmdb_pipeline]` in luigi.cfg that holds the next field.
        retry_delay_seconds: how long a failed step waits for its next attempt.
        look_back_days: how many days back a missing document is listed as missed.
        collects_late: whether a date can be collected after its midnight, until the next one is
            due. TMDB's lists of a day that is over are gone; a week's lists change slowly.
    """

    family: str
    alias: str
    steps: tuple[str, ...]
    document: Callable[[Layout, datetime.date], Path]
    page: Callable[[Layout, datetime.date], Path]
    report: Callable[[Layout, datetime.date], Path]
    cron: str
    retry_delay_option: str
    retry_delay_seconds: float
    look_back_days: int
    collects_late: bool

    @property
    def report_task(self) -> str:
        """The task that checks its lists, which is the last step before itself."""
        return self.steps[-2]


_TABLE = (
    Root(
        family="DailySummary",
        alias="daily",
        steps=("PopularMovies", "TrendingMovies", "ListMovies", "ValidationReport", "DailySummary"),
        document=Layout.daily_summary,
        page=Layout.daily_page,
        report=Layout.validation_report,
        cron="0 2 * * *",
        retry_delay_option="daily_retry_delay",
        retry_delay_seconds=300.0,
        look_back_days=14,
        collects_late=False,
    ),
    Root(
        family="WeeklyConsolidation",
        alias="weekly",
        steps=(
            "GenreMovies",
            "TopRatedMovies",
            "ListMovies",
            "WeeklyValidationReport",
            "WeeklyConsolidation",
        ),
        document=Layout.consolidated,
        page=Layout.weekly_page,
        report=Layout.weekly_validation_report,
        cron="0 3 * * 0",
        retry_delay_option="weekly_retry_delay",
        retry_delay_seconds=600.0,
        look_back_days=8 * 7,
        collects_late=True,
    ),
)

ROOTS = {root.family: root for root in _TABLE}
"""Every root task by its name, in the order in which they are shown and caught up."""

STEPS = {family: root.steps for family, root in ROOTS.items()}
"""Root task -> every task that asking for it pulls in, itself last."""

ALIASES = {root.alias: family for family, root in ROOTS.items()}

PAGES = ("DailyPage", "WeeklyPage", "IndexPage")
"""The pages that are drawn afterwards; the data of a run is done even if a page fails."""

PAGES_TASK = "IndexPage"
"""The task that draws the pages of a date after its root task is done."""

FAMILIES = (*dict.fromkeys(step for steps in STEPS.values() for step in steps), *PAGES)

LOOK_BACK_DAYS = 60
"""The days in which the newest document is looked for; an older one is ignored."""

PathOfDay = Callable[[datetime.date], Path]


def newest(path_of: PathOfDay, today: datetime.date) -> Path | None:
    """Return the document of the latest day that has one, without listing its folder."""
    for days in range(LOOK_BACK_DAYS):
        path = path_of(today - datetime.timedelta(days=days))
        if path.exists():
            return path
    return None


def family_of(name: str) -> str:
    """Return the task that a name or an alias means.

    Raises:
        NotPossible: there is no such task.
    """
    family = ALIASES.get(name, name)
    if family not in FAMILIES:
        raise NotPossible(
            f"There is no task {name!r}: choose {', '.join(ALIASES)}, {', '.join(FAMILIES)}."
        )
    return family
