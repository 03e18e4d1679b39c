"""The record of deleted dates."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest
from support import page_documents

from pipeline.errors import PipelineError
from pipeline.paths import Layout
from pipeline.retention import deleted

DAY = datetime.date(2024, 1, 7)


@pytest.fixture
def layout(data_dir: Path) -> Layout:
    return Layout(data_dir)


def test_scores_and_check_results_stay_and_nothing_else(layout: Layout) -> None:
    report = page_documents.daily_report(DAY)
    path = layout.validation_report(DAY)
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(report))
    deleted.record(layout, [("DailySummary", DAY)])
    (line,) = layout.deleted.read_bytes().splitlines()
    assert set(json.loads(line)) == {"task", "date", "deleted_at", "verdict", "score", "checks"}
    (entry,) = deleted.read(layout)
    assert (entry.verdict, entry.score) == (report["verdict"], report["overall_quality_score"])
    assert entry.checks.keys() == {each["id"] for each in report["checks"]}


@pytest.mark.parametrize("text", ["", "{", '{"checks": [1]}'])
def test_a_date_whose_report_is_damaged_is_recorded_without_scores(
    layout: Layout, text: str
) -> None:
    path = layout.validation_report(DAY)
    path.parent.mkdir(parents=True)
    path.write_text(text)
    deleted.record(layout, [("DailySummary", DAY)])
    assert deleted.dates(layout) == {("DailySummary", DAY)}
    assert deleted.read(layout)[0].score is None


def test_a_line_that_was_cut_damages_no_other(layout: Layout) -> None:
    deleted.record(layout, [("DailySummary", DAY)])
    with layout.deleted.open("ab") as file:
        file.write(b'{"task": "Daily')
    deleted.record(layout, [("WeeklyConsolidation", DAY)])
    assert deleted.dates(layout) == {("DailySummary", DAY), ("WeeklyConsolidation", DAY)}


def test_a_record_that_cannot_be_read_is_a_sentence_and_is_not_replaced(layout: Layout) -> None:
    layout.deleted.mkdir(parents=True)
    with pytest.raises(PipelineError, match=r"deleted\.jsonl"):
        deleted.record(layout, [("DailySummary", DAY)])
    assert layout.deleted.is_dir()
