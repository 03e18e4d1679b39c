"""TMDB's films, collected every day and every week: `luigi --module pipeline NAME --date D`.

Importing this package registers the tasks with luigi.
"""

from pipeline.startup import asks_for_a_range, prepare_luigi

prepare_luigi()

from pipeline.tasks.collect import (  # noqa: E402  luigi reads its configuration when imported
    GenreMovies,
    PopularMovies,
    TopRatedMovies,
    TrendingMovies,
)
from pipeline.tasks.daily import DailySummary  # noqa: E402
from pipeline.tasks.pages import DailyPage, IndexPage, WeeklyPage  # noqa: E402
from pipeline.tasks.validation import ValidationReport, WeeklyValidationReport  # noqa: E402
from pipeline.tasks.weekly import WeeklyConsolidation  # noqa: E402
from pipeline.version import VERSION  # noqa: E402

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
