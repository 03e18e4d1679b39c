"""One refusal is known to every process of the run, and to nobody for another key or address."""

from __future__ import annotations

import os

from conftest import V3_KEY

from pipeline.credential import Credential
from pipeline.tmdb.refusals import Refusals

URL = "https://api.example/3"


def test_what_was_refused_is_known_and_nothing_else() -> None:
    refusals = Refusals()
    assert not refusals.knows(Credential(V3_KEY), URL)
    refusals.remember(Credential(V3_KEY), URL)
    assert refusals.knows(Credential(V3_KEY), URL)
    assert not refusals.knows(Credential("a" * 32), URL)
    assert not refusals.knows(Credential(V3_KEY), "https://proxy.example/3")


def test_a_workers_refusal_is_known_to_the_process_that_forked_it() -> None:
    refusals = Refusals()
    worker = os.fork()
    if not worker:
        refusals.remember(Credential(V3_KEY), URL)
        os._exit(0)
    os.waitpid(worker, 0)
    assert refusals.knows(Credential(V3_KEY), URL)
