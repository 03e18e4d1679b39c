"""The lists, one task each: fetch the pages, assemble the document, publish it."""

import datetime
from pathlib import Path

import luigi

from pipeline import clock, identity, settings
from pipeline.catalog import MovieList
from pipeline.documents import collect
from pipeline.errors import NotPossible
from pipeline.runtime import luigi_setup
from pipeline.runtime.progress import Progress
from pipeline.tasks.base import ATTEMPTS_OF_A_WEEK, LOGGER, PipelineTask
from pipeline.tasks.tmdb_client import open_client


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
        """Require nothing; while planning, refuse what cannot be collected, count the rest."""
        now = settings.current()
        now.required_credential()
        refuse_impossible(self.date, now.plan().max_days_late)
        Progress(self, self.movie_list.name, self.movie_list.pages).plan()
        return {}

    def run(self) -> None:
        """Fetch, assemble, publish."""
        now, entry, started_at = settings.current(), self.movie_list, clock.now()
        _refuse_when_over(self.date, started_at)
        progress = Progress(self, entry.name, entry.pages)
        with progress, open_client(now, self.date, luigi_setup.worker_of(self)) as client:
            fetched = client.fetch(entry, progress)
        at = fetched.first_page_at  # its attempts may have gone on until after midnight
        _refuse_when_over(self.date, at)
        at = started_at if clock.local_day(started_at) == clock.local_day(at) else at
        late: int = (clock.local_day(at) - self.date).days
        own = collect.Identity("demo" if fetched.demo else "tmdb", now.language, now.region)
        pages, stats = fetched.pages, fetched.stats
        document = collect.document(entry, self.date, pages, own, at, late, stats)
        identity.publish_list(self.layout, self.path, document)
        if late > 0:
            text = "%s: collected %d day(s) after its date: TMDB serves lists only as they are now"
            LOGGER.warning(text, self, late)
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
    own_class = {task.list: task for task in (PopularMovies, TrendingMovies, TopRatedMovies)}
    tasks = {}
    for entry in settings.current().plan().select(cadence):
        if entry.name in own_class:
            tasks[entry.name] = own_class[entry.name](date=date)
        elif entry.genre:
            tasks[entry.name] = GenreMovies(date=date, genre=entry.name)
        else:
            tasks[entry.name] = ListMovies(date=date, list=entry.name)
    return tasks


def refuse_impossible(date: datetime.date, max_days_late: int | None) -> None:
    """Refuse a day in the future, or one that is further past than configured."""
    today = clock.today()
    late = (today - date).days
    if late < 0:
        zone = clock.now().astimezone().tzname()
        raise NotPossible(f"{date} lies in the future (it is {today} {zone}): choose today's date.")
    if max_days_late is not None and late > max_days_late:
        raise NotPossible(
            f"{date} is {late} days past and config/collection.toml accepts at most "
            f"{max_days_late} (max_days_late): TMDB only serves today's lists."
        )


def _refuse_when_over(date: datetime.date, now: datetime.datetime) -> None:
    """Refuse an attempt after midnight, or before the day begins because the clock was set back."""
    refuse_impossible(date, None)
    until = settings.run_variable(settings.COLLECT_UNTIL)
    if until is not None and now.timestamp() >= float(until):
        raise NotPossible(
            f"{date} is over: this run began on that day and collects no other day's lists. Run "
            "the same command again to collect it late, as the files will say."
        )
