"""What the rules find in films and lists, and the report of it."""

from __future__ import annotations

import copy
import datetime
from typing import Any

import pytest
from support.quality_days.day import THRESHOLDS

from pipeline.errors import DataError, NoData
from pipeline.quality.defaults import DEFAULT_BOUNDS
from pipeline.quality.list_rules import LIST_RULES
from pipeline.quality.movie_rules import FILM_RULES
from pipeline.quality.report import validation_report
from pipeline.quality.rules import FilmRule
from pipeline.quality.snapshot import Listing, ListRule
from pipeline.quality.thresholds import RULES

SUNDAY = datetime.date(2024, 1, 7)
GONE = object()
"""Stands for a key that is not there."""

PERFECT: dict[str, Any] = {
    "adult": False,
    "backdrop_path": "/backdrop.jpg",
    "genre_ids": [18, 53],
    "id": 496243,
    "original_language": "ko",
    "original_title": "기생충",
    "overview": "전원 백수로 살 길 막막하지만 사이는 좋은 기택 가족.",
    "popularity": 77.3,
    "poster_path": "/poster.jpg",
    "release_date": "2019-05-30",
    "title": "기생충",
    "video": False,
    "vote_average": 8.5,
    "vote_count": 17_000,
}

Changes = dict[str, Any]
Document = dict[str, Any]


def film(number: int = 496243, **changes: Any) -> dict[str, Any]:
    row = {**PERFECT, "id": number, **changes}
    return {key: value for key, value in row.items() if value is not GONE}


def listed(*films: dict[str, Any], **info: Any) -> Document:
    return {
        "movies": list(films),
        "collection_info": {
            "total_collected": len(films),
            "pages_processed": 1,
            "pages_requested": 0,
            "late_by_days": 0,
            "language": "ko-KR",
            "source": "tmdb",
            **info,
        },
    }


def reported(documents: dict[str, Document]) -> Document:
    """The report of these documents by their files, as first collections."""
    listings = [
        Listing(name=file.split("/")[-1].split(".")[0], file=file, date=SUNDAY, document=document)
        for file, document in documents.items()
    ]
    return validation_report(SUNDAY, listings, THRESHOLDS)


def report_on(*films: dict[str, Any]) -> Document:
    return reported({"list.json": listed(*films)})


def issues(report: Document) -> list[str]:
    return [each["issue"] for each in report["common_issues"]]


# Films

BREAKS: dict[str, list[Changes]] = {
    "id": [{"id": GONE}, {"id": 0}, {"id": -5}, {"id": "5"}, {"id": 5.0}, {"id": True}],
    "title": [{"title": GONE}, {"title": None}, {"title": ""}, {"title": "  "}, {"title": 5}],
    "original_title": [{"original_title": GONE}, {"original_title": ""}, {"original_title": []}],
    "original_language": [
        {"original_language": GONE},
        {"original_language": None},
        {"original_language": ""},
        {"original_language": "kor"},
        {"original_language": "KO"},
        {"original_language": "ko\n"},
        {"original_language": 12},
    ],
    "overview_type": [{"overview": GONE}, {"overview": None}, {"overview": 5}],
    "genre_ids": [
        {"genre_ids": GONE},
        {"genre_ids": None},
        {"genre_ids": "18"},
        {"genre_ids": ["18"]},
        {"genre_ids": [18, None]},
        {"genre_ids": [True]},
    ],
    "vote_average": [
        {"vote_average": GONE},
        {"vote_average": None},
        {"vote_average": "8.5"},
        {"vote_average": True},
        {"vote_average": -0.1},
        {"vote_average": 10.1},
        {"vote_average": float("nan")},
        {"vote_average": float("inf")},
    ],
    "vote_count": [
        {"vote_count": GONE},
        {"vote_count": None},
        {"vote_count": -1},
        {"vote_count": 1.5},
        {"vote_count": "7"},
        {"vote_count": True},
    ],
    "popularity": [
        {"popularity": GONE},
        {"popularity": None},
        {"popularity": -0.1},
        {"popularity": "7"},
        {"popularity": float("nan")},
    ],
    "flags": [{"adult": GONE}, {"video": None}, {"adult": 0}, {"video": "false"}],
    "image_paths": [{"poster_path": 5}, {"backdrop_path": []}, {"poster_path": False}],
    "release_date_form": [
        {"release_date": "2019"},
        {"release_date": "2019-5-30"},
        {"release_date": "30.05.2019"},
        {"release_date": "2019-13-01"},
        {"release_date": "2023-02-29"},
        {"release_date": "20190530"},
        {"release_date": "２０１９-05-30"},
        {"release_date": 20190530},
    ],
    "release_date_range": [{"release_date": "1873-12-31"}, {"release_date": "2035-01-07"}],
    "rated_without_votes": [{"vote_count": 0}],
    "adult": [{"adult": True}],
    "overview_language": [
        {"overview": "All of them live in a basement and fold boxes for a pizzeria."},
        {"overview": "Familie Kim lebt in einem Keller und faltet Schachteln."},
    ],
    "overview_missing": [{"overview": ""}],
    "release_date_missing": [{"release_date": GONE}, {"release_date": None}, {"release_date": ""}],
    "genres_missing": [{"genre_ids": []}],
    "poster_missing": [{"poster_path": None}, {"poster_path": GONE}],
    "release_far_ahead": [{"release_date": "2027-01-01"}],
    "backdrop_missing": [{"backdrop_path": None}, {"backdrop_path": GONE}],
    "no_votes": [{"vote_count": 0, "vote_average": 0}, {"vote_count": 0, "vote_average": 0.0}],
    "votes_few": [{"vote_count": 1}, {"vote_count": 2}],
}
"""For each rule of films, changes to the perfect film that break it."""

ALSO_BROKEN = {
    "rated_without_votes": ["no_votes", "votes_few"],
    "no_votes": ["votes_few"],
    "vote_count": ["votes_few"],
    "release_date_range": ["release_far_ahead"],
}
"""What cannot be had without the other, where the value is of that kind."""


def test_every_rule_of_films_has_a_case() -> None:
    assert list(BREAKS) == [rule.id for rule in FILM_RULES]


@pytest.mark.parametrize(
    ("rule", "changes"),
    [(rule, changes) for rule in FILM_RULES for changes in BREAKS.get(rule.id, [])],
    ids=lambda value: value.id if isinstance(value, FilmRule) else "",
)
def test_a_film_that_breaks_one_rule_is_told_of_exactly_that(
    rule: FilmRule, changes: Changes
) -> None:
    report = report_on(film(**changes))
    also = [each for each in ALSO_BROKEN.get(rule.id, []) if each in issues(report)]
    expected = [rule.id, *also]
    points = sum(each.points for each in FILM_RULES if each.id in expected)
    assert issues(report) == expected
    assert report["overall_quality_score"] == max(0, 100 - points)
    assert report["total_movies_passed"] == (0 if rule.required else 1)
    assert report["common_issues"][0] == {
        "issue": rule.id,
        "count": 1,
        "required": rule.required,
        "description": f"not so: {DEFAULT_BOUNDS.fill_in(rule.description)}",
    }


def test_a_perfect_film_scores_100() -> None:
    report = report_on(film())
    assert report["overall_quality_score"] == 100
    assert report["validation_rate"] == 100
    assert report["common_issues"] == []
    assert report["list_issues"] == []


@pytest.mark.parametrize(
    "changes",
    [
        {"vote_average": 8},
        {"vote_average": 10},
        {"vote_average": 0},
        {"popularity": 6_600},
        {"popularity": 0},
        {"title": "제목 없음?", "softcore": False, "media_type": "movie"},
        {"release_date": "1874-01-01"},
        {"release_date": "2025-12-31"},
        {"release_date": "2024-02-29"},
    ],
)
def test_what_tmdb_really_sends_is_perfect_too(changes: Changes) -> None:
    assert issues(report_on(film(**changes))) == []


NORMAL_GAPS: list[Changes] = [
    {"overview": ""},
    {"release_date": GONE},
    {"release_date": None},
    {"release_date": ""},
    {"poster_path": None},
    {"backdrop_path": None},
    {"genre_ids": []},
    {"vote_count": 0, "vote_average": 0},
]


@pytest.mark.parametrize("changes", NORMAL_GAPS)
def test_a_normal_gap_does_not_fail_a_film(changes: Changes) -> None:
    assert report_on(film(**changes))["total_movies_passed"] == 1


def test_all_normal_gaps_at_once_do_not_fail_a_film() -> None:
    everything = {key: value for changes in NORMAL_GAPS for key, value in changes.items()}
    report = report_on(film(**everything))
    assert report["total_movies_passed"] == 1
    assert report["overall_quality_score"] == 35


def test_a_score_never_falls_below_zero() -> None:
    assert report_on({"id": -1})["overall_quality_score"] == 0


# Lists

MANY = [film(number, popularity=1000.0 - number) for number in range(1, 101)]


def full(films: list[dict[str, Any]], **info: Any) -> Document:
    """A list of a hundred films in order, as five pages."""
    return listed(*films, **{"pages_requested": 5, "pages_processed": 5, **info})


LIST_BREAKS: dict[str, tuple[Document, str, float]] = {
    "list_empty": (listed(), "it holds no film", 0),
    "list_size": (full(MANY[:79]), "79 of 100 films are there", 0.79),
    "films_valid": (
        full([*MANY[:79], *(film(200 + number, id=-number) for number in range(21))]),
        "only 79% of its films break no required rule",
        0.79,
    ),
    "genre_ignored": (
        full([film(n, genre_ids=[27] if n < 95 else [18]) for n in range(1, 101)], genre_id=27),
        "only 94% of its films are of genre 27",
        0.94,
    ),
    "list_short": (full(MANY, pages_processed=4), "4 of 5 pages held films", 4),
    "list_duplicates": (full([*MANY[:99], MANY[0]]), "1 films stand there twice", 1),
    "rows_repeated": (full(MANY[:80], duplicates_dropped=20), "20 rows came twice", 20),
    "list_miscounted": (listed(film(), total_collected=7), "total_collected says 7, it holds 1", 1),
    "order": (
        full(MANY[::-1], collection_type="weekly_genre", total_results=100),
        "only 0% of its films stand in order of popularity",
        0.0,
    ),
    "fields": (full([film(n, brand_new=1) for n in range(1, 101)]), "new: brand_new", 1),
    "list_late": (listed(film(), late_by_days=3), "collected 3 days after its date", 3),
}
"""For each rule of lists, a list that breaks exactly it, and what is said of that."""


def test_every_rule_of_lists_has_a_case() -> None:
    assert list(LIST_BREAKS) == [rule.id for rule in LIST_RULES]


@pytest.mark.parametrize("rule", LIST_RULES, ids=lambda rule: rule.id)
def test_a_list_that_breaks_one_rule_is_told_of_exactly_that(rule: ListRule) -> None:
    bad, finding, figure = LIST_BREAKS[rule.id]
    report = reported({"good.json": full(MANY), "bad.json": bad})
    assert report["list_issues"] == [{"file": "bad.json", "issue": rule.id, "finding": finding}]
    (check,) = [each for each in report["checks"] if each["id"] == rule.id]
    assert (check["success"], check["severity"]) == (False, rule.severity)
    assert check["evidence"][0]["finding"] == finding
    assert (check["evidence"][0]["list"], check["evidence"][0]["found"]) == ("bad", figure)


@pytest.mark.parametrize(
    ("rule", "good"),
    [
        ("list_size", full(MANY[:80])),
        ("genre_ignored", full([film(n, genre_ids=[27]) for n in range(1, 101)], genre_id=27)),
        ("rows_repeated", full(MANY[:81], duplicates_dropped=19)),
        ("list_size", listed(*MANY[:35], pages_requested=15, pages_processed=2,
                             collection_type="weekly_genre", total_results=35, genre_id=18)),
        ("list_short", listed(*MANY[:35], pages_requested=15, pages_processed=2,
                              collection_type="weekly_genre", total_results=35, genre_id=18)),
        ("list_size", full(MANY[:40], below_min_rating=60)),
    ],
)  # fmt: skip
def test_what_just_keeps_a_rule_of_lists_is_not_told(rule: str, good: Document) -> None:
    report = reported({"good.json": good})
    assert [each["issue"] for each in report["list_issues"] if each["issue"] == rule] == []


def test_a_check_shows_the_films_that_break_it() -> None:
    bad = [film(7, overview=""), film(8, overview="", title=5)]
    report = reported({"list.json": listed(*bad, *MANY[10:12])})
    (check,) = [each for each in report["checks"] if each["id"] == "overview_missing"]
    assert check["evidence"] == []
    (check,) = [each for each in report["checks"] if each["id"] == "title"]
    assert check["evidence"] == [
        {"list": "list", "finding": "1 of 4 films", "found": 0.25, "limit": 0.0},
        {"list": "list", "film": 8, "title": "5", "found": "5"},
    ]


@pytest.mark.parametrize(
    ("title", "shown"), [("x" * 80, "x" * 80), ("x" * 81, "x" * 79 + "…"), (None, "None")]
)
def test_what_strangers_wrote_is_shown_cut(title: Any, shown: str) -> None:
    report = report_on(film(5, title=title, adult=None))
    (check,) = [each for each in report["checks"] if each["id"] == "flags"]
    assert check["evidence"][1] == {"list": "list", "film": 5, "title": shown, "found": "None"}


def test_a_lists_faults_do_not_fail_its_films() -> None:
    report = reported({"bad.json": LIST_BREAKS["list_short"][0]})
    assert report["validation_rate"] == 100
    assert report["verdict"] == "warn"


# The report


def test_the_whole_report() -> None:
    documents = {
        "raw/movies/daily/popular_movies_20240107.json": listed(
            film(1),
            film(2, overview="", poster_path=None),
            film(3, overview="", vote_average=11),
            late_by_days=2,
        ),
        "raw/movies/trending/trending_movies_20240107.json": listed(
            film(1), film(4, release_date="")
        ),
    }
    before = copy.deepcopy(documents)
    report = reported(documents)
    checks, profiles = report.pop("checks"), report.pop("profiles")
    assert [each["id"] for each in checks] == [rule.id for rule in RULES]
    assert {each["id"] for each in checks if not each["success"]} == {
        "vote_average",
        "films_valid",
        "list_late",
    }
    assert profiles["trending_movies_20240107"]["films"] == "1 4"
    assert report == {
        "validation_date": "2024-01-07",
        "files_validated": [
            {"file": "raw/movies/daily/popular_movies_20240107.json", "movie_count": 3},
            {"file": "raw/movies/trending/trending_movies_20240107.json", "movie_count": 2},
        ],
        "overall_quality_score": 72.0,  # 100, 75, 0, 100, 85
        "total_movies_validated": 5,
        "total_movies_passed": 4,
        "validation_rate": 80.0,
        "quality_distribution": {"excellent": 2, "good": 2, "fair": 0, "poor": 1},
        "common_issues": [
            {
                "issue": "overview_missing",
                "count": 2,
                "required": False,
                "description": "not so: overview is not empty",
            },
            {
                "issue": "vote_average",
                "count": 1,
                "required": True,
                "description": "not so: vote_average is a number from 0 to 10",
            },
            {
                "issue": "release_date_missing",
                "count": 1,
                "required": False,
                "description": "not so: release_date is given",
            },
            {
                "issue": "poster_missing",
                "count": 1,
                "required": False,
                "description": "not so: poster_path is given",
            },
        ],
        "verdict": "fail",
        "failed_lists": ["popular_movies_20240107"],
        "drift": [],
        "lateness": [
            {
                "list": "popular_movies_20240107",
                "days": 2,
                "finding": "collected 2 days after its date",
            }
        ],
        "list_issues": [
            {
                "file": "raw/movies/daily/popular_movies_20240107.json",
                "issue": "films_valid",
                "finding": "only 67% of its films break no required rule",
            },
            {
                "file": "raw/movies/daily/popular_movies_20240107.json",
                "issue": "list_late",
                "finding": "collected 2 days after its date",
            },
        ],
        "pass_threshold": 80.0,
        "below_threshold": False,
        "late_by_days": 2,
        "source": "tmdb",
        "schema_version": 1,
    }
    assert documents == before


def test_the_reports_keys_begin_in_the_contracts_order() -> None:
    assert list(report_on(film()))[:8] == [
        "validation_date",
        "files_validated",
        "overall_quality_score",
        "total_movies_validated",
        "total_movies_passed",
        "validation_rate",
        "quality_distribution",
        "common_issues",
    ]


@pytest.mark.parametrize(
    ("gaps", "score", "level"),
    [
        (["backdrop_path"], 95, "excellent"),
        (["poster_path"], 90, "excellent"),
        (["overview"], 85, "good"),
        (["overview", "poster_path"], 75, "good"),
        (["overview", "release_date"], 70, "fair"),
        (["overview", "release_date", "genre_ids", "backdrop_path"], 50, "fair"),
        (["overview", "release_date", "genre_ids", "poster_path"], 45, "poor"),
    ],
)
def test_scores_fall_into_their_bands(gaps: list[str], score: int, level: str) -> None:
    nothing: dict[str, Any] = {"overview": "", "genre_ids": []}
    report = report_on({**film(), **{key: nothing.get(key) for key in gaps}})
    assert report["overall_quality_score"] == score
    assert [name for name, count in report["quality_distribution"].items() if count] == [level]


def test_figures_are_rounded_to_two_places() -> None:
    report = report_on(film(1), film(2, overview=""), film(3, title=""))
    assert report["validation_rate"] == 66.67
    assert report["overall_quality_score"] == 61.67


@pytest.mark.parametrize(
    ("passing", "failing", "is_below"),
    [(4, 1, False), (12, 3, False), (96, 24, False), (5, 0, False), (79, 21, True), (0, 1, True)],
)
def test_a_day_is_marked_below_80_percent_and_not_at_80(
    passing: int, failing: int, is_below: bool
) -> None:
    good = [film(number) for number in range(1, passing + 1)]
    bad = [film(1_000 + number, title="") for number in range(failing)]
    assert report_on(*good, *bad)["below_threshold"] is is_below


def test_a_day_without_any_film_has_no_report() -> None:
    with pytest.raises(NoData) as caught:
        reported({"a.json": listed(), "b.json": listed()})
    assert str(caught.value) == "There is no film to validate for 2024-01-07: a.json, b.json."


def test_made_up_films_are_not_reported_with_real_ones() -> None:
    mixed = {"a.json": listed(film()), "b.json": listed(film(), source="demo")}
    with pytest.raises(DataError, match="demo and tmdb"):
        reported(mixed)


# Nonsense

HASHABLE = (None, True, "", "x", -1, 0, 10**400, -(10**400), 1e308, float("nan"), float("-inf"))
UNHASHABLE: tuple[Any, ...] = ([], [[]], [None, {}], {}, {"a": [None, {"b": 1}]})


@pytest.mark.parametrize("value", [*HASHABLE, *UNHASHABLE], ids=lambda value: repr(value)[:12])
def test_nonsense_in_every_field_is_reported_and_stops_nothing(value: Any) -> None:
    report = report_on({**dict.fromkeys(PERFECT, value), "id": 1}, film(2))
    assert report["total_movies_validated"] == 2
    assert report["total_movies_passed"] == 1


@pytest.mark.parametrize("field", PERFECT)
def test_nonsense_in_one_field_stops_nothing(field: str) -> None:
    values = HASHABLE if field == "id" else (*HASHABLE, *UNHASHABLE)
    report = report_on(*({**film(), field: value} for value in values))
    assert report["total_movies_validated"] == len(values)


@pytest.mark.parametrize("value", UNHASHABLE, ids=repr)
def test_a_nested_id_is_reported_and_stops_nothing(value: Any) -> None:
    assert issues(report_on(film(id=value))) == ["id"]


@pytest.mark.parametrize("value", [*HASHABLE, *UNHASHABLE], ids=lambda value: repr(value)[:12])
def test_nonsense_in_what_a_list_says_of_itself_stops_nothing(value: Any) -> None:
    info = dict.fromkeys(
        ("total_collected", "pages_processed", "pages_requested", "late_by_days"), value
    )
    report = reported({"list.json": listed(film(), **info)})
    assert "list_miscounted" in [each["issue"] for each in report["list_issues"]] or value is True


def test_a_list_that_says_nothing_of_itself_stops_nothing() -> None:
    report = reported({"list.json": {"movies": [film()], "collection_info": {}}})
    assert [each["issue"] for each in report["list_issues"]] == ["list_miscounted"]
    assert report["late_by_days"] == 0
