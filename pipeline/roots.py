"""The root tasks in one table: what the schedule starts, and everything that it pulls in.

A further root task is one more entry here; schedule, catch-up, status, alerts, metrics and retries
read this table.
"""

import datetime
import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.catalog import plan_from
from pipeline.errors import NotPossible, suggest
from pipeline.paths import Layout

DatedPath = Callable[[Layout, datetime.date], Path]


@dataclass(frozen=True)
class Root:
    """A task that the schedule starts; paths are of its document, page, report, export."""

    family: str
    alias: str  # the cadence of its lists, and the short name that commands accept
    report_task: str  # checks its lists: the last step before itself
    document: DatedPath
    page: DatedPath
    report: DatedPath
    export_task: str  # makes the export of its lists, which no schedule starts
    export: DatedPath
    cron: str  # the schedule where none can be read
    retry_delay_seconds: float  # from a failure to its retry, unless luigi.cfg says another one
    look_back_days: int  # in which a missing document is listed as missed
    page_shows_days: int  # before its own, whose movies its page can name
    # Whether a date can be collected after its midnight, until the next one is due: TMDB's lists of
    # a day that is over are gone; a week's lists change slowly.
    collects_late: bool

    @property
    def page_task(self) -> str:
        """The task that draws its page."""
        return f"{self.alias.title()}Page"

    @functools.cached_property
    def steps(self) -> tuple[str, ...]:
        """Every task that asking for it pulls in, by the lists of the catalog; itself last."""
        lists = plan_from({}).select(self.alias)
        names = dict.fromkeys("genre" if each.genre else each.name for each in lists)
        tasks = (f"{name.title().replace('_', '')}Movies" for name in names)
        return (*tasks, "ListMovies", self.report_task, self.family)

    def has(self, task: str) -> bool:
        """Return whether a task is one of its steps, or makes its page, its export or the index."""
        return task in (*self.steps, self.page_task, self.export_task, PAGES_TASK)


ROOTS = {root.family: root for root in (
    Root("DailySummary", "daily", "ValidationReport",
         Layout.daily_summary, Layout.daily_page, Layout.validation_report,
         "ExportDay", Layout.day_export,
         cron="0 2 * * *", retry_delay_seconds=300.0, look_back_days=14, page_shows_days=1,
         collects_late=False),
    Root("WeeklyConsolidation", "weekly", "WeeklyValidationReport",
         Layout.consolidated, Layout.weekly_page, Layout.weekly_validation_report,
         "ExportWeek", Layout.week_export,
         cron="0 3 * * 0", retry_delay_seconds=600.0, look_back_days=8 * 7,
         page_shows_days=13, collects_late=True),
)}  # fmt: skip
"""Every root task by its name, in the order in which they are shown and caught up."""

ALIASES = {root.alias: family for family, root in ROOTS.items()}

PAGES_TASK = "IndexPage"
"""The task that draws the pages after a root task is done; its data is, even if a page fails."""

WAREHOUSE_TASK = "LoadWarehouse"
"""The task that loads what is new after the pages, where PIPELINE_WAREHOUSE_URL is set."""

TRENDS_TASK = "TrendsPage"
"""The task that draws the trends from the warehouse once a week is loaded."""

_STEPS = dict.fromkeys(step for root in ROOTS.values() for step in root.steps)
PAGE_TASKS = ("DailyPage", "WeeklyPage", PAGES_TASK, TRENDS_TASK)
_EXPORT_TASKS = tuple(root.export_task for root in ROOTS.values())
FAMILIES = (*_STEPS, *PAGE_TASKS, "LoadDay", "LoadWeek", WAREHOUSE_TASK, *_EXPORT_TASKS)

TRENDS_SHOW_DAYS = 90  # before its own, whose movies a page of trends can name


def family_of(name: str) -> str:
    """Return the task that a name or an alias means, or raise NotPossible."""
    family = ALIASES.get(name, name)
    if family not in FAMILIES:
        known = (*ALIASES, *FAMILIES)
        hint = suggest(name, known) or f": choose {', '.join(known)}."
        raise NotPossible(f"There is no task {name!r}{hint}")
    return family
