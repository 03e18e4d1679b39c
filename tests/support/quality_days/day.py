"""One collected day or week: the pages of its lists, and their history."""

from __future__ import annotations

import dataclasses
import datetime
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from support.repository import REPOSITORY

from pipeline.catalog import MovieList, Plan, plan_from
from pipeline.documents.collect import Identity, document
from pipeline.quality.movie_rules import profile_of
from pipeline.quality.report import validation_report
from pipeline.quality.rules import Thresholds, thresholds_from
from pipeline.quality.snapshot import Baseline, ListSnapshot
from pipeline.tmdb.page import FetchStats, Page

CONFIG = REPOSITORY / "config"

Document = dict[str, Any]
Source = Callable[[MovieList, datetime.date, str], list[Page]]
"""A function that returns the pages of a list, on a date, in a language."""


def tables(name: str) -> dict[str, Any]:
    """Return the content of a shipped file of config/."""
    return tomllib.loads((CONFIG / name).read_text(encoding="utf-8"))


PLAN = plan_from(tables("collection.toml"))
SLUGS = tuple(genre.slug for genre in PLAN.genres)
THRESHOLDS = thresholds_from(tables("quality.toml"), SLUGS)


def daily_lists(what: Plan, date: datetime.date) -> list[MovieList]:
    return list(what.select("daily"))


def weekly_lists(what: Plan, date: datetime.date) -> list[MovieList]:
    return list(what.select("weekly"))


@dataclass(frozen=True)
class Period:
    """How often lists are collected, which lists, and the highest age of a recent collection."""

    name: str
    days: int
    gap_days: int
    lists: Callable[[Plan, datetime.date], list[MovieList]]


DAILY = Period("day", 1, THRESHOLDS.history_bounds.daily_gap_days, daily_lists)
WEEKLY = Period("week", 7, THRESHOLDS.history_bounds.weekly_gap_days, weekly_lists)


@dataclass(frozen=True)
class Day:
    """The lists collected for one date. A bad day is a normal one with changed pages."""

    date: datetime.date
    language: str
    period: Period
    lists: dict[str, MovieList]
    pages: dict[str, list[Page]]
    history: dict[str, list[Baseline]]

    def only(self, name: str) -> Day:
        """Return the same day with one of its lists."""
        return dataclasses.replace(self, lists={name: self.lists[name]})

    def with_pages(self, name: str, pages: list[Page]) -> Day:
        """Return the same day with other pages of one list."""
        return dataclasses.replace(self, pages={**self.pages, name: pages})

    def with_history(self, name: str, history: list[Baseline]) -> Day:
        """Return the same day with another history of one list."""
        return dataclasses.replace(self, history={**self.history, name: history})

    def first(self) -> Day:
        """Return the same day without history."""
        return dataclasses.replace(self, history={})

    def document(self, name: str) -> Document:
        """Return a list's document as collecting would have published it."""
        return collected(self.lists[name], self.date, self.pages[name], self.language)

    def snapshots(self, thresholds: Thresholds = THRESHOLDS) -> list[ListSnapshot]:
        documents = {name: self.document(name) for name in self.lists}
        return [
            ListSnapshot(
                name=name,
                file=f"{name}.json",
                date=self.date,
                movies=made["movies"],
                info=made["collection_info"],
                history=self.history.get(name, []),
                gap_days=self.period.gap_days,
                bounds=thresholds.bounds,
                history_bounds=thresholds.history_bounds,
            )
            for name, made in documents.items()
        ]

    def report(self, thresholds: Thresholds = THRESHOLDS) -> Document:
        return validation_report(self.date, self.snapshots(thresholds), thresholds)


def collected(
    movie_list: MovieList, date: datetime.date, pages: list[Page], language: str
) -> Document:
    at = datetime.datetime.combine(date, datetime.time(2), datetime.UTC)
    effort = FetchStats(requests=len(pages), retries=0, bytes_received=0, duration_seconds=0.5)
    identity = Identity("tmdb", language, "KR")
    return document(movie_list, date, pages, identity, at, 0, effort)


def profile(
    movie_list: MovieList, date: datetime.date, pages: list[Page], language: str
) -> Baseline:
    """Return a list's figures as its report would keep them."""
    made = collected(movie_list, date, pages, language)
    name, info = movie_list.name, made["collection_info"]
    return profile_of(ListSnapshot(name, f"{name}.json", date, made["movies"], info))


def failed_checks(report: Document) -> dict[str, list[Document]]:
    """Return the evidence of the failed checks by rule id."""
    return {each["id"]: each["evidence"] for each in report["checks"] if not each["success"]}
