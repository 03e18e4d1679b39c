"""A plan that changed since lists were collected: a run that finds them all there says so once.

A document that is there is finished work, so other genres, pages or a new minimum rating in
config/collection.toml change nothing for a day or week that is done. Without a warning, a change
without effect looks like one that was applied.
"""

from __future__ import annotations

import datetime
import logging
from collections.abc import Iterator
from typing import Any, NamedTuple

import luigi

from pipeline import settings
from pipeline.catalog import FilmList, Plan, of_genre, popular, top_rated, trending
from pipeline.paths import Layout
from pipeline.runtime.best_effort import optional
from pipeline.storage import documents
from pipeline.tasks.base import PipelineTask
from pipeline.tasks.collect import GenreMovies, PopularMovies, TopRatedMovies, TrendingMovies
from pipeline.tasks.daily import DailySummary
from pipeline.tasks.validation import ValidationReport, WeeklyValidationReport
from pipeline.tasks.weekly import WeeklyConsolidation

LOGGER = logging.getLogger("luigi-interface.pipeline")

_DAILY = (DailySummary, ValidationReport, PopularMovies, TrendingMovies)
_WEEKLY = (WeeklyConsolidation, WeeklyValidationReport, GenreMovies, TopRatedMovies)

_reported: set[str] = set()


class Difference(NamedTuple):
    """In what the documents of a day differ from the plan, and the files that stand for that."""

    words: str
    files: str


@PipelineTask.event_handler(luigi.Event.DEPENDENCY_PRESENT)
def warn_of_changed_plan(task: PipelineTask) -> None:
    """Warn where a task that is done was done by another plan; each sentence comes once."""
    sentence = optional(lambda: sentence_for(task), None, "The plan is not compared")
    if sentence and sentence not in _reported:
        _reported.add(sentence)
        LOGGER.warning("%s", sentence)


def sentence_for(task: PipelineTask) -> str | None:
    """Return what differs between the plan and a task's documents, and how to collect again."""
    found = list(dict.fromkeys(_differences(task)))
    if not found:
        return None
    layout: Layout = task.layout
    date: datetime.date = task.date
    if isinstance(task, _DAILY):
        made = (layout.validation_report(date), layout.daily_summary(date))
    else:
        made = (layout.weekly_validation_report(date), layout.consolidated(date))
    files = [each.files for each in found if each.files] + [layout.relative(each) for each in made]
    return (
        f"config/collection.toml has changed since the lists of {date} were collected, which stay "
        f"as they are: {', '.join(each.words for each in found)}. To collect them again, delete "
        f"{', '.join(dict.fromkeys(files))} below {layout.root} and run the same command."
    )


def _differences(task: PipelineTask) -> Iterator[Difference]:
    plan, layout = settings.current().plan(), task.layout
    date: datetime.date = task.date
    if isinstance(task, DailySummary | ValidationReport):
        yield from _of_list(layout, date, "popular", popular(plan))
        yield from _of_list(layout, date, "trending", trending(plan))
    elif isinstance(task, WeeklyConsolidation | WeeklyValidationReport):
        yield from _of_genres(layout, date, plan)
        for genre in plan.genres:
            yield from _of_list(layout, date, genre.slug, of_genre(plan, genre.slug, date))
        yield from _of_list(layout, date, "top_rated", top_rated(plan, date))
    elif isinstance(task, (PopularMovies, TrendingMovies, GenreMovies, TopRatedMovies)):
        film_list = task.film_list(plan)
        yield from _of_list(layout, date, film_list.name, film_list)


def _of_list(
    layout: Layout, date: datetime.date, name: str, film_list: FilmList
) -> Iterator[Difference]:
    path = layout.list_of(name, date)
    info = documents.read_info(path) or {}
    files = layout.relative(path)
    group = name
    if film_list.genre_id is not None:
        files, group = layout.relative(layout.genre("*", date)), "genre"
    planned = {"pages_requested": film_list.pages, **dict(film_list.facts)}
    for key, words in _WORDS.items():
        if key in planned and key in info and info[key] != planned[key]:
            subject = group if key == "pages_requested" else name
            yield Difference(f"{words} of {subject} {info[key]} (now {planned[key]})", files)


_WORDS = {
    "pages_requested": "pages",
    "min_rating": "minimum rating",
    "genre_id": "genre id",
    "genre_name": "genre name",
}
"""Keys of `collection_info` that follow from the plan, and what they are called."""


def _of_genres(layout: Layout, date: datetime.date, plan: Plan) -> Iterator[Difference]:
    profiles: Any = documents.read(layout.weekly_validation_report(date)).get("profiles")
    if not isinstance(profiles, dict):
        return
    planned = {genre.slug for genre in plan.genres}
    there = {name for name in profiles if name != "top_rated"}
    for slug in sorted(planned - there):
        yield Difference(f"genre {slug} is new", "")
    for slug in sorted(there - planned):
        yield Difference(f"genre {slug} is no longer collected", "")
