"""TMDB's films, collected every day and every week: `luigi --module pipeline NAME --date D`.

Importing this package registers the tasks with luigi.
"""

from pipeline.startup import prepare_luigi

prepare_luigi()

from pipeline.tasks.collect import (  # noqa: E402  luigi reads its configuration when imported
    GenreMovies,
    PopularMovies,
    TopRatedMovies,
    TrendingMovies,
)
from pipeline.tasks.daily import DailySummary, ValidationReport  # noqa: E402
from pipeline.tasks.weekly import WeeklyConsolidation  # noqa: E402
from pipeline.version import VERSION  # noqa: E402

__version__ = VERSION

__all__ = [
    "DailySummary",
    "GenreMovies",
    "PopularMovies",
    "TopRatedMovies",
    "TrendingMovies",
    "ValidationReport",
    "WeeklyConsolidation",
    "__version__",
]
