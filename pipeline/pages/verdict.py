"""What the rules found, for people: what failed first, everything behind it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from pipeline.pages.films import Name, name_of
from pipeline.pages.language import NOTHING, Language
from pipeline.pages.reading import Document, mapping, number, objects, text_of, whole
from pipeline.pages.rule_words import AMOUNTS

VERDICTS = ("pass", "warn", "fail")
SIGNS = {"pass": "✓", "warn": "!", "fail": "✕"}
"""Beside the colour and the word, for who cannot tell the colours apart."""

GRAVE_FIRST = ("block", "warn", "info")
_MOST_EVIDENCE = 10
_MOST_LINES = 40
_LONGEST_VALUE = 120


class Evidence(NamedTuple):
    """What a check found: in which list, and either a sentence or a film and its value."""

    where: str
    sentence: str
    name: Name | None


class Check(NamedTuple):
    """One rule's outcome."""

    id: str
    demand: str
    severity: str
    passed: bool
    films: int
    evidence: tuple[Evidence, ...]


class Findings(NamedTuple):
    """All that a report says: failed checks with the gravest first, all of them, and two lists."""

    verdict: str
    headline: str
    failed: tuple[Check, ...]
    checks: tuple[Check, ...]
    drift: tuple[str, ...]
    lateness: tuple[str, ...]
    distribution: tuple[tuple[str, str, float], ...]


def verdict_of(document: Document) -> str:
    """Return pass, warn or fail; unknown for a document of an older version."""
    verdict = document.get("verdict")
    return verdict if isinstance(verdict, str) and verdict in VERDICTS else "unknown"


def sign_of(verdict: str) -> str:
    """Return the sign of a verdict."""
    return SIGNS.get(verdict, "?")


def findings(
    say: Language, report: Document, *, demo: bool, names: Mapping[str, str] | None = None
) -> Findings:
    """Read a report, daily or weekly."""
    reader = _Reader(say, demo, names or {})
    counts = {
        str(each.get("issue")): whole(each.get("count")) or 0
        for each in objects(report.get("common_issues"))
    }
    checks = tuple(reader.check(each, counts) for each in objects(report.get("checks")))
    failed = sorted(
        (check for check in checks if not check.passed),
        key=lambda check: GRAVE_FIRST.index(check.severity),
    )
    return Findings(
        verdict=verdict_of(report),
        headline=_headline(say, checks, failed),
        failed=tuple(failed),
        checks=checks,
        drift=tuple(map(reader.drift, objects(report.get("drift"))[:_MOST_LINES])),
        lateness=tuple(map(reader.lateness, objects(report.get("lateness"))[:_MOST_LINES])),
        distribution=_distribution(say, mapping(report.get("quality_distribution"))),
    )


def _headline(say: Language, checks: tuple[Check, ...], failed: list[Check]) -> str:
    if not checks:
        return say("checks_none")
    if not failed:
        return say("checks_all_passed", n=len(checks))
    counts = Counter(check.severity for check in failed)
    parts = [
        say(f"checks_of_severity_{each}", n=counts[each]) for each in GRAVE_FIRST if counts[each]
    ]
    sentence = say("checks_failed", failed=len(failed), n=len(checks))
    return f"{sentence} ({', '.join(parts)})"


def _distribution(say: Language, counts: Document) -> tuple[tuple[str, str, float], ...]:
    levels = [
        (level, whole(counts.get(level)) or 0) for level in ("excellent", "good", "fair", "poor")
    ]
    total = sum(count for _, count in levels)
    if not total:
        return ()
    return tuple((level, say.number(count), 100 * count / total) for level, count in levels)


class _Reader:
    """Reads the parts of one report in one language."""

    def __init__(self, say: Language, demo: bool, names: Mapping[str, str]) -> None:
        self._say = say
        self._demo = demo
        self._names = names

    def check(self, check: Document, counts: Mapping[str, int]) -> Check:
        rule = text_of(check.get("id"), 60)
        severity = check.get("severity")
        return Check(
            id=rule,
            demand=self._say.rule(rule, text_of(check.get("description"))) or rule,
            severity=severity if severity in GRAVE_FIRST else "info",
            passed=check.get("success") is True,
            films=counts.get(rule, 0),
            evidence=tuple(
                self._evidence(rule, each)
                for each in objects(check.get("evidence"))[:_MOST_EVIDENCE]
            ),
        )

    def drift(self, entry: Document) -> str:
        kind = text_of(entry.get("kind"), 40)
        field = text_of(entry.get("field"), 60)
        words = self._say.among("drift", kind).replace("{field}", field)
        finding = text_of(entry.get("finding")) if self._say.code == "en" else ""
        return self._line(entry, f"{words} ({finding})" if finding else words)

    def lateness(self, entry: Document) -> str:
        days = whole(entry.get("days"))
        words = (
            text_of(entry.get("finding")) if days is None else self._say("lateness_line", n=days)
        )
        return self._line(entry, words)

    def _line(self, entry: Document, words: str) -> str:
        where = self._where(entry)
        return f"{where}: {words}" if where else words

    def _where(self, entry: Document) -> str:
        slug = text_of(entry.get("list"), 40)
        return self._say.list_name(slug, self._names) if slug else ""

    def _evidence(self, rule: str, entry: Document) -> Evidence:
        where = self._where(entry)
        if "film" in entry:
            film = {"id": entry.get("film"), "title": entry.get("title")}
            found = _shown(entry.get("found"))
            return Evidence(where, found, name_of(self._say, film, demo=self._demo))
        return Evidence(where, self._measured(rule, entry), None)

    def _measured(self, rule: str, entry: Document) -> str:
        say = self._say
        found, limit = (self._figure(rule, entry.get(key)) for key in ("found", "limit"))
        finding = text_of(entry.get("finding"))
        if say.code == "ko":
            finding = "" if found == NOTHING else say("found_only", found=found)
        limited = "" if limit == NOTHING else say("limit", limit=limit)
        return f"{finding} ({limited})" if finding and limited else finding or limited

    def _figure(self, rule: str, value: Any) -> str:
        if rule in AMOUNTS:
            return self._say.amount(number(value))
        return self._say.figure(value)


def _shown(value: Any) -> str:
    if value is None or isinstance(value, str):
        return text_of(value, _LONGEST_VALUE)
    try:
        return text_of(repr(value), _LONGEST_VALUE)
    except (ValueError, RecursionError):
        return "…"
