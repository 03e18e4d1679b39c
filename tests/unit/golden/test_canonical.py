"""What makes two golden documents equal, and how a difference is shown."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from golden.canonical import CLOCK_AND_EFFORT, ENGLISH_TEXTS, canonical, checksum
from golden.comparison import (
    CHECKSUMS,
    differences,
    read_checksums,
    unified_diff,
    write_checksums,
)
from golden.documents import LANGUAGES, RUNS
from support.repository import REPOSITORY

REPORT = """{
  "verdict": "pass",
  "validation_rate": 98.5,
  "checks": [
    {
      "id": "title", "description": "title is text", "success": false,
      "evidence": [{"list": "popular", "finding": "1 of 20 films", "found": 0.05}]
    }
  ],
  "common_issues": [{"issue": "title", "count": 1, "description": "not so: title is text"}],
  "list_issues": [{"issue": "films_few", "finding": "19 films"}]
}"""

LIST = """{
  "movies": [{"id": 9000001, "title": "달의 바다", "overview": "", "popularity": 1.5}],
  "collection_info": {"total_collected": 1, "collected_at": "2024-01-05T02:00:00+00:00"}
}"""


def summary(report: str = REPORT, **execution: Any) -> str:
    """A summary that holds the report."""
    return json.dumps({"quality_summary": json.loads(report), "execution_summary": execution})


def test_a_document_is_equal_to_itself_however_it_is_indented() -> None:
    assert checksum(json.dumps(json.loads(LIST))) == checksum(LIST)
    assert len(checksum(LIST)) == 64


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ('"validation_rate": 98.5', '"validation_rate": 98.51'),
        ('"validation_rate": 98.5', '"validation_rate": "98.5"'),
        ('"found": 0.05', '"found": 0.06'),
        ('"count": 1', '"count": 1.0'),
        ('"success": false', '"success": 0'),
        ('"id": "title"', '"id": "title_form"'),
        ('"issue": "title"', '"issue": "title_form"'),
        ('  "verdict": "pass",\n', ""),
        ('"finding": "19 films"', '"finding": "19 movies"'),
        ('"description": "title is text", "success"', '"success"'),
        ('"id": "title", "description"', '"id": "title", "severity": "warn", "description"'),
        ('"list": "popular", "finding": "1 of 20 films"', '"finding": "", "list": "popular"'),
    ],
)
def test_a_change_of_a_report_is_noticed_wherever_the_report_is(text: str, other: str) -> None:
    changed = REPORT.replace(text, other, 1)
    assert changed != REPORT
    assert checksum(changed) != checksum(REPORT)
    assert checksum(summary(changed)) != checksum(summary())


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ('"title is text"', '"The title is text."'),
        ('"1 of 20 films"', '"1 of 20 movies"'),
        ('"not so: title is text"', '"The title is no text."'),
    ],
)
def test_an_english_text_may_be_worded_differently(text: str, other: str) -> None:
    changed = REPORT.replace(text, other, 1)
    assert changed != REPORT
    assert checksum(changed) == checksum(REPORT)
    assert checksum(summary(changed)) == checksum(summary())


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("9000001", "9000002"),
        ("달의 바다", "달의 바다 "),
        ('"overview": ""', '"overview": null'),
        ('"title": "달의 바다", "overview": ""', '"overview": "", "title": "달의 바다"'),
        ('"collected_at": "2024-01-05T02:00:00+00:00"', '"late_by_days": 0'),
        (', "collected_at": "2024-01-05T02:00:00+00:00"', ""),
    ],
)
def test_a_change_of_a_list_is_noticed(text: str, other: str) -> None:
    changed = LIST.replace(text, other, 1)
    assert changed != LIST
    assert checksum(changed) != checksum(LIST)


def test_the_order_of_movies_is_compared() -> None:
    one, other = '{"movies": [{"id": 1}, {"id": 2}]}', '{"movies": [{"id": 2}, {"id": 1}]}'
    assert checksum(one) != checksum(other)


@pytest.mark.parametrize("key", CLOCK_AND_EFFORT)
def test_clock_and_effort_may_differ_at_any_depth(key: str) -> None:
    for form in (
        '{"%s": %s}',
        '{"info": {"%s": %s}}',
        '{"tasks": [{"%s": %s, "outcome": "done"}]}',
    ):
        assert checksum(form % (key, "1")) == checksum(form % (key, '{"a": [2]}'))
    assert checksum(f'{{"{key}s": 1}}') != checksum(f'{{"{key}s": 2}}')
    assert checksum(f'{{"x_{key}": 1}}') != checksum(f'{{"x_{key}": 2}}')


def test_the_number_of_tasks_and_their_outcome_are_compared() -> None:
    done, failed = ({"task": "DailySummary", "outcome": each} for each in ("done", "failed"))
    assert checksum(summary(tasks=[done])) != checksum(summary(tasks=[failed]))
    assert checksum(summary(tasks=[done])) != checksum(summary(tasks=[done, done]))


def test_the_docs_list_the_keys_that_are_ignored() -> None:
    page = (REPOSITORY / "docs/reliability.md").read_text(encoding="utf-8")
    listed = re.search(r"lines of time and effort \((.*?)\)", page, re.DOTALL)
    assert listed
    assert set(re.findall(r"`(\w+)`", listed[1])) == set(CLOCK_AND_EFFORT)
    guide = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert all(f"`{text}`" in guide for text in ENGLISH_TEXTS)


def test_every_run_is_on_record_in_both_languages() -> None:
    recorded = read_checksums()
    assert list(recorded) == sorted(recorded)
    for language in LANGUAGES:
        assert f"{language}/root.json" in recorded
        for run in RUNS:
            task, _, date = run.partition("=")
            ends = {"DailySummary": "daily_summary", "WeeklyConsolidation": "consolidated_week_1"}
            assert any(
                name.startswith(language)
                and name.endswith(f"/{ends[task]}_{date.replace('-', '')}.json")
                for name in recorded
            )


def test_the_checksums_are_written_as_they_are_on_record(tmp_path: Path) -> None:
    write_checksums(read_checksums(), tmp_path / "checksums.json")
    assert (tmp_path / "checksums.json").read_bytes() == CHECKSUMS.read_bytes()


def test_a_document_that_differs_is_missing_or_is_new_is_named() -> None:
    recorded = {"a.json": "1", "b.json": "2", "c.json": "3"}
    found = {"a.json": "1", "b.json": "0", "d.json": "4"}
    assert differences(recorded, found) == ["b.json differs", "c.json is missing", "d.json is new"]
    assert differences(recorded, recorded) == []


def test_the_diff_shows_the_canonical_documents_that_differ() -> None:
    before = {"a.json": '{"id": 1, "seconds": 3}', "b.json": "{}", "c.json": '{"seconds": 1}'}
    after = {"a.json": '{"id": 2, "seconds": 4}', "c.json": '{"seconds": 2}'}
    assert "".join(unified_diff(before, after, ("v1", "v2"))).splitlines() == [
        *("--- v1/a.json", "+++ v2/a.json", "@@ -1,4 +1,4 @@"),
        *(" {", '-  "id": 1,', '+  "id": 2,', '   "seconds": null', " }"),
        *("--- v1/b.json", "+++ v2/b.json", "@@ -1 +0,0 @@", "-{}"),
    ]


def test_the_diff_shows_korean_as_it_is_read() -> None:
    assert '"달의 바다"' in canonical(LIST)
