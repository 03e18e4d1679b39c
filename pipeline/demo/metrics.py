"""Popularity, votes and average vote of every listed movie on one day.

All three change smoothly: a release raises a movie for weeks, interest fluctuates, votes only
increase, and the scale of popularity drifts by a factor of up to two in either direction.
"""

from datetime import date
from functools import lru_cache
from typing import NamedTuple

from pipeline.demo.keyed_random import smooth_noise, uniform
from pipeline.demo.movies import Movie, all_movies

LISTED_AHEAD_DAYS = 183
"""A movie appears on lists from this many days before its release."""


class MovieMetrics(NamedTuple):
    """A movie's metrics on one day, rounded like TMDB's: popularity to 4 digits, average to 3."""

    movie: Movie
    popularity: float
    vote_average: float
    vote_count: int


@lru_cache(maxsize=4)
def metrics_on(day: date) -> tuple[MovieMetrics, ...]:
    """Return the metrics of every movie that is listed on a day, sorted by id."""
    today = day.toordinal()
    scale = float(2 ** smooth_noise(today, 110, "scale"))
    return tuple(
        _metrics(movie, today, scale)
        for movie in all_movies()
        if movie.released <= today + LISTED_AHEAD_DAYS
    )


def _metrics(movie: Movie, today: int, scale: float) -> MovieMetrics:
    age_days = today - movie.released
    trend = smooth_noise(today, 9, movie.id)
    jitter = uniform("flicker", movie.id, today) - 0.5
    lasting = movie.lasting_popularity * (1.0 if age_days > 0 else 0.15)
    interest = lasting + movie.release_popularity * _release_curve(age_days)
    popularity = round(scale * interest * (1 + 0.25 * trend + 0.3 * jitter), 4)
    votes = movie.final_votes * age_days // (age_days + 60) if age_days > 0 else 0
    return MovieMetrics(movie, popularity, _vote_average(movie, votes, trend), votes)


def _release_curve(age_days: int) -> float:
    """Return the share of the release popularity: one month up, three weeks at most, then down."""
    if age_days < -30:
        return 0.04
    if age_days < 21:
        return 0.04 + 0.96 * ((age_days + 30) / 51) ** 3
    return 1 / (1 + ((age_days - 21) / 40) ** 2)


def _vote_average(movie: Movie, votes: int, trend: float) -> float:
    if votes == 0:
        return 0
    exact = movie.final_vote_average + 1.2 * trend / (votes + 25) ** 0.5
    digits = 1 if movie.coarse_vote_average or votes < 30 else 3
    average = round(min(exact, 10.0), digits)
    return int(average) if average == int(average) else average
