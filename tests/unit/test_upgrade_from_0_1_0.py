"""The configuration of version 0.1.0 has its effect under this version."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from support.earlier_version import FIXTURES

from pipeline import settings
from pipeline.catalog import Genre, plan_from
from pipeline.ops import settings as ops_settings
from pipeline.quality.rules import RULES, MovieBounds, Thresholds, thresholds_from

FIXTURE = FIXTURES / "v0_1_0"
CONFIG = FIXTURE / "config"
RULE = {rule.id: rule for rule in RULES}


def tables(name: str) -> dict[str, Any]:
    return tomllib.loads((CONFIG / name).read_text(encoding="utf-8"))


def thresholds() -> Thresholds:
    slugs = [genre["slug"] for genre in tables("collection.toml")["genres"]["list"]]
    return thresholds_from(tables("quality.toml"), slugs)


def test_every_key_of_a_collection_toml_of_0_1_0_has_its_effect() -> None:
    plan = plan_from(tables("collection.toml"))
    assert plan.genres == (
        Genre(27, "horror", "공포"),
        Genre(878, "sf", "과학 소설"),
        Genre(10751, "family", "가족"),
    )
    assert {each.name: each.pages for each in plan.lists} == {
        "popular": 2, "trending": 2, "horror": 1, "sf": 1, "family": 1, "top_rated": 3,
    }  # fmt: skip
    assert plan.movie_list("top_rated").min_rating == 7.0
    assert plan.max_days_late == 3


def test_every_rule_of_a_quality_toml_of_0_1_0_has_the_limit_and_severity_given() -> None:
    given, found = tables("quality.toml"), thresholds()
    limits = {name: found.limit(RULE[name], "") for name in given["limits"]}
    severities = {name: found.severity(RULE[name], "") for name in given["severity"]}
    assert limits == given["limits"]
    assert severities == given["severity"]


def test_every_exception_of_a_quality_toml_of_0_1_0_has_its_effect() -> None:
    found = thresholds()
    for name, table in tables("quality.toml")["lists"].items():
        members = ("horror", "sf", "family") if name == "genre" else (name,)
        for member in members:
            severities = table.get("severity", {})
            for rule, severity in severities.items():
                assert found.severity(RULE[rule], member) == severity
            for rule in table.keys() - {"severity"}:
                assert found.limit(RULE[rule], member) == table[rule]


def test_a_quality_toml_of_0_1_0_needs_no_key_that_came_later() -> None:
    found = thresholds()
    assert (found.on_fail, found.history_bounds.collections) == ("stop", 14)
    history = found.history_bounds
    assert (history.daily_gap_days, history.weekly_gap_days) == (4, 28)
    assert found.bounds == MovieBounds()


def test_every_variable_of_0_1_0_has_its_effect(clean_environment: Path) -> None:
    text = (CONFIG / "environment").read_text(encoding="utf-8")
    (clean_environment / ".env").write_text(text, encoding="utf-8")
    now = settings.current()
    assert now.credential is not None
    assert now.credential.is_demo
    assert (now.language, now.region) == ("en-US", "US")
    assert now.api_url == "http://127.0.0.1:9/3"
    assert (now.requests_per_second, now.max_retries) == (12.5, 2)
    assert (now.data_dir, now.config_dir) == (Path("/srv/movies"), Path("/etc/tmdb-pipeline"))
    secrets = (
        ops_settings.history_url(),
        ops_settings.luigid_password(),
        ops_settings.alert_url(),
    )
    assert [each and each.secret for each in secrets] == [
        "postgresql+psycopg2://luigi:made-up@127.0.0.1:5432/luigi",
        "made up",
        "json://127.0.0.1:9/",
    ]
    assert now.log_format == "json"
