"""The thresholds: the file that is shipped, one line for one list, and each way it can be wrong."""

from __future__ import annotations

import copy
import datetime
import shutil
from pathlib import Path
from typing import Any

import pytest
from support.quality_days import DAILY, Day, World
from support.quality_days.day import CONFIG, SLUGS, broken, tables

from pipeline.catalog import LISTS
from pipeline.errors import SettingsError
from pipeline.ops import configuration
from pipeline.quality.defaults import DEFAULT_BOUNDS, TABLES
from pipeline.quality.movie_rules import FILM_RULES
from pipeline.quality.report import validation_report
from pipeline.quality.thresholds import RULES, thresholds_from

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


def test_the_file_that_is_shipped_says_all_that_is_needed() -> None:
    thresholds = thresholds_from(SHIPPED, SLUGS)
    assert thresholds.stops is False
    assert thresholds.collections == 28
    assert all(thresholds.limit(rule, "popular") >= 0 for rule in RULES)


@pytest.mark.parametrize(("written", "stops"), [("stop", True), ("warn", False)])
def test_whether_a_failure_stops_the_run_is_as_written(written: Any, stops: bool) -> None:
    assert thresholds_from(changed(on_fail=written), SLUGS).stops is stops


def test_how_far_back_is_looked_is_as_written() -> None:
    past = {"collections": 366, "daily_gap_days": 1, "weekly_gap_days": 2}
    thresholds = thresholds_from(changed(past=past), SLUGS)
    assert {key: getattr(thresholds, key) for key in past} == past


def test_every_rule_tells_what_it_wants_and_why() -> None:
    assert len(RULE) == len(RULES)
    for rule in RULES:
        assert rule.description
        assert rule.description[0].islower()
        assert rule.why.endswith(".")
        assert rule.severity in ("info", "warn", "block")


def test_required_rules_allow_nothing_and_warn() -> None:
    thresholds = thresholds_from(SHIPPED, SLUGS)
    for rule in FILM_RULES:
        if rule.required:
            assert (rule.severity, thresholds.limit(rule, "popular")) == ("warn", 0)


def test_one_line_changes_a_limit_for_one_list_alone(day: Day) -> None:
    thresholds = thresholds_from(changed(lists={"trending": {"overview_missing": 0.05}}), SLUGS)
    found = broken(day.report(thresholds))["overview_missing"]
    assert {each["list"] for each in found} == {"trending"}
    assert found[0]["limit"] == 0.05


def test_one_line_changes_a_severity_for_one_list_alone(day: Day) -> None:
    tables_ = changed(
        limits={"overview_missing": 0.05},
        lists={"trending": {"severity": {"overview_missing": "info"}}},
    )
    report = day.report(thresholds_from(tables_, SLUGS))
    assert (report["verdict"], report["failed_lists"]) == ("fail", ["popular"])
    only = day.only("trending").report(thresholds_from(tables_, SLUGS))
    assert only["verdict"] == "pass"
    assert "overview_missing" in broken(only)


@pytest.mark.parametrize(
    ("lists", "expected"),
    [
        (
            {"horror": {"votes_few": 0.9}, "genre": {"votes_few": 0.8}},
            {"horror": 0.9, "drama": 0.8},
        ),
        ({"genre": {"votes_few": 0.8}}, {"horror": 0.8, "top_rated": 0.6, "popular": 0.6}),
    ],
)
def test_a_genre_s_own_line_wins_over_that_of_all_genres(
    lists: dict[str, Any], expected: dict[str, float]
) -> None:
    thresholds = thresholds_from(changed(lists=lists), SLUGS)
    assert {name: thresholds.limit(RULE["votes_few"], name) for name in expected} == expected


def test_lateness_changes_the_verdict_only_where_that_is_asked_for(day: Day) -> None:
    listings = day.listings()
    for listing in listings:
        listing.document["collection_info"]["late_by_days"] = 4
    for severity, verdict in (("info", "pass"), ("warn", "warn"), ("block", "fail")):
        thresholds = thresholds_from(changed(severity={"list_late": severity}), SLUGS)
        report = validation_report(day.date, listings, thresholds)
        assert report["verdict"] == verdict
        assert report["lateness"][0] == {
            "list": "popular", "days": 4, "finding": "collected 4 days after its date"
        }  # fmt: skip


def test_evidence_is_capped_at_ten_examples(day: Day) -> None:
    tables_ = changed(limits={"overview_missing": 0.0, "votes_few": 0.0, "no_votes": 0.0})
    report = day.report(thresholds_from(tables_, SLUGS))
    (check,) = [each for each in report["checks"] if each["id"] == "overview_missing"]
    assert len(check["evidence"]) == 10
    assert [entry["list"] for entry in check["evidence"][:2]] == ["popular", "trending"]
    assert set(check["evidence"][2]) == {"list", "film", "title", "found"}


def test_the_packaged_defaults_are_those_of_the_file() -> None:
    assert TABLES == SHIPPED


def test_a_key_that_is_missing_has_the_packaged_default() -> None:
    assert thresholds_from({}, SLUGS) == thresholds_from(SHIPPED, SLUGS)
    for name, table in SHIPPED.items():
        for key in table if isinstance(table, dict) else ():
            if name != "lists":
                made = copy.deepcopy(SHIPPED)
                del made[name][key]
                assert thresholds_from(made, SLUGS) == thresholds_from(SHIPPED, SLUGS), (name, key)


def test_a_file_of_version_0_1_0_judges_as_it_did() -> None:
    """It had every limit, no [films], and could leave the trend's exceptions out."""
    old = copy.deepcopy(SHIPPED)
    del old["films"], old["past"]["min_collections"], old["past"]["max_deviations"]
    old["lists"] = {"horror": {"votes_few": 0.8}}
    thresholds = thresholds_from(old, SLUGS)
    assert thresholds.bounds == DEFAULT_BOUNDS
    assert thresholds.limit(RULE["ranks"], "trending") == old["limits"]["ranks"]
    assert thresholds.limit(RULE["votes_few"], "horror") == 0.8


def test_a_limit_for_all_lists_wins_over_a_packaged_exception() -> None:
    thresholds = thresholds_from({"limits": {"ranks": 0.1}}, SLUGS)
    assert thresholds.limit(RULE["ranks"], "trending") == 0.1
    assert thresholds.limit(RULE["overviews_unusual"], "trending") == 0.4


def test_a_genre_s_severity_does_not_show_in_the_report_of_a_day(day: Day) -> None:
    lists = {"genre": {"severity": {"votes_few": "info", "order": "block"}}}
    report = day.report(thresholds_from(changed(lists=lists), SLUGS))
    severity = {check["id"]: check["severity"] for check in report["checks"]}
    assert (severity["votes_few"], severity["order"]) == ("block", "warn")


def test_a_check_without_a_finding_shows_the_severity_in_force_for_its_lists(day: Day) -> None:
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
def test_the_share_of_valid_films_has_one_limit(
    day: Day, tables_: dict[str, Any], percent: int, is_below: bool
) -> None:
    listings = day.listings()
    for listing in listings:
        films = listing.document["movies"]
        films[:] = [{**film, "title": "x" * (n % 4)} for n, film in enumerate(films)]
    report = validation_report(day.date, listings, thresholds_from(tables_, SLUGS))
    assert round(report["pass_threshold"]) == percent
    assert report["below_threshold"] is is_below


def test_the_figures_of_rules_are_as_written_and_named_in_the_report(day: Day) -> None:
    films = {"min_votes": 10_000, "max_years_ahead": 7, "max_years_announced": 30}
    report = day.report(thresholds_from({"films": films}, SLUGS))
    said = {check["id"]: check["description"] for check in report["checks"]}
    assert said["votes_few"] == "the film has at least 10000 votes"
    assert said["release_far_ahead"] == "the film is released within 7 years"
    assert said["release_date_range"] == "release_date is from 1874 to 30 years ahead"
    assert {each["list"] for each in broken(report)["votes_few"]} == {"popular", "trending"}


def test_a_short_list_is_judged_where_the_file_says_so(day: Day) -> None:
    for min_films, judged in ((1_000, False), (1, True)):
        tables_ = {"films": {"min_films": min_films}, "limits": {"overview_missing": 0.01}}
        found = broken(day.report(thresholds_from(tables_, SLUGS)))
        assert ("overview_missing" in found) is judged


@pytest.mark.parametrize(
    ("tables_", "told"),
    [
        (changed(on_fail="maybe"), 'on_fail has to be "warn" or "stop".'),  # type: ignore[arg-type]
        ({**SHIPPED, "colour": 1}, "unknown key 'colour'"),
        ({**SHIPPED, "past": 5}, "past has to be a table: write [past] and its keys below it."),
        ({**SHIPPED, "films": 5}, "films has to be a table"),
        (changed(films={"min_votes": 2.5}), "films.min_votes needs a whole number from 0 to"),
        (changed(films={"votes": 2}), "[films] has an unknown key 'votes'."),
        (changed(past={"max_deviations": "many"}), "past.max_deviations needs a number"),
        (changed(past={"collections": 0}), "past.collections needs a whole number from 1 to 366."),
        (changed(past={"collections": 367}), "past.collections"),
        (changed(past={"collections": True}), "past.collections"),
        (changed(past={"weeks": 4}), "[past] has an unknown key 'weeks'."),
        (changed(limits={"list_size": "big"}), "limits.list_size needs a number"),
        (changed(limits={"list_size": -1}), "limits.list_size needs a number"),
        (changed(limits={"list_size": float("nan")}), "limits.list_size needs a number"),
        (changed(limits={"list_sise": 1}), "limits.list_sise is no rule with a limit"),
        (changed(limits={"list_late": 1}), "limits.list_late is no rule with a limit"),
        (
            changed(severity={"list_late": "grave"}),
            "severity.list_late has to be info, warn or block.",
        ),
        (changed(severity={"lateness": "warn"}), "severity.lateness is no rule; docs/quality.md"),
        (
            changed(lists={"westerns": {"order": 1}}),
            f"lists.westerns is no list; known: {', '.join(sorted({*LISTS, *SLUGS}))}.",
        ),
        (changed(lists={"horror": 5}), "lists.horror is no list"),
        (changed(lists={"horror": {"ordre": 1}}), "lists.horror.ordre is no rule"),
        (changed(lists={"horror": {"severity": 5}}), "lists.horror.severity"),
        (changed(lists={"horror": {"severity": {"order": 5}}}), "lists.horror.severity.order"),
    ],
)
def test_what_is_wrong_is_named(tables_: dict[str, Any], told: str) -> None:
    with pytest.raises(SettingsError) as caught:
        thresholds_from(tables_, SLUGS)
    sentence = str(caught.value)
    assert sentence.startswith(told) or f" has an {told}" in sentence


def test_check_tells_of_thresholds_that_are_unusable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("collection.toml", "quality.toml", "crontab"):
        shutil.copy(CONFIG / name, tmp_path / name)
    monkeypatch.setenv("PIPELINE_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv("TMDB_API_KEY", "demo")
    assert not [each for each in configuration.problems() if "quality.toml" in each]
    text = (tmp_path / "quality.toml").read_text(encoding="utf-8")
    (tmp_path / "quality.toml").write_text(text.replace("[past]", "[passed]"), encoding="utf-8")
    told = [each for each in configuration.problems() if "quality.toml" in each]
    assert told == [f"{tmp_path / 'quality.toml'}: the top level has an unknown key 'passed'."]
