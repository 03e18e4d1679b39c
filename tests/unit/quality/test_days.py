"""Whole days and weeks: normal ones pass, and each kind of bad one is caught by its rule."""

from __future__ import annotations

import datetime
from pathlib import Path
from random import Random

import pytest
from msgspec import structs
from support.quality_days import DAILY, KINDS, WEEKLY, Day, Kind, World
from support.quality_days.day import failed_checks
from support.quality_days.recorded import GENRES, recorded, shortened

from pipeline.catalog import MovieList

START = datetime.date(2026, 2, 1)
LANGUAGES = ("ko-KR", "en-US")
REPORTED_ONLY = {"fields", "list_late", "backdrop_missing", "rated_without_votes"}
"""Rules of severity info, which a normal day may violate."""


COLLECTIONS_BEFORE = (0, 2, 5, 8)
"""Lengths of the history: none, too short for a baseline, and enough."""

LISTS_OF_WEEK = ("horror", "animation", "top_rated")
PAGES_OF_WEEK = 5


def lists_of_week(movie_lists: list[MovieList]) -> list[MovieList]:
    """Return some of the week's lists with fewer pages, because making the pages takes time."""
    return [
        structs.replace(each, pages=PAGES_OF_WEEK)
        for each in movie_lists
        if each.name in LISTS_OF_WEEK
    ]


@pytest.fixture(scope="module", params=LANGUAGES)
def days(request: pytest.FixtureRequest) -> list[Day]:
    """Return consecutive days, each with a longer history than the one before."""
    world = World(DAILY, request.param, seed=7)
    return [
        world.day(START + datetime.timedelta(days=number), collections=collections)
        for number, collections in enumerate(COLLECTIONS_BEFORE)
    ]


@pytest.fixture(scope="module", params=LANGUAGES)
def week(request: pytest.FixtureRequest) -> Day:
    """Return one week with six before it."""
    world = World(WEEKLY, request.param, seed=7, choose=lists_of_week)
    return world.day(START, collections=6)


def test_normal_days_pass(days: list[Day]) -> None:
    for day in days:
        report = day.report()
        assert report["verdict"] == "pass", (day.date, failed_checks(report))
        assert set(failed_checks(report)) <= REPORTED_ONLY


def test_a_normal_week_passes(week: Day) -> None:
    report = week.report()
    assert report["verdict"] == "pass", failed_checks(report)


def test_the_first_week_of_all_passes(week: Day) -> None:
    assert week.first().report()["verdict"] == "pass"


def kinds_of(day: Day) -> list[tuple[Kind, str]]:
    return [(kind, name) for kind in KINDS for name in day.lists if kind.suits(day, name)]


def assert_caught(day: Day, kind: Kind, name: str) -> None:
    report = kind.make(day, name, Random(f"{kind.name} {name}")).report()
    found = failed_checks(report)
    assert kind.rules & set(found), (kind.name, name, sorted(found))
    assert report["verdict"] in kind.verdicts, (kind.name, name, sorted(found))
    lists = [entry["list"] for rule in kind.rules & set(found) for entry in found[rule]]
    assert set(lists) == {name}


def test_each_kind_of_bad_day_is_caught_by_its_rule(days: list[Day]) -> None:
    day = days[-1]
    kinds = kinds_of(day)
    assert len(kinds) > 20
    for kind, name in kinds:
        assert_caught(day, kind, name)


def test_each_kind_of_bad_week_is_caught_by_its_rule(week: Day) -> None:
    kinds = [(kind, name) for kind, name in kinds_of(week) if name in ("horror", "top_rated")]
    assert len(kinds) > 20
    for kind, name in kinds:
        assert_caught(week, kind, name)


def test_a_kind_that_needs_no_history_is_caught_on_the_first_day(days: list[Day]) -> None:
    day = days[0].first()
    for kind, name in kinds_of(day):
        if not kind.needs_history and kind.name != "junk on half the pages":
            assert_caught(day, kind, name)


def test_a_moved_scale_of_popularity_is_drift_and_warns(days: list[Day]) -> None:
    day = days[-1]
    (kind,) = [each for each in KINDS if each.name == "popularity divided by 50"]
    report = kind.make(day, "popular", Random(1)).report()
    assert report["verdict"] == "warn"
    assert [(each["list"], each["kind"]) for each in report["drift"]] == [
        ("popular", "popularity_scale")
    ]


@pytest.mark.parametrize("name", ["a field that nobody knows", "a field gone"])
def test_a_changed_field_is_drift(days: list[Day], name: str) -> None:
    (kind,) = [each for each in KINDS if each.name == name]
    drift = kind.make(days[-1], "popular", Random(1)).report()["drift"]
    field = {"softcore_level": "unknown_field", "backdrop_path": "vanished_field"}
    assert [field[each["field"]] for each in drift] == [each["kind"] for each in drift] != []


# Recorded rows


def recorded_lists(movie_lists: list[MovieList]) -> list[MovieList]:
    known = [each for each in movie_lists if each.genre_id is None or each.name in GENRES]
    return [shortened(each) for each in known]


def test_normal_days_of_recorded_rows_pass(recordings: Path) -> None:
    world = World(DAILY, "en-US", seed=3, source=recorded(recordings), choose=recorded_lists)
    for number in range(10):
        day = world.day(
            datetime.date(2026, 5, 24) + datetime.timedelta(days=number), collections=number * 2
        )
        report = day.report()
        assert report["verdict"] == "pass", (day.date, failed_checks(report))


def test_bad_days_of_recorded_rows_are_caught_by_their_rules(recordings: Path) -> None:
    world = World(DAILY, "en-US", seed=3, source=recorded(recordings), choose=recorded_lists)
    day = world.day(datetime.date(2026, 6, 24), collections=12)
    for kind, name in kinds_of(day):
        assert_caught(day, kind, name)
