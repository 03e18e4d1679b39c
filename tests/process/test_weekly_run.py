"""The weekly run as a user starts it: `luigi --module pipeline WeeklyConsolidation --date D`."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from support.data_roots import DataRoots, FinishedRun, finished_run
from support.fake_tmdb import FakeTmdb, Row, refused
from support.fake_tmdb.catalogue import Catalogue, api_path
from support.luigi_runs import LuigiRun
from support.page_documents import GENRES
from support.stored_documents import files_below, read
from trials.plans import small_plan

DATE = "2024-01-07"
COMMAND = ("WeeklyConsolidation", "--date", DATE)

TOP_RATED = "raw/movies/weekly/top_rated_20240107.json"
REPORT = "raw/metadata/quality_reports/weekly_validation_report_20240107.json"
CONSOLIDATED = "processed/weekly/consolidated_week_1_20240107.json"
GENRE_FILES = [f"raw/movies/genre/{slug}_20240107.json" for slug in GENRES]

ALWAYS = {
    "collection_type", "collection_date", "total_collected", "pages_processed", "schema_version",
    "source", "language", "region", "collected_at", "late_by_days", "pages_requested",
    "duplicates_dropped", "total_results", "week_number", "requests", "retries",
    "bytes_received", "duration_seconds",
}  # fmt: skip
"""What `collection_info` of each of the week's lists holds."""

CONSOLIDATION_KEYS = [
    "consolidation_date", "week_number", "sources_processed", "total_unique_movies", "by_category",
]  # fmt: skip
CONSOLIDATION_ALSO = {
    "verdict", "quality_report", "numbers_differ", "late_by_days", "source", "language", "region",
    "schema_version",
}  # fmt: skip


def rows_of(path: str, pages: int, **query: str) -> list[Row]:
    """What the fake answers for these pages, asked without a network."""
    query = {"language": "ko-KR", **query}
    bodies = [
        Catalogue().answer(f"/3{path}", {**query, "page": str(p + 1)})[1] for p in range(pages)
    ]
    return [row for body in bodies for row in body["results"]]


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    """A week that nothing disturbed, for tests that only look at what it left."""
    return finished_run(tmp_path_factory.mktemp("week"), *COMMAND)


@pytest.fixture(scope="module")
def week_of_four_workers(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    return finished_run(tmp_path_factory.mktemp("four"), *COMMAND, "--workers", "4")


@pytest.fixture
def four_lists(tmp_path: Path) -> str:
    """A plan of three genres and top rated, with all their pages: one list for each worker."""
    plan = small_plan(tmp_path / "config") / "collection.toml"
    genres = (f'{{ id = {GENRES[slug][0]}, slug = "{slug}", name = "{slug}" }}' for slug in
              ("action", "comedy", "drama"))  # fmt: skip
    text = plan.read_text(encoding="utf-8").partition("list =")[0]
    text = text.replace("genre = 1", "genre = 15").replace("top_rated = 2", "top_rated = 20")
    plan.write_text(f"{text}list = [{', '.join(genres)}]\n", encoding="utf-8")
    return str(plan.parent)


def test_a_week_is_eleven_files_and_the_console_tells_how_many_films(week: FinishedRun) -> None:
    assert files_below(week.root) == {
        *GENRE_FILES, TOP_RATED, REPORT, CONSOLIDATED, "root.json",
    }  # fmt: skip
    assert f"2800 movies, each once: {week.root / CONSOLIDATED}" in week.run.output


def test_each_file_has_the_keys_of_the_contract(week: FinishedRun) -> None:
    data_dir = week.root
    for name, (number, korean) in zip(GENRE_FILES, GENRES.values(), strict=True):
        document = read(data_dir, name)
        info = document["collection_info"]
        assert list(document) == ["movies", "collection_info"]
        assert set(info) == ALWAYS | {"genre_id", "genre_name"}
        assert (info["collection_type"], info["week_number"]) == ("weekly_genre", 1)
        assert (info["genre_id"], info["genre_name"]) == (number, korean)
        assert info["total_collected"] == len(document["movies"]) == 300
    top_rated = read(data_dir, TOP_RATED)
    assert list(top_rated) == ["movies", "collection_info"]
    assert set(top_rated["collection_info"]) == ALWAYS | {"min_rating", "below_min_rating"}
    assert top_rated["collection_info"]["collection_type"] == "weekly_top_rated"
    assert top_rated["collection_info"]["min_rating"] == 7.5
    consolidated = read(data_dir, CONSOLIDATED)
    assert list(consolidated) == ["movies", "consolidation_info"]
    info = consolidated["consolidation_info"]
    assert list(info)[: len(CONSOLIDATION_KEYS)] == CONSOLIDATION_KEYS
    assert set(info) == {*CONSOLIDATION_KEYS, *CONSOLIDATION_ALSO}


def test_a_week_costs_140_requests_and_asks_nothing_twice(
    week_of_four_workers: FinishedRun,
) -> None:
    requests = week_of_four_workers.requests
    asked = Counter(
        (api_path(one.path), int(one.query["page"]), one.query.get("with_genres", ""))
        for one in requests
    )
    pages_of_genres = {
        ("/discover/movie", page, str(number))
        for number, _ in GENRES.values()
        for page in range(1, 16)
    }
    pages_of_top_rated = {("/movie/top_rated", page, "") for page in range(1, 21)}
    assert len(requests) == 140
    assert set(asked) == pages_of_genres | pages_of_top_rated
    assert set(asked.values()) == {1}


def test_never_more_than_16_connections(luigi_run: LuigiRun, four_lists: str) -> None:
    with FakeTmdb(limit=None, latency=0.02) as tmdb:
        run = luigi_run(*COMMAND, TMDB_API_URL=tmdb.url, PIPELINE_CONFIG_DIR=four_lists)
    assert run.status == 0
    assert 8 <= tmdb.peak_connections <= 16


WITHOUT_A_COMMAND_LINE = """
import datetime
import multiprocessing
import sys
import tempfile

import luigi

import pipeline

if __name__ == "__main__":
    if sys.argv[1]:
        multiprocessing.set_start_method(sys.argv[1])
    week = pipeline.WeeklyConsolidation(date=datetime.date(2024, 1, 7))
    sys.exit(not luigi.build([week], workers=4, local_scheduler=True))
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_never_more_than_16_connections_however_luigi_is_started(
    method: str,
    environment: dict[str, str],
    clean_environment: Path,
    data_dir: Path,
    four_lists: str,
) -> None:
    """Neither `luigi.build` nor a process that is spawned says how many workers there are."""
    script = clean_environment / "week.py"
    script.write_text(WITHOUT_A_COMMAND_LINE)
    # A forkserver puts a socket into TMPDIR, and the path of a socket has at most 107 bytes.
    with (
        FakeTmdb(limit=None, latency=0.1) as tmdb,
        tempfile.TemporaryDirectory(dir="/tmp") as temporary,
    ):
        done = subprocess.run(
            [sys.executable, str(script), method],
            env=environment
            | {"TMDB_API_URL": tmdb.url, "TMPDIR": temporary, "PIPELINE_CONFIG_DIR": four_lists},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert (data_dir / CONSOLIDATED).exists()
    assert 8 <= tmdb.peak_connections <= 16


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_refused_key_is_met_by_no_more_lists_than_there_are_workers(
    method: str, environment: dict[str, str], clean_environment: Path, four_lists: str
) -> None:
    script = clean_environment / "week.py"
    script.write_text(WITHOUT_A_COMMAND_LINE)
    with FakeTmdb(key="0" * 32, limit=None) as tmdb:
        subprocess.run(
            [sys.executable, str(script), method],
            env=environment | {"TMDB_API_URL": tmdb.url, "PIPELINE_CONFIG_DIR": four_lists},
            capture_output=True,
            timeout=100,
            check=False,
        )
    assert 1 <= tmdb.count() <= 4


TWO_RUNS = """
import datetime
import sys
import tempfile

import luigi

import pipeline

if __name__ == "__main__":
    first, second = datetime.date(2024, 1, 7), datetime.date(2024, 1, 14)
    ended = []
    for day in (first, second):
        tasks = [pipeline.PopularMovies(date=day), pipeline.TrendingMovies(date=day)]
        ended.append(luigi.build(tasks, workers=int(sys.argv[1]), local_scheduler=True))
    sys.exit(ended != [False, True])
"""


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_next_run_of_the_same_process_tries_again(
    workers: str, environment: dict[str, str], clean_environment: Path, tmdb: FakeTmdb
) -> None:
    script = clean_environment / "twice.py"
    script.write_text(TWO_RUNS)
    tmdb.fail(refused())
    done = subprocess.run(
        [sys.executable, str(script), workers],
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr


SLOW_TO_GO = """
import time
from multiprocessing.process import BaseProcess

_whole = BaseProcess._bootstrap

def _slow(self, *positional, **named):
    status = _whole(self, *positional, **named)
    time.sleep(0.2)
    return status

BaseProcess._bootstrap = _slow
"""
"""Each process of a task lives on for a moment after its result is known, as under load."""


def test_a_process_that_is_about_to_go_holds_no_connection(
    luigi_run: LuigiRun, tmp_path: Path, four_lists: str
) -> None:
    """Luigi starts the next task once it knows a result, not once that process has ended."""
    (tmp_path / "sitecustomize.py").write_text(SLOW_TO_GO, encoding="utf-8")
    with FakeTmdb(limit=None, latency=0.02) as tmdb:
        run = luigi_run(
            *(*COMMAND, "--workers", "4"),
            TMDB_API_URL=tmdb.url,
            PYTHONPATH=str(tmp_path),
            PIPELINE_CONFIG_DIR=four_lists,
        )
    assert run.status == 0
    assert 8 <= tmdb.peak_connections <= 16


def test_the_same_command_again_asks_nothing_and_says_where_the_files_are(
    week: FinishedRun, luigi_run: LuigiRun, data_dir: Path, tmdb: FakeTmdb
) -> None:
    shutil.copytree(week.root, data_dir)
    before = {name: (data_dir / name).stat().st_mtime_ns for name in files_below(data_dir)}
    again = luigi_run(*COMMAND)
    assert again.status == 0
    assert tmdb.count() == 0
    assert {name: (data_dir / name).stat().st_mtime_ns for name in before} == before
    assert "was done already" in again.output
    assert "Execution Summary" not in again.output
    assert f"The files are in {data_dir}" in again.output


def test_rows_are_kept_as_received_and_in_their_order(week: FinishedRun) -> None:
    data_dir = week.root
    for name, (number, _) in zip(GENRE_FILES, GENRES.values(), strict=True):
        expected = rows_of("/discover/movie", 15, with_genres=str(number))
        assert json.dumps(read(data_dir, name)["movies"]) == json.dumps(expected)
    expected = rows_of("/movie/top_rated", 20)
    assert json.dumps(read(data_dir, TOP_RATED)["movies"]) == json.dumps(expected)


def test_one_worker_and_four_collect_the_same_films(
    week: FinishedRun, week_of_four_workers: FinishedRun
) -> None:
    one, four = week.root, week_of_four_workers.root
    assert files_below(four) == files_below(one)
    for name in files_below(four) - {REPORT, "root.json"}:
        assert json.dumps(read(four, name)["movies"]) == json.dumps(read(one, name)["movies"])


def test_films_rated_below_the_minimum_are_left_out(luigi_run: LuigiRun, data_dir: Path) -> None:
    with FakeTmdb(limit=None, low_ratings=True) as tmdb:
        assert luigi_run("TopRatedMovies", "--date", DATE, TMDB_API_URL=tmdb.url).status == 0
    document = read(data_dir, TOP_RATED)
    ratings = [film["vote_average"] for film in document["movies"]]
    assert min(ratings) >= 7.5
    assert 0 < len(ratings) < 400
    assert document["collection_info"]["total_collected"] == len(ratings)


def test_the_week_holds_each_film_once_and_its_figures_add_up(
    luigi_run: LuigiRun, data_dir: Path
) -> None:
    """Each genre's first page is led by the same film; top rated begins with two action films."""
    shared = rows_of("/movie/popular", 1)[0]
    action = rows_of("/discover/movie", 1, with_genres="28")[1:3]

    def rows(name: str, page: int, query: Any) -> list[Row] | None:
        if page > 1:
            return None
        usual = Catalogue().answer(f"/3{name}", query)[1]["results"]
        if name == "/movie/top_rated":
            return [*action, *usual[2:]]
        return [shared | {"popularity": float(query["with_genres"])}, *usual[1:]]

    with FakeTmdb(limit=None, rows=rows) as tmdb:
        assert luigi_run(*COMMAND, TMDB_API_URL=tmdb.url).status == 0
    document = read(data_dir, CONSOLIDATED)
    films, info = document["movies"], document["consolidation_info"]
    ids = [film["id"] for film in films]
    assert len(set(ids)) == len(ids) == info["total_unique_movies"] == 8 * 300 - 7 + 400 - 2
    assert info["by_category"] == {"장르별": 8 * 300 - 7, "평점별": 398}
    assert info["sources_processed"] == [*GENRE_FILES, TOP_RATED]
    assert (info["consolidation_date"], info["week_number"]) == (DATE, 1)
    first = films[0]
    assert first == shared | {
        "popularity": 28.0,
        "found_in": [{"list": slug, "rank": 1} for slug in GENRES],
    }
    assert films[1] == action[0] | {
        "found_in": [{"list": "action", "rank": 2}, {"list": "top_rated", "rank": 1}]
    }


def test_removing_one_genre_and_the_week_collects_only_that_genre_again(
    week: FinishedRun, luigi_run: LuigiRun, data_dir: Path, tmdb: FakeTmdb
) -> None:
    shutil.copytree(week.root, data_dir)
    before = read(data_dir, CONSOLIDATED)["movies"]
    (data_dir / GENRE_FILES[3]).unlink()
    (data_dir / CONSOLIDATED).unlink()
    again = luigi_run(*COMMAND)
    assert again.status == 0
    assert len(tmdb.requests) == 15
    assert {one.query["with_genres"] for one in tmdb.requests} == {"27"}
    assert read(data_dir, CONSOLIDATED)["movies"] == before


def test_a_late_week_is_accepted_stamped_and_warned_of(week: FinishedRun) -> None:
    run, data_dir = week.run, week.root
    late = {read(data_dir, name)["collection_info"]["late_by_days"] for name in GENRE_FILES}
    assert min(late) > 1000
    assert read(data_dir, CONSOLIDATED)["consolidation_info"]["late_by_days"] >= max(late)
    assert f"collected {max(late)} day" in run.err


def test_the_week_of_the_file_is_the_iso_week(data_roots: DataRoots) -> None:
    root = data_roots.root(("WeeklyConsolidation", "2021-01-03"))
    assert (root / "processed/weekly/consolidated_week_53_20210103.json").is_file()


def test_the_week_carries_the_verdict_of_its_lists(luigi_run: LuigiRun, data_dir: Path) -> None:
    run = luigi_run(*COMMAND, TMDB_API_KEY="demo")
    assert run.status == 0, run.output
    report, info = read(data_dir, REPORT), read(data_dir, CONSOLIDATED)["consolidation_info"]
    assert (report["verdict"], info["verdict"]) == ("pass", "pass")
    assert info["quality_report"] == REPORT
    assert [each["file"] for each in report["files_validated"]] == [*GENRE_FILES, TOP_RATED]
    assert list(report["profiles"]) == [*GENRES, "top_rated"]


def test_a_genre_may_have_any_slug(luigi_run: LuigiRun, data_dir: Path, tmp_path: Path) -> None:
    slugs = ("report", "lists", "severity", "films", "weekly", "name")
    plan = small_plan(tmp_path / "config") / "collection.toml"
    numbers = [number for number, _ in GENRES.values()]
    genres = (f'{{ id = {number}, slug = "{slug}", name = "{slug}" }}' for number, slug in
              zip(numbers, slugs, strict=False))  # fmt: skip
    text = plan.read_text(encoding="utf-8").partition("list =")[0]
    plan.write_text(f"{text}list = [{', '.join(genres)}]\n", encoding="utf-8")
    chosen = {"TMDB_API_KEY": "demo", "PIPELINE_CONFIG_DIR": str(plan.parent)}
    for task in ("WeeklyConsolidation", "IndexPage"):
        run = luigi_run(task, "--date", DATE, **chosen)
        assert run.status == 0, run.output
    week = read(data_dir, CONSOLIDATED)
    files = [f"raw/movies/genre/{slug}_20240107.json" for slug in slugs]
    assert week["consolidation_info"]["sources_processed"] == [*files, TOP_RATED]
    lists = {place["list"] for film in week["movies"] for place in film["found_in"]}
    assert lists == {*slugs, "top_rated"}
