"""The checks of a report: the failed ones as failures, in words and numbers, and then all."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.pages.coerce import Document, as_dict, as_dicts, as_float, as_int, as_text
from pipeline.pages.i18n import NO_VALUE, Translator
from pipeline.pages.movies import Title, build_title
from pipeline.pages.verdict import read_verdict

# From the gravest to the least.
SEVERITIES = ("block", "warn", "info")

LEVELS = ("excellent", "good", "fair", "poor")

# The rule that the banner of a late page stands for.
LATE = "list_late"

# Rules whose values and limits are amounts; those of other rules are shares from 0 to 1.
_AMOUNTS = {
    "list_short", "list_duplicates", "rows_repeated", "list_miscounted", "fields", LATE,
    "repeated", "popularity_scale", "votes_unusual", "years_unusual",
}  # fmt: skip

# Rules whose limit is the least that is allowed.
_AT_LEAST = {"list_size", "films_valid", "genre_ignored", "order", "overlap"}

# The figure of a list that shows what is usual, by rule.
_USUAL = {
    "overview_missing": "overviews_empty", "overviews_unusual": "overviews_empty",
    "poster_missing": "posters_missing", "no_votes": "votes_median", "votes_few": "votes_median",
    "votes_unusual": "votes_median", "popularity_scale": "popularity_median",
    "years_unusual": "year_median",
}  # fmt: skip

_NOTHING = {"", "None", "null", "[]", "''"}
_MAX_EVIDENCE = 10
_MAX_LINES = 40
_MAX_VALUE = 120


@dataclass(frozen=True)
class Failure:
    """How one list violates a rule."""

    where: str
    sentence: str


@dataclass(frozen=True)
class Example:
    """A movie that violates a rule, and the value that does."""

    where: str
    name: Title
    value: str


@dataclass(frozen=True)
class Check:
    """The result of a rule: what it demands, or what is wrong where it failed."""

    id: str
    name: str
    severity: str
    passed: bool
    movies: int
    failures: Sequence[Failure] = ()
    examples: Sequence[Example] = ()


@dataclass(frozen=True)
class Level:
    """The movies of one level of the quality score."""

    name: str
    count: int
    percent: float


@dataclass(frozen=True)
class Findings:
    """The content of a report; the failed checks are sorted by severity."""

    verdict: str
    late: str
    headline: str
    failed: Sequence[Check]
    checks: Sequence[Check]
    drift: Sequence[Failure]
    levels: Sequence[Level]


def read_findings(
    t: Translator, document: Document, report: Document, earlier: Sequence[Document]
) -> Findings:
    """Read the report of a day or a week, what its document says of it, and earlier reports."""
    counts = {
        str(each.get("issue")): as_int(each.get("count")) or 0
        for each in as_dicts(report.get("common_issues"))
    }
    figures = _Figures(t, report, earlier)
    checks = [_read_check(t, each, counts, figures) for each in as_dicts(report.get("checks"))]
    failed = [check for check in checks if not check.passed]
    late = as_int(document.get("late_by_days")) or 0
    drift = as_dicts(report.get("drift"))[:_MAX_LINES]
    return Findings(
        verdict=read_verdict(document if "verdict" in document else report),
        late=t("frame.late", n=late) if late > 0 else "",
        headline=_write_headline(t, checks, failed),
        failed=sorted(
            (check for check in failed if check.id != LATE or late <= 0),
            key=lambda check: SEVERITIES.index(check.severity),
        ),
        checks=checks,
        drift=[Failure(_list_of(t, each), _write_drift(t, each)) for each in drift],
        levels=_read_levels(as_dict(report.get("quality_distribution"))),
    )


def _write_headline(t: Translator, checks: Sequence[Check], failed: Sequence[Check]) -> str:
    if not checks:
        return t("checks.no_checks")
    if not failed:
        return t("checks.all_passed", n=len(checks))
    return t("checks.some_failed", failed=len(failed), n=len(checks), parts=count_failed(t, failed))


def count_failed(t: Translator, failed: Sequence[Check]) -> str:
    """Return how many checks of each severity failed: 2 errors, 1 warning."""
    counts = Counter(check.severity for check in failed)
    return ", ".join(
        t.enum("failed_checks", each, n=counts[each]) for each in SEVERITIES if counts[each]
    )


def _read_levels(counts: Document) -> list[Level]:
    levels = {level: as_int(counts.get(level)) or 0 for level in LEVELS}
    total = sum(levels.values())
    return [Level(name, n, 100 * n / total) for name, n in levels.items()] if total else []


class _Figures:
    """What the failures of a report are written with: sizes of lists, and usual figures."""

    def __init__(self, t: Translator, report: Document, earlier: Sequence[Document]) -> None:
        self._t = t
        self._now = as_dict(report.get("profiles"))
        self._earlier = [as_dict(each.get("profiles")) for each in earlier]

    def describe(self, rule: str, entry: Document) -> str:
        """Return how a list violates a rule: what was found, what is allowed, what is usual."""
        t, found, limit = self._t, as_float(entry.get("found")), as_float(entry.get("limit"))
        if not t.has("failures", rule):  # a rule that was added
            written = t.measurement(entry.get("found"))
            finding = as_text(entry.get("finding")) if t.language == "en" else ""
            parts = [finding or (t("checks.found", found=written) if written != NO_VALUE else "")]
        else:
            parts = [self._write_found(rule, as_text(entry.get("list"), 40), found)]
        if limit is not None:
            parts.append(self._write_limit(rule, limit))
        parts.append(self._write_usual(rule, as_text(entry.get("list"), 40)))
        return t("frame.comma").join(filter(None, parts))

    def _write_found(self, rule: str, slug: str, found: float | None) -> str:
        t, size = self._t, len(str(as_dict(self._now.get(slug)).get("films", "")).split())
        if found is None:
            return ""
        written = t.amount(found) if rule in _AMOUNTS else t.share(found)
        if t.has("measures", rule):
            return t.enum("measures", rule, found=written, n=written)
        if not size or not 0 <= found <= 1:
            return written
        count = t.number(round(found * size))
        return t("checks.of_movies", count=count, size=t.number(size), share=written)

    def _write_limit(self, rule: str, limit: float) -> str:
        t = self._t
        if t.has("limits", rule):
            written = t.amount(limit) if rule in _AMOUNTS else t.share(limit)
            return t.enum("limits", rule, limit=written, n=written)
        if not limit:
            return t("checks.none_allowed")
        written = t.amount(limit) if rule in _AMOUNTS else t.measurement(limit)
        return t("checks.at_least" if rule in _AT_LEAST else "checks.at_most", limit=written)

    def _write_usual(self, rule: str, slug: str) -> str:
        if not (figure := _USUAL.get(rule)):
            return ""
        profiles = (as_dict(each.get(slug)) for each in self._earlier)
        known = [value for each in profiles if (value := as_float(each.get(figure))) is not None]
        now = as_float(as_dict(self._now.get(slug)).get(figure))
        if not known or now is None:
            return ""
        both = [now, statistics.median(known)]
        is_share = figure in ("overviews_empty", "posters_missing")
        written = [self._t.share(each) if is_share else self._t.amount(each) for each in both]
        if figure == "year_median":
            written = [f"{each:.0f}" for each in both]
        return self._t.enum("usual", figure, now=written[0], usual=written[1])


def _read_check(
    t: Translator, check: Document, counts: Mapping[str, int], figures: _Figures
) -> Check:
    rule = as_text(check.get("id"), 60)
    severity = check.get("severity")
    passed = check.get("success") is True
    demand = t.enum("rules", rule, default=as_text(check.get("description"))) or rule
    evidence = [] if passed else as_dicts(check.get("evidence"))[:_MAX_EVIDENCE]
    return Check(
        id=rule,
        name=demand if passed else t.enum("failures", rule, default=demand),
        severity=severity if severity in SEVERITIES else "info",
        passed=passed,
        movies=counts.get(rule, 0),
        failures=[
            Failure(_list_of(t, each), figures.describe(rule, each))
            for each in evidence
            if "film" not in each
        ],
        examples=[_read_example(t, each) for each in evidence if "film" in each],
    )


def _read_example(t: Translator, entry: Document) -> Example:
    movie = {"id": entry.get("film"), "title": entry.get("title")}
    value = _write_value(entry.get("found"))
    return Example(_list_of(t, entry), build_title(t, movie), value)


def _write_value(value: Any) -> str:
    try:
        text = as_text(value if isinstance(value, str) else repr(value), _MAX_VALUE)
    except (ValueError, RecursionError):
        return "…"
    return "" if text in _NOTHING else text


def _write_drift(t: Translator, entry: Document) -> str:
    field = as_text(entry.get("field"), 60)
    return t.enum("drift", as_text(entry.get("kind"), 40), field=field)


def _list_of(t: Translator, entry: Document) -> str:
    slug = as_text(entry.get("list"), 40)
    return t.list_name(slug) if slug else ""
