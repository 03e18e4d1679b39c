"""What is wrong with a day or a week, as the box at the top of its page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.pages.checks import Check, Findings, count_failed
from pipeline.pages.i18n import Translator

# The likely causes, each with the rules that point to it; of two the first is named.
_CAUSES = {
    "junk": (
        "overview_missing", "votes_few", "no_votes", "votes_unusual", "poster_missing",
        "overviews_unusual", "years_unusual", "genres_missing", "release_date_missing",
        "release_far_ahead",
    ),
    "language": ("overview_language",),
    "incomplete": ("list_empty", "list_size", "list_short", "rows_repeated"),
    "ignored": ("genre_ignored", "order"),
    "zeroed": ("values_zero",),
    "repeated": ("repeated",),
    "edited": ("list_duplicates", "list_miscounted"),
    "rescaled": ("popularity_scale",),
    "reshuffled": ("overlap", "ranks", "new_films"),
    "format": (
        "id", "title", "original_title", "original_language", "overview_type", "genre_ids",
        "vote_average", "vote_count", "popularity", "flags", "image_paths", "release_date_form",
        "release_date_range", "rated_without_votes", "adult", "films_valid", "fields",
    ),
}  # fmt: skip
_CAUSE_OF = {rule: cause for cause, rules in _CAUSES.items() for rule in rules}
_WEIGHTS = {"block": 4, "warn": 1, "info": 0}

# A single warning does not make a list junk.
_MIN_JUNK = 3


@dataclass(frozen=True)
class Problem:
    """What is wrong, why probably, and what to do."""

    heading: str
    failed: Sequence[Check]
    cause: str
    advice: str


def find_problem(t: Translator, found: Findings) -> Problem | None:
    """Return what is wrong with a day or a week; None unless its verdict is a warning or worse."""
    failed = [check for check in found.failed if check.severity != "info"]
    if found.verdict not in ("warn", "fail") or not failed:
        return None
    votes = Counter(dict.fromkeys(_CAUSES, 0))
    for check in failed:
        votes[_CAUSE_OF.get(check.id, "")] += _WEIGHTS[check.severity]
    if votes["junk"] < _MIN_JUNK:
        del votes["junk"]
    cause, _ = max(votes.items(), key=lambda each: each[1])
    return Problem(
        heading=t.enum("problem", found.verdict, parts=count_failed(t, failed)),
        failed=failed,
        cause=t.enum("causes", cause, default=""),
        advice=t.enum("advice", cause, default=t("problem.look")),
    )
