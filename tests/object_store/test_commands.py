"""Commands whose data root is a bucket show and do what they do on a disk."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from support.bucket_roots import FIRST, SECOND, contents
from support.luigi_runs import Run, installed, run_command
from support.moved_clock import SetClock
from support.object_store import Proxy
from support.operate import Operate, document
from support.receivers import Receiver

from pipeline import clock
from pipeline.paths import Layout
from pipeline.storage import documents, s3_client
from pipeline.storage.object_path import ObjectPath

HOST = ("--runtime", "host")
SHOWS = [
    ("status",), ("status", "--grid"), ("explain", "DailySummary", str(SECOND)),
    ("explain", "WeeklyConsolidation", str(SECOND)), ("explain", "DailySummary", "2024-01-08"),
    ("show", "daily", str(SECOND)), ("show", "weekly", str(SECOND)), ("runs",), ("stats",),
    ("check",), ("check", "WeeklyConsolidation", str(SECOND)), ("open",),
    ("open", "daily", str(FIRST)), ("prune", "--dry-run"),
    ("prune", "--dry-run", "--older-than", "1d"),
]  # fmt: skip


def on_disk(command: Operate, disk: Layout, words: Sequence[str]) -> Run:
    """Run a command on the copy on the disk."""
    return command(*words, PIPELINE_DATA_DIR=str(disk.root), PIPELINE_WORK_DIR="")


def without_root(run: Run, layout: Layout) -> Any:
    """Return a document without the address of the data root and the instant."""
    text = run.out
    for place in (layout.root.as_uri(), str(layout.root), str(layout.work)):
        text = text.replace(place, "ROOT")
    shown = json.loads(text)
    if "files" in shown:
        shown["files"].sort(key=lambda each: each["file"])
    if "settings" in shown:
        shown["settings"] = [s for s in shown["settings"] if s["variable"] != "PIPELINE_WORK_DIR"]
    return shown


@pytest.mark.parametrize("words", SHOWS, ids=" ".join)
def test_a_bucket_shows_what_a_disk_shows(
    command: Operate, disk: Layout, layout: Layout, set_clock: SetClock, words: Sequence[str]
) -> None:
    set_clock("2024-01-08T12:00:00")
    of_bucket = command(*words, *HOST, "--json")
    of_disk = on_disk(command, disk, [*words, *HOST, "--json"])
    assert of_bucket.status == of_disk.status == 0, of_bucket.output
    assert without_root(of_bucket, layout) == without_root(of_disk, disk)
    shown = command(*words, *HOST, *(["--print"] if words[0] == "open" else []))
    assert shown.status == 0, shown.output
    assert shown.out


def test_watch_reports_the_same_overdue_date(
    command: Operate, disk: Layout, layout: Layout, set_clock: SetClock
) -> None:
    set_clock("2024-01-08T12:00:00")
    of_bucket, of_disk = command("watch"), on_disk(command, disk, ["watch"])
    assert of_bucket.status == of_disk.status
    assert "DailySummary of 2024-01-08" in of_bucket.output
    assert of_bucket.output.replace(str(layout.root), str(disk.root)) == of_disk.output


def test_a_pause_and_an_acknowledgement_stay_on_the_machine(
    command: Operate, layout: Layout, set_clock: SetClock, disk: Layout
) -> None:
    set_clock("2024-01-10T12:00:00")
    before = contents(layout)
    assert command("pause", "daily", *HOST).status == 0
    assert layout.pause("DailySummary").is_file()
    assert command("resume", "daily", *HOST).status == 0
    assert not layout.pause("DailySummary").exists()
    assert command("acknowledge", "2024-01-08", *HOST, "--json").status == 0
    assert layout.acknowledged("DailySummary", SECOND.replace(day=8)).is_file()
    refused = command("acknowledge", str(SECOND), "daily", *HOST)
    assert (refused.status, "is missed" in refused.err) == (1, True)
    assert contents(layout) == before


def test_a_day_and_a_week_are_made_and_found_done(operate: Operate, layout: Layout) -> None:
    for task in ("daily", "weekly"):
        done = operate("run", task, *HOST)
        assert done.status == 0, done.output
        assert f"The files are in {layout.root}" in done.err
    today = clock.today()
    made = set(contents(layout))
    assert {layout.relative(layout.daily_summary(today)), "reports/index.html"} < made
    assert len(made) == 12  # of the small plan, root.json included
    again = operate("run", "daily", *HOST)
    assert "DailySummary of" in again.err
    assert "was done already" in again.err
    runs = document(operate("runs", "--json", *HOST))["runs"]
    assert {run["outcome"] for run in runs} == {"DONE"}
    assert runs[-1]["documents"]
    assert operate("logs", "daily", *HOST).status == 0


def test_a_backfill_runs_what_is_missing_in_a_range(operate: Operate, layout: Layout) -> None:
    days = [clock.today().fromordinal(clock.today().toordinal() - back) for back in (2, 1)]
    words = ("backfill", "daily", "--from", str(days[0]), "--to", str(days[1]), "--json", *HOST)
    done = operate(*words)
    assert done.status == 0, done.output
    assert [(day["date"], day["documents"]) for day in document(done)["days"]] == [
        (str(day), 4) for day in days
    ]
    assert all(documents.exists(layout.daily_page(day)) for day in days)
    again = document(operate(*words))
    assert (again["days"], again["ok"]) == ([], True)


def test_the_schedule_runs_a_day_once_and_the_catch_up_nothing(
    operator_environment: dict[str, str], layout: Layout, tmp_path_factory: pytest.TempPathFactory
) -> None:
    def scheduled(*words: str) -> Run:
        command = [installed("tmdb-scheduled"), *words]
        return run_command(command, operator_environment, tmp_path_factory.mktemp("cwd"))

    luigi = [installed("luigi"), "--module", "pipeline"]
    daily = ("daily", "--", *luigi, "DailySummary")
    done = scheduled(*daily)
    assert done.status == 0, done.output
    before, runs = contents(layout), layout.run_record.read_bytes()
    assert "reports/index.html" in before
    assert layout.due_times.is_file()
    assert scheduled(*daily).status == 0
    assert scheduled("weekly", "--", *luigi, "WeeklyConsolidation").status == 0
    ended = layout.run_record.read_bytes()
    assert ended.removeprefix(runs).count(b'"DailySummary"') == 0
    assert scheduled("catch-up", "--", *luigi).status == 0
    assert layout.run_record.read_bytes() == ended


@pytest.mark.usefixtures("fake_apprise")
def test_an_alert_is_sent_once_and_cleared_with_its_marker_on_the_machine(
    command: Operate, disk: Layout, layout: Layout, proxy: Proxy, receiver: Receiver
) -> None:
    words, alerts = ("backup", "--no-history", *HOST), {"PIPELINE_ALERT_URL": receiver.url}
    proxy.always = ("GET", "403")
    for _ in range(2):
        assert command(*words, **alerts).status == 1
    assert [title.partition(" on ")[0] for title in receiver.titles] == ["The backup failed"]
    assert list(layout.alerts.iterdir())
    proxy.always = None
    assert command(*words, **alerts).status == 0
    assert receiver.titles[1].startswith("All clear")
    assert not any("alerts" in name for name in contents(layout))


SILENT = [
    ("status",), ("status", "--grid"), ("show", "daily", str(SECOND)), ("open",), ("watch",),
    ("acknowledge", "2024-01-01"), ("backup", "--no-history"), ("prune", "--dry-run"),
    ("prune", "--yes"), ("redo", "ValidationReport", str(SECOND), "--yes"),
    ("backfill", "daily", "--from", str(FIRST), "--to", str(SECOND), "--dry-run"),
]  # fmt: skip


@pytest.fixture
def silent(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> Proxy:
    """A store that answers nothing, which is waited for only a moment."""
    monkeypatch.setattr(s3_client, "READ_SECONDS", 0.2)
    s3_client.forget_clients()
    proxy.always = ("*", "hang")
    return proxy


@pytest.mark.parametrize("words", SILENT, ids=" ".join)
def test_a_silent_store_costs_one_wait_and_one_sentence(
    command: Operate, layout: ObjectPath, silent: Proxy, words: Sequence[str]
) -> None:
    done = command(*words, *([] if words == ("watch",) else HOST))
    assert done.status == 1
    assert done.out == ""
    sentences = [line for line in done.err.splitlines() if "the store does not answer" in line]
    assert len(sentences) == done.err.count("\n") == 1, done.err
    assert len(silent.requests) <= s3_client.ATTEMPTS


@pytest.mark.parametrize(
    "words", [("runs",), ("stats",), ("check",), ("explain", "DailySummary", str(SECOND))],
    ids=" ".join,
)  # fmt: skip
def test_what_is_known_without_the_store_is_shown_after_one_wait(
    command: Operate, layout: ObjectPath, silent: Proxy, words: Sequence[str]
) -> None:
    assert command(*words, *HOST).status == 0
    assert len(silent.requests) <= s3_client.ATTEMPTS
