"""`config/quality.toml`: the shipped file, exceptions for single lists, and unusable values."""

from __future__ import annotations

import copy
import dataclasses
import datetime
import shutil
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import asdict, replace
from support.quality_days import DAILY, Day, World
from support.quality_days.day import CONFIG, SLUGS, failed_checks, tables
from support.settings_cache import clear_settings_cache

from pipeline.catalog import LISTS
from pipeline.errors import SettingsError
from pipeline.ops import configuration
from pipeline.quality.movie_rules import ACCEPTS, TYPES
from pipeline.quality.report import CHECKS, validation_report
from pipeline.quality.rules import (
    MOVIE_RULES,
    REQUIRED,
    RULES,
    HistoryBounds,
    MovieBounds,
    thresholds_from,
)

SHIPPED = tables("quality.toml")
RULE = {rule.id: rule for rule in RULES}


def changed(**tables_: dict[str, Any]) -> dict[str, Any]:
    made = copy.deepcopy(SHIPPED)
    for name, table in tables_.items():
        made[name] = {**made[name], **table} if isinstance(made[name], dict) else table
    return made


@pytest.fixture(scope="module")
def day() -> Day:
    return World(DAILY, "ko-KR", seed=2).day(datetime.date(2026, 2, 3), collections=3)


def test_the_shipped_file_is_usable() -> None:
    thresholds = thresholds_from(SHIPPED, SLUGS)
    assert thresholds.on_fail == "warn"
    assert thresholds.history_bounds.collections == 28
    assert all(thresholds.limit(rule, "popular") >= 0 for rule in RULES)


@pytest.mark.parametrize("written", ["stop", "warn"])
def test_on_fail_says_whether_a_failure_stops_the_run(written: Any) -> None:
    assert thresholds_from(changed(on_fail=written), SLUGS).on_fail == written


def test_the_look_back_window_is_as_configured() -> None:
    past = {"collections": 366, "daily_gap_days": 1, "weekly_gap_days": 2}
    thresholds = thresholds_from(changed(past=past), SLUGS)
    assert {key: getattr(thresholds.history_bounds, key) for key in past} == past


def test_every_rule_has_a_function_a_description_and_a_reason() -> None:
    assert list(RULE) == [*TYPES, *ACCEPTS, *CHECKS]
    for rule in RULES:
        assert rule.description
        assert rule.description[0].islower()
        assert rule.why.endswith(".")
        assert rule.severity in ("info", "warn", "block")


def test_required_rules_have_the_limit_0_and_warn() -> None:
    thresholds = thresholds_from(SHIPPED, SLUGS)
    for rule in MOVIE_RULES:
        if rule.points == REQUIRED:
            assert (rule.severity, thresholds.limit(rule, "popular")) == ("warn", 0)


def test_one_line_changes_a_limit_for_one_list_alone(day: Day) -> None:
    thresholds = thresholds_from(changed(lists={"trending": {"overview_missing": 0.05}}), SLUGS)
    found = failed_checks(day.report(thresholds))["overview_missing"]
    assert {each["list"] for each in found} == {"trending"}
    assert found[0]["limit"] == 0.05


def test_one_line_changes_a_severity_for_one_list_alone(day: Day) -> None:
    tables_ = changed(
        limits={"poster_missing": 0.0},
        severity={"poster_missing": "block"},
        lists={"trending": {"severity": {"poster_missing": "info"}}},
    )
    pages = {
        name: [replace(page, results=[row | {"poster_path": None} for row in page.results])]
        for name, (page, *_) in day.pages.items()
    }
    first = dataclasses.replace(day.first(), pages=pages)
    report = first.report(thresholds_from(tables_, SLUGS))
    assert "popular" in report["failed_lists"]
    assert "trending" not in report["failed_lists"]
    only = first.only("trending").report(thresholds_from(tables_, SLUGS))
    assert "poster_missing" in failed_checks(only)


@pytest.mark.parametrize(
    ("lists", "expected"),
    [
        (
            {"horror": {"votes_few": 0.9}, "genre": {"votes_few": 0.8}},
            {"horror": 0.9, "drama": 0.8},
        ),
        ({"genre": {"votes_few": 0.8}}, {"horror": 0.8, "top_rated": 0.55, "popular": 0.55}),
    ],
)
def test_a_line_for_one_genre_wins_over_one_for_all_genres(
    lists: dict[str, Any], expected: dict[str, float]
) -> None:
    thresholds = thresholds_from(changed(lists=lists), SLUGS)
    assert {name: thresholds.limit(RULE["votes_few"], name) for name in expected} == expected


def test_a_late_list_changes_the_verdict_only_with_another_severity(day: Day) -> None:
    snapshots = day.snapshots()
    for snapshot in snapshots:
        snapshot.info["late_by_days"] = 4
    for severity, verdict in (("info", "pass"), ("warn", "warn"), ("block", "fail")):
        thresholds = thresholds_from(changed(severity={"list_late": severity}), SLUGS)
        report = validation_report(day.date, snapshots, thresholds)
        assert report["verdict"] == verdict
        assert failed_checks(report)["list_late"][0] == {
            "list": "popular",
            "finding": "collected 4 day(s) after its date",
            "found": 4,
            "limit": None,
        }


def test_a_check_shows_at_most_ten_examples(day: Day) -> None:
    tables_ = changed(limits={"overview_missing": 0.0, "votes_few": 0.0, "no_votes": 0.0})
    report = day.report(thresholds_from(tables_, SLUGS))
    (check,) = [each for each in report["checks"] if each["id"] == "overview_missing"]
    assert len(check["evidence"]) == 10
    assert [entry["list"] for entry in check["evidence"][:2]] == ["popular", "trending"]
    assert set(check["evidence"][2]) == {"list", "film", "title", "found"}


def test_the_packaged_defaults_are_those_of_the_shipped_file() -> None:
    """The shipped file leaves out the limit of required rules, which is always 0."""
    required = {rule.id for rule in MOVIE_RULES if rule.points == REQUIRED}
    limited = [rule for rule in RULES if rule.limit is not None and rule.id not in required]
    assert {
        "on_fail": thresholds_from({}, SLUGS).on_fail,
        "past": asdict(HistoryBounds()),
        "films": asdict(MovieBounds()),
        "limits": {rule.id: rule.limit for rule in limited},
        "margins": {rule.id: rule.margin for rule in MOVIE_RULES if rule.margin},
        "severity": {"list_late": RULE["list_late"].severity},
        "lists": {
            "trending": {rule.id: each for rule in RULES for each in rule.exceptions.values()}
        },
    } == SHIPPED


def effect(tables_: dict[str, Any]) -> dict[str, Any]:
    """Return every figure, and every limit and severity for every list."""
    thresholds = thresholds_from(tables_, SLUGS)
    names = (*LISTS, *SLUGS)
    return {
        "on_fail": thresholds.on_fail,
        "past": thresholds.history_bounds,
        "films": thresholds.bounds,
        "limits": {(n, r.id): thresholds.limit(r, n) for n in names for r in RULES},
        "margins": {(n, r.id): thresholds.margin(r, n) for n in names for r in RULES},
        "severities": {(n, r.id): thresholds.severity(r, n) for n in names for r in RULES},
    }


def test_a_missing_key_has_the_packaged_default() -> None:
    shipped = effect(SHIPPED)
    assert effect({}) == shipped
    for name, table in SHIPPED.items():
        for key in table if isinstance(table, dict) else ():
            made = copy.deepcopy(SHIPPED)
            del made[name][key]
            if name == "lists":  # the general limit of the file wins over a packaged exception
                made["limits"] = {}
            assert effect(made) == shipped, (name, key)


def test_a_file_of_version_0_1_0_has_the_same_effect() -> None:
    """It had every limit, no [films], and could leave out the exceptions for trending."""
    old = copy.deepcopy(SHIPPED)
    del old["films"], old["margins"]
    old["past"] = {
        key: old["past"][key] for key in ("collections", "daily_gap_days", "weekly_gap_days")
    }
    old["lists"] = {"horror": {"votes_few": 0.8}}
    thresholds = thresholds_from(old, SLUGS)
    assert thresholds.bounds == MovieBounds()
    assert thresholds.limit(RULE["ranks"], "trending") == old["limits"]["ranks"]
    assert thresholds.limit(RULE["votes_few"], "horror") == 0.8
    assert thresholds.margin(RULE["votes_few"], "horror") == RULE["votes_few"].margin


def test_the_narrowest_margin_wins_and_a_rule_without_a_baseline_has_none() -> None:
    lists = {"horror": {"margins": {"votes_few": 0.5}}, "genre": {"margins": {"votes_few": 0.4}}}
    thresholds = thresholds_from(changed(margins={"votes_few": 0.2}, lists=lists), SLUGS)
    assert [
        thresholds.margin(RULE["votes_few"], name) for name in ("horror", "drama", "popular")
    ] == [0.5, 0.4, 0.2]
    assert thresholds.margin(RULE["order"], "horror") is None


def test_a_limit_for_all_lists_wins_over_a_packaged_exception() -> None:
    thresholds = thresholds_from({"limits": {"ranks": 0.1}}, SLUGS)
    assert thresholds.limit(RULE["ranks"], "trending") == 0.1
    assert thresholds.limit(RULE["overviews_unusual"], "trending") == 0.4


def test_a_severity_for_genres_has_no_effect_on_the_daily_report(day: Day) -> None:
    lists = {"genre": {"severity": {"votes_few": "info", "order": "block"}}}
    report = day.report(thresholds_from(changed(lists=lists), SLUGS))
    severity = {check["id"]: check["severity"] for check in report["checks"]}
    assert (severity["votes_few"], severity["order"]) == ("block", "warn")


def test_a_passed_check_shows_the_severity_for_its_lists(day: Day) -> None:
    lists = {"popular": {"severity": {"list_size": "warn"}}}
    thresholds = thresholds_from(changed(lists=lists), SLUGS)
    for name, expected in (("popular", "warn"), ("trending", "block")):
        checks = day.only(name).report(thresholds)["checks"]
        (check,) = [each for each in checks if each["id"] == "list_size"]
        assert (check["success"], check["severity"]) == (True, expected)


@pytest.mark.parametrize(
    ("tables_", "percent", "is_below"),
    [
        ({}, 80, True),
        ({"limits": {"films_valid": 0.5}}, 50, False),
        ({"lists": {"trending": {"films_valid": 0.0}, "popular": {"films_valid": 0.8}}}, 67, False),
    ],
)
def test_the_share_of_valid_movies_has_one_limit(
    day: Day, tables_: dict[str, Any], percent: int, is_below: bool
) -> None:
    snapshots = day.snapshots()
    for snapshot in snapshots:
        movies = snapshot.movies
        movies[:] = [{**movie, "title": "x" * (n % 4)} for n, movie in enumerate(movies)]
    report = validation_report(day.date, snapshots, thresholds_from(tables_, SLUGS))
    assert round(report["pass_threshold"]) == percent
    assert report["below_threshold"] is is_below


def test_the_bounds_are_as_configured(day: Day) -> None:
    report = day.report(thresholds_from({"films": {"min_votes": 10_000}}, SLUGS))
    assert {each["list"] for each in failed_checks(report)["votes_few"]} == {"popular", "trending"}


def test_a_short_list_is_checked_where_the_file_says_so(day: Day) -> None:
    for min_films, checked in ((1_000, False), (1, True)):
        tables_ = {"films": {"min_films": min_films}, "limits": {"overview_missing": 0.01}}
        found = failed_checks(day.report(thresholds_from(tables_, SLUGS)))
        assert ("overview_missing" in found) is checked


@pytest.mark.parametrize(
    ("tables_", "sentence"),
    [
        (changed(on_fail="maybe"), "on_fail is unusable: expected warn or stop."),  # type: ignore[arg-type]
        (changed(on_fail=True), "on_fail is unusable: expected `str`, got `bool`."),  # type: ignore[arg-type]
        ({**SHIPPED, "colour": 1}, "The top level has an unknown key `colour`."),
        ({**SHIPPED, "past": 5}, "past is unusable: expected a table, got `int`."),
        ({**SHIPPED, "films": [5]}, "films is unusable: expected a table, got `array`."),
        ({**SHIPPED, "limits": 5}, "limits is unusable: expected a table, got `int`."),
        (
            changed(films={"min_votes": 2.5}),
            "films.min_votes is unusable: expected `int`, got `float`.",
        ),
        (changed(films={"votes": 2}), "films has an unknown key `votes`."),
        (
            changed(past={"max_deviations": "many"}),
            "past.max_deviations is unusable: expected `float`, got `str`.",
        ),
        (
            changed(past={"max_deviations": float("inf")}),
            "past.max_deviations is unusable: expected `float` <= 1e+300.",
        ),
        (changed(past={"collections": 0}), "past.collections is unusable: expected `int` >= 1."),
        (
            changed(past={"collections": 367}),
            "past.collections is unusable: expected `int` <= 366.",
        ),
        (
            changed(past={"collections": True}),
            "past.collections is unusable: expected `int`, got `bool`.",
        ),
        (changed(past={"weeks": 4}), "past has an unknown key `weeks`."),
        (
            changed(limits={"list_size": "big"}),
            "limits.list_size is unusable: expected `float`, got `str`.",
        ),
        (changed(limits={"list_size": -1}), "limits.list_size is unusable: expected `float` >= 0"),
        (
            changed(limits={"list_size": float("nan")}),
            "limits.list_size is unusable: expected `float` >= 0",
        ),
        (
            changed(limits={"list_size": 10**400}),
            "limits.list_size is unusable: number out of range.",
        ),
        (
            changed(limits={"list_sise": 1}),
            "limits has an unknown key `list_sise`.",
        ),
        (
            changed(limits={"list_late": 1}),
            "limits has an unknown key `list_late`.",
        ),
        (changed(margins={"order": 0.1}), "margins has an unknown key `order`."),
        (
            changed(lists={"horror": {"margins": {"votes_few": "wide"}}}),
            "lists.horror.margins.votes_few is unusable: expected `float`, got `str`.",
        ),
        (
            changed(severity={"list_late": "grave"}),
            "severity.list_late is unusable: expected info or warn or block.",
        ),
        (
            changed(severity={"lateness": "warn"}),
            "severity has an unknown key `lateness`.",
        ),
        (
            changed(lists={"westerns": {"order": 1}}),
            f"lists.westerns is not a list; expected one of {', '.join(sorted({*LISTS, *SLUGS}))}.",
        ),
        (changed(lists={"horror": 5}), "lists.horror is unusable: expected a table, got `int`."),
        (changed(lists={"horror": {"ordre": 1}}), "lists.horror has an unknown key `ordre`."),
        (
            changed(lists={"horror": {"order": {}}}),
            "lists.horror.order is unusable: expected `float`, got a table.",
        ),
        (
            changed(lists={"horror": {"severity": 5}}),
            "lists.horror.severity is unusable: expected a table, got `int`.",
        ),
        (
            changed(lists={"horror": {"severity": {"order": 5}}}),
            "lists.horror.severity.order is unusable: expected `str`, got `int`.",
        ),
    ],
)
def test_an_unusable_value_is_named_with_what_is_expected(
    tables_: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        thresholds_from(tables_, SLUGS)
    assert str(caught.value).startswith(sentence)


def test_the_check_of_the_configuration_names_the_unusable_file_and_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("collection.toml", "quality.toml", "crontab"):
        shutil.copy(CONFIG / name, tmp_path / name)
    monkeypatch.setenv("PIPELINE_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv("TMDB_API_KEY", "demo")
    assert not [each for each in configuration.problems() if "quality.toml" in each]
    text = (tmp_path / "quality.toml").read_text(encoding="utf-8")
    (tmp_path / "quality.toml").write_text(text.replace("[past]", "[passed]"), encoding="utf-8")
    clear_settings_cache()
    problems = [each for each in configuration.problems() if "quality.toml" in each]
    assert problems == [f"{tmp_path / 'quality.toml'}: The top level has an unknown key `passed`."]
