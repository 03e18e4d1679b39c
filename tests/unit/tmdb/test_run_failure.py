"""What concerns every list of a run is met once, known to all its processes, and not for ever."""

from __future__ import annotations

import itertools
import json
import multiprocessing
import os
import threading
from pathlib import Path

import pytest
from support.fake_tmdb import V3_KEY

from pipeline import clock
from pipeline.errors import CredentialRefused, TmdbUnavailable
from pipeline.tmdb.credential import Credential
from pipeline.tmdb.run_failure import MAX_AGE_SECONDS, UNNAMED, Attempt, RunFailure

URL = "https://api.example/3"
AWAY = TmdbUnavailable("The host is away; see the network.", path="/movie/popular")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "private" / "failure"


def of(path: Path, key: str = V3_KEY, url: str = URL, attempt: Attempt = UNNAMED) -> RunFailure:
    return RunFailure(path, Credential(key), url, attempt)


def sentence_of(failure: RunFailure) -> str:
    """The sentence that a request of the run fails with before it is sent, or nothing."""
    try:
        failure.raise_known(answered=False)
    except TmdbUnavailable as error:
        return str(error)
    return ""


def test_a_failure_that_was_noted_is_raised_as_what_it_was(path: Path) -> None:
    of(path).raise_known(answered=False)
    of(path).note(CredentialRefused("The key is wrong."))

    with pytest.raises(CredentialRefused, match=r"^The key is wrong\.$"):
        of(path).raise_known(answered=False)


def test_the_first_of_several_failures_counts(path: Path) -> None:
    failure = of(path)
    failure.note(AWAY)
    failure.note(CredentialRefused("The key is wrong."))

    assert sentence_of(failure) == str(AWAY)


def test_another_key_address_or_run_ignores_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of(path).note(AWAY)

    assert sentence_of(of(path, "a" * 32)) == ""
    assert sentence_of(of(path, url="https://proxy.example/3")) == ""
    monkeypatch.setitem(multiprocessing.current_process()._config, "authkey", os.urandom(32))  # type: ignore[attr-defined]
    assert sentence_of(of(path)) == ""


def test_a_run_by_another_worker_of_luigi_ignores_it(path: Path) -> None:
    """As in a process that calls `luigi.build` again."""
    of(path, attempt=Attempt("popular", "Worker(salt=1)")).note(AWAY)
    assert sentence_of(of(path, attempt=Attempt("trending", "Worker(salt=1)"))) == str(AWAY)

    assert sentence_of(of(path, attempt=Attempt("trending", "Worker(salt=2)"))) == ""


def test_a_list_that_has_not_been_tried_yet_fails_with_it(path: Path) -> None:
    of(path, attempt=Attempt("popular")).note(AWAY)

    assert sentence_of(of(path, attempt=Attempt("trending"))) == str(AWAY)


def test_a_list_that_tmdb_answers_goes_on_unless_the_key_is_refused(path: Path) -> None:
    of(path).note(AWAY)
    of(path).raise_known(answered=True)

    path.unlink()
    of(path).note(CredentialRefused("The key is wrong."))
    with pytest.raises(CredentialRefused):
        of(path).raise_known(answered=True)


@pytest.mark.parametrize("first", ["popular", "trending"])
def test_the_next_attempt_of_a_list_tries_everything_again(path: Path, first: str) -> None:
    """As an unattended run does after its delay, whichever list luigi takes first."""
    of(path, attempt=Attempt("popular")).note(AWAY)
    assert sentence_of(of(path, attempt=Attempt("trending"))) == str(AWAY)

    assert sentence_of(of(path, attempt=Attempt(first))) == ""


def test_a_noted_failure_expires(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failure, now = of(path), clock.monotonic()
    failure.note(AWAY)
    for seconds, known in ((MAX_AGE_SECONDS - 1, True), (MAX_AGE_SECONDS + 1, False), (-60, False)):
        monkeypatch.setattr(clock, "monotonic", lambda at=now + seconds: at)
        assert bool(sentence_of(failure)) is known, seconds


def test_a_noted_failure_is_read_while_others_add_to_it(path: Path) -> None:
    of(path).note(AWAY)
    over = threading.Event()

    def add() -> None:
        for number in itertools.count():
            sentence_of(of(path, attempt=Attempt(f"list {number}")))
            if over.is_set():
                return

    adding = threading.Thread(target=add)
    adding.start()
    try:
        failure = of(path)
        assert all(sentence_of(failure) for _ in range(300))
    finally:
        over.set()
        adding.join()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"half",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b'{"of": 1, "at": 0, "error": "x", "sentence": 1}',
    ],
    ids=["empty", "no JSON", "a list", "no field", "deep", "wrong fields"],
)
def test_a_damaged_file_says_nothing_and_is_replaced(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700)
    path.write_bytes(content)
    assert sentence_of(of(path)) == ""
    of(path).note(AWAY)
    assert sentence_of(of(path)) == str(AWAY)


def test_a_file_that_names_no_error_of_tmdb_says_nothing(path: Path) -> None:
    of(path).note(AWAY)
    for name in ("clock", "PipelineError", "missing", "plain"):
        path.write_text(json.dumps(json.loads(path.read_text()) | {"error": name}))
        assert sentence_of(of(path)) == ""


def test_a_pipe_in_place_of_the_file_blocks_nothing(path: Path) -> None:
    path.parent.mkdir(mode=0o700)
    os.mkfifo(path)
    assert sentence_of(of(path)) == ""


def test_without_a_usable_file_each_list_finds_out_for_itself(tmp_path: Path) -> None:
    (tmp_path / "private").write_text("a file")
    failure = of(tmp_path / "private" / "failure")
    failure.note(AWAY)
    assert sentence_of(failure) == ""


def test_the_file_is_private_and_holds_no_secret(path: Path) -> None:
    of(path).note(AWAY)
    content = path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert V3_KEY.encode() not in content
    assert bytes(multiprocessing.current_process().authkey).hex().encode() not in content
