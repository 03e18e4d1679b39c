"""docs/quality.md lists every rule with its severity, limit and reason."""

from __future__ import annotations

from support.quality_days.day import THRESHOLDS
from support.repository import REPOSITORY

from pipeline.quality.rules import RULES

PAGE = (REPOSITORY / "docs" / "quality.md").read_text(encoding="utf-8")


def test_the_page_lists_every_rule() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| `")]
    expected = []
    for rule in RULES:
        limit = "" if rule.limit is None else f"{THRESHOLDS.limit(rule, 'popular'):g}"
        margin = [] if not rule.field else [f"{rule.margin:g}" if rule.margin else ""]
        cells = [f"`{rule.id}`", rule.severity, limit, *margin, rule.description, rule.why]
        expected.append(f"| {' | '.join(cells)} |")
    assert rows == expected
