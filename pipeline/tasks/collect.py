"""The lists, one task each: fetch the pages, assemble the document, publish it."""

from __future__ import annotations

import datetime
import logging
from pathlib import Path

import luigi

from pipeline import clock, identity, settings
from pipeline.catalog import MovieList
from pipeline.documents import collect
from pipeline.errors import NotPossible
from pipeline.runtime.progress import Progress
from pipeline.tasks.base import ATTEMPTS_OF_A_WEEK, PipelineTask
from pipeline.tasks.tmdb_client import open_client

LOGGER = logging.getLogger("luigi-interface.pipeline")


class ListMovies(PipelineTask):
    """Collect any list of config/collection.toml."""

    list = luigi.Parameter(description="the list's name, like popular")

    @property
    def movie_list(self) -> MovieList:
        """The entry of the list."""
        return settings.current().plan().movie_list(self.list)

    def path_for(self, date: datetime.date) -> Path:
        """Return the path of the list."""
        return self.layout.list_of(self.movie_list, date)

    def requires(self) -> dict[str, luigi.Task]:
        """Require nothing, but refuse while still planning what cannot be collected."""
        now = settings.current()
        now.required_credential()
        refuse_impossible(self.date, now.plan().max_days_late)
        return {}

    def run(self) -> None:
        """Fetch, assemble, publish."""
        now, started_at = settings.current(), clock.now()
        refuse_when_over(self.date, started_at)
        with (
            Progress(self, self.movie_list.name, self.movie_list.pages) as progress,
            open_client(now, self.date) as client,
        ):
            fetched = client.fetch(self.movie_list, progress)
        ended_at = clock.now()
        refuse_when_over(self.date, ended_at)
        is_of_one_day = clock.local_day(started_at) == clock.local_day(ended_at)
        collected_at = started_at if is_of_one_day else ended_at
        late_by_days: int = (clock.local_day(collected_at) - self.date).days
        document = collect.document(
            self.movie_list,
            self.date,
            fetched.pages,
            collect.Identity("demo" if fetched.demo else "tmdb", now.language, now.region),
            collected_at,
            late_by_days,
            fetched.stats,
        )
        server = None if now.required_credential().is_demo else now.api_url
        identity.publish_list(self.layout, self.path, document, server)
        if late_by_days > 0:
            LOGGER.warning(
                "%s: collected %d day(s) after its date: TMDB serves lists only as they are now",
                self,
                late_by_days,
            )
        LOGGER.info("%s: %d movies", self, len(document["movies"]))


class PopularMovies(ListMovies):
    """Collect the popular movies of the day."""

    list = "popular"


class TrendingMovies(ListMovies):
    """Collect the movies that trend on the day."""

    list = "trending"


class GenreMovies(ListMovies):
    """Collect the most popular movies of one genre of config/collection.toml."""

    attempts = ATTEMPTS_OF_A_WEEK
    genre = luigi.Parameter(description="the genre's slug, like science_fiction")
    list = None

    @property
    def movie_list(self) -> MovieList:
        """The entry of the genre."""
        return settings.current().plan().movie_list(self.genre, "genre")


class TopRatedMovies(ListMovies):
    """Collect the best rated movies."""

    attempts = ATTEMPTS_OF_A_WEEK
    list = "top_rated"


def list_tasks(date: datetime.date, cadence: str) -> dict[str, ListMovies]:
    """Return the tasks of the lists of a cadence on a date, by name, in their order."""
    return {
        entry.name: _list_task(date, entry) for entry in settings.current().plan().select(cadence)
    }


def _list_task(date: datetime.date, entry: MovieList) -> ListMovies:
    for task in (PopularMovies, TrendingMovies, TopRatedMovies):
        if task.list == entry.name:
            return task(date=date)
    if entry.genre:
        return GenreMovies(date=date, genre=entry.name)
    return ListMovies(date=date, list=entry.name)


def refuse_impossible(date: datetime.date, max_days_late: int | None) -> None:
    """Refuse a day in the future, or further past than that.

    TMDB serves its lists only as they are now.
    """
    today = clock.today()
    late = (today - date).days
    if late < 0:
        raise NotPossible(
            f"{date} lies in the future (today is {today}): TMDB's lists of that day do not exist "
            "yet; choose today's date."
        )
    if max_days_late is not None and late > max_days_late:
        raise NotPossible(
            f"{date} is {late} days past and config/collection.toml accepts at most "
            f"{max_days_late} (max_days_late): TMDB only serves today's lists."
        )


def refuse_when_over(date: datetime.date, now: datetime.datetime) -> None:
    """Refuse to collect when the lists of the date can no longer be collected.

    A run of today repeats its attempts; one after midnight would collect the next day's lists.
    """
    until = settings.collect_until()
    if until is not None and now >= until:
        raise NotPossible(
            f"{date} is over: this run began on that day and collects no other day's lists. Run "
            "the same command again to collect it late, as the files will say."
        )
