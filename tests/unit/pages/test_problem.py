"""A bad day or week is explained at the top of its page: what is wrong, why, and what to do."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
import support.page_documents as documents
from support.page_documents import DAY

from pipeline.pages.checks import read_findings
from pipeline.pages.i18n import LANGUAGES, Translator
from pipeline.pages.problem import Problem, find_problem
from pipeline.quality.rules import RULES

Document = dict[str, Any]
BEFORE = DAY - datetime.timedelta(days=1)


def failed(rule: str, found: float | None, limit: float | None = 0.2, **more: Any) -> Document:
    evidence = [{"list": "popular", "finding": "in English", "found": found, "limit": limit}]
    return {
        "id": rule, "description": "as demanded", "severity": "warn", "success": False,
        "evidence": evidence, **more,
    }  # fmt: skip


def explain(language: str, *checks: Document, verdict: str = "warn") -> Problem | None:
    report = {**documents.daily_report(DAY), "checks": list(checks)}
    report["profiles"]["popular"].update(overviews_empty=0.86, votes_median=1)
    t = Translator(language)
    found = read_findings(t, {"verdict": verdict}, report, [documents.daily_report(BEFORE)])
    return find_problem(t, found)


def sentence(language: str, check: Document) -> str:
    problem = explain(language, check)
    assert problem
    return f"{problem.failed[0].name}: {problem.failed[0].findings[0].sentence}"


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "No overview: 86 of 100 movies (86%), at most 65% allowed, usually"),
        ("ko", "줄거리 없음: 100편 중 86편(86%), 허용 65% 이하, 평소"),
    ],
)
def test_a_missing_field_is_counted_and_compared(language: str, expected: str) -> None:
    assert sentence(language, failed("overview_missing", 0.86, 0.65)).startswith(expected)


SENTENCES = {
    "votes_unusual": (190.7, 5.0, "191 times fewer than usual, at most 5 times allowed, median"),
    "popularity_scale": (0.14, 4.0, "0.14 times the usual median, 1/4 to 4 times allowed"),
    "list_size": (0.4, 0.8, "40 of 100 movies (40%), at least 80% expected"),
    "title": (0.02, 0.0, "2 of 100 movies (2%), none allowed"),
    "repeated": (1, 2.0, "as in the 1 collection before, at most 2 allowed"),
    "rows_repeated": (20, 19.0, "20 rows received twice, at most 19 allowed"),
    "list_short": (1, None, "only 1 page with movies"),
}


@pytest.mark.parametrize("rule", SENTENCES)
def test_a_failure_has_its_unit_and_its_limit(rule: str) -> None:
    found, limit, expected = SENTENCES[rule]
    assert expected in sentence("en", failed(rule, found, limit))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("rule", [rule.id for rule in RULES])
def test_no_failure_shows_a_value_of_python_or_a_sentence_of_the_other_language(
    rule: str, language: str
) -> None:
    for found in (0.25, 3, None):
        text = sentence(language, failed(rule, found, None))
        assert "None" not in text
        assert "in English" not in text


def test_a_rule_that_was_added_is_explained_by_its_report() -> None:
    assert sentence("en", failed("title_long", 0.3)).startswith("as demanded: in English")
    assert sentence("ko", failed("title_long", 0.3)).startswith("as demanded: 100편 중 30편(30%)")


CAUSES = {
    "junk": ["overview_missing", "votes_few", "poster_missing", "overlap"],
    "language": ["overview_language"],
    "incomplete": ["list_size", "list_short", "overlap"],
    "repeated": ["repeated"],
    "rescaled": ["popularity_scale"],
    "reshuffled": ["poster_missing", "overlap", "ranks"],
    "format": ["title", "vote_count"],
}


@pytest.mark.parametrize("cause", CAUSES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_likely_cause_is_that_of_most_failed_checks(language: str, cause: str) -> None:
    problem = explain(language, *(failed(rule, 0.5) for rule in CAUSES[cause]))
    t = Translator(language)
    assert problem
    assert (problem.cause, problem.advice) == (t.enum("causes", cause), t.enum("advice", cause))


def test_a_single_warning_is_not_called_junk() -> None:
    problem = explain("en", failed("poster_missing", 0.3))
    assert problem
    assert "unknown movies" not in problem.cause


def test_a_note_is_no_problem() -> None:
    assert explain("en", failed("list_late", 3, severity="info"), verdict="pass") is None
    assert explain("en", verdict="pass") is None


def test_the_heading_counts_errors_and_warnings() -> None:
    checks = [failed("votes_few", 1.0, severity="block"), failed("overlap", 0.1)]
    problem = explain("en", *checks, verdict="fail")
    assert problem
    assert problem.heading.endswith("1 error, 1 warning.")
