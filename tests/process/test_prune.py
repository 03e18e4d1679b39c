"""prune, on data roots that real runs left, with a clock that is moved."""

from __future__ import annotations

import datetime
import errno
import gzip
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from support.data_roots import DataRoots
from support.luigi_runs import LuigiRun, installed, luigi_command, run_command
from support.moved_clock import SetClock
from support.operate import Operate, document
from support.optional_packages import require_pyarrow
from support.receivers import Receiver
from support.stored_documents import an_hour_later
from support.terminals import Terminal

from pipeline import clock
from pipeline.ops.prune import scheduled
from pipeline.paths import Layout
from pipeline.retention import deleted
from pipeline.storage import local
from pipeline.storage.private_files import open_private, try_lock
from pipeline.warehouse.store import Warehouse

FIRST, SECOND = datetime.date(2024, 1, 6), datetime.date(2024, 1, 7)
JOBS = (
    *(("DailySummary", str(FIRST)), ("DailySummary", str(SECOND))),
    *(("WeeklyConsolidation", str(SECOND)), ("IndexPage", str(FIRST)), ("IndexPage", str(SECOND))),
)
SCHEDULED = {"PIPELINE_STARTED_BY": "schedule"}


@pytest.fixture
def operator_environment(operator_environment: dict[str, str]) -> dict[str, str]:
    """The settings by which the data roots were made."""
    return {**operator_environment, "TMDB_API_KEY": "demo", "TMDB_API_URL": ""}


@pytest.fixture
def layout(data_roots: DataRoots, data_dir: Path) -> Layout:
    """Two days and a week, each collected at 02:00 of its date."""
    data_roots.copy(data_dir, *JOBS)
    found = Layout(data_dir)
    for path in data_dir.rglob("*.json"):
        text, day = path.read_text("utf-8"), path.stem[-8:]
        for key in ("collected_at", "start_time"):
            at = f"{day[:4]}-{day[4:6]}-{day[6:]}T02:00:00+00:00"
            text = re.sub(rf'"{key}": "[^"]+"', f'"{key}": "{at}"', text)
        path.write_text(text, "utf-8")
    return found


def files_of(layout: Layout) -> dict[str, bytes]:
    """Return the bytes of every file, those of a backup decompressed."""
    found = {}
    for path in layout.root.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            found[layout.relative(path)] = (
                gzip.decompress(content) if path.name.endswith(".tar.gz") else content
            )
    return found


def holding(layout: Layout, title: str) -> list[str]:
    """Return the files in which a title stands, as text, in JSON or in HTML."""
    forms = {title, json.dumps(title)[1:-1], title.replace("&", "&amp;").replace("'", "&#39;")}
    found = files_of(layout).items()
    return [name for name, content in found if any(form.encode() in content for form in forms)]


def titles_in(layout: Layout, pattern: str) -> set[str]:
    movies: list[dict[str, Any]] = []
    for path in layout.root.glob(pattern):
        movies += json.loads(path.read_text("utf-8"))["movies"]
    return {movie["title"] for movie in movies if movie.get("title")}


def test_everything_of_an_expired_day_goes_and_the_rest_stays(
    layout: Layout, command: Operate, set_clock: SetClock
) -> None:
    summary = json.loads(layout.daily_summary(SECOND).read_text("utf-8"))
    gone = {entry["title"] for each in summary["changes"].values() for entry in each["gone"]}
    remaining = titles_in(layout, "raw/movies/*/*_20240107.json")
    only_first = titles_in(layout, "raw/movies/*/*_20240106.json") - remaining
    assert gone
    assert only_first
    set_clock("2024-07-04T12:00:00")

    done = command("prune", "--yes", "--json")

    assert done.status == 0, done.output
    left = set(files_of(layout))
    assert not [title for title in only_first if holding(layout, title)]
    assert not [name for name in left if "20240106" in name and not name.startswith("logs/")]
    # The next day's lists stay; its summary names movies of the day before.
    assert "raw/movies/daily/popular_movies_20240107.json" in left
    assert not layout.daily_summary(SECOND).exists()
    assert not layout.daily_page(SECOND).exists()
    assert layout.consolidated(SECOND).exists()
    assert layout.weekly_page(SECOND).exists()
    assert layout.index_page.exists()
    assert "daily_20240106" not in layout.index_page.read_text("utf-8")
    assert deleted.dates(layout) == {("DailySummary", FIRST), ("DailySummary", SECOND)}
    entry = deleted.read(layout)[0]
    assert entry.score
    assert entry.verdict in ("pass", "warn", "fail")
    assert len(entry.checks) > 10
    assert document(command("prune", "--yes", "--json"))["files"] == []


def test_an_export_goes_with_its_lists_and_so_does_its_folder(
    layout: Layout, command: Operate, set_clock: SetClock, luigi_run: LuigiRun,
    data_roots: DataRoots,
) -> None:  # fmt: skip
    require_pyarrow()
    demo = {"TMDB_API_KEY": "demo", "PIPELINE_CONFIG_DIR": str(data_roots.small_plan)}
    for task, date in (("ExportDay", FIRST), ("ExportDay", SECOND), ("ExportWeek", SECOND)):
        assert luigi_run(task, "--date", str(date), **demo).status == 0
    first, second = layout.day_export(FIRST), layout.day_export(SECOND)
    abandoned = second.with_name(".day.parquet.0a0b0c0d.tmp")
    abandoned.touch()
    an_hour_later(abandoned)
    set_clock("2024-07-04T12:00:00")

    done = document(command("prune", "--yes", "--json"))

    exports = [each["file"] for each in done["files"] if each["kind"] == "export"]
    assert exports == [layout.relative(first)]
    assert not first.parent.exists()
    assert sorted(second.parent.iterdir()) == [second, layout.week_export(SECOND)]
    set_clock("2024-07-10T12:00:00")
    assert command("prune", "--yes").status == 0
    assert list(layout.exported_entries.iterdir()) == []
    assert layout.export_schema.exists()


def test_the_export_of_a_list_that_was_collected_late_is_as_old_as_its_list(
    layout: Layout, command: Operate, set_clock: SetClock
) -> None:
    """Where the list is gone, the export goes by its date."""
    for path in layout.root.glob("raw/movies/*/*_20240106.json"):
        text = path.read_text("utf-8")
        path.write_text(re.sub(r"2024-01-06T02", "2024-02-06T02", text), "utf-8")
    export = layout.day_export(FIRST)
    export.parent.mkdir(parents=True)
    export.touch()
    set_clock("2024-08-03T12:00:00")
    assert command("prune", "--yes").status == 0
    assert export.exists()
    for path in layout.root.glob("raw/movies/*/*_20240106.json"):
        path.unlink()
    assert command("prune", "--yes").status == 0
    assert not export.exists()


def test_an_export_that_a_redo_replaced_goes_by_its_date(
    layout: Layout, command: Operate, set_clock: SetClock
) -> None:
    replaced = layout.superseded(clock.now()) / layout.relative(layout.day_export(FIRST))
    replaced.parent.mkdir(parents=True)
    replaced.touch()
    set_clock("2024-07-03T12:00:00")
    assert command("prune", "--yes").status == 0
    assert replaced.exists()
    set_clock("2024-07-05T12:00:00")
    assert command("prune", "--yes").status == 0
    assert not replaced.exists()


def test_a_page_of_trends_goes_with_the_oldest_list_that_it_can_name(
    layout: Layout, command: Operate, set_clock: SetClock
) -> None:
    naming, later = (
        layout.trends_page(day + datetime.timedelta(days=90)) for day in (FIRST, SECOND)
    )
    naming.parent.mkdir()
    for page in (naming, later):
        page.write_text("<!DOCTYPE html>")
    set_clock("2024-07-04T12:00:00")  # of both days the first one has expired

    assert command("prune", "--yes").status == 0

    assert [path.name for path in naming.parent.iterdir()] == [later.name]


def test_rows_of_the_warehouse_go_with_their_lists(
    layout: Layout, command: Operate, operator_environment: dict[str, str], set_clock: SetClock
) -> None:
    load = luigi_command("LoadWarehouse", "--date", str(SECOND), "--local-scheduler")
    run = run_command(load, operator_environment, layout.root)
    assert run.status == 0, run.output
    remaining = titles_in(layout, "raw/movies/*/*_20240107.json")
    only_first = titles_in(layout, "raw/movies/*/*_20240106.json") - remaining
    rows = len(only_first_rows := titles_of(layout, FIRST))
    assert only_first & set(only_first_rows)
    set_clock("2024-07-04T12:00:00")

    planned = command("prune", "--dry-run", "--json")
    assert document(planned)["warehouse_rows"] is None
    done = command("prune", "--yes", "--json")

    assert done.status == 0, done.output
    assert document(done)["warehouse_rows"] == rows
    assert not [title for title in only_first if holding(layout, title)]
    assert titles_of(layout, FIRST) == []
    assert set(titles_of(layout, SECOND)) == remaining
    set_clock("2024-09-01T12:00:00")
    assert "rows of the warehouse were deleted" in command("prune", "--yes").out
    assert not [title for title in remaining if holding(layout, title)]
    layout.warehouse.write_bytes(b"damaged" * 1000)
    assert "Rows of the warehouse stay until the next prune" in command("prune", "--yes").out


def titles_of(layout: Layout, date: datetime.date) -> list[str]:
    """Return the titles of a date in the warehouse, one an entry."""
    query = "SELECT title FROM ranks WHERE date = :date"
    rows = Warehouse(layout.warehouse, None).ask(query, date=str(date))
    return [row["title"] for row in rows]


def test_no_title_is_left_in_any_byte_once_all_has_expired(
    layout: Layout, command: Operate, set_clock: SetClock
) -> None:
    titles = titles_in(layout, "raw/movies/*/*.json")
    rejected = layout.rejected(layout.validation_report(FIRST), clock.now())
    rejected.parent.mkdir()
    rejected.write_bytes(layout.validation_report(FIRST).read_bytes())
    set_clock("2024-01-08T04:30:00")
    assert command("backup", "--no-history").status == 0
    assert any(holding(layout, title) for title in titles)
    set_clock("2024-07-10T12:00:00")

    shown = command("prune", "--yes")

    assert shown.status == 0, shown.output
    assert max(map(len, shown.out.splitlines())) <= 80
    assert not [(title, names) for title in titles if (names := holding(layout, title))]
    assert not list(layout.backups.glob("*.gz"))
    assert ("WeeklyConsolidation", SECOND) in deleted.dates(layout)
    assert layout.run_record.exists()


def test_a_dry_run_deletes_nothing_and_without_a_terminal_nothing_is_deleted(
    layout: Layout, command: Operate, set_clock: SetClock
) -> None:
    set_clock("2024-07-10T12:00:00")
    before = files_of(layout)
    planned = document(command("prune", "--dry-run", "--json"))
    assert planned["deleted"] is False
    assert len(planned["files"]) > 10
    refused = command("prune")
    assert refused.status == 1
    assert "--dry-run" in refused.output
    assert files_of(layout) == before


@pytest.mark.parametrize("killed_after", [0, 1, 4, 6, 8])
def test_the_next_prune_finishes_one_that_was_killed(
    layout: Layout, command: Operate, set_clock: SetClock, monkeypatch: pytest.MonkeyPatch,
    killed_after: int,
) -> None:  # fmt: skip
    set_clock("2024-07-04T12:00:00")
    unlink, count = os.unlink, iter(range(1000))

    def unlink_until_killed(*words: Any, **named: Any) -> None:
        if named.get("dir_fd") is not None and next(count) >= killed_after:
            raise KeyboardInterrupt
        unlink(*words, **named)

    with monkeypatch.context() as patched:
        patched.setattr(os, "unlink", unlink_until_killed)
        assert command("prune", "--yes").status != 0
    assert command("prune", "--yes").status == 0
    left = set(files_of(layout))
    assert not [name for name in left if "20240106" in name and not name.startswith("logs/")]
    assert not layout.daily_summary(SECOND).exists()
    lines = [(each.task, each.date) for each in deleted.read(layout)]
    assert sorted(lines) == [("DailySummary", FIRST), ("DailySummary", SECOND)]
    assert layout.index_page.exists()


def test_a_page_that_could_not_be_deleted_is_deleted_by_the_next_prune(
    layout: Layout, command: Operate, set_clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_clock("2024-07-04T12:00:00")
    unlink, page = os.unlink, layout.daily_page(SECOND)

    def unlink_others(name: Any, *words: Any, **named: Any) -> None:
        if name == page.name:
            raise PermissionError(errno.EACCES, "Permission denied")
        unlink(name, *words, **named)

    with monkeypatch.context() as patched:
        patched.setattr(os, "unlink", unlink_others)
        failed = command("prune", "--yes", "--json")
    assert failed.status == 1
    assert page.name in document(failed)["problem"]
    assert not list(layout.root.glob("raw/movies/*/*_20240106.json"))
    done = command("prune", "--yes", "--json")
    assert done.status == 0
    assert [each["file"] for each in document(done)["files"]] == [layout.relative(page)]
    assert not page.exists()


def test_a_file_replaced_while_the_question_stands_is_kept(
    layout: Layout, operator_environment: dict[str, str], clean_environment: Path
) -> None:
    path = layout.root / "raw/movies/daily/popular_movies_20240106.json"
    collected_now = f'"collected_at": "{clock.now().isoformat()}"'
    with Terminal("prune", env=operator_environment, cwd=clean_environment) as terminal:
        terminal.read_until("[y/N]")
        new = re.sub('"collected_at": "[^"]+"', collected_now, path.read_text("utf-8"))
        path.write_text(new, "utf-8")
        terminal.write("y\n")
        assert terminal.wait() == 0
    assert path.read_text("utf-8") == new
    assert not (layout.root / "raw/movies/daily/popular_movies_20240107.json").exists()


def test_no_is_an_answer(
    layout: Layout, operator_environment: dict[str, str], clean_environment: Path
) -> None:
    before = files_of(layout)
    with Terminal("prune", env=operator_environment, cwd=clean_environment) as terminal:
        shown = terminal.read_until("Delete these for good? [y/N]")
        terminal.write("n\n")
        assert terminal.wait() == 1
    assert "report or page" in shown
    assert files_of(layout) == before


def test_derived_documents_whose_lists_are_gone_go_by_their_date(
    layout: Layout, command: Operate, set_clock: SetClock
) -> None:
    for path in layout.root.glob("raw/movies/*/*_20240106.json"):
        path.unlink()
    set_clock("2024-07-04T12:00:00")
    assert command("prune", "--yes").status == 0
    assert not layout.daily_summary(FIRST).exists()
    assert not layout.validation_report(FIRST).exists()
    assert not layout.daily_page(FIRST).exists()


def test_nothing_is_deleted_through_a_link(
    layout: Layout, command: Operate, set_clock: SetClock, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    (layout.root / "raw/movies/daily").rename(elsewhere)
    (layout.root / "raw/movies/daily").symlink_to(elsewhere)
    kept = {path.name for path in elsewhere.iterdir()}
    set_clock("2024-07-10T12:00:00")
    done = document(command("prune", "--yes", "--json"))
    assert {path.name for path in elsewhere.iterdir()} == kept
    assert "raw/movies/daily is a symbolic link: left alone." in done["left"]


def test_an_unreadable_list_is_reported_and_stays(
    layout: Layout, command: Operate, set_clock: SetClock
) -> None:
    path = layout.root / "raw/movies/daily/popular_movies_20240106.json"
    path.write_text("{")
    set_clock("2026-07-10T12:00:00")
    done = document(command("prune", "--yes", "--json"))
    assert path.exists()
    assert any("popular_movies_20240106.json" in each for each in done["left"])


def test_dates_of_a_run_in_progress_stay(
    layout: Layout, command: Operate, set_clock: SetClock
) -> None:
    set_clock("2024-07-10T12:00:00")
    with open(open_private(layout.run_lock("DailySummary")), "rb") as held:
        assert try_lock(held.fileno())
        done = document(command("prune", "--yes", "--json"))
    assert done["skipped"] == ["A run of DailySummary is in progress: its files stay."]
    assert layout.daily_summary(FIRST).exists()
    assert not layout.consolidated(SECOND).exists()


def test_backups_stay_while_one_is_made_or_restored(
    layout: Layout, command: Operate, set_clock: SetClock
) -> None:
    set_clock("2024-01-08T04:30:00")
    assert command("backup", "--no-history").status == 0
    set_clock("2024-07-10T12:00:00")
    with local.opened(layout.backups) as held:
        assert try_lock(held)
        done = document(command("prune", "--yes", "--json"))
    assert done["skipped"] == ["A backup or restore is in progress: the backups stay."]
    assert list(layout.backups.glob("*.gz"))
    assert not layout.daily_summary(FIRST).exists()
    (backup,) = document(command("prune", "--yes", "--json"))["files"]
    assert backup["kind"] == "backup"


def test_the_schedule_reports_for_seven_days_before_it_deletes(
    layout: Layout, command: Operate, set_clock: SetClock
) -> None:
    set_clock("2024-07-10T04:50:00")
    first = document(command("prune", "--yes", "--json", **SCHEDULED))
    assert first["deletes_from_at"].startswith("2024-07-17T04:50")
    assert layout.daily_summary(FIRST).exists()
    set_clock("2024-07-16T04:50:00")
    assert document(command("prune", "--yes", "--json", **SCHEDULED))["deleted"] is False
    set_clock("2024-07-17T04:50:00")
    assert document(command("prune", "--yes", "--json", **SCHEDULED))["deleted"] is True
    assert not layout.daily_summary(FIRST).exists()
    state = scheduled.read_state(layout)
    assert state
    assert state.ok


@pytest.mark.usefixtures("fake_apprise")
def test_the_first_scheduled_prune_alerts_once_and_an_empty_one_never(
    layout: Layout, command: Operate, set_clock: SetClock, receiver: Receiver
) -> None:
    alerts = {"PIPELINE_ALERT_URL": receiver.url, **SCHEDULED}
    set_clock("2024-02-01T04:50:00")
    assert command("prune", "--yes", **alerts).status == 0
    assert receiver.titles == []
    layout.prune_state.unlink()
    for day in (10, 11, 12):
        set_clock(f"2024-07-{day}T04:50:00")
        assert command("prune", "--yes", **alerts).status == 0
    assert [title.partition(" on ")[0] for title in receiver.titles] == ["Old data will be deleted"]


def test_the_job_of_the_schedule_deletes_nothing_at_first(
    layout: Layout, operator_environment: dict[str, str], clean_environment: Path
) -> None:
    words = ("prune", "--", "tmdb-pipeline", "prune", "--yes", "--runtime", "host")
    done = run_command(
        [installed("tmdb-scheduled"), *words], operator_environment, clean_environment
    )
    assert done.status == 0, done.output
    assert "nothing was deleted now" in done.output
    assert layout.prune_state.exists()
    assert layout.daily_summary(FIRST).exists()


def test_the_limit_is_that_of_tmdb(layout: Layout, command: Operate, set_clock: SetClock) -> None:
    set_clock("2024-07-10T12:00:00")
    for value in ("181", "0", "never"):
        refused = command("prune", "--dry-run", PIPELINE_KEEP_DAYS=value)
        assert refused.status == 1
        assert "TMDB's API terms of use" in refused.output
    refused = command("prune", "--dry-run", "--older-than", "365d")
    assert refused.status == 1
    off = {"PIPELINE_KEEP_DAYS": "by-agreement-with-tmdb"}
    assert document(command("prune", "--yes", "--json", **off))["files"] == []
    assert layout.daily_summary(FIRST).exists()


def test_a_history_that_is_away_fails_no_prune(
    layout: Layout, command: Operate, set_clock: SetClock
) -> None:
    set_clock("2024-07-10T12:00:00")
    url = "postgresql://luigi:x@127.0.0.1:1/luigi"
    done = document(command("prune", "--yes", "--json", PIPELINE_HISTORY_URL=url))
    assert "the task history" in done["warning"]
    assert done["problem"] is None


def test_a_fresh_backup_leaves_out_what_expires_while_it_is_kept(
    layout: Layout, command: Operate, set_clock: SetClock
) -> None:
    set_clock("2024-07-01T04:30:00")
    assert document(command("backup", "--no-history", "--json"))["metadata_files"] == 0
    set_clock("2024-07-12T04:50:00")
    planned = document(command("prune", "--dry-run", "--json"))
    assert not [each for each in planned["files"] if each["kind"] == "backup"]


def test_doctor_warns_before_the_limit(
    layout: Layout, command: Operate, set_clock: SetClock
) -> None:
    def found(**variables: str) -> dict[str, Any]:
        done = command("doctor", "--json", **variables)
        probes = json.loads(done.out)["findings"]
        return next(each for each in probes if each["probe"] == "retention")

    set_clock("2024-06-01T12:00:00")
    assert found()["state"] == "ok"
    set_clock("2024-06-22T12:00:00")
    assert (found()["state"], "no prune is scheduled" in found()["found"]) == ("warning", True)
    assert found(PIPELINE_KEEP_DAYS="by-agreement-with-tmdb")["state"] == "warning"
