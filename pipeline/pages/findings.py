"""The verdict and the checks of a report: failed checks first, then all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from pipeline.pages.coerce import Document, as_dict, as_dicts, as_float, as_int, as_text
from pipeline.pages.i18n import NO_VALUE, Translator
from pipeline.pages.movie_rows import Title, build_title
from pipeline.pages.verdict import read_verdict

# From the gravest to the least.
SEVERITIES = ("block", "warn", "info")

LEVELS = ("excellent", "good", "fair", "poor")

# Rules whose values and limits are amounts; those of other rules are shares if from 0 to 1.
_AMOUNTS = {"rows_repeated", "repeated", "popularity_scale", "votes_unusual", "years_unusual"}

_MAX_EVIDENCE = 10
_MAX_LINES = 40
_MAX_VALUE = 120


class Evidence(NamedTuple):
    """A finding in a list: a movie with its value, or a sentence."""

    where: str
    sentence: str
    name: Title | None


class Check(NamedTuple):
    """The result of a rule."""

    id: str
    demand: str
    severity: str
    passed: bool
    movies: int
    evidence: tuple[Evidence, ...]


class Findings(NamedTuple):
    """The content of a report; the failed checks are sorted by severity."""

    verdict: str
    late: str
    headline: str
    failed: tuple[Check, ...]
    checks: tuple[Check, ...]
    drift: tuple[str, ...]
    lateness: tuple[str, ...]
    distribution: tuple[tuple[str, str, float], ...]


def read_findings(t: Translator, document: Document, report: Document) -> Findings:
    """Read the report of a day or a week, and what its summary or consolidation says of it."""
    late = as_int(document.get("late_by_days")) or 0
    counts = {
        str(each.get("issue")): as_int(each.get("count")) or 0
        for each in as_dicts(report.get("common_issues"))
    }
    checks = tuple(_read_check(t, each, counts) for each in as_dicts(report.get("checks")))
    failed = sorted(
        (check for check in checks if not check.passed),
        key=lambda check: SEVERITIES.index(check.severity),
    )
    drift = as_dicts(report.get("drift"))[:_MAX_LINES]
    lateness = [
        entry
        for check in as_dicts(report.get("checks"))
        if check.get("id") == "list_late"
        for entry in as_dicts(check.get("evidence"))[:_MAX_EVIDENCE]
    ]
    return Findings(
        verdict=read_verdict(document if "verdict" in document else report),
        late=t("frame.late", n=late) if late > 0 else "",
        headline=_write_headline(t, checks, failed),
        failed=tuple(failed),
        checks=checks,
        drift=tuple(_locate(t, each, _write_drift(t, each)) for each in drift),
        lateness=tuple(_locate(t, each, _write_lateness(t, each)) for each in lateness),
        distribution=_read_distribution(t, as_dict(report.get("quality_distribution"))),
    )


def _write_headline(t: Translator, checks: tuple[Check, ...], failed: list[Check]) -> str:
    if not checks:
        return t("checks.no_checks")
    if not failed:
        return t("checks.all_passed", n=len(checks))
    counts = Counter(check.severity for check in failed)
    parts = [t.enum("failed_checks", each, n=counts[each]) for each in SEVERITIES if counts[each]]
    sentence = t("checks.some_failed", failed=len(failed), n=len(checks))
    return f"{sentence} ({', '.join(parts)})"


def _read_distribution(t: Translator, counts: Document) -> tuple[tuple[str, str, float], ...]:
    levels = {level: as_int(counts.get(level)) or 0 for level in LEVELS}
    total = sum(levels.values())
    if not total:
        return ()
    return tuple((level, t.number(count), 100 * count / total) for level, count in levels.items())


def _read_check(t: Translator, check: Document, counts: Mapping[str, int]) -> Check:
    rule = as_text(check.get("id"), 60)
    severity = check.get("severity")
    evidence = as_dicts(check.get("evidence"))[:_MAX_EVIDENCE]
    return Check(
        id=rule,
        demand=t.enum("rules", rule, default=as_text(check.get("description"))) or rule,
        severity=severity if severity in SEVERITIES else "info",
        passed=check.get("success") is True,
        movies=counts.get(rule, 0),
        evidence=tuple(_read_evidence(t, rule, each) for each in evidence),
    )


def _read_evidence(t: Translator, rule: str, entry: Document) -> Evidence:
    where = _list_of(t, entry)
    if "film" not in entry:
        return Evidence(where, _write_measurement(t, rule, entry), None)
    movie = {"id": entry.get("film"), "title": entry.get("title")}
    return Evidence(where, _write_value(entry.get("found")), build_title(t, movie))


def _write_measurement(t: Translator, rule: str, entry: Document) -> str:
    found, limit = (
        t.amount(as_float(value)) if rule in _AMOUNTS else t.measurement(value)
        for value in (entry.get("found"), entry.get("limit"))
    )
    finding = as_text(entry.get("finding"))
    if t.language != "en":  # the findings of a report are in English
        finding = "" if found == NO_VALUE else t("checks.found_only", found=found)
    limited = "" if limit == NO_VALUE else t("checks.limit", limit=limit)
    return f"{finding} ({limited})" if finding and limited else finding or limited


def _write_value(value: Any) -> str:
    if value is None or isinstance(value, str):
        return as_text(value, _MAX_VALUE)
    try:
        return as_text(repr(value), _MAX_VALUE)
    except (ValueError, RecursionError):
        return "…"


def _write_drift(t: Translator, entry: Document) -> str:
    field = as_text(entry.get("field"), 60)
    change = t.enum("drift", as_text(entry.get("kind"), 40), field=field)
    finding = as_text(entry.get("finding")) if t.language == "en" else ""
    return f"{change} ({finding})" if finding else change


def _write_lateness(t: Translator, entry: Document) -> str:
    days = as_int(entry.get("found"))
    return as_text(entry.get("finding")) if days is None else t("checks.lateness_line", n=days)


def _locate(t: Translator, entry: Document, text: str) -> str:
    where = _list_of(t, entry)
    return f"{where}: {text}" if where else text


def _list_of(t: Translator, entry: Document) -> str:
    slug = as_text(entry.get("list"), 40)
    return t.list_name(slug) if slug else ""
