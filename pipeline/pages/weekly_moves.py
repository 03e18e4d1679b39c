"""The movies that rose, fell or came in since the week before."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.pages.coerce import Document, as_int
from pipeline.pages.i18n import Translator
from pipeline.pages.movies import Entry, Move, Part, build_title, read_ranks
from pipeline.pages.weekly_lists import WeekLists

_MAX_LINES = 12

# A movement counts from or to a rank up to this one: further down popularity hardly differs, and
# ranks change by dozens without a reason.
_MAX_RANK = 50

# The date and the report of the week that a week is compared with.
PreviousWeek = tuple[datetime.date, Document]


@dataclass(frozen=True)
class RankChange:
    """A movie in a list of the week, and its rank there in the earlier week if it had one."""

    movie: Document
    slug: str
    rank: int
    before: int | None

    @property
    def places(self) -> int:
        """The places up; negative if the movie fell, 0 if it is new."""
        return 0 if self.before is None else self.before - self.rank

    @property
    def ratio(self) -> float:
        """How far the movie moved: from rank 2 to 1 is as far as from 20 to 10."""
        both = sorted((max(self.rank, 1), max(self.before or 1, 1)))
        return both[1] / both[0]


def build_moves(t: Translator, lists: WeekLists, previous: PreviousWeek | None) -> list[Part]:
    """Return the movies that rose, that fell and that are new; nothing without an earlier week."""
    if previous is None:
        return []
    changes = sorted(_find_changes(lists, previous[1]), key=lambda each: -each.ratio)
    risen = [each for each in changes if each.places > 0]
    fallen = [each for each in changes if each.places < 0]
    panels = (
        (t("weekly.rising"), t("weekly.rising_note", rank=_MAX_RANK), risen),
        (t("weekly.falling"), t("weekly.falling_note", rank=_MAX_RANK), fallen),
        (t("weekly.new_this_week"), t("weekly.new_note"), find_new(lists, previous)),
    )
    return [
        Part(heading, len(each), [_build_line(t, change) for change in each[:_MAX_LINES]], remark)
        for heading, remark, each in panels
    ]


def _build_line(t: Translator, change: RankChange) -> Entry:
    if change.before is None:
        kind, ranks = "new", t("movies.rank_n", n=change.rank)
    else:
        kind = "up" if change.places > 0 else "down"
        ranks = t("movies.rank_from_to", before=change.before, rank=change.rank)
    where = f"{t.list_name(change.slug)} {ranks}"
    return Entry(build_title(t, change.movie), where, Move(kind, abs(change.places)))


def find_new(lists: WeekLists, previous: PreviousWeek) -> list[RankChange]:
    """Return the movies that were in no list of the earlier week, each with its best rank.

    A list that the earlier week lacks does not count: a new genre in the plan is no news.
    """
    before = {slug: ranks for slug in lists.slugs if (ranks := read_ranks(previous[1], slug))}
    known = {movie_id for ranks in before.values() for movie_id in ranks}
    best: dict[int, RankChange] = {}
    for entry in lists.entries:
        movie_id = as_int(entry.movie.get("id"))
        if movie_id is None or movie_id in known or entry.slug not in before:
            continue
        if movie_id not in best or entry.rank < best[movie_id].rank:
            best[movie_id] = RankChange(entry.movie, entry.slug, entry.rank, before=None)
    return sorted(best.values(), key=lambda each: each.rank)


def _find_changes(lists: WeekLists, report: Document) -> Iterable[RankChange]:
    """Return the largest change of each movie in any one list, near the top of it."""
    ranks = {slug: read_ranks(report, slug) or {} for slug in lists.slugs}
    largest: dict[int, RankChange] = {}
    for entry in lists.entries:
        movie_id = as_int(entry.movie.get("id"))
        before = ranks.get(entry.slug, {}).get(movie_id) if movie_id is not None else None
        if movie_id is None or before is None or min(before, entry.rank) > _MAX_RANK:
            continue
        change = RankChange(entry.movie, entry.slug, entry.rank, before)
        if movie_id not in largest or change.ratio > largest[movie_id].ratio:
            largest[movie_id] = change
    return largest.values()
