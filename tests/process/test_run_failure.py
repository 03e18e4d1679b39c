"""What concerns every list of a run is met once, known to all its processes, and not for ever."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from pathlib import Path

import pytest
from support.fake_tmdb import V3_KEY

from pipeline.credential import Credential
from pipeline.errors import TmdbUnavailable
from pipeline.tmdb.run_failure import RunFailure

URL = "https://api.example/3"


AWAY = TmdbUnavailable("The host is away; see the network.", path="/movie/popular")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "private" / "failure"


def of(path: Path, key: str = V3_KEY, url: str = URL) -> RunFailure:
    return RunFailure(path, Credential(key), url)


def sentence_of(failure: RunFailure) -> str:
    """The sentence that a request of the run fails with before it is sent, or nothing."""
    try:
        failure.raise_known(answered=False)
    except TmdbUnavailable as error:
        return str(error)
    return ""


def in_child(method: str, act: Callable[[], None]) -> None:
    process = multiprocessing.get_context(method).Process(target=act)
    process.start()
    process.join(60)
    assert process.exitcode == 0


class _Noting:
    """What a child does; it has to be found by name in a process that is spawned."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self) -> None:
        of(self._path).note(AWAY)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_what_a_worker_notes_is_known_to_the_others_however_they_are_started(
    path: Path, method: str
) -> None:
    in_child(method, _Noting(path))

    assert sentence_of(of(path)) == str(AWAY)
