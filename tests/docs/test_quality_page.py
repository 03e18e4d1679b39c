"""docs/quality.md tells every rule as it is, with its severity and its limit."""

from __future__ import annotations

from support.quality_days.day import THRESHOLDS
from support.repository import REPOSITORY

from pipeline.quality.defaults import DEFAULT_BOUNDS
from pipeline.quality.snapshot import ListRule
from pipeline.quality.thresholds import RULES

PAGE = (REPOSITORY / "docs" / "quality.md").read_text(encoding="utf-8")


def test_every_rule_is_told_as_it_is() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| `")]
    expected = []
    for rule in RULES:
        has_limit = not isinstance(rule, ListRule) or rule.has_limit
        limit = f"{THRESHOLDS.limit(rule, 'popular'):g}" if has_limit else ""
        description = DEFAULT_BOUNDS.fill_in(rule.description)
        expected.append(f"| `{rule.id}` | {rule.severity} | {limit} | {description} | {rule.why} |")
    assert rows == expected
