"""The trial of faults: its product is whole, and it notices a run that is not as it has to be."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from support.fake_tmdb import V3_KEY, Request
from trials.faults import AS_PROCESSES
from trials.judging import Observed, complaints, complaints_of_the_next
from trials.kinds import KINDS, LONG_PAUSES, LONGER_THAN_A_RUN_WAITS, Cure
from trials.lists import LISTS, FilmsOf
from trials.matrix import FAILS_AT_ONCE, PAGES, Combination, labelled, product
from trials.outages import OUTAGES
from trials.runs import Ended

SHAPES = ("missing", "null", "of another type")
NAMED = {
    *("refused", "unknown host", "full backlog", "plain HTTP", "untrusted certificate"),
    "gone during the run",
    *("reset on accept", "reset after the request", "reset in the head", "reset inside the body"),
    *("closed", "cut body", "cut chunks", "wrong length"),
    *("silence before the head", "silence inside the body", "a dripping head", "a byte a second"),
    *("corrupt gzip", "cut gzip", "gzip unannounced"),
    *("HTML", "half a JSON", "an empty body", "another page", "an empty page"),
    "an empty page that denies the list",
    *("null as JSON", "a list as JSON", "a text as JSON", "null as a movie", "a number as a movie"),
    *(f"page {how}" for how in SHAPES),
    *(f"results {how}" for how in SHAPES),
    *(f"total_pages {how}" for how in SHAPES),
    *(f"total_results {how}" for how in SHAPES),
    *(f"id {how}" for how in SHAPES),
    *("redirect elsewhere", "redirect to itself"),
    *("400", "401", "403", "404", "408", "422", "429"),
    *("200 that refuses the key", "404 that refuses the key"),
    *(f"{code} of something in between" for code in (401, 403, 407, 451, 511)),
    *(f"code {code} with {status}" for code in (11, 25, 43, 46) for status in (200, 404)),
    *("500", "502", "503", "504", "520", "521", "522", "523", "524"),
    *("429 after 0", "429 after 1", "429 after 3600", "429 after nonsense"),
    *("429 after a date", "429 after a past date"),
}
"""Written out, so that no kind can vanish from the generated product unnoticed."""


def test_every_kind_is_in_the_product_with_every_page_count_and_job() -> None:
    combinations = product()

    assert {each.name for each in combinations} == NAMED
    assert len({each.label for each in combinations}) == len(combinations) >= 500
    for name, kind in KINDS.items():
        times = ("once", "twice", "always") if kind.passes else ("always",)
        assert {each for each in combinations if each.name == name} == {
            Combination(name, page, often, job)
            for page in ("first", "middle", "last")
            for often in times
            for job in ("daily", "weekly")
        }
    for name in OUTAGES:
        assert [each.job for each in combinations if each.name == name] == ["daily", "weekly"]


def test_every_list_is_hit_about_as_often() -> None:
    hits = Counter(each.films.document for each in product())

    assert len(hits) == 6
    assert min(hits.values()) > 100


def test_what_passes_has_to_heal_and_what_stays_has_to_fail() -> None:
    for each in product():
        if each.kind is None or each.kind.cure in FAILS_AT_ONCE:
            assert not each.completes
        elif each.kind.cure is Cure.RETRY:
            assert each.completes == (each.times != "always")
        else:
            assert each.completes
    assert KINDS.keys() >= LONG_PAUSES.keys() | LONGER_THAN_A_RUN_WAITS


def test_what_runs_as_a_process_is_of_the_product() -> None:
    assert {labelled(label).label for label in AS_PROCESSES} == set(AS_PROCESSES)


POPULAR, TRENDING = (films.document for films in LISTS["daily"])
SUMMARY = "raw/metadata/daily_summaries/daily_summary_20240107.json"
WHOLE = dict.fromkeys((POPULAR, TRENDING, SUMMARY), b"{}")
ERROR = "2024-01-07T02:00:00Z ERROR: {} in 6 attempts (last error: HTTP status 503)."


def asked(films: FilmsOf, page: str, times: int) -> list[Request]:
    query = {**films.query, "page": page}
    return [Request(0.0, "GET", f"/3{films.path}", query, {}, 200, 1) for _ in range(times)]


def run_under(combination: Combination, attempts: int, **changed: Any) -> Observed:
    """A run as it has to be under that combination, but for what is changed."""
    lists = LISTS[combination.job]
    hit = asked(combination.films, str(PAGES[combination.position]), attempts)
    others = [each for films in lists for page in "123" for each in asked(films, page, 1)]
    fine = combination.completes
    left = WHOLE if fine else {films.document: b"{}" for films in lists}
    documents = {name: left[name] for name in left if fine or name != combination.films.document}
    ended = Ended(0, "") if fine else Ended(30, ERROR.format("popular"))
    requests = [each for each in others if each.query != hit[0].query or each.path != hit[0].path]
    run = Observed(ended, documents, dict.fromkeys(documents, 1), requests + hit)
    return run._replace(**changed)


HEALED = labelled("503/first/once/daily")
STAYED = labelled("503/first/always/daily")
HIT = STAYED.films.document


@pytest.mark.parametrize(("combination", "attempts"), [(HEALED, 2), (STAYED, 6)])
def test_a_run_as_it_has_to_be_is_not_complained_of(
    combination: Combination, attempts: int
) -> None:
    assert list(complaints(combination, run_under(combination, attempts), WHOLE)) == []


@pytest.mark.parametrize(
    ("combination", "attempts", "changed", "complaint"),
    [
        (HEALED, 2, {"ended": Ended(30, "")}, "status 30 instead of 0"),
        (HEALED, 2, {"ended": Ended(None, "")}, "status None instead of 0"),
        (HEALED, 2, {"ended": Ended(0, "Traceback (most")}, "a traceback"),
        (HEALED, 2, {"ended": Ended(0, V3_KEY)}, "the key is shown"),
        (HEALED, 2, {"documents": {**WHOLE, SUMMARY: b"[]"}}, "is another"),
        (HEALED, 2, {"documents": {**WHOLE, ".tmp": b""}}, "is left over"),
        (HEALED, 2, {"documents": {SUMMARY: b"{}"}}, "missing: "),
        (HEALED, 1, {}, "1 attempts instead of 2 to 6"),
        (HEALED, 7, {}, "more than 6 times"),
        (STAYED, 6, {"ended": Ended(0, "")}, "status 0 instead of 30"),
        (STAYED, 6, {"ended": Ended(30, "")}, "0 sentences instead of one"),
        (STAYED, 6, {"ended": Ended(30, ERROR.replace("503", "502"))}, "not reported as expected"),
        (STAYED, 6, {"documents": {HIT: b"{}"}}, "there in spite of the failure"),
        (STAYED, 6, {"documents": {}}, "other lists are missing"),
        (STAYED, 5, {}, "5 attempts instead of 6 to 6"),
    ],
)
def test_a_run_that_is_otherwise_is_complained_of(
    combination: Combination, attempts: int, changed: dict[str, Any], complaint: str
) -> None:
    run = run_under(combination, attempts, **changed)

    assert complaint in "\n".join(complaints(combination, run, WHOLE))


def test_a_document_that_was_made_again_is_complained_of() -> None:
    before = run_under(STAYED, 6)
    written = {name: 1 + (name in before.documents) for name in WHOLE}
    again = Observed(Ended(0, ""), WHOLE, written, asked(STAYED.films, "1", 1))

    found = list(complaints_of_the_next(before, again, WHOLE))

    assert "the next run wrote a document again" in found
    assert f"the next run did not ask for what was missing of {HIT} alone" in found
