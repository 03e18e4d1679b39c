"""The daily run as a user starts it: `luigi --module pipeline DailySummary --date D`."""

from __future__ import annotations

import datetime
import json
import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support.data_roots import DataRoots, FinishedRun, finished_run
from support.fake_tmdb import FakeTmdb, Row, status
from support.fake_tmdb.catalogue import Catalogue, api_path
from support.luigi_runs import LuigiRun
from support.stored_documents import files_below, read

DATE = "2024-01-07"
COMMAND = ("DailySummary", "--date", DATE)

POPULAR = "raw/movies/daily/popular_movies_20240107.json"
TRENDING = "raw/movies/trending/trending_movies_20240107.json"
REPORT = "raw/metadata/quality_reports/validation_report_20240107.json"
SUMMARY = "raw/metadata/daily_summaries/daily_summary_20240107.json"

ALWAYS = {
    "collection_type", "collection_date", "total_collected", "pages_processed", "schema_version",
    "source", "language", "region", "collected_at", "late_by_days", "pages_requested",
    "duplicates_dropped", "total_results", "requests", "retries", "bytes_received",
    "duration_seconds",
}  # fmt: skip
"""What `collection_info` of each of the day's lists holds."""

REPORT_KEYS = [
    "validation_date", "files_validated", "overall_quality_score", "total_movies_validated",
    "total_movies_passed", "validation_rate", "quality_distribution", "common_issues",
]  # fmt: skip
REPORT_ALSO = {
    "verdict", "checks", "failed_lists", "drift", "pass_threshold",
    "below_threshold", "late_by_days", "source", "language", "region", "schema_version", "profiles",
}  # fmt: skip
SUMMARY_KEYS = [
    "summary_date", "run_id", "collection_summary", "quality_summary", "execution_summary",
]  # fmt: skip
SUMMARY_ALSO = {"verdict", "changes", "late_by_days", "source", "schema_version"}


def rows_of(path: str, pages: int) -> list[Row]:
    """What the fake answers for these pages, asked without a network."""
    query = {"language": "ko-KR", "region": "KR"}
    bodies = [
        Catalogue().answer(f"/3{path}", {**query, "page": str(p + 1)})[1] for p in range(pages)
    ]
    return [row for body in bodies for row in body["results"]]


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    """A day that nothing disturbed, for tests that only look at what it left."""
    return finished_run(tmp_path_factory.mktemp("day"), *COMMAND)


def untitled(one_in: int) -> Any:
    """Popular and trending rows of which one in so many has no title, and so is not valid."""

    def rows(name: str, page: int, query: Mapping[str, str]) -> list[Row]:
        body = Catalogue().answer(f"/3{name}", query)[1]
        return [
            row | {"title": ""} if place % one_in == 0 else row
            for place, row in enumerate(body["results"])
        ]

    return rows


def test_a_day_is_four_files_and_costs_six_requests(day: FinishedRun) -> None:
    assert files_below(day.root) == {POPULAR, TRENDING, REPORT, SUMMARY, "root.json"}
    pages = Counter((api_path(one.path), int(one.query["page"])) for one in day.requests)
    popular = {("/movie/popular", page): 1 for page in (1, 2, 3, 4, 5)}
    assert pages == {**popular, ("/trending/movie/day", 1): 1}


def test_each_file_has_the_keys_of_the_contract(day: FinishedRun) -> None:
    popular, trending = read(day.root, POPULAR), read(day.root, TRENDING)
    report, summary = read(day.root, REPORT), read(day.root, SUMMARY)
    assert list(popular) == list(trending) == ["movies", "collection_info"]
    assert set(popular["collection_info"]) == ALWAYS
    assert set(trending["collection_info"]) == ALWAYS | {"time_window"}
    assert list(report)[: len(REPORT_KEYS)] == REPORT_KEYS
    assert set(report) == {*REPORT_KEYS, *REPORT_ALSO}
    assert list(summary)[: len(SUMMARY_KEYS)] == SUMMARY_KEYS
    assert set(summary) == {*SUMMARY_KEYS, *SUMMARY_ALSO}
    assert set(summary["execution_summary"]) == {
        "start_time", "end_time", "duration_minutes", "requests", "retries", "bytes_received",
        "tasks",
    }  # fmt: skip
    assert {tuple(check) for check in report["checks"]} == {
        ("id", "description", "severity", "success", "evidence")
    }


def test_the_figures_of_the_files_agree_with_each_other(day: FinishedRun) -> None:
    info = read(day.root, POPULAR)["collection_info"]
    report, summary = read(day.root, REPORT), read(day.root, SUMMARY)
    assert info["collection_type"] == "daily_popular"
    assert (info["collection_date"], info["source"]) == (DATE, "tmdb")
    assert (info["language"], info["region"]) == ("ko-KR", "KR")
    assert info["total_collected"] == len(read(day.root, POPULAR)["movies"]) == 100
    assert info["pages_processed"] == info["pages_requested"] == 5
    assert read(day.root, TRENDING)["collection_info"]["time_window"] == "day"
    assert report["files_validated"] == [
        {"file": POPULAR, "movie_count": 100},
        {"file": TRENDING, "movie_count": 20},
    ]
    assert report["total_movies_validated"] == report["total_movies_passed"] == 120
    assert report["validation_rate"] == 100
    assert sum(report["quality_distribution"].values()) == 120
    assert summary["quality_summary"] == report
    assert summary["collection_summary"] == {
        "popular_movies": 100,
        "trending_movies": 20,
        "total_collected": 120,
    }


def test_the_same_command_again_asks_nothing_and_says_where_the_files_are(
    day: FinishedRun, luigi_run: LuigiRun, data_dir: Path, tmdb: FakeTmdb
) -> None:
    shutil.copytree(day.root, data_dir)
    before = {name: (data_dir / name).stat().st_mtime_ns for name in files_below(data_dir)}
    again = luigi_run(*COMMAND)
    assert again.status == 0
    assert tmdb.count() == 0
    assert {name: (data_dir / name).stat().st_mtime_ns for name in before} == before
    assert "was done already" in again.output
    assert "Execution Summary" not in again.output
    assert f"The files are in {data_dir}" in again.output


def test_rows_are_kept_as_received_and_in_their_order(day: FinishedRun) -> None:
    for name, path, pages in [
        (POPULAR, "/movie/popular", 5),
        (TRENDING, "/trending/movie/day", 1),
    ]:
        movies = read(day.root, name)["movies"]
        assert json.dumps(movies) == json.dumps(rows_of(path, pages))


def test_fields_nobody_knows_are_kept_and_korean_stays_readable(
    luigi_run: LuigiRun, data_dir: Path
) -> None:
    odd = rows_of("/movie/popular", 1)[0] | {
        "title": "범죄도시 — ‘4’ 🎬",
        "brand_new": {"since": [2027, None, 1.50]},
        "poster_path": None,
    }
    with FakeTmdb(limit=None, total_pages=1, rows=lambda name, page, query: [odd]) as tmdb:
        assert luigi_run(*COMMAND, TMDB_API_URL=tmdb.url).status == 0
    text = (data_dir / POPULAR).read_text(encoding="utf-8")
    assert json.dumps(json.loads(text)["movies"]) == json.dumps([odd])
    assert "범죄도시 — ‘4’ 🎬" in text
    assert "\n  " in text


def test_a_film_that_stands_on_two_pages_is_kept_once(luigi_run: LuigiRun, data_dir: Path) -> None:
    with FakeTmdb(limit=None, repeat_last_on_next_page=True) as tmdb:
        assert luigi_run(*COMMAND, TMDB_API_URL=tmdb.url).status == 0
    document = read(data_dir, POPULAR)
    ids = [film["id"] for film in document["movies"]]
    assert ids == sorted(set(ids))
    assert len(ids) == document["collection_info"]["total_collected"] == 96
    assert document["collection_info"]["duplicates_dropped"] == 4


def test_one_worker_and_four_collect_the_same_films(
    day: FinishedRun, luigi_run: LuigiRun, data_dir: Path
) -> None:
    assert luigi_run(*COMMAND, "--workers", "4").status == 0
    assert files_below(data_dir) == files_below(day.root)
    for name in (POPULAR, TRENDING):
        assert json.dumps(read(data_dir, name)["movies"]) == json.dumps(
            read(day.root, name)["movies"]
        )


def test_a_late_date_is_accepted_stamped_and_warned_of(day: FinishedRun) -> None:
    info, run = read(day.root, POPULAR)["collection_info"], day.run
    late = info["late_by_days"]
    collected = datetime.datetime.fromisoformat(info["collected_at"])
    assert abs((collected.date() - datetime.date.fromisoformat(DATE)).days - late) <= 1
    assert late > 365
    assert info["collected_at"].endswith("+00:00")
    assert f"collected {late} day" in run.err
    assert "WARNING" in run.err
    assert read(day.root, REPORT)["late_by_days"] == late
    assert read(day.root, SUMMARY)["late_by_days"] == late
    checks = {check["id"]: check["evidence"] for check in read(day.root, REPORT)["checks"]}
    assert {entry["found"] for entry in checks["list_late"]} == {late}


def test_a_day_collected_in_time_is_not_called_late(luigi_run: LuigiRun, data_dir: Path) -> None:
    asked = datetime.date.today()
    run = luigi_run("PopularMovies", "--date", asked.isoformat())
    late = read(data_dir, POPULAR.replace("20240107", f"{asked:%Y%m%d}"))["collection_info"][
        "late_by_days"
    ]
    assert run.status == 0
    assert 0 <= late <= (datetime.date.today() - asked).days
    assert ("after its date" in run.output) == (late > 0)


def test_a_day_of_bad_quality_is_collected_with_a_warning_and_a_verdict(
    luigi_run: LuigiRun, data_dir: Path
) -> None:
    with FakeTmdb(limit=None, rows=untitled(one_in=4)) as tmdb:
        run = luigi_run(*COMMAND, TMDB_API_URL=tmdb.url)
    report = read(data_dir, REPORT)
    assert run.status == 0
    warning = "WARNING: QUALITY: the lists of 2024-01-07 violate rules: popular: films_valid"
    assert warning in run.err
    assert str(data_dir / REPORT) in run.err
    assert report["below_threshold"] is True
    assert (report["validation_rate"], report["total_movies_passed"]) == (75, 90)
    assert report["common_issues"][0]["issue"] == "title"
    assert report["common_issues"][0]["count"] == 30
    assert read(data_dir, SUMMARY)["quality_summary"]["below_threshold"] is True
    assert "title (30)" in run.out


def test_an_adult_film_is_named_in_the_report_and_in_the_run(
    luigi_run: LuigiRun, data_dir: Path
) -> None:
    def rows(name: str, page: int, query: Mapping[str, str]) -> list[Row]:
        found = Catalogue().answer(f"/3{name}", query)[1]["results"]
        is_first = name == "/movie/popular" and page == 1
        return [row | {"adult": is_first and place == 3} for place, row in enumerate(found)]

    with FakeTmdb(limit=None, rows=rows) as tmdb:
        run = luigi_run(*COMMAND, TMDB_API_URL=tmdb.url)
    checks = {check["id"]: check for check in read(data_dir, REPORT)["checks"]}
    assert run.status == 0
    assert (checks["adult"]["severity"], checks["adult"]["success"]) == ("warn", False)
    assert [each["found"] for each in checks["adult"]["evidence"] if "film" in each] == ["True"]
    assert "adult (1 of 100 movies)" in run.err


def test_a_day_at_the_threshold_is_not_warned_of(luigi_run: LuigiRun, data_dir: Path) -> None:
    with FakeTmdb(limit=None, rows=untitled(one_in=5)) as tmdb:
        run = luigi_run(*COMMAND, TMDB_API_URL=tmdb.url)
    assert run.status == 0
    assert read(data_dir, REPORT)["validation_rate"] == 80
    assert read(data_dir, REPORT)["below_threshold"] is False
    assert "QUALITY" not in run.output


def test_the_figures_are_shown_on_the_console(day: FinishedRun) -> None:
    assert "TMDB movies of 2024-01-07" in day.run.out
    lines = [" ".join(line.split()) for line in day.run.out.splitlines()]
    for line in [
        "popular 100 movies",
        "trending 20 movies",
        "passed 100.0 % of 120",
        "source tmdb",
        f"file {day.root / SUMMARY}",
    ]:
        assert line in lines


def test_the_summary_tells_how_each_task_went(day: FinishedRun) -> None:
    execution = read(day.root, SUMMARY)["execution_summary"]
    tasks = {each["task"]: each for each in execution["tasks"]}
    assert set(tasks) == {"PopularMovies", "TrendingMovies", "ValidationReport", "DailySummary"}
    assert {(each["attempts"], each["outcome"]) for each in tasks.values()} == {(1, "done")}
    assert all(0 <= each["seconds"] < 60 for each in tasks.values())
    assert (execution["requests"], execution["retries"]) == (6, 0)
    infos = [read(day.root, name)["collection_info"] for name in (POPULAR, TRENDING)]
    assert execution["bytes_received"] == sum(info["bytes_received"] for info in infos) > 1000


def test_a_task_that_failed_before_counts_its_attempts(
    luigi_run: LuigiRun, data_dir: Path, tmdb: FakeTmdb
) -> None:
    tmdb.fail(status(500), path="/trending/movie/day", times=1)
    assert luigi_run(*COMMAND, TMDB_MAX_RETRIES="0").status == 30
    assert luigi_run(*COMMAND).status == 0
    execution = read(data_dir, SUMMARY)["execution_summary"]
    attempts = {each["task"]: each["attempts"] for each in execution["tasks"]}
    assert attempts["TrendingMovies"] == 2
    assert attempts["PopularMovies"] == attempts["ValidationReport"] == 1


def test_a_journal_that_cannot_be_written_fails_nothing(
    luigi_run: LuigiRun, data_dir: Path
) -> None:
    (data_dir / "logs").mkdir(parents=True)
    (data_dir / "logs" / "journal").write_text("a file in the way")
    assert luigi_run(*COMMAND).status == 0
    assert read(data_dir, SUMMARY)["execution_summary"]["tasks"] == []


def test_a_day_after_another_tells_what_moved(
    luigi_run: LuigiRun, data_dir: Path, data_roots: DataRoots
) -> None:
    data_roots.copy(data_dir, ("DailySummary", "2024-01-06"))
    run = luigi_run(*COMMAND, TMDB_API_KEY="demo", PIPELINE_CONFIG_DIR=str(data_roots.small_plan))
    assert run.status == 0, run.output
    changes = read(data_dir, SUMMARY)["changes"]["popular"]
    before = read(data_dir, POPULAR.replace("0107", "0106"))["movies"]
    now = read(data_dir, POPULAR)["movies"]
    ids, earlier = [film["id"] for film in now], [film["id"] for film in before]
    assert changes["since"] == "2024-01-06"
    assert [each["id"] for each in changes["new"]] == [each for each in ids if each not in earlier]
    assert [each["id"] for each in changes["gone"]] == [each for each in earlier if each not in ids]
    assert "new, gone" in run.out


def test_a_damaged_yesterday_does_not_stop_today(luigi_run: LuigiRun, data_dir: Path) -> None:
    damaged = data_dir / POPULAR.replace("0107", "0106")
    damaged.parent.mkdir(parents=True)
    damaged.write_text("{", encoding="utf-8")
    run = luigi_run(*COMMAND)
    assert run.status == 0, run.output
    assert f"{damaged} is damaged" in run.err
    assert read(data_dir, SUMMARY)["changes"]["popular"]["since"] is None
