"""The four kinds of lists, one task each: fetch the pages, assemble the document, publish it."""

from __future__ import annotations

import datetime
import functools
import logging
from typing import Any

import luigi

from pipeline import catalog, clock, identity, settings
from pipeline.documents import collect
from pipeline.errors import NotPossible
from pipeline.paths import Layout, Place
from pipeline.runtime.progress import Progress
from pipeline.tasks.base import ATTEMPTS_OF_A_WEEK, PipelineTask
from pipeline.tasks.tmdb_client import open_client
from pipeline.tmdb.client import FetchedList

LOGGER = logging.getLogger("luigi-interface.pipeline")


class CollectionTask(PipelineTask):
    """Collects one list. A subclass says which list, and where its document goes."""

    def film_list(self, what: catalog.Plan) -> catalog.FilmList:
        """Return the list to collect."""
        raise NotImplementedError

    def requires(self) -> list[luigi.Task]:
        """Require nothing, but refuse while still planning what cannot be collected."""
        now = settings.current()
        now.required_credential()
        refuse_impossible(self.date, clock.today(), now.plan().max_days_late)
        return []

    def run(self) -> None:
        """Fetch, assemble, publish."""
        until = settings.collect_until()
        refuse_when_over(self.date, clock.now(), until)
        now = settings.current()
        film_list = self.film_list(now.plan())
        started_at = clock.now()
        with (
            Progress(self, film_list.name, film_list.pages) as progress,
            open_client(now, self.date) as client,
        ):
            pages = FirstPage(progress)
            fetched = client.fetch(film_list, pages)
        refuse_when_over(self.date, pages.at or started_at, until)
        if pages.at and clock.local_day(pages.at) != clock.local_day(started_at):
            started_at = pages.at  # requests were repeated until another day had begun
        origin = collect.Origin(
            source=source_of(fetched),
            language=now.language,
            region=now.region,
            collected_at=started_at,
            collected_on=clock.local_day(started_at),
            stats=fetched.stats,
        )
        document = collect.document(film_list, self.date, fetched.pages, origin)
        server = None if now.required_credential().is_demo else now.api_url
        identity.publish_list(self.layout, self.path, document, server)
        _tell(self, document["collection_info"])


class FirstPage:
    """Passes reports of pages on, and keeps when the first page was there."""

    def __init__(self, progress: Progress) -> None:
        self.at: datetime.datetime | None = None
        self._progress = progress

    def __call__(self, done: int, total: int) -> None:
        """Note the moment of the first page, and report the pages."""
        if done and self.at is None:
            self.at = clock.now()
        self._progress(done, total)


class PopularMovies(CollectionTask):
    """The popular films of the day."""

    def film_list(self, what: catalog.Plan) -> catalog.FilmList:
        """Return the popular list."""
        return catalog.popular(what)

    def place(self, layout: Layout) -> Place:
        """Return `raw/movies/daily/popular_movies_D.json`."""
        return layout.popular


class TrendingMovies(CollectionTask):
    """The films that trend on the day."""

    def film_list(self, what: catalog.Plan) -> catalog.FilmList:
        """Return the list of the day's trend."""
        return catalog.trending(what)

    def place(self, layout: Layout) -> Place:
        """Return `raw/movies/trending/trending_movies_D.json`."""
        return layout.trending


class GenreMovies(CollectionTask):
    """The most popular films of one genre of config/collection.toml."""

    attempts = ATTEMPTS_OF_A_WEEK
    genre = luigi.Parameter(description="the genre's slug, like science_fiction")

    def film_list(self, what: catalog.Plan) -> catalog.FilmList:
        """Return the genre's list."""
        return catalog.of_genre(what, self.genre, self.date)

    def requires(self) -> list[luigi.Task]:
        """Refuse a genre that is not in the plan, besides what any collection refuses."""
        settings.current().plan().genre(self.genre)
        return super().requires()

    def place(self, layout: Layout) -> Place:
        """Return `raw/movies/genre/G_D.json`."""
        return functools.partial(layout.genre, self.genre)


class TopRatedMovies(CollectionTask):
    """The best rated films."""

    attempts = ATTEMPTS_OF_A_WEEK

    def film_list(self, what: catalog.Plan) -> catalog.FilmList:
        """Return the top rated list."""
        return catalog.top_rated(what, self.date)

    def place(self, layout: Layout) -> Place:
        """Return `raw/movies/weekly/top_rated_D.json`."""
        return layout.top_rated


def refuse_impossible(date: datetime.date, today: datetime.date, max_days_late: int | None) -> None:
    """Refuse a day whose lists cannot be had. TMDB serves its lists only as they are now.

    Raises:
        NotPossible: the day is in the future, or further past than the plan accepts.
    """
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


def refuse_when_over(
    date: datetime.date, now: datetime.datetime, until: datetime.datetime | None
) -> None:
    """Refuse an attempt that begins when the lists of the date can no longer be collected.

    A run of today repeats its attempts; one after midnight would collect the next day's lists.

    Raises:
        NotPossible: the moment is over.
    """
    if until is not None and now >= until:
        raise NotPossible(
            f"{date} is over: this run began on that day and collects no other day's lists. Run "
            "the same command again to collect it late, as the files will say."
        )


def source_of(fetched: FetchedList) -> str:
    """Return what a document is stamped with: data made up for a demo never passes for TMDB's."""
    return "demo" if fetched.demo else "tmdb"


def _tell(task: CollectionTask, info: dict[str, Any]) -> None:
    if info["late_by_days"] > 0:
        LOGGER.warning(
            "%s: collected %d day(s) after its date: TMDB serves lists only as they are now",
            task,
            info["late_by_days"],
        )
    LOGGER.info("%s: %d films", task, info["total_collected"])
