"""How every listed film stands on one date: popularity, votes, average.

All three move smoothly. A release lifts a film for weeks, interest wanders up and down, votes only
grow, and the scale of popularity itself drifts by a factor of up to two either way.
"""

from datetime import date
from functools import lru_cache
from typing import NamedTuple

from pipeline.demo.catalogue import Film, catalogue
from pipeline.demo.chance import share, wave

LISTED_AHEAD_DAYS = 183
"""A film further from its release than this is not on any list yet."""


class Standing(NamedTuple):
    """One film on one date, rounded as TMDB rounds: popularity to 4 decimals, average to 3."""

    film: Film
    popularity: float
    vote_average: float
    vote_count: int


@lru_cache(maxsize=4)
def standings(on: date) -> tuple[Standing, ...]:
    """Every film that is listed on this date, by rising id."""
    today = on.toordinal()
    scale = popularity_scale(today)
    return tuple(
        _standing(film, today, scale)
        for film in catalogue()
        if film.released <= today + LISTED_AHEAD_DAYS
    )


@lru_cache(maxsize=4)
def standings_by_id(on: date) -> dict[int, Standing]:
    """The same, to look one film up."""
    return {standing.film.id: standing for standing in standings(on)}


def popularity_scale(today: int) -> float:
    """Between 0.5 and 2, drifting over months."""
    return float(2 ** wave(today, 110, "scale"))


def _standing(film: Film, today: int, scale: float) -> Standing:
    age = today - film.released
    mood = wave(today, 9, film.id)
    flicker = share("flicker", film.id, today) - 0.5
    interest = film.appeal * _maturity(age) + film.debut * _attention(age)
    popularity = round(scale * interest * (1 + 0.25 * mood + 0.3 * flicker), 4)
    votes = _votes(film, age)
    return Standing(film, popularity, _average(film, votes, mood), votes)


def _maturity(age: int) -> float:
    """The share of its lasting appeal that a film has at this age in days."""
    return 1.0 if age > 0 else 0.15


def _attention(age: int) -> float:
    """The share of its debut's height: up in a month, three weeks at the top, a long way down."""
    if age < -30:
        return 0.04
    if age < 21:
        return 0.04 + 0.96 * ((age + 30) / 51) ** 3
    return 1 / (1 + ((age - 21) / 40) ** 2)


def _votes(film: Film, age: int) -> int:
    return film.audience * age // (age + 60) if age > 0 else 0


def _average(film: Film, votes: int, mood: float) -> float:
    if votes == 0:
        return 0
    unsettled = film.quality + 1.2 * mood / (votes + 25) ** 0.5
    coarse = film.coarse_rating or votes < 30
    average = round(min(unsettled, 10.0), 1 if coarse else 3)
    return int(average) if average == int(average) else average
