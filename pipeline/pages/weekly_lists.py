"""The lists of a week: which movies each contains, and how they overlap."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from pipeline.pages.coerce import Document, as_dict, as_dicts, as_float, as_int, as_text
from pipeline.pages.figures import find_median
from pipeline.pages.i18n import Translator
from pipeline.pages.movies import read_rating, read_votes

_MAX_LISTS = 40
_MAX_SLUG = 40


@dataclass(frozen=True)
class Entry:
    """A movie in a list, and its rank there."""

    movie: Document
    slug: str
    rank: int


@dataclass(frozen=True)
class ListRow:
    """A list in figures."""

    name: str
    movies: int
    own: int
    rating: float | None
    votes: float | None
    popularity: float | None


class WeekLists:
    """The lists of a week, restored from `found_in`, in the order of the report."""

    def __init__(self, consolidated: Document, report: Document) -> None:
        self.movies = as_dicts(consolidated.get("movies"))
        self.ranks = [_read_found_in(movie) for movie in self.movies]
        slugs = [slug for slug in as_dict(report.get("profiles")) if isinstance(slug, str)]
        slugs += [slug for ranks in self.ranks for slug in ranks]
        self.slugs = list(dict.fromkeys(slugs))[:_MAX_LISTS]
        self.entries = [
            Entry(movie, slug, rank)
            for movie, ranks in zip(self.movies, self.ranks, strict=True)
            for slug, rank in ranks.items()
        ]
        self._by_slug: dict[str, list[Entry]] = defaultdict(list)
        for entry in sorted(self.entries, key=lambda each: each.rank):
            self._by_slug[entry.slug].append(entry)

    def movies_of(self, slug: str) -> list[Document]:
        """Return the movies of a list in its order."""
        return [entry.movie for entry in self._by_slug.get(slug, ())]

    def count_by_lists(self) -> Counter[int]:
        """Count the movies by the number of lists that contain them."""
        return Counter(len(ranks) for ranks in self.ranks if ranks)


def _read_found_in(movie: Document) -> dict[str, int]:
    ranks: dict[str, int] = {}
    for each in as_dicts(movie.get("found_in")):
        slug, rank = each.get("list"), as_int(each.get("rank"))
        if isinstance(slug, str) and slug and rank is not None:
            ranks[as_text(slug, _MAX_SLUG)] = rank
    return ranks


def build_list_rows(t: Translator, lists: WeekLists) -> list[ListRow]:
    """Return each list in figures."""
    own = Counter(slug for ranks in lists.ranks if len(ranks) == 1 for slug in ranks)
    rows = []
    for slug in lists.slugs:
        movies = lists.movies_of(slug)
        rows.append(
            ListRow(
                t.list_name(slug),
                len(movies),
                own[slug],
                rating=find_median(map(read_rating, movies)),
                votes=find_median(map(read_votes, movies)),
                popularity=find_median(as_float(movie.get("popularity")) for movie in movies),
            )
        )
    return rows
