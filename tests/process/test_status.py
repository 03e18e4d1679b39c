"""status, check and stats, on real runs by a real luigid with a real PostgreSQL, and without."""

from __future__ import annotations

import configparser
import datetime
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support.fake_tmdb import V3_KEY, FakeTmdb, status
from support.luigi_runs import LuigiRun
from support.operate import WORDS, Operate, document, luigi_cfg
from support.ports import free_port
from support.postgres import PASSWORD
from support.waiting import wait_for

from pipeline import clock
from pipeline.paths import Layout

DAY = "2024-01-07"


@pytest.fixture
def short_delays(operator_environment: dict[str, str], tmp_path: Path) -> str:
    """The configuration of the test, with short delays between the attempts of a failed task."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(operator_environment["LUIGI_CONFIG_PATH"], encoding="utf-8")
    parser["scheduler"]["retry_delay"] = "0.2"
    parser["worker"].update(max_keep_alive_idle_duration="2 seconds", wait_interval="0.1")
    parser["tmdb_pipeline"] = {"daily_retry_delay": "0.2"}
    path = tmp_path / "short.cfg"
    with path.open("w", encoding="utf-8") as stream:
        parser.write(stream)
    return str(path)


@pytest.fixture
def operate_with_luigid(operate: Operate, short_delays: str) -> Operate:
    """The command with a luigid that runs, and no database."""

    def run(*words: str, **changes: Any) -> Any:
        return operate(*words, **{"LUIGI_CONFIG_PATH": short_delays, **changes})

    assert run("start").status == 0
    return run


def test_a_run_is_seen_in_status_and_in_stats(operate_with_luigid: Operate) -> None:
    assert operate_with_luigid("trigger", "daily", DAY).status == 0
    [row] = document(operate_with_luigid("status", "--json"))["last_runs"]
    assert (row["task"], row["date"], row["outcome"]) == ("DailySummary", DAY, "DONE")
    assert (row["attempts"], row["reason"], row["source"]) == (1, None, "record")
    assert 0 < row["seconds"] < 60
    began = datetime.datetime.fromisoformat(row["started_at"])
    assert abs((clock.now() - began).total_seconds()) < 120

    stats = document(operate_with_luigid("stats", "--json"))
    assert {each["task"]: each["runs"] for each in stats["runs"]} == {
        "DailySummary": 1,
        "IndexPage": 1,
    }
    assert {each["task"]: each["runs"] for each in stats["tasks"]} == {
        "DailyPage": 1,
        "DailySummary": 1,
        "IndexPage": 1,
        "PopularMovies": 1,
        "TrendingMovies": 1,
        "ValidationReport": 1,
    }
    for each in stats["tasks"]:
        assert each["failures"] == 0
        assert each["attempts"] == 1
        assert each["median_seconds"] == each["p95_seconds"] == each["slowest_seconds"] > 0

    people = operate_with_luigid("stats", "--task", "PopularMovies").out
    assert "PopularMovies" in people
    assert "TrendingMovies" not in people


def test_a_failure_is_shown_with_its_reason(operate_with_luigid: Operate, tmdb: FakeTmdb) -> None:
    tmdb.fail(status(404), path="/movie/popular", times=None)
    assert operate_with_luigid("trigger", "daily", DAY).status == 30
    [row] = document(operate_with_luigid("status", "--json"))["last_runs"]
    assert (row["outcome"], row["attempts"]) == ("FAILED", 4)
    assert row["reason"].startswith("PopularMovies(date=2024-01-07) failed: ")
    assert "HTTP status 404" in row["reason"]
    people = operate_with_luigid("status")
    assert people.status == 0
    assert "DailySummary of 2024-01-07 failed: PopularMovies(date=" in people.out
    assert V3_KEY not in people.output
    [step] = document(operate_with_luigid("status", "PopularMovies", "--json"))["last_runs"]
    assert (step["task"], step["outcome"], step["attempts"]) == ("PopularMovies", "FAILED", 4)
    figures = document(operate_with_luigid("stats", "--json"))["tasks"]
    assert [each["failures"] for each in figures if each["task"] == "PopularMovies"] == [4]


def test_status_tells_what_runs_now(
    operate: Operate,
    operator_environment: dict[str, str],
    clean_environment: Path,
) -> None:
    assert operate("start").status == 0
    with FakeTmdb(key=V3_KEY, limit=None, latency=20) as slow:
        environment = {**operator_environment, "TMDB_API_URL": slow.url}
        process = subprocess.Popen(
            [*WORDS, "trigger", "GenreMovies", DAY, "--", "--genre", "horror"],
            env=environment,
            cwd=clean_environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_for(lambda: slow.count() > 0, 30)
            running = document(operate("status", "--json"))["running"]
        finally:
            process.kill()
            process.wait()
    assert [(each["task"], each["date"]) for each in running] == [("GenreMovies(horror)", DAY)]
    assert "T" in running[0]["since"]


def test_without_luigid_and_without_a_database_the_record_is_shown(
    operate: Operate, luigi_run: LuigiRun
) -> None:
    assert luigi_run("DailySummary", "--date", DAY).status == 0
    url = f"postgresql://luigi:{PASSWORD}@127.0.0.1:{free_port()}/luigi"
    run = operate("status", "--json", PIPELINE_HISTORY_URL=url)
    found = document(run)
    services = {each["service"]: each["state"] for each in found["services"]}
    assert (run.status, services["postgres"], services["luigid"]) == (0, "down", "off")
    [row] = found["last_runs"]
    assert (row["task"], row["date"], row["outcome"]) == ("DailySummary", DAY, "DONE")
    assert row["source"] == "record"
    assert PASSWORD not in run.output
    assert "What runs now is not known: luigid does not answer." in operate("status").out
    assert operate("stats", PIPELINE_HISTORY_URL=url).status == 0


def test_a_missed_day_is_reported(operate: Operate, data_dir: Path) -> None:
    long_ago = Layout(data_dir).daily_summary(datetime.date(2024, 1, 7))
    long_ago.parent.mkdir(parents=True)
    long_ago.write_text("{}")
    yesterday = clock.today() - datetime.timedelta(1)
    missed = document(operate("status", "--json"))["missed"]
    assert {"task": "DailySummary", "date": yesterday.isoformat()} in missed
    people = operate("status").out
    assert f"DailySummary         {yesterday}" in people
    assert "a snapshot of the past cannot be collected later" in people


def test_what_is_overdue_is_shown_with_its_time(operate: Operate, data_dir: Path) -> None:
    assert document(operate("status", "--json", TZ="UTC"))["overdue"] == []
    long_ago = Layout(data_dir).daily_summary(datetime.date(2024, 1, 7))
    long_ago.parent.mkdir(parents=True)
    long_ago.write_text("{}")
    over = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=2)
    day = (over - datetime.timedelta(hours=2)).date()
    daily, weekly = document(operate("status", "--json", TZ="UTC"))["overdue"]
    assert daily == {
        "task": "DailySummary",
        "date": day.isoformat(),
        "due_at": f"{day}T02:00:00+00:00",
    }
    assert weekly["task"] == "WeeklyConsolidation"
    assert datetime.date.fromisoformat(weekly["date"]).isoweekday() == 7
    assert f"DailySummary         {day}" in operate("status", TZ="UTC").out.partition("Overdue")[2]


def test_the_next_runs_are_shown(operate: Operate) -> None:
    next_runs = document(operate("status", "--json", TZ="Asia/Seoul"))["next_runs"]
    assert [each["task"] for each in next_runs] == ["DailySummary", "WeeklyConsolidation"]
    daily, weekly = (datetime.datetime.fromisoformat(each["at"]) for each in next_runs)
    assert (daily.hour, daily.minute, daily.utcoffset()) == (2, 0, datetime.timedelta(hours=9))
    assert (weekly.hour, weekly.isoweekday()) == (3, 7)


def test_check_shows_the_graph_with_what_is_done_and_missing(
    operate: Operate, luigi_run: LuigiRun
) -> None:
    assert luigi_run("PopularMovies", "--date", DAY).status == 0
    run = operate("check", "daily", DAY)
    assert run.status == 0, run.output
    lines = run.out.partition("1 files done, 3 missing\n")[2].splitlines()
    assert lines[:7] == [
        "DailySummary  missing  raw/metadata/daily_summaries/daily_summary_20240107.json",
        "├─ PopularMovies  done  raw/movies/daily/popular_movies_20240107.json",
        "├─ TrendingMovies  missing  raw/movies/trending/trending_movies_20240107.json",
        "└─ ValidationReport  missing",
        "   │   raw/metadata/quality_reports/validation_report_20240107.json",
        "   ├─ PopularMovies  done  raw/movies/daily/popular_movies_20240107.json",
        "   └─ TrendingMovies  missing  raw/movies/trending/trending_movies_20240107.json",
    ]
    assert "The configuration is usable." in run.out


def test_check_knows_both_graphs_and_the_genres(operate: Operate) -> None:
    answer = document(operate("check", "--json"))
    assert [each["task"] for each in answer["graph"]] == ["DailySummary", "WeeklyConsolidation"]
    assert (answer["done"], answer["missing"]) == (0, 15)
    genres = document(operate("check", "GenreMovies", DAY, "--json"))["graph"]
    assert len(genres) == 8
    assert genres[0]["task"] == "GenreMovies(action)"


def test_check_tells_where_each_setting_comes_from_and_shows_no_secret(
    operate: Operate, clean_environment: Path
) -> None:
    dotenv = "TMDB_LANGUAGE=en-US\nPIPELINE_LUIGID_PASSWORD=hush-hush-hush\nTMDB_REGION=US\n"
    (clean_environment / ".env").write_text(dotenv)
    run = operate("check", "--json", TMDB_REGION="GB")
    settings = {
        each["variable"]: (each["value"], each["source"]) for each in document(run)["settings"]
    }
    assert settings["TMDB_API_KEY"] == ("set", "environment")
    assert settings["TMDB_LANGUAGE"] == ("en-US", ".env")
    assert settings["TMDB_REGION"] == ("GB", "environment")
    assert settings["PIPELINE_LUIGID_PASSWORD"] == ("set", ".env")
    assert settings["PIPELINE_ALERT_URL"] == ("not set", "default")
    assert settings["PIPELINE_LOG_FORMAT"] == ("text", "default")
    assert V3_KEY not in run.output
    assert "hush-hush-hush" not in run.output + operate("check").output


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"TMDB_API_KEY": None}, "TMDB_API_KEY is not set"),
        ({"TMDB_REGION": "Korea"}, "TMDB_REGION has to be like KR"),
        ({"PIPELINE_CONFIG_DIR": "nowhere"}, "collection.toml cannot be read: No such file"),
        ({"PIPELINE_HISTORY_URL": "mysql://x"}, "PIPELINE_HISTORY_URL has to be like"),
    ],
)
def test_a_configuration_that_cannot_work_is_reported_with_exit_status_1(
    operate: Operate, changes: dict[str, str | None], sentence: str
) -> None:
    run = operate("check", "daily", DAY, **changes)
    assert run.status == 1
    assert "problem: " in run.out
    assert sentence in run.out
    assert "Traceback" not in run.output


def test_check_reports_settings_that_luigi_would_ignore(
    operate: Operate, tmp_path: Path, luigid_port: int
) -> None:
    path = Path(luigi_cfg(tmp_path / "odd.cfg", f"http://127.0.0.1:{luigid_port}/"))
    text = path.read_text().replace("task_failed = 30", "task_failed = 0")
    path.write_text(text + "\n[schedular]\nretry_delay = 5\n")
    answer = document(operate("check", "--json", LUIGI_CONFIG_PATH=str(path), TMDB_LANGUAG="ko-KR"))
    [status_of_failure, section] = answer["problems"]
    assert "gives no status to task_failed" in status_of_failure
    assert "a section that luigi does not know and ignores: [schedular]" in section
    assert answer["ok"] is False
    assert answer["warnings"] == [
        "TMDB_LANGUAG is set, but nothing reads a variable of that name: did you mean "
        "TMDB_LANGUAGE?"
    ]


def test_a_day_that_cannot_be_collected_is_shown_at_its_task_in_the_graph(
    operate: Operate,
) -> None:
    run = operate("check", "daily", "2099-01-01")
    assert run.status == 0
    assert run.out.count("! 2099-01-01 lies in the future") == 4
