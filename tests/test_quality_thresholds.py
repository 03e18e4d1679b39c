"""The thresholds: the file that is shipped, one line for one list, and each way it can be wrong."""

from __future__ import annotations

import copy
import datetime
import shutil
from pathlib import Path
from typing import Any

import pytest
from quality_days import DAILY, Day, World
from quality_days.day import CONFIG, SLUGS, broken, tables

from pipeline.errors import SettingsError
from pipeline.ops import configuration
from pipeline.plan import LISTS
from pipeline.quality.film_rules import FILM_RULES
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
    assert set(past) == set(SHIPPED["past"])
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
    from pipeline.quality.report import validation_report

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


def without(name: str, key: str) -> dict[str, Any]:
    made = copy.deepcopy(SHIPPED)
    del made[name][key]
    return made


@pytest.mark.parametrize(
    ("tables_", "told"),
    [
        ({}, 'on_fail has to be "warn" or "stop".'),
        (changed(on_fail="maybe"), 'on_fail has to be "warn" or "stop".'),  # type: ignore[arg-type]
        ({**SHIPPED, "colour": 1}, "unknown key 'colour'"),
        ({**SHIPPED, "past": 5}, "[past] is missing"),
        (without("past", "collections"), "past.collections"),
        (changed(past={"collections": 0}), "past.collections needs a whole number from 1 to 366."),
        (changed(past={"collections": 367}), "past.collections"),
        (changed(past={"collections": True}), "past.collections"),
        (changed(past={"weeks": 4}), "[past] has an unknown key 'weeks'."),
        (without("limits", "order"), "limits.order is missing"),
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
