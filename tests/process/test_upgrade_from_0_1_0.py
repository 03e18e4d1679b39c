"""What version 0.1.0 left goes on under this version: its data root, its files, its schedule.

The fixture was made by the code of that version; README.md beside it says what it holds.
"""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path
from typing import Any

import luigi
import pytest
from support.earlier_version import FIXTURES, Installation
from support.operate import document

from pipeline.paths import Layout
from pipeline.tasks.daily import DailySummary
from pipeline.tasks.validation import ValidationReport
from pipeline.tasks.weekly import WeeklyConsolidation

FIXTURE = FIXTURES / "v0_1_0"
CONFIG = FIXTURE / "config"
OLD_DAYS = [datetime.date(2026, 1, day) for day in (2, 3, 4)]
SUNDAY = OLD_DAYS[-1]
SUNDAY_NOON = "2026-01-04T12:00"
MONDAY, NEXT_SUNDAY = datetime.date(2026, 1, 5), datetime.date(2026, 1, 11)
FILES_OF_A_DAY = 4
FAILED_ATTEMPTS = 7


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """An installation for commands that only read."""
    return Installation("v0_1_0", tmp_path_factory.mktemp("old"))


class Continued:
    """An installation whose crontab of 0.1.0 ran on with this version, a day and a week more."""

    def __init__(self, folder: Path) -> None:
        self.place = Installation("v0_1_0", folder)
        self.layout = Layout(self.place.data)
        self.before = self.place.documents()
        self.daily = self.place.cron("DailySummary", f"{MONDAY}T02:00")
        self.weekly = self.place.cron("WeeklyConsolidation", f"{NEXT_SUNDAY}T03:00")


@pytest.fixture(scope="module")
def continued(tmp_path_factory: pytest.TempPathFactory) -> Continued:
    return Continued(tmp_path_factory.mktemp("continued"))


def in_korean(day: datetime.date) -> str:
    """A date as the pages write it."""
    return f"{day.year}년 {day.month}월 {day.day}일"


def test_what_0_1_0_collected_is_done_and_nothing_is_collected_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Installation("v0_1_0", tmp_path / "app")
    before = place.documents()
    run = place.luigi("WeeklyConsolidation", f"{SUNDAY}", SUNDAY_NOON, "--local-scheduler")
    assert run.status == 0, run.output
    assert "was done already" in run.output
    assert place.documents() == before
    monkeypatch.setenv("TMDB_API_KEY", "demo")
    monkeypatch.setenv("PIPELINE_DATA_DIR", str(place.data))
    assert all(DailySummary(date=day).complete() for day in OLD_DAYS)
    assert WeeklyConsolidation(date=SUNDAY).complete()
    assert not DailySummary(date=MONDAY).complete()


def test_the_crontab_of_0_1_0_collects_the_next_day_and_the_next_week(continued: Continued) -> None:
    for run in (continued.daily, continued.weekly):
        assert run.status == 0, run
        assert run.err == ""
    layout = continued.layout
    new = (layout.daily_summary(MONDAY), layout.consolidated(NEXT_SUNDAY))
    assert [path.exists() for path in new] == [True, True]
    record = [json.loads(line) for line in layout.run_record.read_text("utf-8").splitlines()]
    ended = [(each["task"], each["status"]) for each in record if each["event"] == "ended"]
    pages = ("IndexPage", 0)
    assert ended == [("DailySummary", 0), pages, ("WeeklyConsolidation", 0), pages]
    assert {each["started_by"] for each in record} == {"schedule"}


def test_documents_of_0_1_0_stay_as_they_are(continued: Continued) -> None:
    now = continued.place.documents()
    assert {name: now[name] for name in continued.before} == continued.before


def test_the_next_day_is_compared_with_the_days_of_0_1_0(continued: Continued) -> None:
    report = json.loads(continued.layout.validation_report(MONDAY).read_text("utf-8"))
    (overlap,) = (check for check in report["checks"] if check["id"] == "overlap")
    assert f"{SUNDAY}" in json.dumps(overlap["evidence"])
    assert report["verdict"] == "warn"
    page = continued.layout.daily_page(MONDAY).read_text("utf-8")
    for day in (*OLD_DAYS, MONDAY):
        assert in_korean(day) in page


def test_the_next_week_is_compared_with_the_week_of_0_1_0(continued: Continued) -> None:
    page = continued.layout.weekly_page(NEXT_SUNDAY).read_text("utf-8")
    assert f"{in_korean(SUNDAY)} 주와 비교한 결과입니다" in page


def test_the_index_leads_to_the_pages_of_0_1_0_and_to_the_new_ones(continued: Continued) -> None:
    layout = continued.layout
    index = layout.index_page.read_text("utf-8")
    pages = [layout.daily_page(day) for day in (*OLD_DAYS, MONDAY)]
    pages += [layout.weekly_page(day) for day in (SUNDAY, NEXT_SUNDAY)]
    for page in pages:
        assert page.exists()
        assert f'"{page.relative_to(layout.pages).as_posix()}"' in index


def test_a_data_root_of_0_1_0_gets_the_identity_of_its_lists(continued: Continued) -> None:
    identity = json.loads(continued.layout.identity.read_text("utf-8"))
    assert identity == {"source": "demo", "language": "ko-KR", "region": "KR"}


def test_another_language_is_refused_in_a_data_root_of_0_1_0(tmp_path: Path) -> None:
    place = Installation("v0_1_0", tmp_path / "app")
    before = place.documents()
    at = f"{MONDAY}T02:00"
    run = place.luigi("DailySummary", f"{MONDAY}", at, "--local-scheduler", TMDB_LANGUAGE="en-US")
    assert run.status == 35, run.output
    assert "belongs to demo, ko-KR, KR" in run.output
    assert place.documents() == before


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """An installation whose tasks run in this process."""
    place = Installation("v0_1_0", tmp_path / "app")
    for name in ("TMDB_API_KEY", "PIPELINE_DATA_DIR"):
        monkeypatch.setenv(name, place.environment[name])
    monkeypatch.setenv("PIPELINE_CONFIG_DIR", str(place.folder / "config"))
    return place


def made_again(path: Path, task: luigi.Task) -> tuple[Any, Any]:
    """Remove a document and make it again; return it before and after."""
    before = json.loads(path.read_text("utf-8"))
    path.unlink()
    assert not task.complete()
    task.run()
    return before, json.loads(path.read_text("utf-8"))


def without_sentences(evidence: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return evidence without its English sentences, which are not part of the contract."""
    return [{key: each[key] for key in each if key != "finding"} for each in evidence]


@pytest.mark.parametrize("day", OLD_DAYS)
def test_lists_of_0_1_0_are_judged_as_they_were(here: Installation, day: datetime.date) -> None:
    path = Layout(here.data).validation_report(day)
    before, after = made_again(path, ValidationReport(date=day))
    judged = ("verdict", "drift", "failed_lists", "overall_quality_score")
    assert {name: after[name] for name in judged} == {name: before[name] for name in judged}
    for name, profile in before["profiles"].items():
        assert profile.items() <= after["profiles"][name].items()
    of_rule = {check["id"]: check for check in after["checks"]}
    for check in before["checks"]:
        found = of_rule[check["id"]]
        assert found["success"] == check["success"]
        assert without_sentences(found["evidence"]) == without_sentences(check["evidence"])


def test_a_summary_of_0_1_0_is_made_again_of_its_lists_and_its_journal(here: Installation) -> None:
    path = Layout(here.data).daily_summary(OLD_DAYS[1])
    before, after = made_again(path, DailySummary(date=OLD_DAYS[1]))
    same = ("summary_date", "collection_summary", "quality_summary", "verdict", "changes")
    assert {name: after[name] for name in same} == {name: before[name] for name in same}

    def tasks(summary: Any) -> dict[str, tuple[str, int]]:
        rows = summary["execution_summary"]["tasks"]
        return {each["task"]: (each["outcome"], each["attempts"]) for each in rows}

    assert tasks(before)["ValidationReport"] == ("done", FAILED_ATTEMPTS + 1)
    assert tasks(before).items() <= tasks(after).items()


def test_the_lists_of_a_week_of_0_1_0_are_merged_to_the_same_movies(here: Installation) -> None:
    path = Layout(here.data).consolidated(SUNDAY)
    before, after = made_again(path, WeeklyConsolidation(date=SUNDAY))
    assert after["movies"] == before["movies"]
    info = after["consolidation_info"]
    assert {name: info[name] for name in before["consolidation_info"]} == before[
        "consolidation_info"
    ]


def test_status_shows_what_0_1_0_collected_and_nothing_missed(old: Installation) -> None:
    found = document(old.operate("status", "--json", at=SUNDAY_NOON))
    runs = {(each["task"], each["date"], each["outcome"]) for each in found["last_runs"]}
    assert runs >= {(task, f"{SUNDAY}", "DONE") for task in ("DailySummary", "WeeklyConsolidation")}
    assert (found["missed"], found["overdue"]) == ([], [])


def test_check_shows_a_day_of_0_1_0_as_done(old: Installation) -> None:
    run = old.operate("check", "daily", f"{OLD_DAYS[1]}", "--json", at=SUNDAY_NOON)
    found = document(run)
    assert (run.status, found["problems"], found["missing"]) == (0, [], 0)
    assert found["done"] == FILES_OF_A_DAY


def test_open_finds_the_index_of_0_1_0(old: Installation) -> None:
    run = old.operate("open", "--print", at=SUNDAY_NOON)
    assert (run.status, run.out.strip()) == (0, Layout(old.data).index_page.as_uri())


@pytest.mark.parametrize(
    ("what", "log", "line"),
    [
        ("run", "20260104T03\\d{4}Z_IndexPage_\\d+.log", "IndexPage"),
        ("daily", "20260104T02\\d{4}Z_DailySummary_\\d+.log", "TrendingMovies(date=2026-01-04)"),
        ("luigid", "luigid.log", "luigid listens"),
    ],
)
def test_logs_shows_the_newest_log_of_0_1_0(
    old: Installation, what: str, log: str, line: str
) -> None:
    run = old.operate("logs", what, at=SUNDAY_NOON)
    assert run.status == 0, run.output
    assert re.search(rf"==> \S*/logs/{log}\n", run.err)
    assert line in run.out


def test_watch_alerts_of_nothing_on_the_day_of_the_upgrade(old: Installation) -> None:
    run = old.run("tmdb-pipeline", "watch", at=SUNDAY_NOON, PIPELINE_ALERT_URL="json://127.0.0.1:9")
    assert (run.status, run.output) == (0, "Nothing is overdue.\n")


def test_the_reports_of_a_backup_of_0_1_0_come_back_into_an_empty_data_root(tmp_path: Path) -> None:
    full = Installation("v0_1_0", tmp_path / "full")
    empty = Installation("v0_1_0", tmp_path / "empty", with_data=False)
    (empty.folder / "config/collection.toml").unlink()
    backup = str(FIXTURE / "backup.tar.gz")
    run = empty.operate(
        *("restore", backup, "--yes", "--no-history", "--json"),
        at=SUNDAY_NOON,
        PIPELINE_CONFIG_DIR=str(empty.folder / "config"),
    )
    assert run.status == 0, run.output
    kept = "raw/metadata/"
    expected = {name: text for name, text in full.documents().items() if name.startswith(kept)}
    assert len(expected) == 2 * len(OLD_DAYS) + 1
    assert empty.documents() == expected
    plan = (empty.folder / "config/collection.toml").read_bytes()
    assert plan == (CONFIG / "collection.toml").read_bytes()


def test_backups_of_0_1_0_count_as_backups_and_are_kept(tmp_path: Path) -> None:
    place = Installation("v0_1_0", tmp_path / "app")
    folder, name = Layout(place.data).backups, "tmdb-backup-20260104T043000Z.tar.gz"
    folder.mkdir(mode=0o700)
    (folder / name).write_bytes((FIXTURE / "backup.tar.gz").read_bytes())
    run = place.operate("doctor", "--json", at=SUNDAY_NOON)
    (found,) = (each for each in document(run)["findings"] if each["probe"] == "backups")
    assert name in found["found"], found
    assert "damaged" not in found["found"], found
    made = document(place.operate("backup", "--no-history", "--json", at=SUNDAY_NOON))
    assert name in made["kept"]
    assert (made["removed"], made["damaged"]) == ([], [])
