"""The day in figures, as a document and on the console."""

from __future__ import annotations

import copy
import datetime
from typing import Any

import pytest

from pipeline.documents.summary import console_table, daily_summary

SUNDAY = datetime.date(2024, 1, 7)
EARLY, LATER = "2024-01-06T17:00:05+00:00", "2024-01-06T17:01:35+00:00"
FINISHED_AT = datetime.datetime(2024, 1, 6, 17, 2, 30, tzinfo=datetime.UTC)


TASKS = [{"task": "PopularMovies", "attempts": 2, "seconds": 1.5, "outcome": "done"}]
NOTHING_MOVED: dict[str, Any] = {"since": None, "new": [], "gone": [], "climbers": []}


def films(*numbers: int) -> list[dict[str, Any]]:
    return [{"id": number, "title": f"영화 {number}"} for number in numbers]


def collected(count: int, at: str, **info: Any) -> dict[str, Any]:
    return {
        "movies": films(*range(1, count + 1)),
        "collection_info": {
            "total_collected": count,
            "collected_at": at,
            "late_by_days": 0,
            "source": "tmdb",
            **info,
        },
    }


def issue(name: str, count: int) -> dict[str, Any]:
    return {"issue": name, "count": count, "required": False, "description": f"not so: {name}"}


def report(**changes: Any) -> dict[str, Any]:
    return {
        "validation_date": "2024-01-07",
        "overall_quality_score": 93.456,
        "total_movies_validated": 118,
        "total_movies_passed": 117,
        "validation_rate": 99.15,
        "common_issues": [
            issue("overview_missing", 28),
            issue("poster_missing", 3),
            issue("no_votes", 2),
            issue("flags", 1),
        ],
        "verdict": "warn",
        "checks": [
            {"id": "order", "severity": "warn", "success": False},
            {"id": "list_late", "severity": "info", "success": False},
            {"id": "list_size", "severity": "block", "success": True},
            {"id": "overlap", "severity": "warn", "success": False},
        ],
        "late_by_days": 0,
        "source": "tmdb",
        **changes,
    }


def summary(**changes: Any) -> dict[str, Any]:
    return daily_summary(
        SUNDAY,
        {
            "popular": collected(98, EARLY, requests=6, retries=1, bytes_received=1000),
            "trending": collected(20, LATER, requests=1, retries=0, bytes_received=200),
        },
        report=report(**changes),
        day_before={},
        tasks=TASKS,
        finished_at=FINISHED_AT,
    )


def of_two(
    popular: dict[str, Any], trending: dict[str, Any], at: datetime.datetime = FINISHED_AT
) -> dict[str, Any]:
    lists = {"popular": popular, "trending": trending}
    return daily_summary(SUNDAY, lists, report(), {}, [], at)


def test_the_days_document() -> None:
    assert summary() == {
        "summary_date": "2024-01-07",
        "run_id": "daily__2024-01-07__20240106T170005Z",
        "collection_summary": {
            "popular_movies": 98,
            "trending_movies": 20,
            "total_collected": 118,
        },
        "quality_summary": report(),
        "execution_summary": {
            "start_time": "2024-01-06T17:00:05+00:00",
            "end_time": "2024-01-06T17:02:30+00:00",
            "duration_minutes": 2.417,
            "requests": 7,
            "retries": 1,
            "bytes_received": 1200,
            "tasks": TASKS,
        },
        "verdict": "warn",
        "changes": {"popular": NOTHING_MOVED, "trending": NOTHING_MOVED},
        "late_by_days": 0,
        "source": "tmdb",
        "schema_version": 1,
    }


def test_the_documents_keys_stand_in_the_contracts_order() -> None:
    assert list(summary())[:5] == [
        "summary_date",
        "run_id",
        "collection_summary",
        "quality_summary",
        "execution_summary",
    ]


@pytest.mark.parametrize(("popular_at", "trending_at"), [(EARLY, LATER), (LATER, EARLY)])
def test_the_run_began_with_whichever_list_came_first(popular_at: str, trending_at: str) -> None:
    made = of_two(collected(1, popular_at), collected(1, trending_at))
    assert made["execution_summary"]["start_time"] == EARLY
    assert made["run_id"] == "daily__2024-01-07__20240106T170005Z"


def test_a_day_finished_by_a_later_run_shows_its_true_length() -> None:
    next_day = FINISHED_AT + datetime.timedelta(days=1)
    made = of_two(collected(1, EARLY), collected(1, LATER), next_day)
    assert made["execution_summary"]["duration_minutes"] == 1442.417


def test_a_clock_that_was_set_back_meanwhile_makes_no_day_that_ends_before_it_began() -> None:
    earlier = FINISHED_AT - datetime.timedelta(hours=1)
    made = of_two(collected(1, EARLY), collected(1, LATER), earlier)["execution_summary"]
    assert (made["start_time"], made["end_time"]) == (EARLY, EARLY)
    assert made["duration_minutes"] == 0


def test_lateness_and_source_are_the_reports() -> None:
    made = summary(late_by_days=3, source="demo")
    assert (made["late_by_days"], made["source"]) == (3, "demo")


def test_the_inputs_are_not_changed() -> None:
    inputs = {"popular": collected(2, EARLY), "trending": collected(1, LATER)}, report()
    before = copy.deepcopy(inputs)
    daily_summary(SUNDAY, *inputs, {}, TASKS, FINISHED_AT)
    assert inputs == before


def test_the_console_shows_the_day_in_a_small_table() -> None:
    assert console_table(summary(), "/data/daily_summary_20240107.json").splitlines() == [
        "TMDB movies of 2024-01-07",
        "-------------------------",
        "  popular        98 movies",
        "  trending       20 movies",
        "  passed         99.2 % of 118",
        "  quality        93.5 of 100",
        "  verdict        warn: order, overlap",
        "  most frequent  overview_missing (28), poster_missing (3), no_votes (2)",
        "  source         tmdb",
        "  took           145 s",
        "  file           /data/daily_summary_20240107.json",
    ]


@pytest.mark.parametrize(("days", "shown"), [(1, "1 day"), (2, "2 days"), (3, "3 days")])
def test_the_console_says_that_a_day_was_collected_late(days: int, shown: str) -> None:
    table = console_table(summary(late_by_days=days), "x.json")
    assert f"  late           collected {shown} after that date" in table.splitlines()


def test_the_console_shows_no_rule_where_none_fell_short() -> None:
    table = console_table(summary(verdict="ok", checks=report()["checks"][1:3]), "x.json")
    assert "  verdict        ok" in table.splitlines()


def test_the_console_says_that_nothing_was_found_wrong() -> None:
    assert "  most frequent  no issue" in console_table(summary(common_issues=[]), "x").splitlines()


def moved(popular: list[dict[str, Any]] | None) -> dict[str, Any]:
    lists = {"popular": collected(4, EARLY), "trending": collected(1, LATER)}
    day_before = {"popular": popular, "trending": None}
    return daily_summary(SUNDAY, lists, report(), day_before, [], FINISHED_AT)


def test_what_is_new_gone_and_climbed_since_yesterday() -> None:
    assert moved(films(4, 9, 1, 2, 8))["changes"] == {
        "popular": {
            "since": "2024-01-06",
            "new": [{"id": 3, "title": "영화 3", "rank": 3}],
            "gone": [
                {"id": 9, "title": "영화 9", "rank": 2},
                {"id": 8, "title": "영화 8", "rank": 5},
            ],
            "climbers": [
                {"id": 1, "title": "영화 1", "rank": 1, "rank_before": 3},
                {"id": 2, "title": "영화 2", "rank": 2, "rank_before": 4},
            ],
        },
        "trending": NOTHING_MOVED,
    }


def test_the_biggest_leaps_stand_first_and_ten_are_shown() -> None:
    made = daily_summary(
        SUNDAY,
        {"popular": collected(20, EARLY)},
        report(),
        {"popular": films(*range(20, 0, -1))},
        [],
        FINISHED_AT,
    )
    climbers = made["changes"]["popular"]["climbers"]
    leaps = [each["rank_before"] - each["rank"] for each in climbers]
    assert leaps == sorted(leaps, reverse=True)
    assert (leaps[0], len(leaps)) == (19, 10)


def test_the_console_shows_what_moved_where_yesterday_is_there() -> None:
    assert "  new, gone      popular +1 -2" in console_table(moved(films(4, 9, 1, 2, 8)), "x")
    assert "new, gone" not in console_table(moved(None), "x")


def test_the_console_shows_what_moved_in_both_lists() -> None:
    lists = {"popular": collected(1, EARLY), "trending": collected(3, LATER)}
    day_before = {"popular": films(1), "trending": films(1, 2)}
    made = daily_summary(SUNDAY, lists, report(), day_before, [], FINISHED_AT)
    table = console_table(made, "x.json").splitlines()
    assert "  new, gone      popular +0 -0, trending +1 -0" in table


def test_a_list_of_an_older_version_counts_no_requests() -> None:
    execution = moved(None)["execution_summary"]
    assert (execution["requests"], execution["bytes_received"]) == (0, 0)


def test_each_further_list_is_counted_and_shown() -> None:
    lists = {
        "popular": collected(2, LATER),
        "trending": collected(1, LATER),
        "now_playing": collected(3, EARLY, requests=5),
    }
    made = daily_summary(SUNDAY, lists, report(), {"now_playing": films(1)}, [], FINISHED_AT)
    assert made["collection_summary"] == {
        "popular_movies": 2, "trending_movies": 1, "now_playing_movies": 3, "total_collected": 6,
    }  # fmt: skip
    assert made["execution_summary"]["start_time"] == EARLY
    assert made["execution_summary"]["requests"] == 5
    assert len(made["changes"]["now_playing"]["new"]) == 2
    assert "  now_playing    3 movies" in console_table(made, "x.json").splitlines()
