"""All tasks of the pipeline: importing this module registers them with luigi."""

import pipeline.tasks.plan_changes
import pipeline.tasks.ranges  # noqa: F401  luigi finds them by name; they are no part of the API
from pipeline.tasks.collect import (
    GenreMovies,
    ListMovies,
    PopularMovies,
    TopRatedMovies,
    TrendingMovies,
)
from pipeline.tasks.daily import DailySummary
from pipeline.tasks.exports import ExportDay, ExportWeek
from pipeline.tasks.index import IndexPage
from pipeline.tasks.pages import DailyPage, WeeklyPage
from pipeline.tasks.trends import TrendsPage
from pipeline.tasks.validation import ValidationReport, WeeklyValidationReport
from pipeline.tasks.warehouse import LoadDay, LoadWarehouse, LoadWeek
from pipeline.tasks.weekly import WeeklyConsolidation

__all__ = [
    "DailyPage", "DailySummary", "ExportDay", "ExportWeek", "GenreMovies", "IndexPage",
    "ListMovies", "LoadDay", "LoadWarehouse", "LoadWeek", "PopularMovies", "TopRatedMovies",
    "TrendingMovies", "TrendsPage", "ValidationReport", "WeeklyConsolidation", "WeeklyPage",
    "WeeklyValidationReport",
]  # fmt: skip
