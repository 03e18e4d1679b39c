"""TMDB's films, collected every day and every week: `luigi --module pipeline NAME --date D`.

Importing this package registers the tasks with luigi.
"""

from pipeline.runtime.luigi_setup import asks_for_a_range, is_wrapper, prepare_luigi
from pipeline.version import VERSION

if not is_wrapper():
    prepare_luigi()

    import pipeline.tasks.plan_changes
    from pipeline.tasks.collect import (
        GenreMovies,
        PopularMovies,
        TopRatedMovies,
        TrendingMovies,
    )
    from pipeline.tasks.daily import DailySummary
    from pipeline.tasks.index import IndexPage
    from pipeline.tasks.pages import DailyPage, WeeklyPage
    from pipeline.tasks.validation import ValidationReport, WeeklyValidationReport
    from pipeline.tasks.weekly import WeeklyConsolidation

    if asks_for_a_range():
        import pipeline.tasks.ranges  # noqa: F401

__version__ = VERSION

__all__ = [
    "DailyPage",
    "DailySummary",
    "GenreMovies",
    "IndexPage",
    "PopularMovies",
    "TopRatedMovies",
    "TrendingMovies",
    "ValidationReport",
    "WeeklyConsolidation",
    "WeeklyPage",
    "WeeklyValidationReport",
    "__version__",
]
