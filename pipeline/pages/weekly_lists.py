"""The lists of a week: which movies each contains, and how they overlap."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from typing import NamedTuple

from pipeline.pages import charts
from pipeline.pages.coerce import Document, as_dict, as_dicts, as_float, as_int, as_text
from pipeline.pages.i18n import Translator
from pipeline.pages.movie_rows import read_ratings, read_votes
from pipeline.pages.widgets import find_median, render_chart

_MAX_LISTS = 40
_MAX_SLUG = 40


class Entry(NamedTuple):
    """A movie in a list, and its rank there."""

    movie: Document
    slug: str
    rank: int


class ListRow(NamedTuple):
    """A list in figures, as a row of the table."""

    name: str
    movies: int
    own: int
    rating: float | None
    votes: float | None
    popularity: float | None


class Overlap(NamedTuple):
    """A list, with the percentage of its movies in each list; None for the list itself."""

    name: str
    percentages: list[float | None]


class WeekLists:
    """The lists of a week, restored from `found_in`, in the order of the report."""

    def __init__(self, consolidated: Document, report: Document) -> None:
        self.movies = as_dicts(consolidated.get("movies"))
        self._ranks = [_read_found_in(movie) for movie in self.movies]
        slugs = [slug for slug in as_dict(report.get("profiles")) if isinstance(slug, str)]
        slugs += [slug for ranks in self._ranks for slug in ranks]
        self.slugs = list(dict.fromkeys(slugs))[:_MAX_LISTS]
        self.entries = [
            Entry(movie, slug, rank)
            for movie, ranks in zip(self.movies, self._ranks, strict=True)
            for slug, rank in ranks.items()
        ]
        self._by_slug: dict[str, list[Entry]] = defaultdict(list)
        for entry in sorted(self.entries, key=lambda each: each.rank):
            self._by_slug[entry.slug].append(entry)

    def movies_of(self, slug: str) -> list[Document]:
        """Return the movies of a list in its order."""
        return [entry.movie for entry in self._by_slug.get(slug, ())]

    def count_own(self) -> Counter[str]:
        """Count the movies of each list that are in no other."""
        return Counter(slug for ranks in self._ranks if len(ranks) == 1 for slug in ranks)

    def count_common(self) -> Counter[tuple[str, str]]:
        """Count the movies that each two lists have in common."""
        return Counter(pair for ranks in self._ranks for pair in itertools.permutations(ranks, 2))

    def count_by_lists(self) -> Counter[int]:
        """Count the movies by the number of lists that contain them."""
        return Counter(len(ranks) for ranks in self._ranks if ranks)


def _read_found_in(movie: Document) -> dict[str, int]:
    ranks: dict[str, int] = {}
    for each in as_dicts(movie.get("found_in")):
        slug, rank = each.get("list"), as_int(each.get("rank"))
        if isinstance(slug, str) and slug and rank is not None:
            ranks[as_text(slug, _MAX_SLUG)] = rank
    return ranks


def build_list_rows(t: Translator, lists: WeekLists) -> list[ListRow]:
    """Return each list in figures."""
    own = lists.count_own()
    return [
        _build_list_row(t.list_name(slug), lists.movies_of(slug), own[slug]) for slug in lists.slugs
    ]


def _build_list_row(name: str, movies: list[Document], own: int) -> ListRow:
    popularity = [as_float(movie.get("popularity")) for movie in movies]
    return ListRow(
        name,
        len(movies),
        own,
        rating=find_median(read_ratings(movies)),
        votes=find_median([read_votes(movie) for movie in movies]),
        popularity=find_median([each for each in popularity if each is not None]),
    )


def render_list_sizes(t: Translator, rows: list[ListRow]) -> str:
    """Draw how many movies each list has for itself, and how many it shares."""
    most = max(rows, key=lambda row: row.own, default=None)
    parts = (t("weekly.only_here"), t("weekly.elsewhere"))
    own, shared = [row.own for row in rows], [row.movies - row.own for row in rows]
    return render_chart(
        t,
        t("charts.lists"),
        t("charts.lists_says", name=most.name, n=most.own) if most else "",
        charts.draw_stacked_bars([row.name for row in rows], own, shared) if rows else "",
        (t("weekly.list"), *parts),
        [(row.name, t.number(row.own), t.number(row.movies - row.own)) for row in rows],
        parts=parts,
    )


def build_overlaps(t: Translator, lists: WeekLists) -> list[Overlap]:
    """Return for each list the percentage of its movies in each other one."""
    common = lists.count_common()
    return [
        Overlap(
            t.list_name(slug),
            [
                100 * common[slug, other] / max(len(lists.movies_of(slug)), 1)
                if slug != other
                else None
                for other in lists.slugs
            ],
        )
        for slug in lists.slugs
    ]
