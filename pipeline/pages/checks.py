"""The checks of a report: the failed ones as failures, in words and numbers, and then all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.pages.coerce import Document, as_dict, as_dicts, as_float, as_int, as_text
from pipeline.pages.figures import find_median
from pipeline.pages.i18n import Translator
from pipeline.pages.movies import Title, build_title
from pipeline.pages.verdict import read_verdict

# From the gravest to the least.
SEVERITIES = ("block", "warn", "info")

# The rule that the banner of a late page stands for, and the one whose value is a factor.
_LATE, _SCALE = "list_late", "popularity_scale"

# Rules whose limit is the least that is allowed.
_AT_LEAST = {"list_size", "films_valid", "genre_ignored", "order", "overlap"}

# The figure of a list that shows what is usual, by rule.
_USUAL = {
    "overview_missing": "overviews_empty", "overviews_unusual": "overviews_empty",
    "poster_missing": "posters_missing", "no_votes": "votes_median", "votes_few": "votes_median",
    "votes_unusual": "votes_median", "popularity_scale": "popularity_median",
    "years_unusual": "year_median",
}  # fmt: skip
_SHARES = ("overviews_empty", "posters_missing")

_NOTHING = {"", "None", "null", "[]", "''"}
_MAX_EVIDENCE = 10
_MAX_FIELDS = 20
_MAX_VALUE = 120


@dataclass(frozen=True)
class Finding:
    """What is wrong with a list, or with one of its movies."""

    where: str
    sentence: str
    name: Title | None = None


@dataclass(frozen=True)
class Check:
    """The result of a rule: what it demands, or what is wrong where it failed."""

    id: str
    name: str
    severity: str
    passed: bool
    movies: int
    findings: Sequence[Finding]


@dataclass(frozen=True)
class Findings:
    """The content of a report; the failed checks are sorted by severity."""

    verdict: str
    late: str
    headline: str
    failed: Sequence[Check]
    checks: Sequence[Check]


def read_findings(
    t: Translator, document: Document, report: Document, earlier: Sequence[Document]
) -> Findings:
    """Read the report of a day or a week, what its document says of it, and earlier reports."""
    reader = _Reader(t, report, earlier)
    late = as_int(document.get("late_by_days")) or 0
    checks = [
        reader.read(each)
        for each in as_dicts(report.get("checks"))
        if late <= 0 or each.get("id") != _LATE
    ]
    failed = [check for check in checks if not check.passed]
    if not checks:
        headline = t("checks.no_checks")
    elif not failed:
        headline = t("checks.all_passed", n=len(checks))
    else:
        parts = count_failed(t, failed)
        headline = t("checks.some_failed", failed=len(failed), n=len(checks), parts=parts)
    return Findings(
        verdict=read_verdict(document if "verdict" in document else report),
        late=t("frame.late", n=late) if late > 0 else "",
        headline=headline,
        failed=sorted(failed, key=lambda check: SEVERITIES.index(check.severity)),
        checks=checks,
    )


def count_failed(t: Translator, failed: Sequence[Check]) -> str:
    """Return how many checks of each severity failed: 2 errors, 1 warning."""
    counts = Counter(check.severity for check in failed)
    return ", ".join(
        t.enum("failed_checks", each, n=counts[each]) for each in SEVERITIES if counts[each]
    )


class _Reader:
    """Reads the checks of a report; earlier reports know what is usual."""

    def __init__(self, t: Translator, report: Document, earlier: Sequence[Document]) -> None:
        self._t = t
        self._now = as_dict(report.get("profiles"))
        self._earlier = [as_dict(each.get("profiles")) for each in earlier]
        self._drift = as_dicts(report.get("drift"))
        self._counts = {
            str(each.get("issue")): as_int(each.get("count")) or 0
            for each in as_dicts(report.get("common_issues"))
        }

    def read(self, check: Document) -> Check:
        """Read one check."""
        t, passed = self._t, check.get("success") is True
        rule, severity = as_text(check.get("id"), 60), check.get("severity")
        name = t.enum("rules", rule, default=as_text(check.get("description"))) or rule
        evidence = [] if passed else as_dicts(check.get("evidence"))[:_MAX_EVIDENCE]
        return Check(
            id=rule,
            name=name if passed else t.enum("failures", rule, default=name),
            severity=severity if severity in SEVERITIES else "info",
            passed=passed,
            movies=self._counts.get(rule, 0),
            findings=[self._read_finding(rule, each) for each in evidence],
        )

    def _read_finding(self, rule: str, entry: Document) -> Finding:
        slug = as_text(entry.get("list"), 40)
        where = self._t.list_name(slug) if slug else ""
        if "film" not in entry:
            return Finding(where, self._describe(rule, slug, entry))
        movie = {"id": entry.get("film"), "title": entry.get("title")}
        return Finding(where, _write_value(entry.get("found")), build_title(self._t, movie))

    def _describe(self, rule: str, slug: str, entry: Document) -> str:
        """Return how a list violates a rule: what was found, what is allowed, what is usual."""
        t, found, limit = self._t, as_float(entry.get("found")), as_float(entry.get("limit"))
        is_share = type(entry.get("found")) is float and 0 <= (found or 0) <= 1 and rule != _SCALE
        write = t.share if is_share else t.amount
        parts = []
        if not t.has("failures", rule) and (t.language == "en" or found is None):
            parts.append(as_text(entry.get("finding")))  # a rule that was added
        elif rule == "fields":
            changed = [each for each in self._drift if each.get("list") == slug][:_MAX_FIELDS]
            parts += [
                t.enum("drift", as_text(each.get("kind"), 40), field=as_text(each.get("field"), 60))
                for each in changed
            ]
        elif found is not None:
            size = len(str(as_dict(self._now.get(slug)).get("films", "")).split())
            count, whole = t.number(round(found * size)), t.number(size)
            default = t("checks.of_movies", count=count, n=whole, share=write(found))
            written = default if is_share and size else t("checks.found", found=write(found))
            number = write(found)
            parts.append(t.enum("measures", rule, default=written, found=number, n=number))
        if limit is not None:
            bound = write(limit)
            key = "checks.at_least" if rule in _AT_LEAST else "checks.at_most"
            default = t(key, limit=bound) if limit else t("checks.none_allowed")
            parts.append(t.enum("limits", rule, default=default, limit=bound, n=bound))
        parts.append(self._write_usual(slug, _USUAL.get(rule, "")))
        return t("frame.comma").join(filter(None, parts))

    def _write_usual(self, slug: str, figure: str) -> str:
        now, *values = (
            as_float(as_dict(each.get(slug)).get(figure)) for each in (self._now, *self._earlier)
        )
        median = find_median(values)
        if now is None or median is None:
            return ""
        write = self._t.share if figure in _SHARES else self._t.amount
        if figure == "year_median":
            write = "{:.0f}".format
        return self._t.enum("usual", figure, now=write(now), usual=write(median))


def _write_value(value: Any) -> str:
    try:
        text = as_text(value if isinstance(value, str) else repr(value), _MAX_VALUE)
    except (ValueError, RecursionError):
        return "…"
    return "" if text in _NOTHING else text
