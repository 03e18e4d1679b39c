"""The kinds of bad days: how each is made of a normal one, and which rules have to catch it."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from msgspec import structs
from msgspec.structs import replace
from support.quality_days.catalogue import catalogue
from support.quality_days.day import Day
from support.quality_days.texts import TEXTS

from pipeline.catalog import MovieList
from pipeline.documents.schema import Movie
from pipeline.quality.snapshot import measure
from pipeline.tmdb.page import Page

Change = Callable[[Day, str, Random], Day]
Rows = Callable[[Movie, Day, Random], Movie]


@dataclass(frozen=True)
class Kind:
    """One kind of bad list.

    At least one of `rules` has to catch it, with one of `verdicts`. A kind that `needs_history`
    cannot be caught on the first day.
    """

    name: str
    rules: frozenset[str]
    verdicts: frozenset[str]
    change: Change
    needs_history: bool = False
    languages: frozenset[str] = frozenset({"ko", "en"})
    lists: Callable[[MovieList], bool] = lambda movie_list: True

    def suits(self, day: Day, name: str) -> bool:
        return day.language[:2] in self.languages and self.lists(day.lists[name])

    def make(self, day: Day, name: str, chance: Random) -> Day:
        return self.change(day, name, chance)


def _is_genre(movie_list: MovieList) -> bool:
    return movie_list.genre_id is not None


def _is_sorted(movie_list: MovieList) -> bool:
    return movie_list.genre_id is not None or movie_list.min_rating is not None


def _is_long(movie_list: MovieList) -> bool:
    return movie_list.pages > 1


def _is_of_the_moment(movie_list: MovieList) -> bool:
    return movie_list.min_rating is None


def each_row(row: Rows) -> Change:
    def change(day: Day, name: str, chance: Random) -> Day:
        pages = [
            replace(page, results=[row(film, day, chance) for film in page.results])
            for page in day.pages[name]
        ]
        return day.with_pages(name, pages)

    return change


def _rows_of(share: Callable[[Random], float], row: Rows) -> Change:
    """Change a random share of the rows."""

    def change(day: Day, name: str, chance: Random) -> Day:
        wanted = share(chance)

        def some(film: Movie, day: Day, chance: Random) -> Movie:
            return row(film, day, chance) if chance.random() < wanted else film

        return each_row(some)(day, name, chance)

    return change


# Junk, as in March 2025


def _junk_page(page: Page, genre: int | None, chance: Random) -> Page:
    """Return a page of unknown movies, each of them valid by itself."""
    empty = set(chance.sample(range(20), chance.randint(16, 18)))
    films = [_junk(place not in empty, genre, chance) for place in range(len(page.results))]
    return replace(page, results=films)


def _junk(has_overview: bool, genre: int | None, chance: Random) -> Movie:
    film_id = chance.randrange(1_200_000, 1_500_000)
    votes = chance.choice((0, 0, 0, 1, 2))
    return {
        "adult": False,
        "backdrop_path": None,
        "genre_ids": [genre] if genre else chance.choice(([], [18], [99])),
        "id": film_id,
        "original_language": chance.choice(("en", "pt", "es", "id")),
        "original_title": f"Untitled {film_id}",
        "overview": "아무도 모르는 영화에 대한 짧은 이야기이다." if has_overview else "",
        "popularity": round(chance.uniform(0.5, 26), 4),
        "poster_path": None if chance.random() < 0.8 else f"/{film_id}.jpg",
        "release_date": f"{chance.randint(1975, 2024)}-0{chance.randint(1, 9)}-11",
        "title": f"Untitled {film_id}",
        "video": False,
        "vote_average": chance.choice((1, 5.5, 10)) if votes else 0,
        "vote_count": votes,
    }


def _junk_pages(share: float) -> Change:
    def change(day: Day, name: str, chance: Random) -> Day:
        pages, genre = day.pages[name], day.lists[name].genre_id
        junk = set(chance.sample(range(len(pages)), max(1, round(share * len(pages)))))
        return day.with_pages(
            name,
            [_junk_page(p, genre, chance) if n in junk else p for n, p in enumerate(pages)],
        )

    return change


# Lists other than the requested ones


def _repeated(day: Day, name: str, chance: Random) -> Day:
    """Make the list the same for the third day in a row."""
    step = day.period.days
    movies = day.document(name)["movies"]
    before = [measure(_before(day, number * step), movies) for number in (1, 2)]
    older = [each for each in day.history.get(name, []) if each.date < before[-1].date]
    return day.with_history(name, [*before, *older])


def _before(day: Day, days: int) -> datetime.date:
    return day.date - datetime.timedelta(days=days)


def _in(language: str) -> Change:
    def row(film: Movie, day: Day, chance: Random) -> Movie:
        return film | {"overview": TEXTS[language](film["id"])} if film["overview"] else film

    return each_row(row)


def _genre_ignored(day: Day, name: str, chance: Random) -> Day:
    """Return what discover serves where it ignores the genre."""
    everything = structs.replace(day.lists[name], parameters={"sort_by": "popularity.desc"})
    return day.with_pages(name, catalogue(everything, day.date, day.language))


def _pages_empty(day: Day, name: str, chance: Random) -> Day:
    """Empty the later half; a list with an empty page before its end is never published."""
    pages = day.pages[name]
    kept = len(pages) // 2
    return day.with_pages(
        name,
        [p if n < kept else replace(p, results=[]) for n, p in enumerate(pages)],
    )


def _truncated(day: Day, name: str, chance: Random) -> Day:
    """Cut the list at 30 to 70 % of its length."""
    left = round(chance.uniform(0.3, 0.7) * sum(len(page.results) for page in day.pages[name]))
    pages = []
    for page in day.pages[name]:
        pages.append(replace(page, results=page.results[: max(0, left)]))
        left -= len(page.results)
    return day.with_pages(name, pages)


def _page_twice(day: Day, name: str, chance: Random) -> Day:
    pages = list(day.pages[name])
    sent, instead = chance.sample(range(len(pages)), 2)
    pages[instead] = replace(pages[instead], results=pages[sent].results)
    return day.with_pages(name, pages)


def _one_page(day: Day, name: str, chance: Random) -> Day:
    pages = day.pages[name]
    return day.with_pages(name, [replace(p, results=pages[0].results) for p in pages])


def _shuffled(day: Day, name: str, chance: Random) -> Day:
    pages = day.pages[name]
    films = [film for page in pages for film in page.results]
    chance.shuffle(films)
    taken = iter(films)
    return day.with_pages(
        name, [replace(p, results=[next(taken) for _ in p.results]) for p in pages]
    )


# Values


def _scaled(factor: float) -> Change:
    """Begin a shift on this day: one that the last collection had too is reported there only."""
    scale = each_row(
        lambda film, day, chance: film | {"popularity": round(film["popularity"] * factor, 4)}
    )

    def change(day: Day, name: str, chance: Random) -> Day:
        normal = measure(day.date, day.document(name)["movies"]).popularity_median or 1.0
        history = [
            each
            for each in day.history.get(name, [])
            if 0.1 < (each.popularity_median or 0.0) / normal < 10
        ]
        return scale(day.with_history(name, history), name, chance)

    return change


def _implausible_date(film: Movie, day: Day, chance: Random) -> Movie:
    return film | {"release_date": f"{chance.randint(2050, 2999)}-06-15"}


def _years_ahead(film: Movie, day: Day, chance: Random) -> Movie:
    return film | {"release_date": f"{day.date.year + chance.randint(3, 9)}-06-15"}


def _without(field: str) -> Change:
    return each_row(lambda film, day, chance: {key: film[key] for key in film if key != field})


FAIL, WARN, EITHER = frozenset({"fail"}), frozenset({"warn"}), frozenset({"warn", "fail"})
PASS = frozenset({"pass"})
KOREAN, ENGLISH = frozenset({"ko"}), frozenset({"en"})

KINDS: tuple[Kind, ...] = (
    Kind("junk, as in March 2025", frozenset({"votes_few"}), FAIL, _junk_pages(1),
         lists=_is_of_the_moment),
    Kind("junk on half the pages", frozenset({"poster_missing", "overviews_unusual",
         "votes_unusual"}), EITHER, _junk_pages(0.5),
         lists=lambda each: _is_long(each) and _is_of_the_moment(each)),
    Kind("unchanged for three collections", frozenset({"repeated"}), WARN, _repeated,
         needs_history=True),
    Kind("half the pages empty", frozenset({"list_size"}), FAIL, _pages_empty, lists=_is_long),
    Kind("truncated", frozenset({"list_size"}), FAIL, _truncated),
    Kind("Korean asked, English served", frozenset({"overview_language"}), FAIL, _in("en"),
         languages=KOREAN),
    Kind("English asked, Korean served", frozenset({"overview_language"}), FAIL, _in("ko"),
         languages=ENGLISH),
    Kind("English asked, German served", frozenset({"overview_language"}), FAIL, _in("de"),
         languages=ENGLISH),
    Kind("genre ignored", frozenset({"genre_ignored"}), FAIL, _genre_ignored, lists=_is_genre),
    Kind("popularity divided by 50", frozenset({"popularity_scale"}), WARN, _scaled(1 / 50),
         needs_history=True),
    Kind("popularity times 50", frozenset({"popularity_scale"}), WARN, _scaled(50),
         needs_history=True),
    Kind("dates beyond reason", frozenset({"release_date_range"}), EITHER,
         _rows_of(lambda chance: chance.uniform(0.3, 1), _implausible_date)),
    Kind("dates years ahead", frozenset({"release_far_ahead"}), EITHER,
         _rows_of(lambda chance: chance.uniform(0.4, 1), _years_ahead)),
    Kind("a page twice", frozenset({"rows_repeated"}), EITHER, _page_twice, lists=_is_long),
    Kind("all pages the same", frozenset({"list_size"}), FAIL, _one_page, lists=_is_long),
    Kind("in the order of chance", frozenset({"order", "ranks"}), WARN, _shuffled,
         lists=_is_sorted),
    Kind("in the order of chance, popular", frozenset({"ranks"}), WARN, _shuffled,
         needs_history=True, lists=lambda each: each.name == "popular"),
    Kind("a field that nobody knows", frozenset({"fields"}), PASS,
         each_row(lambda film, day, chance: film | {"softcore_level": 3})),
    Kind("a field gone", frozenset({"fields"}), PASS, _without("backdrop_path")),
)  # fmt: skip
"""Every kind that the rules have to catch."""
