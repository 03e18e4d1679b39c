"""The validation report: the result of every rule about movies and lists."""

from __future__ import annotations

import copy
import datetime
from typing import Any

import pytest
from support.quality_days.day import THRESHOLDS

from pipeline.errors import DataError
from pipeline.quality.report import CHECKS, validation_report
from pipeline.quality.rules import MOVIE_RULES, REQUIRED, RULES, Rule
from pipeline.quality.snapshot import ListSnapshot

SUNDAY = datetime.date(2024, 1, 7)
MISSING = object()
"""A value that stands for a missing key."""

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


def movie(number: int = 496243, **changes: Any) -> dict[str, Any]:
    row = {**PERFECT, "id": number, **changes}
    return {key: value for key, value in row.items() if value is not MISSING}


def listed(*movies: dict[str, Any], **info: Any) -> Document:
    return {
        "movies": list(movies),
        "collection_info": {
            "total_collected": len(movies),
            "pages_processed": 1,
            "pages_requested": 0,
            "late_by_days": 0,
            "language": "ko-KR",
            "source": "tmdb",
            **info,
        },
    }


def reported(documents: dict[str, Document]) -> Document:
    """Return the report on these documents by their files, without history."""
    snapshots = [
        ListSnapshot(
            name=file.split("/")[-1].split(".")[0],
            file=file,
            date=SUNDAY,
            movies=document["movies"],
            info=document["collection_info"],
        )
        for file, document in documents.items()
    ]
    return validation_report(SUNDAY, snapshots, THRESHOLDS)


def report_on(*movies: dict[str, Any]) -> Document:
    return reported({"list.json": listed(*movies)})


def failed_list_rules(report: Document) -> list[str]:
    return [
        check["id"] for check in report["checks"] if not check["success"] and check["id"] in CHECKS
    ]


def issues(report: Document) -> list[str]:
    return [each["issue"] for each in report["common_issues"]]


# Movies

VIOLATIONS: dict[str, list[Changes]] = {
    "id": [{"id": MISSING}, {"id": 0}, {"id": -5}, {"id": "5"}, {"id": 5.0}, {"id": True}],
    "title": [{"title": MISSING}, {"title": None}, {"title": ""}, {"title": "  "}, {"title": 5}],
    "original_title": [{"original_title": MISSING}, {"original_title": ""}, {"original_title": []}],
    "original_language": [
        {"original_language": MISSING},
        {"original_language": None},
        {"original_language": ""},
        {"original_language": "kor"},
        {"original_language": "KO"},
        {"original_language": "ko\n"},
        {"original_language": 12},
    ],
    "overview_type": [{"overview": MISSING}, {"overview": None}, {"overview": 5}],
    "genre_ids": [
        {"genre_ids": MISSING},
        {"genre_ids": None},
        {"genre_ids": "18"},
        {"genre_ids": ["18"]},
        {"genre_ids": [18, None]},
        {"genre_ids": [True]},
    ],
    "vote_average": [
        {"vote_average": MISSING},
        {"vote_average": None},
        {"vote_average": "8.5"},
        {"vote_average": True},
        {"vote_average": -0.1},
        {"vote_average": 10.1},
        {"vote_average": float("nan")},
        {"vote_average": float("inf")},
    ],
    "vote_count": [
        {"vote_count": MISSING},
        {"vote_count": None},
        {"vote_count": -1},
        {"vote_count": 1.5},
        {"vote_count": "7"},
        {"vote_count": True},
    ],
    "popularity": [
        {"popularity": MISSING},
        {"popularity": None},
        {"popularity": -0.1},
        {"popularity": "7"},
        {"popularity": float("nan")},
    ],
    "flags": [{"adult": MISSING}, {"video": None}, {"adult": 0}, {"video": "false"}],
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
    "release_date_missing": [
        {"release_date": MISSING},
        {"release_date": None},
        {"release_date": ""},
    ],
    "genres_missing": [{"genre_ids": []}],
    "poster_missing": [{"poster_path": None}, {"poster_path": MISSING}],
    "release_far_ahead": [{"release_date": "2027-01-01"}],
    "backdrop_missing": [{"backdrop_path": None}, {"backdrop_path": MISSING}],
    "no_votes": [{"vote_count": 0, "vote_average": 0}, {"vote_count": 0, "vote_average": 0.0}],
    "votes_few": [{"vote_count": 1}, {"vote_count": 2}],
}
"""For each rule about movies, changes to the perfect movie that violate it."""

ALSO_VIOLATED = {
    "rated_without_votes": ["no_votes", "votes_few"],
    "no_votes": ["votes_few"],
    "vote_count": ["votes_few"],
    "release_date_range": ["release_far_ahead"],
}
"""The rules that some of these changes violate too."""


def test_every_movie_rule_has_a_case() -> None:
    assert list(VIOLATIONS) == [rule.id for rule in MOVIE_RULES]


@pytest.mark.parametrize(
    ("rule", "changes"),
    [(rule, changes) for rule in MOVIE_RULES for changes in VIOLATIONS.get(rule.id, [])],
    ids=lambda value: value.id if isinstance(value, Rule) else "",
)
def test_a_movie_that_violates_one_rule_is_reported_with_that_rule_only(
    rule: Rule, changes: Changes
) -> None:
    report = report_on(movie(**changes))
    also = [each for each in ALSO_VIOLATED.get(rule.id, []) if each in issues(report)]
    expected = [rule.id, *also]
    points = sum(each.points for each in MOVIE_RULES if each.id in expected)
    assert issues(report) == expected
    assert report["overall_quality_score"] == max(0, 100 - points)
    assert report["total_movies_passed"] == (0 if rule.points == REQUIRED else 1)
    assert report["common_issues"][0] == {
        "issue": rule.id,
        "count": 1,
        "required": rule.points == REQUIRED,
        "description": f"not so: {rule.description}",
    }


def test_a_perfect_movie_scores_100() -> None:
    report = report_on(movie())
    assert report["overall_quality_score"] == 100
    assert report["validation_rate"] == 100
    assert report["common_issues"] == []
    assert failed_list_rules(report) == []


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
def test_a_genuine_row_is_perfect(changes: Changes) -> None:
    assert issues(report_on(movie(**changes))) == []


NORMAL_GAPS: list[Changes] = [
    {"overview": ""},
    {"release_date": MISSING},
    {"release_date": None},
    {"release_date": ""},
    {"poster_path": None},
    {"backdrop_path": None},
    {"genre_ids": []},
    {"vote_count": 0, "vote_average": 0},
]


@pytest.mark.parametrize("changes", NORMAL_GAPS)
def test_a_normal_gap_does_not_make_a_movie_invalid(changes: Changes) -> None:
    assert report_on(movie(**changes))["total_movies_passed"] == 1


def test_all_normal_gaps_at_once_do_not_make_a_movie_invalid() -> None:
    everything = {key: value for changes in NORMAL_GAPS for key, value in changes.items()}
    report = report_on(movie(**everything))
    assert report["total_movies_passed"] == 1
    assert report["overall_quality_score"] == 35


@pytest.mark.parametrize("field", PERFECT)
@pytest.mark.parametrize(
    "value",
    ["\ud800", 10**400, [[[]]], {"a": "\ud800"}],
    ids=["half a character", "a long number", "nested lists", "half a character in an object"],
)
def test_no_value_of_a_movie_fails_the_report(field: str, value: Any) -> None:
    report = report_on(movie(), movie(**{field: value}))
    assert report["total_movies_validated"] == 2


def test_a_score_is_never_negative() -> None:
    assert report_on({"id": -1})["overall_quality_score"] == 0


# Lists

MANY = [movie(number, popularity=1000.0 - number) for number in range(1, 101)]


def full(movies: list[dict[str, Any]], **info: Any) -> Document:
    """Return a list of five pages in order."""
    return listed(*movies, **{"pages_requested": 5, "pages_processed": 5, **info})


LIST_VIOLATIONS: dict[str, tuple[Document, str, float]] = {
    "list_empty": (listed(), "the list holds no movie", 0),
    "list_size": (full(MANY[:79]), "79 of 100 movies", 0.79),
    "films_valid": (
        full([*MANY[:79], *(movie(200 + number, id=-number) for number in range(21))]),
        "only 79% of its movies satisfy every required rule",
        0.79,
    ),
    "genre_ignored": (
        full([movie(n, genre_ids=[27] if n < 95 else [18]) for n in range(1, 101)], genre_id=27),
        "only 94% of its movies are of genre 27",
        0.94,
    ),
    "values_zero": (
        full([movie(n, popularity=0 if n < 92 else 200 - n) for n in range(1, 101)]),
        "91% of its movies have 0 as popularity",
        0.91,
    ),
    "list_short": (full(MANY, pages_processed=4), "4 of 5 pages held movies", 4),
    "list_duplicates": (full([*MANY[:99], MANY[0]]), "1 duplicate movies", 1),
    "rows_repeated": (full(MANY[:80], duplicates_dropped=20), "20 duplicate rows were dropped", 20),
    "list_miscounted": (
        listed(movie(), total_collected=7),
        "total_collected is 7, the list holds 1",
        1,
    ),
    "order": (
        full(MANY[::-1], collection_type="weekly_genre", total_results=100),
        "only 0% of its movies are in order of popularity",
        0.0,
    ),
    "fields": (full([movie(n, brand_new=1) for n in range(1, 101)]), "unknown: brand_new", 1),
    "list_late": (listed(movie(), late_by_days=3), "collected 3 day(s) after its date", 3),
}
"""For each rule about lists, a list that violates only this one, the sentence and the figure."""


def test_every_list_rule_has_a_case() -> None:
    assert list(LIST_VIOLATIONS) == list(CHECKS)[: list(CHECKS).index("repeated")]


@pytest.mark.parametrize(
    "rule", [each for each in RULES if each.id in LIST_VIOLATIONS], ids=lambda rule: rule.id
)
def test_a_list_that_violates_one_rule_is_reported_with_that_rule_only(rule: Rule) -> None:
    bad, finding, figure = LIST_VIOLATIONS[rule.id]
    report = reported({"good.json": full(MANY), "bad.json": bad})
    assert failed_list_rules(report) == [rule.id]
    (check,) = [each for each in report["checks"] if each["id"] == rule.id]
    assert (check["success"], check["severity"]) == (False, rule.severity)
    assert check["evidence"][0]["finding"] == finding
    assert (check["evidence"][0]["list"], check["evidence"][0]["found"]) == ("bad", figure)


@pytest.mark.parametrize(
    ("rule", "good"),
    [
        ("list_size", full(MANY[:80])),
        ("genre_ignored", full([movie(n, genre_ids=[27]) for n in range(1, 101)], genre_id=27)),
        ("rows_repeated", full(MANY[:81], duplicates_dropped=19)),
        ("list_size", listed(*MANY[:35], pages_requested=15, pages_processed=2,
                             collection_type="weekly_genre", total_results=35, genre_id=18)),
        ("list_short", listed(*MANY[:35], pages_requested=15, pages_processed=2,
                              collection_type="weekly_genre", total_results=35, genre_id=18)),
        ("list_size", full(MANY[:40], below_min_rating=60)),
    ],
)  # fmt: skip
def test_a_list_at_the_limit_of_a_rule_passes(rule: str, good: Document) -> None:
    report = reported({"good.json": good})
    assert rule not in failed_list_rules(report)


def test_a_check_shows_the_movies_that_violate_its_rule() -> None:
    bad = [movie(7, overview="", title=""), movie(8, overview="", title=5)]
    report = reported({"list.json": listed(*bad, *MANY[10:12])})
    (check,) = [each for each in report["checks"] if each["id"] == "overview_missing"]
    assert check["evidence"] == []
    (check,) = [each for each in report["checks"] if each["id"] == "title"]
    assert check["evidence"] == [
        {"list": "list", "finding": "2 of 4 movies", "found": 0.5, "limit": 0.0},
        {"list": "list", "film": 7, "title": "", "found": ""},
        {"list": "list", "film": 8, "title": "5", "found": "5"},
    ]


@pytest.mark.parametrize(
    ("title", "shown"), [("x" * 80, "x" * 80), ("x" * 81, "x" * 79 + "…"), (None, "None")]
)
def test_a_long_value_from_tmdb_is_shown_shortened(title: Any, shown: str) -> None:
    report = report_on(movie(5, title=title, adult=None), movie(6, adult=None))
    (check,) = [each for each in report["checks"] if each["id"] == "flags"]
    assert check["evidence"][1] == {"list": "list", "film": 5, "title": shown, "found": "None"}


PLACEHOLDERS: list[Changes] = [
    {"release_date": "2049-01-01"},
    {"overview": None},
    {"vote_average": None},
    {"title": ""},
    {"poster_path": 0},
]


@pytest.mark.parametrize("size", [1, 4, 20, 100])
@pytest.mark.parametrize("changes", PLACEHOLDERS, ids=str)
def test_one_placeholder_is_reported_and_does_not_make_a_day_warn(
    changes: Changes, size: int
) -> None:
    report = report_on(movie(1, **changes), *(movie(number) for number in range(2, size + 1)))
    assert (report["verdict"], report["total_movies_passed"]) == ("pass", size - 1)
    assert report["common_issues"][0]["required"]
    worse = report_on(
        *(movie(1_000 + number, **changes) for number in range(2)),
        *(movie(number) for number in range(2, size + 1)),
    )
    assert worse["verdict"] != "pass"


def test_a_bad_list_does_not_make_its_movies_invalid() -> None:
    report = reported({"bad.json": LIST_VIOLATIONS["list_short"][0]})
    assert report["validation_rate"] == 100
    assert report["verdict"] == "warn"


# The report


def test_the_whole_report() -> None:
    documents = {
        "raw/movies/daily/popular_movies_20240107.json": listed(
            movie(1),
            movie(2, overview="", poster_path=None),
            movie(3, overview="", vote_average=11),
            late_by_days=2,
        ),
        "raw/movies/trending/trending_movies_20240107.json": listed(
            movie(1), movie(4, release_date="")
        ),
    }
    before = copy.deepcopy(documents)
    report = reported(documents)
    checks, profiles = report.pop("checks"), report.pop("profiles")
    assert [each["id"] for each in checks] == [rule.id for rule in RULES]
    assert {each["id"] for each in checks if not each["success"]} == {"list_late"}
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
        "verdict": "pass",
        "failed_lists": [],
        "drift": [],
        "pass_threshold": 80.0,
        "below_threshold": False,
        "late_by_days": 2,
        "source": "tmdb",
        "schema_version": 2,
    }
    assert documents == before


def test_a_report_begins_with_the_keys_of_the_contract() -> None:
    assert list(report_on(movie()))[:8] == [
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
def test_each_score_counts_in_its_band(gaps: list[str], score: int, level: str) -> None:
    nothing: dict[str, Any] = {"overview": "", "genre_ids": []}
    report = report_on({**movie(), **{key: nothing.get(key) for key in gaps}})
    assert report["overall_quality_score"] == score
    assert [name for name, count in report["quality_distribution"].items() if count] == [level]


def test_figures_are_rounded_to_two_digits() -> None:
    report = report_on(movie(1), movie(2, overview=""), movie(3, title=""))
    assert report["validation_rate"] == 66.67
    assert report["overall_quality_score"] == 61.67


@pytest.mark.parametrize(
    ("passing", "failing", "is_below"),
    [(4, 1, False), (12, 3, False), (96, 24, False), (5, 0, False), (79, 21, True), (0, 1, True)],
)
def test_a_day_is_below_the_threshold_under_80_percent_but_not_at_80(
    passing: int, failing: int, is_below: bool
) -> None:
    good = [movie(number) for number in range(1, passing + 1)]
    bad = [movie(1_000 + number, title="") for number in range(failing)]
    assert report_on(*good, *bad)["below_threshold"] is is_below


def test_a_day_without_any_movie_has_no_report() -> None:
    with pytest.raises(DataError) as caught:
        reported({"a.json": listed(), "b.json": listed()})
    assert str(caught.value) == "There is no movie to validate for 2024-01-07: a.json, b.json."


# Unexpected values

HASHABLE = (None, True, "", "x", -1, 0, 10**400, -(10**400), 1e308, float("nan"), float("-inf"))
UNHASHABLE: tuple[Any, ...] = ([], [[]], [None, {}], {}, {"a": [None, {"b": 1}]})


@pytest.mark.parametrize("value", [*HASHABLE, *UNHASHABLE], ids=lambda value: repr(value)[:12])
def test_an_unexpected_value_in_every_field_is_reported(value: Any) -> None:
    report = report_on({**dict.fromkeys(PERFECT, value), "id": 1}, movie(2))
    assert report["total_movies_validated"] == 2
    assert report["total_movies_passed"] == 1


@pytest.mark.parametrize("field", PERFECT)
def test_unexpected_values_in_one_field_are_reported(field: str) -> None:
    values = HASHABLE if field == "id" else (*HASHABLE, *UNHASHABLE)
    report = report_on(*({**movie(), field: value} for value in values))
    assert report["total_movies_validated"] == len(values)


@pytest.mark.parametrize("value", UNHASHABLE, ids=repr)
def test_a_nested_id_is_reported(value: Any) -> None:
    assert issues(report_on(movie(id=value))) == ["id"]


@pytest.mark.parametrize("value", [*HASHABLE, *UNHASHABLE], ids=lambda value: repr(value)[:12])
def test_unexpected_values_in_collection_info_are_reported(value: Any) -> None:
    info = dict.fromkeys(
        ("total_collected", "pages_processed", "pages_requested", "late_by_days"), value
    )
    report = reported({"list.json": listed(movie(), **info)})
    assert "list_miscounted" in failed_list_rules(report) or value is True


def test_an_empty_collection_info_is_reported() -> None:
    report = reported({"list.json": {"movies": [movie()], "collection_info": {}}})
    assert failed_list_rules(report) == ["list_miscounted"]
    assert report["late_by_days"] == 0
