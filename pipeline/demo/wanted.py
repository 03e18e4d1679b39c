"""What a discover call asks for, read from its query."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial

from pipeline.demo.standing import Standing

SORTS = ("popularity", "vote_average", "vote_count", "primary_release_date")


@dataclass(frozen=True)
class Wanted:
    """The filters of a discover call; hashable, so that its answer can be kept.

    `genres` is a conjunction of alternatives: "28,12" is ((28,), (12,)), "28|12" is ((28, 12),).
    """

    sort: str = "popularity"
    descending: bool = True
    genres: tuple[tuple[int, ...], ...] = ()
    least_votes: float = 0
    least_average: float = 0
    original_language: str = ""
    released_from: str = ""
    released_until: str = ""

    @property
    def everything(self) -> bool:
        """Whether nothing is filtered out."""
        return self == Wanted(self.sort, self.descending)

    def admits(self, standing: Standing) -> bool:
        """Whether a film belongs in the answer."""
        film = standing.film
        return (
            all(any(genre in film.genre_ids for genre in group) for group in self.genres)
            and standing.vote_count >= self.least_votes
            and standing.vote_average >= self.least_average
            and self.original_language in ("", film.original_language)
            and self._released_in_time(film.release_date or "")
        )

    def _released_in_time(self, day: str) -> bool:
        if self.released_from and day < self.released_from:
            return False
        return not self.released_until or "" < day <= self.released_until


def read_wanted(query: Mapping[str, str]) -> Wanted | None:
    """Understand the parameters that filter or sort; None for a value TMDB could not use.

    Parameters it does not know are ignored, as TMDB ignores them.
    """
    value = partial(_value, query)
    try:
        sort, _, direction = value("sort_by", "popularity.desc").partition(".")
        if sort not in SORTS or direction not in ("asc", "desc"):
            return None
        return Wanted(
            sort=sort,
            descending=direction == "desc",
            genres=_genres(value("with_genres")),
            least_votes=float(value("vote_count.gte", "0")),
            least_average=float(value("vote_average.gte", "0")),
            original_language=value("with_original_language"),
            released_from=_day(value("primary_release_date.gte")),
            released_until=_day(value("primary_release_date.lte")),
        )
    except ValueError:
        return None


def _value(query: Mapping[str, str], name: str, default: str = "") -> str:
    return query.get(name) or default


def _genres(text: str) -> tuple[tuple[int, ...], ...]:
    if not text:
        return ()
    if not re.fullmatch(r"\d{1,9}([,|]\d{1,9})*", text, re.ASCII):
        raise ValueError(text)
    return tuple(tuple(map(int, group.split("|"))) for group in text.split(","))


def _day(text: str) -> str:
    return date.fromisoformat(text).isoformat() if text else ""
