"""What a run under a fault has to be like: each way in which it is not is one complaint."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from support.fake_tmdb import V3_KEY, Request

from trials import runs
from trials.kinds import LONG_PAUSES, Cure
from trials.lists import LISTS, PAGES_OF_A_LIST
from trials.matrix import PAGES, TIMES, Combination
from trials.outages import OUTAGES

ATTEMPTS = runs.RETRIES + 1
FAILED = 30

Documents = Mapping[str, bytes]


class Observed(NamedTuple):
    """A run that has ended: what it said, what it left, when that was written, what it asked."""

    ended: runs.Ended
    documents: Documents
    written: Mapping[str, int]
    requests: list[Request]


def complaints(combination: Combination, run: Observed, whole: Documents) -> Iterator[str]:
    """Judge the run with the fault."""
    yield from about_what_it_says(run.ended)
    if combination.completes:
        yield from _about_completeness(run, whole)
    else:
        yield from _about_the_failure(combination, run)
        yield from _about_what_is_left(combination, run, whole)
    yield from _about_requests(combination, run)


def complaints_of_the_next(before: Observed, run: Observed, whole: Documents) -> Iterator[str]:
    """Judge the undisturbed run after it: complete, and nothing that was there is done again."""
    for each in (about_what_it_says(run.ended), _about_completeness(run, whole)):
        yield from (f"the next run: {complaint}" for complaint in each)
    if any(run.written[name] != before.written[name] for name in before.written):
        yield "the next run wrote a document again"
    for films in itertools.chain(*LISTS.values()):
        wanted = set(PAGES_OF_A_LIST)
        if films.document in before.documents or films.document not in whole:
            wanted = set()
        if {each.query["page"] for each in films.of(run.requests)} != wanted:
            yield f"the next run did not ask for what was missing of {films.document} alone"


def about_what_it_says(ended: runs.Ended) -> Iterator[str]:
    """Complain of what no run may ever say."""
    if "Traceback" in ended.output:
        yield "a traceback"
    if V3_KEY in ended.output:
        yield "the key is shown"


def _about_completeness(run: Observed, whole: Documents) -> Iterator[str]:
    if run.ended.status != 0:
        yield f"status {run.ended.status} instead of 0"
    if run.ended.errors:
        yield f"an error is reported: {run.ended.errors}"
    yield from differences(run.documents, whole)
    if missing := whole.keys() - run.documents.keys():
        yield f"missing: {sorted(missing)}"


def _about_the_failure(combination: Combination, run: Observed) -> Iterator[str]:
    if run.ended.status != FAILED:
        yield f"status {run.ended.status} instead of {FAILED}"
    if not run.ended.errors or (combination.spares_others and len(run.ended.errors) > 1):
        yield f"{len(run.ended.errors)} sentences instead of one"
    for sentence in run.ended.errors:
        missing = [words for words in _message_parts(combination) if words not in sentence]
        if missing or not sentence.endswith("."):
            yield f"not reported as expected ({missing}): {sentence}"


def _message_parts(combination: Combination) -> tuple[str, ...]:
    if combination.kind is None:
        outage = OUTAGES[combination.name]
        message, is_retried = outage.message, outage.is_retried
    else:
        message, is_retried = combination.kind.message, combination.kind.cure is Cure.RETRY
    return (message, f"in {ATTEMPTS} attempts (last error: ") if is_retried else (message,)


IDENTITY = "root.json"
"""Written with the first list of a run, whatever becomes of the others."""


def _about_what_is_left(combination: Combination, run: Observed, whole: Documents) -> Iterator[str]:
    yield from differences(run.documents, whole)
    lists = {films.document for films in LISTS[combination.job]}
    may_be_there = set() if combination.kind is None else lists - {combination.films.document}
    if wrong := run.documents.keys() - may_be_there - {IDENTITY}:
        yield f"there in spite of the failure: {sorted(wrong)}"
    if combination.spares_others and (lost := may_be_there - run.documents.keys()):
        yield f"other lists are missing: {sorted(lost)}"


def differences(found: Documents, whole: Documents) -> Iterator[str]:
    """Complain of each document that is not as undisturbed, and of whatever is left besides."""
    for name in sorted(found):
        if found[name] != whole.get(name):
            yield f"{name} is {'another' if name in whole else 'left over'}"


def _about_requests(combination: Combination, run: Observed) -> Iterator[str]:
    known = [films.of(run.requests, page) for films in LISTS[combination.job] for page in "123"]
    if sum(map(len, known)) != len(run.requests):
        yield "something else than the lists was asked for"
    if any(len(of_a_page) > ATTEMPTS for of_a_page in known):
        yield f"a page was asked for more than {ATTEMPTS} times"
    if combination.kind is None:
        return
    asked = combination.films.of(run.requests, str(PAGES[combination.position]))
    least, most = _attempts_seen(combination)
    if not least <= len(asked) <= most:
        yield f"{len(asked)} attempts instead of {least} to {most}"
    pauses = [after.at - before.at for before, after in itertools.pairwise(asked)]
    times = TIMES[combination.times] or ATTEMPTS
    least_pause = LONG_PAUSES.get(combination.name, 0.0)
    if any(each < least_pause for each in pauses[:times]):
        yield f"Retry-After was not kept to: {pauses}"


def _attempts_seen(combination: Combination) -> tuple[int, int]:
    """How many attempts at the page the server may have seen; a slow machine may need one more."""
    kind, times = combination.kind, TIMES[combination.times]
    if kind is None or not kind.passes or kind.cure is not Cure.RETRY:
        return 1, 1
    if kind.hits_next_connection:
        return 2 if times else 1, ATTEMPTS
    return (ATTEMPTS, ATTEMPTS) if times is None else (times + 1, ATTEMPTS)
