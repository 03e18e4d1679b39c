"""What a list is compared with: the collections before, as reports and documents tell of them."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from support.lists import list_path

from pipeline.paths import Layout
from pipeline.quality.snapshot import Baseline, converted, history_of, measure
from pipeline.storage import documents
from pipeline.tasks.history import reports_before

DAY = datetime.date(2024, 3, 1)


@pytest.fixture
def layout(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    monkeypatch.setenv("PIPELINE_DATA_DIR", str(data_dir))
    monkeypatch.setenv("TMDB_API_KEY", "a_key_of_tmdb")
    return Layout(data_dir)


def before(days: int) -> datetime.date:
    return DAY - datetime.timedelta(days=days)


def film(number: int) -> dict[str, Any]:
    return {
        "id": number, "overview": "", "popularity": number, "vote_count": 3, "poster_path": None,
        "release_date": "2024-01-01",
    }  # fmt: skip


def report(day: datetime.date, *films: int, **changes: Any) -> dict[str, Any]:
    profile = document_of(measure(day, [film(number) for number in films]))
    return {"source": "tmdb", "failed_lists": [], "profiles": {"popular": profile}, **changes}


def document_of(baseline: Baseline) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.to_builtins(baseline)
    return document


def found(layout: Layout, days: int = 42) -> list[tuple[int, list[str]]]:
    """Return how many days before the date each collection is, and its movies."""
    reports = reports_before(layout.validation_report, DAY, days)
    baselines = history_of(reports, ["popular"], 28)["popular"]
    return [((DAY - each.date).days, each.movie_ids) for each in baselines]


def test_reports_are_read_newest_first_and_gaps_are_passed_over(layout: Layout) -> None:
    for days in (1, 2, 5):
        documents.publish(layout.validation_report(before(days)), report(before(days), days))
    assert found(layout) == [(1, ["1"]), (2, ["2"]), (5, ["5"])]


def test_no_more_collections_and_no_more_days_are_looked_at_than_asked_for(layout: Layout) -> None:
    for days in range(1, 60):
        documents.publish(layout.validation_report(before(days)), report(before(days), days))
    assert [days for days, _ in found(layout)] == list(range(1, 29))
    assert [days for days, _ in found(layout, days=3)] == [1, 2, 3]


def test_the_day_itself_and_later_ones_are_no_past(layout: Layout) -> None:
    for days in (0, -1):
        documents.publish(layout.validation_report(before(days)), report(before(days), 7))
    assert found(layout) == []


def test_a_list_that_failed_is_no_measure_of_what_is_usual(layout: Layout) -> None:
    documents.publish(
        layout.validation_report(before(1)), report(before(1), 1, failed_lists=["popular"])
    )
    documents.publish(layout.validation_report(before(2)), report(before(2), 2))
    assert found(layout) == [(2, ["2"])]


@pytest.mark.parametrize("old", [{}, {"profiles": None}, {"profiles": [1]}])
def test_a_day_without_measures_is_passed_over(layout: Layout, old: dict[str, Any]) -> None:
    documents.publish(layout.validation_report(before(1)), {"validation_rate": 100, **old})
    documents.publish(list_path(layout, "popular", before(2)), {"movies": [film(4)]})
    documents.publish(layout.validation_report(before(3)), report(before(3), 3))
    assert found(layout) == [(3, ["3"])]


@pytest.mark.parametrize(
    "other", [{"source": "demo"}, {"language": "en-US"}, {"region": "US"}], ids=repr
)
def test_films_of_another_identity_are_compared_with_nothing(
    layout: Layout, other: dict[str, str]
) -> None:
    documents.publish(layout.validation_report(before(1)), report(before(1), 1, **other))
    assert found(layout) == []


@pytest.mark.parametrize("content", ["", "{", "[]", '{"profiles": {"popular": {"films": 5}}}'])
def test_a_damaged_file_of_before_stops_nothing(layout: Layout, content: str) -> None:
    path = layout.validation_report(before(1))
    path.parent.mkdir(parents=True)
    path.write_text(content, encoding="utf-8")
    documents.publish(layout.validation_report(before(2)), report(before(2), 2))
    assert found(layout) == [(2, ["2"])]


def test_a_profile_comes_back_as_it_was() -> None:
    profile = measure(DAY, [film(1), film(3), {"id": 9}])
    assert converted(json.loads(json.dumps(document_of(profile))), Baseline) == profile
    empty = measure(DAY, [])
    assert converted(document_of(empty), Baseline) == empty


@pytest.mark.parametrize(("without", "share"), [(0, 0.0), (1, 0.3333), (2, 0.6667), (3, 1.0)])
def test_a_profile_tells_which_share_has_no_overview_and_no_poster(
    without: int, share: float
) -> None:
    there = {"overview": "About it.", "poster_path": "/a.jpg"}
    films = [{**film(number), **there} for number in range(3)]
    for each in films[:without]:
        each["poster_path"] = None
    for each in films[without:]:
        each["overview"] = ""
    profile = measure(DAY, films)
    assert profile.posters_missing == share
    assert profile.overviews_empty == round(1 - share, 4)


def test_one_film_is_all_films() -> None:
    profile = measure(DAY, [{"id": 1, "poster_path": None, "overview": ""}])
    assert (profile.posters_missing, profile.overviews_empty) == (1.0, 1.0)


@pytest.mark.parametrize("key", ["overviews_empty", "posters_missing"])
@pytest.mark.parametrize(
    ("share", "usable"),
    [(0, True), (1, True), (0.5, True), (1.5, False), (-0.1, False), (None, False), (True, False)],
)
def test_a_share_is_from_nothing_to_all(key: str, share: Any, usable: bool) -> None:
    profile = converted({**document_of(measure(DAY, [film(1)])), key: share}, Baseline)
    assert (profile is not None) is usable
    assert profile is None or getattr(profile, key) == share


@pytest.mark.parametrize("key", list(document_of(measure(DAY, []))))
@pytest.mark.parametrize("value", ["x y", [], {}, float("nan"), True])
def test_a_profile_that_is_not_usable_is_none_or_at_least_a_profile(key: str, value: Any) -> None:
    profile = converted({**document_of(measure(DAY, [film(1)])), key: value}, Baseline)
    assert profile is None or profile.date == DAY
