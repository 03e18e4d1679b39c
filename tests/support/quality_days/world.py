"""A sequence of days: what was collected on each, and the history of any of them."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from random import Random

from msgspec.structs import replace
from support.quality_days.catalogue import catalogue
from support.quality_days.day import PLAN, Day, Period, Source, profile
from support.quality_days.noise import mixed, noisy

from pipeline.catalog import MovieList
from pipeline.quality.snapshot import Baseline
from pipeline.tmdb.page import Page

MISSED = 0.1
"""The share of earlier days that were not collected."""

BAD = 0.06
"""The share of earlier days that were bad, but not bad enough to be left out of the history."""

_DAY = datetime.timedelta(days=1)


class World:
    """The days of one seed in one language, from one source of lists."""

    def __init__(
        self,
        period: Period,
        language: str,
        seed: int = 0,
        source: Source = catalogue,
        choose: Callable[[list[MovieList]], list[MovieList]] = list,
    ) -> None:
        self.period, self.language, self.seed = period, language, seed
        self._source, self._choose = source, choose
        self._figures: dict[tuple[str, datetime.date], Baseline] = {}

    def day(self, date: datetime.date, collections: int = 28) -> Day:
        """Return a normal day with up to so many earlier collections, some missed or bad."""
        lists = {each.name: each for each in self._lists(date)}
        pages = {name: self._pages(each, date) for name, each in lists.items()}
        for name, each in lists.items():
            self._measured(each, date, pages[name])
        history = {name: self._history(each, date, collections) for name, each in lists.items()}
        return Day(date, self.language, self.period, lists, pages, history)

    def _lists(self, date: datetime.date) -> list[MovieList]:
        return self._choose(self.period.lists(PLAN, date))

    def _pages(self, movie_list: MovieList, date: datetime.date) -> list[Page]:
        chance = self._chance("pages", movie_list.name, date)
        came = self._source(movie_list, date, self.language)
        if not movie_list.genre_id:
            came = mixed(came, self._yesterday(movie_list, date), chance)
        return noisy(came, self.language, chance)

    def _yesterday(self, movie_list: MovieList, date: datetime.date) -> list[Page]:
        of_before = next(each for each in self._lists(date - _DAY) if each.name == movie_list.name)
        return self._source(of_before, date - _DAY, self.language)

    def _history(
        self, movie_list: MovieList, date: datetime.date, collections: int
    ) -> list[Baseline]:
        found: list[Baseline] = []
        for number in range(1, collections + 1):
            day = date - number * self.period.days * _DAY
            chance = self._chance("past", movie_list.name, day, date)
            if chance.random() >= MISSED:
                baseline = self._measured(movie_list, day)
                found.append(_make_bad(baseline, chance) if chance.random() < BAD else baseline)
        return found

    def _measured(
        self, movie_list: MovieList, date: datetime.date, pages: list[Page] | None = None
    ) -> Baseline:
        """Measure a list once, because many days have it in their history."""
        key = movie_list.name, date
        if key not in self._figures:
            of_date = next(each for each in self._lists(date) if each.name == movie_list.name)
            came = pages or self._pages(of_date, date)
            self._figures[key] = profile(of_date, date, came, self.language)
        return self._figures[key]

    def _chance(self, *key: object) -> Random:
        return Random(f"{self.period.name} {self.language} {self.seed} {key}")


def _make_bad(baseline: Baseline, chance: Random) -> Baseline:
    """Return the figures of a bad day: half of it junk, or with another scale of popularity."""
    if chance.random() < 0.5:
        median = baseline.popularity_median
        return replace(baseline, popularity_median=median and median / 50)
    half = len(baseline.movie_ids) // 2
    junk = [str(70_000_000 + chance.randrange(1_000_000)) for _ in range(half)]
    return replace(
        baseline,
        films=" ".join([*baseline.movie_ids[:half], *junk]),
        overviews_empty=min(1.0, baseline.overviews_empty + 0.3),
        votes_median=2.0,
        posters_missing=0.5,
        shares=baseline.shares | {"overview_missing": 0.6, "votes_few": 0.5, "poster_missing": 0.5},
    )
