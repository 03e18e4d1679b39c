"""The films themselves: about six thousand, the same in every process and every version of Python.

A film's lasting facts are drawn once, in order, from a seeded generator. Its words and its picture
paths are hashed from its id when somebody asks, so that building the catalogue stays cheap.
"""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from hashlib import blake2b
from random import Random
from string import ascii_letters, digits

from pipeline.demo.genres import genres_of_a_film
from pipeline.demo.plots import plot
from pipeline.demo.titles import titles

FIRST_ID = 9_000_000
"""Ids start far above TMDB's own, so that a made-up film can never pass for a real one."""

_OLD_FILMS = 4_000
_NEW_FILMS = 2_100
_LAST_OLD_DAY = date(2019, 12, 31).toordinal()
_LAST_DAY = date(2036, 12, 31).toordinal()
_OLD_DAYS = _LAST_OLD_DAY - date(1950, 1, 1).toordinal()
_LETTERS = ((ascii_letters + digits) * 5).encode()[:256]
_LANGUAGES = ["en"] * 62 + ["ko"] * 10 + ["ja"] * 12 + ["es"] * 8 + ["fr"] * 8


@dataclass(frozen=True, slots=True)
class Film:
    """What does not change about a film.

    `released` is the true day as a proleptic ordinal, also where `release_note` hides it from the
    public: "date", "empty" (release_date is "") or "missing" (no such key). `quality` is the
    average vote it settles at (0-10), `audience` the votes it gathers in the long run, `appeal`
    its lasting popularity and `debut` what a release adds to that at its height.
    """

    id: int
    released: int
    release_note: str
    original_language: str
    genre_ids: tuple[int, ...]
    quality: float
    audience: int
    appeal: float
    debut: float
    coarse_rating: bool
    has_poster: bool
    has_backdrop: bool
    title_languages: frozenset[str]
    overview_languages: frozenset[str]

    @property
    def release_date(self) -> str | None:
        """YYYY-MM-DD, "" or None for a key that has to be left out."""
        if self.release_note == "date":
            return date.fromordinal(self.released).isoformat()
        return "" if self.release_note == "empty" else None

    @property
    def original_title(self) -> str:
        """The title in the language the film was made in."""
        return titles(self.id, self.original_language).original

    @property
    def poster_path(self) -> str | None:
        """A path of TMDB's form that leads to no picture, or None."""
        return _picture("poster", self.id) if self.has_poster else None

    @property
    def backdrop_path(self) -> str | None:
        """A path of TMDB's form that leads to no picture, or None."""
        return _picture("backdrop", self.id) if self.has_backdrop else None

    def title(self, language: str) -> str:
        """The title in "ko" or "en"; the original one where nobody translated it."""
        if language not in self.title_languages:
            return self.original_title
        named = titles(self.id, self.original_language)
        return named.ko if language == "ko" else named.en

    def overview(self, language: str) -> str:
        """The overview in "ko" or "en"; "" where there is none, never another language."""
        if language not in self.overview_languages:
            return ""
        told = plot(self.id)
        return told.ko if language == "ko" else told.en


@lru_cache(maxsize=1)
def catalogue() -> tuple[Film, ...]:
    """All films there will ever be, from 1950 to 2036, by rising id."""
    chance = Random(20_240_107)
    return tuple(_film(chance, index) for index in range(_OLD_FILMS + _NEW_FILMS))


def _film(chance: Random, index: int) -> Film:
    draw = chance.random
    old = index < _OLD_FILMS
    language = _LANGUAGES[int(draw() * len(_LANGUAGES))]
    acclaimed = draw() < (0.118 if old else 0.035)
    following = draw()
    titled, told = _translations(chance, language)
    return Film(
        id=FIRST_ID + index * 17 + int(draw() * 17),
        released=_old_day(draw()) if old else _LAST_OLD_DAY + 1 + _new_day(draw()),
        release_note=_release_note(draw()),
        original_language=language,
        genre_ids=genres_of_a_film(chance),
        quality=_acclaimed_quality(draw()) if acclaimed else _ordinary_quality(chance),
        audience=_audience(following, draw(), acclaimed),
        appeal=5 * _heavy(0.7 * following + 0.3 * draw(), 0.55, 300),
        debut=90 * _heavy(draw(), 0.7, 120),
        coarse_rating=draw() < 0.45,
        has_poster=draw() >= 0.004,
        has_backdrop=draw() >= 0.028,
        title_languages=titled,
        overview_languages=told,
    )


def _heavy(rank: float, exponent: float, most: int) -> float:
    """A Pareto draw: 1 for rank 1, growing without much haste, cut off at `most` ranks."""
    return float(max(rank, 1 / most) ** -exponent)


def _old_day(drawn: float) -> int:
    return _LAST_OLD_DAY - int(_OLD_DAYS * drawn * drawn)


def _new_day(drawn: float) -> int:
    return int((_LAST_DAY - _LAST_OLD_DAY) * drawn)


def _release_note(drawn: float) -> str:
    if drawn < 0.005:
        return "missing"
    return "empty" if drawn < 0.01 else "date"


def _acclaimed_quality(drawn: float) -> float:
    return 7.86 + 0.86 * drawn * drawn


def _ordinary_quality(chance: Random) -> float:
    spread = chance.random() + chance.random() + chance.random()
    return min(3.6 + 1.9 * spread, 7.84)


def _audience(following: float, luck: float, acclaimed: bool) -> int:
    if acclaimed:
        return int(420 * _heavy(following, 0.7, 500))
    return int(70 * _heavy(following, 0.5, 400) * _heavy(luck, 0.5, 400))


_BOTH, _ENGLISH = frozenset({"ko", "en"}), frozenset({"en"})
_KOREAN, _NEITHER = frozenset({"ko"}), frozenset[str]()


def _translations(chance: Random, original: str) -> tuple[frozenset[str], frozenset[str]]:
    """The languages that have a title and those that have an overview."""
    korean = chance.random() < (0.98 if original == "ko" else 0.67)
    english = chance.random() < 0.97
    told = (_BOTH if english else _KOREAN) if korean else (_ENGLISH if english else _NEITHER)
    titled = _BOTH if korean or original == "ko" or chance.random() < 0.3 else _ENGLISH
    return titled, told


def _picture(kind: str, film_id: int) -> str:
    letters = blake2b(f"{kind}:{film_id}".encode(), digest_size=27).digest()
    return f"/{letters.translate(_LETTERS).decode()}.jpg"
