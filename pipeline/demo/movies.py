"""The made-up movies: about 6,000, the same in every process and every Python version.

The permanent properties of a movie are drawn in order from a seeded generator. Its texts and
image paths are computed from its id on demand, so that building the catalogue is cheap.
"""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from hashlib import blake2b
from random import Random
from string import ascii_letters, digits

from pipeline.demo.genre_mix import draw_genres
from pipeline.demo.overviews import overview
from pipeline.demo.titles import titles

FIRST_ID = 9_000_000
"""Ids start far above TMDB's, so that a made-up movie is never mistaken for a real one."""

_OLD_MOVIES = 4_000
_NEW_MOVIES = 2_100
_LAST_OLD_DAY = date(2019, 12, 31).toordinal()
_OLD_DAYS = _LAST_OLD_DAY - date(1950, 1, 1).toordinal()
_NEW_DAYS = date(2036, 12, 31).toordinal() - _LAST_OLD_DAY
_LETTERS = ((ascii_letters + digits) * 5).encode()[:256]
_LANGUAGES = ["en"] * 62 + ["ko"] * 10 + ["ja"] * 12 + ["es"] * 8 + ["fr"] * 8


@dataclass(frozen=True, slots=True)
class Movie:
    """The permanent properties of a movie.

    `released` is the day of the release as a proleptic ordinal. `release_date` is the public form
    of it: YYYY-MM-DD, "" or None (the key is missing). `lasting_popularity` and
    `release_popularity` are the popularity in the long run and what the release adds at its peak.
    `final_votes` and `final_vote_average` are approached over the years.
    """

    id: int
    released: int
    release_date: str | None
    original_language: str
    genre_ids: tuple[int, ...]
    final_vote_average: float
    final_votes: int
    lasting_popularity: float
    release_popularity: float
    coarse_vote_average: bool
    has_poster: bool
    has_backdrop: bool
    title_languages: frozenset[str]
    overview_languages: frozenset[str]

    @property
    def original_title(self) -> str:
        """The title in the original language."""
        return titles(self.id, self.original_language).original

    @property
    def poster_path(self) -> str | None:
        """A path like TMDB's for which no image exists, or None."""
        return _image_path("poster", self.id) if self.has_poster else None

    @property
    def backdrop_path(self) -> str | None:
        """A path like TMDB's for which no image exists, or None."""
        return _image_path("backdrop", self.id) if self.has_backdrop else None

    def title(self, language: str) -> str:
        """Return the title in "ko" or "en", or the original title if it is not translated."""
        if language not in self.title_languages:
            return self.original_title
        return titles(self.id, self.original_language).translated(language)

    def overview(self, language: str) -> str:
        """Return the overview in "ko" or "en", or "" if there is none in this language."""
        if language not in self.overview_languages:
            return ""
        return overview(self.id, language)


@lru_cache(maxsize=1)
def all_movies() -> tuple[Movie, ...]:
    """Return all movies, released from 1950 to 2036, sorted by id."""
    random = Random(20_240_107)
    return tuple(_draw_movie(random, index) for index in range(_OLD_MOVIES + _NEW_MOVIES))


def _draw_movie(random: Random, index: int) -> Movie:
    """Draw one movie. The order of the draws must not change: it determines every movie."""
    draw = random.random
    is_old = index < _OLD_MOVIES
    language = _LANGUAGES[int(draw() * len(_LANGUAGES))]
    is_acclaimed = draw() < (0.118 if is_old else 0.035)
    fame_rank = draw()
    title_languages, overview_languages = _draw_translations(random, language)
    movie_id = FIRST_ID + index * 17 + int(draw() * 17)
    released = _old_day(draw()) if is_old else _LAST_OLD_DAY + 1 + int(_NEW_DAYS * draw())
    return Movie(
        id=movie_id,
        released=released,
        release_date=_public_date(released, draw()),
        original_language=language,
        genre_ids=draw_genres(random),
        final_vote_average=_draw_vote_average(random, is_acclaimed),
        final_votes=_votes(fame_rank, draw(), is_acclaimed),
        lasting_popularity=5 * _power_law(0.7 * fame_rank + 0.3 * draw(), 0.55, 300),
        release_popularity=90 * _power_law(draw(), 0.7, 120),
        coarse_vote_average=draw() < 0.45,
        has_poster=draw() >= 0.004,
        has_backdrop=draw() >= 0.028,
        title_languages=title_languages,
        overview_languages=overview_languages,
    )


def _power_law(rank: float, exponent: float, max_ratio: int) -> float:
    """Return `rank` (0 to 1, 0 is the best) as a size: 1 for rank 1, larger for lower ranks."""
    return float(max(rank, 1 / max_ratio) ** -exponent)


def _old_day(drawn: float) -> int:
    return _LAST_OLD_DAY - int(_OLD_DAYS * drawn * drawn)


def _public_date(released: int, drawn: float) -> str | None:
    if drawn < 0.005:
        return None
    return "" if drawn < 0.01 else date.fromordinal(released).isoformat()


def _draw_vote_average(random: Random, is_acclaimed: bool) -> float:
    drawn = random.random()
    if is_acclaimed:
        return 7.86 + 0.86 * drawn * drawn
    return min(3.6 + 1.9 * (drawn + random.random() + random.random()), 7.84)


def _votes(fame_rank: float, drawn: float, is_acclaimed: bool) -> int:
    if is_acclaimed:
        return int(420 * _power_law(fame_rank, 0.7, 500))
    return int(70 * _power_law(fame_rank, 0.5, 400) * _power_law(drawn, 0.5, 400))


_BOTH, _ENGLISH = frozenset({"ko", "en"}), frozenset({"en"})
_KOREAN, _NEITHER = frozenset({"ko"}), frozenset[str]()


def _draw_translations(random: Random, original: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the languages that have a title and those that have an overview."""
    korean = random.random() < (0.98 if original == "ko" else 0.67)
    english = random.random() < 0.97
    overviews = (_BOTH if english else _KOREAN) if korean else (_ENGLISH if english else _NEITHER)
    titled = _BOTH if korean or original == "ko" or random.random() < 0.3 else _ENGLISH
    return titled, overviews


def _image_path(kind: str, movie_id: int) -> str:
    name = blake2b(f"{kind}:{movie_id}".encode(), digest_size=27).digest()
    return f"/{name.translate(_LETTERS).decode()}.jpg"
