"""Runs whose way to TMDB is blocked or misconfigured, or that have to wait: one sentence each."""

from __future__ import annotations

from pathlib import Path

import pytest
import support.fake_tmdb as fake
from support.fake_tmdb import FakeTmdb
from support.luigi_runs import LuigiRun, Run

DAILY = ("DailySummary", "--date", "2024-01-07")
WEEKLY = ("WeeklyConsolidation", "--date", "2024-01-07")
POPULAR = ("PopularMovies", "--date", "2024-01-07")
FAILED = 30


def errors(run: Run) -> list[str]:
    """What the run says of level ERROR."""
    assert "Traceback" not in run.output, run.output
    return [line.partition(" ERROR: ")[2] for line in run.err.splitlines() if " ERROR: " in line]


@pytest.mark.parametrize("variable", ["ALL_PROXY", "all_proxy", "HTTP_PROXY"])
def test_a_proxy_that_cannot_work_ends_the_run_at_once(
    luigi_run: LuigiRun, tmdb: FakeTmdb, variable: str
) -> None:
    run = luigi_run(*DAILY, **{variable: "socks5h://127.0.0.1:9", "TMDB_MAX_RETRIES": "5"})

    assert run.status == FAILED, run.output
    assert errors(run)
    assert all("ALL_PROXY names a proxy that cannot be used" in each for each in errors(run))
    assert "follows in" not in run.output
    assert tmdb.count() == 0


def test_a_block_page_is_met_once_and_the_key_is_not_blamed(
    luigi_run: LuigiRun, tmdb: FakeTmdb
) -> None:
    assert luigi_run(*POPULAR).status == 0
    asked = tmdb.count()
    tmdb.fail(fake.blocked(403), times=None)

    run = luigi_run("WeeklyConsolidation", "--date", "2024-01-14", TMDB_MAX_RETRIES="5")

    assert run.status == FAILED, run.output
    assert all("something between here and TMDB is in the way" in each for each in errors(run))
    assert "TMDB_API_KEY" not in run.err
    assert tmdb.count() - asked <= 16, "the pages of one list, which went at once"


def test_nothing_is_requested_before_the_time_that_tmdb_asks_for_is_over(
    luigi_run: LuigiRun, tmdb: FakeTmdb
) -> None:
    """Neither by this run nor by later ones; each says until when."""
    tmdb.fail(fake.too_many("86400"))
    for workers in ("1", "4"):
        run = luigi_run(*WEEKLY, "--workers", workers, TMDB_MAX_RETRIES="5")

        assert run.status == FAILED, run.output
        assert errors(run)
        assert all("asks to wait until 20" in each for each in errors(run))
    assert tmdb.count() == 1


def test_the_same_pages_are_collected_whether_or_not_the_key_was_known(
    luigi_run: LuigiRun, tmdb: FakeTmdb, data_dir: Path
) -> None:
    one_page = fake.edit(lambda page: page.update(total_pages=1))
    tmdb.fail(one_page, path="/movie/popular", page=1, times=None)
    sizes = []
    for day in ("2024-01-07", "2024-01-08"):
        assert luigi_run("PopularMovies", "--date", day).status == 0
        path = data_dir / f"raw/movies/daily/popular_movies_{day.replace('-', '')}.json"
        sizes.append(path.read_text().count('"popularity"'))

    assert sizes == [100, 100]
    assert tmdb.pages("/movie/popular") == sorted([1, 2, 3, 4, 5] * 2)
