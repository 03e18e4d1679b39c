"""The alert rules for Prometheus use only what a real luigid exports after real runs."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from support.luigi_runs import LuigiRun
from support.luigid_process import Luigid, our_luigid
from support.repository import REPOSITORY

from pipeline import clock

FILE = REPOSITORY / "config/prometheus/rules.yml"
RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load(FILE.read_text("utf-8"))["groups"] for rule in group["rules"]
]
FUNCTIONS = {"time", "absent", "increase"}
OPERATORS = {"and", "or", "unless"}
# The labels that Prometheus itself adds to everything that it reads.
PROMETHEUS_METRICS = {"up": {"job": {"tmdb-pipeline"}}}

Exported = Mapping[str, Mapping[str, set[str]]]
"""Metric -> its labels and their values."""

_SELECTOR = re.compile(r"([a-zA-Z_:][\w:]*)\s*(?:\{([^}]*)\})?")
_MATCHER = re.compile(r'(\w+)\s*(?:=|!=|=~|!~)\s*"([^"]*)"')


def unknown_names(rule: Mapping[str, Any], exported: Exported) -> list[str]:
    """Return the metrics, labels and values in a rule that nothing exports."""
    unknown, used = [], set[str]()
    text = re.sub(r"\[\w+\]", "", rule["expr"])
    for name, selector in _SELECTOR.findall(text):
        if name in FUNCTIONS | OPERATORS:
            continue
        if name not in exported:
            unknown.append(name)
            continue
        used |= set(exported[name])
        for label, value in _MATCHER.findall(selector):
            if label not in exported[name]:
                unknown.append(f"{name}{{{label}}}")
            elif value not in exported[name][label]:
                unknown.append(f"{name}{{{label}={value}}}")
    texts = " ".join(rule["annotations"].values())
    return unknown + [each for each in re.findall(r"\$labels\.(\w+)", texts) if each not in used]


def exported_by(luigid: Luigid) -> Exported:
    found: dict[str, dict[str, set[str]]] = {**PROMETHEUS_METRICS}
    for family in text_string_to_metric_families(luigid.ask("GET", "/metrics").text):
        for sample in family.samples:
            labels = found.setdefault(sample.name, {})
            for label, value in sample.labels.items():
                labels.setdefault(label, set()).add(value)
    return found


def test_every_metric_and_label_of_the_rules_is_exported_after_real_runs(
    luigi_run: LuigiRun, tmp_path: Path
) -> None:
    """With a luigid of its own: a day that is collected here is done for the tests that share."""
    with our_luigid(tmp_path) as luigid:
        variables = {"PIPELINE_DATA_DIR": str(luigid.data_dir)}
        for task in ("DailySummary", "WeeklyConsolidation"):
            run = luigi_run(task, "--date", str(clock.today()), **variables)
            assert run.status == 0, run.output
        exported = exported_by(luigid)
    assert {
        rule["alert"]: names for rule in RULES if (names := unknown_names(rule, exported))
    } == {}


@pytest.mark.parametrize(
    ("expression", "summary", "unknown"),
    [
        ("tmdb_overdu == 1", "", ["tmdb_overdu"]),
        ('tmdb_overdue{job_name="x"} == 1', "", ["tmdb_overdue{job_name}"]),
        ('tmdb_overdue{task="Daily"} == 1', "", ["tmdb_overdue{task=Daily}"]),
        ("rate(tmdb_overdue[5m]) > 0", "", ["rate"]),
        ("tmdb_overdue == 1", "{{ $labels.list }}", ["list"]),
        ('tmdb_overdue{task="DailySummary"} == 1', "{{ $labels.task }}", []),
    ],
)
def test_an_unknown_name_in_a_rule_is_found(
    expression: str, summary: str, unknown: list[str]
) -> None:
    rule = {"expr": expression, "annotations": {"summary": summary}}
    exported = {"tmdb_overdue": {"task": {"DailySummary"}}}
    assert unknown_names(rule, exported) == unknown


def test_every_rule_says_what_happened_and_what_to_do() -> None:
    assert len({rule["alert"] for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert set(rule["annotations"]) == {"summary", "action"}
        assert rule["labels"]["severity"] in ("warning", "critical")


def test_promtool_accepts_the_rules() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed: it comes with Prometheus")
    done = subprocess.run([promtool, "check", "rules", FILE], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
