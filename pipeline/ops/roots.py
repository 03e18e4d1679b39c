"""The tasks by name: those that the schedule runs, and the steps of each."""

from __future__ import annotations

from pipeline.errors import NotPossible

STEPS = {
    "DailySummary": ("PopularMovies", "TrendingMovies", "ValidationReport", "DailySummary"),
    "WeeklyConsolidation": (
        "GenreMovies",
        "TopRatedMovies",
        "WeeklyValidationReport",
        "WeeklyConsolidation",
    ),
}
"""Root task -> every task that asking for it pulls in, itself last."""

ROOTS = tuple(STEPS)

ALIASES = {"daily": "DailySummary", "weekly": "WeeklyConsolidation"}

PAGES = ("DailyPage", "WeeklyPage", "IndexPage")
"""What is made of the documents afterwards; a page that fails leaves the data of the run done."""

FAMILIES = (*dict.fromkeys(step for steps in STEPS.values() for step in steps), *PAGES)


def family_of(name: str) -> str:
    """Return the task that a person means.

    Raises:
        NotPossible: there is no such task.
    """
    family = ALIASES.get(name, name)
    if family not in FAMILIES:
        raise NotPossible(
            f"There is no task {name!r}: choose {', '.join(ALIASES)}, {', '.join(FAMILIES)}."
        )
    return family
