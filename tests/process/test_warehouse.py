"""The warehouse by luigi, by the schedule, and by `tmdb-pipeline query`."""

from __future__ import annotations

import csv
import datetime
import io
import json
from pathlib import Path
from typing import Any

import pytest
from support.data_roots import DataRoots
from support.hostile_texts import logs
from support.lists import list_path
from support.luigi_runs import LuigiRun, Run, luigi_command, run_command
from support.operate import Operate, document
from support.ports import free_port
from support.receivers import Receiver
from support.run_records import lines
from support.scheduled_runs import DAILY
from support.scheduled_runs import Run as ScheduledRun
from support.warehouse import (
    ALL,
    assert_killed_loads_leave_whole_periods,
    expected_views,
    load_at_once,
    views_of,
)

from pipeline.ops.commands.data.query import QUESTIONS
from pipeline.paths import Layout
from pipeline.warehouse import questions
from pipeline.warehouse.store import Warehouse

FIRST, SECOND = datetime.date(2024, 1, 6), datetime.date(2024, 1, 7)
JOBS = (
    *(("DailySummary", str(FIRST)), ("DailySummary", str(SECOND))),
    ("WeeklyConsolidation", str(SECOND)),
)


def test_loads_that_were_killed_leave_only_whole_periods(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.sqlite"
    assert_killed_loads_leave_whole_periods(Warehouse(path, None), path, None)


def test_two_processes_that_load_at_once_both_succeed(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.sqlite"
    load_at_once(path)
    assert views_of(Warehouse(path, None)) == expected_views(ALL)


@pytest.fixture
def operator_environment(
    operator_environment: dict[str, str], data_roots: DataRoots
) -> dict[str, str]:
    """The settings by which the data roots were made; nothing is requested."""
    demo = {"TMDB_API_KEY": "demo", "TMDB_API_URL": ""}
    return {**operator_environment, **demo, "PIPELINE_CONFIG_DIR": str(data_roots.small_plan)}


@pytest.fixture
def made(data_roots: DataRoots, data_dir: Path) -> Layout:
    """A data root with two days and a week."""
    data_roots.copy(data_dir, *JOBS)
    return Layout(data_dir)


@pytest.fixture
def luigi(operator_environment: dict[str, str], clean_environment: Path) -> LuigiRun:
    """Run a task with the local scheduler."""

    def run(task: str, *words: object, **changes: str) -> Run:
        given = words if words[1:] else ("--date", *words)
        command = luigi_command(task, *map(str, given), "--local-scheduler")
        return run_command(command, {**operator_environment, **changes}, clean_environment)

    return run


def files_of(layout: Layout) -> set[Path]:
    """Return every file but logs and those of the warehouse."""
    files = {path for path in layout.root.rglob("*") if path.is_file()}
    return {each for each in files if each.parent not in (layout.logs, layout.warehouse.parent)}


def movies_in(path: Path) -> list[dict[str, Any]]:
    movies: list[dict[str, Any]] = json.loads(path.read_bytes())["movies"]
    return movies


def loaded(layout: Layout) -> dict[tuple[str, datetime.date], str]:
    return Warehouse(layout.warehouse, None).fingerprints()


def test_what_exists_is_loaded_once_and_again_when_it_changed(
    made: Layout, luigi: LuigiRun
) -> None:
    files = files_of(made)
    made.daily_summary(SECOND).unlink()
    run = luigi("LoadWarehouse", SECOND)
    assert run.status == 0, run.output
    assert set(loaded(made)) == {("day", FIRST), ("week", SECOND)}
    assert files_of(made) == files - {made.daily_summary(SECOND)}, "it collects nothing"
    again = luigi("LoadWarehouse", SECOND)
    assert again.status == 0
    assert "was done already" in again.output

    popular = list_path(made, "popular", FIRST)
    document = json.loads(popular.read_bytes())
    document["movies"].pop()
    popular.write_text(json.dumps(document), "utf-8")
    before = loaded(made)
    assert luigi("LoadWarehouse", FIRST).status == 0
    assert {key for key, each in loaded(made).items() if before[key] != each} == {("day", FIRST)}
    query = "SELECT movie_id FROM ranks WHERE list = 'popular' ORDER BY rank"
    found = Warehouse(made.warehouse, None).ask(query)
    assert [row["movie_id"] for row in found] == [movie["id"] for movie in document["movies"]]


def test_the_merge_as_a_view_is_the_consolidated_week(made: Layout, luigi: LuigiRun) -> None:
    assert luigi("LoadWeek", SECOND).status == 0
    assert luigi("LoadDay", SECOND).status == 0
    fields = ("id", "title", "popularity", "vote_average", "vote_count")
    week = {tuple(movie[each] for each in fields) for movie in movies_in(made.consolidated(SECOND))}
    query = (
        "SELECT movie_id, title, popularity, vote_average, vote_count FROM merged_movies "
        "WHERE period = 'week'"
    )
    assert {tuple(row.values()) for row in Warehouse(made.warehouse, None).ask(query)} == week
    assert len(week) > 20


def test_a_load_pulls_in_the_day_and_a_run_without_one_imports_no_sqlalchemy(
    data_dir: Path, luigi: LuigiRun
) -> None:
    imports = {"PYTHONPROFILEIMPORTTIME": "1"}
    layout, today = Layout(data_dir), datetime.date.today()
    for task in ("DailySummary", "IndexPage"):
        run = luigi(task, today, **imports)
        assert run.status == 0
        assert "| sqlalchemy" not in run.err.replace(" ", "").replace("|", "| ")
    assert not layout.warehouse.parent.exists()
    run = luigi("LoadDay", today, **imports)
    assert run.status == 0
    assert "| sqlalchemy" in run.err.replace(" ", "").replace("|", "| ")
    assert set(loaded(layout)) == {("day", today)}
    for path in files_of(layout):
        path.unlink()
    assert luigi("LoadDay", today).status == 0
    assert layout.daily_summary(today).exists()


def test_a_range_of_loads_is_one_run(made: Layout, luigi: LuigiRun) -> None:
    command = ("--of", "LoadDay", "--start", str(FIRST), "--stop", "2024-01-08")
    run = luigi("RangeDaily", *command)
    assert run.status == 0, run.output
    assert set(loaded(made)) == {("day", FIRST), ("day", SECOND)}
    assert "was done already" in luigi("RangeDaily", *command).output


def test_a_database_that_is_away_is_one_sentence_without_the_password(
    made: Layout, luigi: LuigiRun
) -> None:
    url = f"postgresql://luigi:correct-horse@127.0.0.1:{free_port()}/luigi"
    run = luigi("LoadWarehouse", SECOND, PIPELINE_WAREHOUSE_URL=url)
    assert run.status == 35
    assert "The warehouse's database does not serve" in run.output
    assert "correct-horse" not in run.output + "".join(logs(made.root))
    assert "Traceback" not in run.output


@pytest.mark.usefixtures("fake_apprise")
def test_the_schedule_loads_after_the_pages_and_a_database_that_is_away_fails_no_collection(
    run: ScheduledRun, layout: Layout, receiver: Receiver
) -> None:
    today = datetime.date.today()
    url = f"postgresql://luigi:correct-horse@127.0.0.1:{free_port()}/luigi"
    status, output = run(*DAILY, PIPELINE_WAREHOUSE_URL=url)
    assert status == 0, output
    assert layout.daily_page(today).exists()
    (alert,) = receiver.titles
    assert alert.startswith(f"LoadWarehouse of {today} failed")
    status, output = run(*DAILY, PIPELINE_WAREHOUSE_URL="sqlite")
    assert status == 0, output
    assert set(loaded(layout)) == {("day", today)}
    assert receiver.titles[1].startswith(f"All clear: LoadWarehouse of {today}")
    assert [line["task"] for line in lines(layout)][-1] == "LoadWarehouse"


def test_without_the_variable_the_schedule_loads_nothing(run: ScheduledRun, layout: Layout) -> None:
    status, output = run(*DAILY)
    assert status == 0, output
    assert not layout.warehouse.exists()


@pytest.fixture
def asked(made: Layout, luigi: LuigiRun, command: Operate) -> Operate:
    """Ask a question of a data root that is loaded but for its second day."""
    run = luigi("LoadWarehouse", FIRST)
    assert run.status == 0, run.output
    assert luigi("LoadWeek", SECOND).status == 0

    def ask(*words: str) -> Run:
        return command("query", *words, "--runtime", "host")

    return ask


def test_every_question_is_answered_in_three_forms(made: Layout, asked: Operate) -> None:
    assert tuple(questions.QUESTIONS) == QUESTIONS
    movie = str(movies_in(list_path(made, "popular", FIRST))[2]["id"])
    for question in QUESTIONS:
        more = {"rank": [movie], "shared": ["--date", str(FIRST)]}.get(question, [])
        words = (question, *more)
        answer = asked(*words, "--json")
        assert answer.status == 0, answer.output
        found = document(answer)
        assert found["question"] == question
        assert "1 date(s) are not loaded yet" in found["notes"][0]
        table = asked(*words)
        assert max(map(len, table.out.splitlines())) <= 80
        rows = list(csv.DictReader(io.StringIO(asked(*words, "--csv").out)))
        as_text = [{k: "" if v is None else str(v) for k, v in row.items()}
                   for row in found["rows"]]  # fmt: skip
        assert rows == as_text
        if question not in ("climbers", "votes"):  # one day has nothing before it
            assert rows


def test_answers_are_of_the_documents(made: Layout, asked: Operate, luigi: LuigiRun) -> None:
    assert luigi("LoadDay", SECOND).status == 0
    before, after = (movies_in(list_path(made, "popular", day)) for day in (FIRST, SECOND))
    ranks = {movie["id"]: rank for rank, movie in enumerate(before, 1)}
    climbed = {
        movie["id"]: ranks[movie["id"]] - rank
        for rank, movie in enumerate(after, 1)
        if movie["id"] in ranks
    }
    rows = document(asked("climbers", "--top", "1000", "--json"))["rows"]
    assert {row["movie_id"]: row["climbed"] for row in rows} == {
        number: places for number, places in climbed.items() if places > 0
    }
    title = after[0]["title"]
    named = document(asked("rank", title.upper(), "--list", "popular", "--json"))
    assert named["movie"] == str(after[0]["id"])
    assert named["rows"][0] | {"date": str(SECOND), "rank": 1} == named["rows"][0]
    genres = document(asked("genres", "--json"))["rows"]
    genre = genres[0]["genre_id"]
    shares = [sum(genre in movie["genre_ids"] for movie in each) / len(each)
              for each in (before, after)]  # fmt: skip
    assert genres[0]["share"] == pytest.approx(sum(shares) / 2)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("rank",), "Name the movie by its id or words of its title"),
        (("rank", "no such % title_"), "No loaded movie has 'no such % title_' in its title."),
        (("rank", " "), "Several movies have ' ' in their title: name one by its id: "),
        (("climbers", "--list", "nope"), "There is no list 'nope' in the warehouse"),
    ],
)
def test_a_question_that_cannot_be_answered_is_one_sentence(
    asked: Operate, words: tuple[str, ...], sentence: str
) -> None:
    answer = asked(*words)
    assert answer.status == 1
    assert sentence in answer.err


def test_a_question_to_an_empty_warehouse_says_how_to_fill_it(
    made: Layout, command: Operate
) -> None:
    answer = command("query", "shared", "--runtime", "host")
    assert answer.status == 1
    assert "`tmdb-pipeline run LoadWarehouse` loads all that is collected" in answer.err
    assert not made.warehouse.parent.exists()
