"""A credential that TMDB accepted is known in the next run, and the file gives nothing away."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
import support.fake_tmdb as fake
from support.fake_tmdb import V3_KEY, FakeTmdb
from support.luigi_runs import LuigiRun
from trials.plans import small_plan

from pipeline.tmdb.credential import Credential
from pipeline.tmdb.credential_state import MAX_AGE_DAYS, CredentialState

URL = "https://api.example/3"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "private" / "accepted"


def of(path: Path, key: str = V3_KEY, url: str = URL) -> CredentialState:
    return CredentialState(path, Credential(key), url)


def test_a_credential_is_accepted_once_remembered_and_until_forgotten(path: Path) -> None:
    assert not of(path).is_accepted()
    of(path).remember()
    assert of(path).is_accepted()
    of(path).forget()
    assert not of(path).is_accepted()
    assert not path.exists()
    of(path).forget()


def test_another_key_and_another_address_are_not_accepted(path: Path) -> None:
    of(path).remember()
    assert not of(path, "a" * 32).is_accepted()
    assert not of(path, url="https://proxy.example/3").is_accepted()


def test_a_credential_stays_accepted_for_a_week_and_a_day(path: Path) -> None:
    of(path).remember()
    for days, known in ((MAX_AGE_DAYS - 0.1, True), (MAX_AGE_DAYS + 0.1, False)):
        then = time.time() - days * 86_400
        os.utime(path, (then, then))
        assert of(path).is_accepted() is known


def test_the_file_is_private_and_holds_no_key(path: Path) -> None:
    of(path).remember()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert V3_KEY.encode() not in path.read_bytes()
    assert bytes.fromhex(V3_KEY) not in path.read_bytes()


@pytest.mark.parametrize("content", [b"", b"half", b"x" * 32, b"y" * 1000])
def test_a_damaged_file_accepts_no_credential_and_is_replaced(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700)
    path.write_bytes(content)
    assert not of(path).is_accepted()
    of(path).remember()
    assert of(path).is_accepted()


def test_without_a_usable_file_no_credential_is_accepted(tmp_path: Path) -> None:
    (tmp_path / "private").write_text("a file")
    nowhere = of(tmp_path / "private" / "accepted")
    nowhere.remember()
    nowhere.forget()
    assert not nowhere.is_accepted()


def test_the_first_request_goes_alone_unless_the_key_was_accepted_recently(
    luigi_run: LuigiRun, tmp_path: Path
) -> None:
    """Of a list of two pages: the second request follows the first answer, or does not wait."""
    both_arrived = threading.Barrier(2)
    waits_for_both = False

    def hold_until_both_arrived(path: str, query: Mapping[str, str]) -> None:
        if waits_for_both:
            both_arrived.wait(20)

    plan = str(small_plan(tmp_path / "plan"))
    with FakeTmdb(
        key=V3_KEY, limit=None, latency=0.1, choose_fault=hold_until_both_arrived
    ) as tmdb:
        words = ("PopularMovies", "--date")
        variables = {"TMDB_API_URL": tmdb.url, "PIPELINE_CONFIG_DIR": plan}
        first = luigi_run(*words, "2024-01-07", **variables)
        assert (first.status, tmdb.count(), tmdb.peak_in_flight) == (0, 2, 1), first.output
        waits_for_both = True
        again = luigi_run(*words, "2024-01-08", **variables)
        assert (again.status, tmdb.count()) == (0, 4), again.output


def test_a_key_that_is_refused_meanwhile_goes_alone_again(
    luigi_run: LuigiRun, tmdb: FakeTmdb
) -> None:
    assert luigi_run("PopularMovies", "--date", "2024-01-07").status == 0
    tmdb.fail(fake.refused(), times=None)
    assert luigi_run("PopularMovies", "--date", "2024-01-08").status == 30
    asked = tmdb.count()
    assert luigi_run("PopularMovies", "--date", "2024-01-09").status == 30
    assert tmdb.count() == asked + 1
