"""Lists in many languages, made of the sentences of genuine overviews.

The overviews are beside the checkout and no part of it. A movie keeps its text, votes and images
from day to day; its popularity, and so its rank, moves smoothly.
"""

from __future__ import annotations

import datetime
import functools
import json
import math
import re
from collections.abc import Callable
from random import Random

from support.quality_days.day import Day, Source
from support.quality_days.kinds import FAIL, Change, Kind, each_row
from support.repository import REPOSITORY

from pipeline.catalog import PAGE_SIZE, MovieList
from pipeline.demo.keyed_random import smooth_noise
from pipeline.demo.overviews import overview
from pipeline.documents.schema import Movie
from pipeline.tmdb.page import Page

OVERVIEWS = REPOSITORY.parent / "shared" / "languages" / "overviews.json"

EMPTY = {
    "en": 0.03,
    "zh": 0.15,
    "ru": 0.1,
    "pt": 0.1,
    "it": 0.15,
    "ko": 0.28,
    "ar": 0.4,
    "tr": 0.35,
}
"""Language -> the share of movies without an overview."""

EMPTY_IN_OTHERS = (0.45, 0.6, 0.75, 0.9)
"""The shares in small languages; a list has one of them."""

SCRIPTS = {
    **dict.fromkeys(("da", "en", "et", "fi", "hr", "id", "it", "lv", "no", "pt", "sl", "tr"), "a"),
    **dict.fromkeys(("ru", "sr"), "я"),
    **dict.fromkeys(("ar",), "ا"),
}
"""Language -> a letter of its script; the others have one of their own."""

ALIKE = {frozenset(("hr", "sl")), frozenset(("ru", "sr")), frozenset(("da", "no"))}
"""Pairs that are not tried: they are close, or one of them is written in two scripts."""

_MIN_TEXTS = 4
_POPULATION = 3
"""How many times as many movies as a list holds compete for its places."""


@functools.cache
def sentences() -> dict[str, list[str]]:
    """Return the sentences of each language that has enough overviews."""
    genuine = json.loads(OVERVIEWS.read_text(encoding="utf-8"))
    made = {code: [overview(film, code) for film in range(300)] for code in ("en", "ko")}
    split = {
        code: [each for text in texts for each in re.split(r"(?<=[.!?。！？])\s*", text) if each]
        for code, texts in genuine.items()
        if len(texts) >= _MIN_TEXTS and code not in ("bs", "ka")
    }
    return split | made


def text_in(language: str, chance: Random) -> str:
    """Return an overview of one to three sentences."""
    return " ".join(chance.choices(sentences()[language], k=chance.randint(1, 3)))


def lists_in(seed: int) -> Source:
    """Return a source of lists whose movies move smoothly from day to day."""
    populations: dict[tuple[str, int], list[Movie]] = {}

    def source(movie_list: MovieList, on: datetime.date, language: str) -> list[Page]:
        key = movie_list.name, movie_list.pages
        if key not in populations:
            chance = Random(f"{seed} {language} {key}")
            populations[key] = _population(movie_list, language[:2], chance)
        size = movie_list.pages * PAGE_SIZE
        moved = [
            (film["popularity"] * (1 + 0.25 * _noise(on, film["id"])), film)
            for film in populations[key]
        ]
        moved.sort(key=lambda each: (-each[0], each[1]["id"]))
        rows = [film | {"popularity": round(popularity, 4)} for popularity, film in moved[:size]]
        return [
            Page(start // PAGE_SIZE + 1, rows[start : start + PAGE_SIZE], movie_list.pages, size)
            for start in range(0, size, PAGE_SIZE)
        ]

    return source


def _noise(on: datetime.date, number: int) -> float:
    """Return the noise of a movie; its turning points are not those of the others."""
    return smooth_noise(on.toordinal() + number % 9, 9, number)


def _population(movie_list: MovieList, language: str, chance: Random) -> list[Movie]:
    size = movie_list.pages * PAGE_SIZE * _POPULATION
    empty = EMPTY.get(language) or chance.choice(EMPTY_IN_OTHERS)
    few, old = chance.uniform(0, 0.35), chance.uniform(1, 12)
    return [_film(number, size, language, movie_list.genre_id, empty, few, old, chance)
            for number in range(1, size + 1)]  # fmt: skip


def _film(
    number: int, size: int, language: str, genre: int | None, empty: float, few: float, old: float,
    chance: Random,
) -> Movie:  # fmt: skip
    votes = chance.randint(0, 2) if chance.random() < few else int(math.exp(chance.gauss(6, 1.5)))
    age = int(chance.expovariate(1 / (365 * old)))
    released = datetime.date(2026, 3, 1) - datetime.timedelta(days=min(age, 30_000))
    return {
        "adult": False,
        "backdrop_path": None if chance.random() < 0.03 else "/b.jpg",
        "genre_ids": [genre or chance.choice((18, 27, 35, 53))],
        "id": number,
        "original_language": "en",
        "original_title": f"Movie {number}",
        "overview": "" if chance.random() < empty else text_in(language, chance),
        "popularity": 20 + 400 * (1 - number / size) ** 2,
        "poster_path": None if chance.random() < 0.004 else "/p.jpg",
        "release_date": "" if chance.random() < 0.01 else released.isoformat(),
        "title": f"Movie {number}",
        "video": False,
        "vote_average": round(chance.uniform(4, 8.5), 1) if votes else 0,
        "vote_count": votes,
    }


# Bad lists


def _served(language_of: Callable[[str, Random], str]) -> Change:
    """Replace the overviews by texts in another language."""

    def change(day: Day, name: str, chance: Random) -> Day:
        served = language_of(day.language[:2], chance)

        def row(film: Movie, day: Day, chance: Random) -> Movie:
            return film | {"overview": text_in(served, chance)} if film["overview"] else film

        return each_row(row)(day, name, chance)

    return change


def other_languages(language: str, same_script: bool) -> list[str]:
    """Return the languages that share the script, or do not, and are not alike."""
    script = SCRIPTS.get(language, language)
    return [
        each
        for each in sorted(sentences())
        if each != language
        and (SCRIPTS.get(each, each) == script) is same_script
        and frozenset((language, each)) not in ALIKE
        and "sr" not in (language if same_script else "", each)
    ]


def _loses_overview(film: Movie, day: Day, chance: Random) -> Movie:
    """Leave so few overviews as the junk of March 2025 had."""
    return film | {"overview": "" if chance.random() < 0.85 else film["overview"]}


_ANY = frozenset(
    [
        "ar",
        "da",
        "el",
        "en",
        "et",
        "fi",
        "he",
        "hr",
        "id",
        "it",
        "ko",
        "lv",
        "no",
        "pt",
        "ru",
        "sl",
        "sr",
        "tr",
        "zh",
    ]
)
_LANGUAGE, _ZERO = frozenset({"overview_language"}), frozenset({"values_zero"})

LANGUAGE_KINDS: tuple[Kind, ...] = (
    Kind("a language of another script served", _LANGUAGE, FAIL,
         _served(lambda own, chance: chance.choice(other_languages(own, same_script=False))),
         languages=_ANY),
    Kind("a language of the same script served", _LANGUAGE, FAIL,
         _served(lambda own, chance: chance.choice(other_languages(own, same_script=True))),
         languages=frozenset(SCRIPTS) - {"ar", "ru", "sr"}),
    Kind("English served", _LANGUAGE, FAIL, _served(lambda own, chance: "en"),
         languages=_ANY - {"en"}),
    Kind("overviews lost", frozenset({"overview_missing"}), FAIL, each_row(_loses_overview),
         needs_history=True, languages=frozenset({"en", "it", "pt", "ru", "zh"})),
    Kind("every popularity 0", _ZERO, FAIL, each_row(lambda film, *_: film | {"popularity": 0}),
         languages=_ANY),
    Kind("every rating 0", _ZERO, FAIL, each_row(lambda film, *_: film | {"vote_average": 0}),
         languages=_ANY),
    Kind("every number of votes 0", _ZERO, FAIL,
         each_row(lambda film, *_: film | {"vote_count": 0}), languages=_ANY),
)  # fmt: skip
"""The kinds that depend on the language, and values that are lost."""
