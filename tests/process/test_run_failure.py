"""What concerns every list of a run is known to all processes of the run."""

from __future__ import annotations

import multiprocessing
import re
from multiprocessing.context import ForkContext, SpawnContext
from pathlib import Path

import pytest
from support.fake_tmdb import V3_KEY

from pipeline.errors import TmdbUnavailable
from pipeline.tmdb.credential import Credential
from pipeline.tmdb.run_failure import RunFailure

AWAY = TmdbUnavailable("The host is away; see the network.", path="/movie/popular")


def run_failure(path: Path) -> RunFailure:
    return RunFailure(path, Credential(V3_KEY), "https://api.example/3")


def note(path: Path) -> None:
    """What a child does; it has to be found by name in a process that is spawned."""
    run_failure(path).note(AWAY)


@pytest.mark.parametrize(
    "context",
    [multiprocessing.get_context("fork"), multiprocessing.get_context("spawn")],
    ids=["fork", "spawn"],
)
def test_what_a_worker_notes_is_known_to_the_others_however_they_are_started(
    tmp_path: Path, context: ForkContext | SpawnContext
) -> None:
    path = tmp_path / "private" / "failure"
    process = context.Process(target=note, args=(path,))
    process.start()
    process.join(60)
    assert process.exitcode == 0

    with pytest.raises(TmdbUnavailable, match=f"^{re.escape(str(AWAY))}$"):
        run_failure(path).raise_known(answered=False)
