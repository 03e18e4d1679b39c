"""The run record: two lines a run, readable whatever happens to the disk or to the run."""

from __future__ import annotations

import datetime
import json
import os
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest
from support.run_records import lines

from pipeline.documents.run_record import ENDED, Entry
from pipeline.ops.runs import record
from pipeline.paths import Layout

AT = datetime.datetime(2024, 1, 7, 2, tzinfo=datetime.UTC)


@pytest.fixture
def layout(data_dir: Path) -> Layout:
    return Layout(data_dir)


def entry(run_id: str, **changes: Any) -> Entry:
    known = Entry(run_id=run_id, task="DailySummary", date=AT.date(), at=AT, started_at=AT)
    return msgspec.structs.replace(known, **changes)


def test_a_run_is_one_entry_of_its_two_lines(layout: Layout) -> None:
    record.append(layout, entry("a"))
    record.append(layout, entry("b"))
    record.end(layout, entry("a"), 30, "why")
    first, second = record.entries(layout)
    assert (first.run_id, first.event, first.status, first.reason) == ("a", ENDED, 30, "why")
    assert (first.outcome, first.began_at) == ("FAILED", AT)
    assert (second.run_id, second.outcome, second.seconds) == ("b", "RUNNING", None)


def test_the_last_run_that_ended_is_that_of_a_root_task_which_was_not_skipped(
    layout: Layout,
) -> None:
    for run_id, task, status in (
        ("a", "DailySummary", 0),
        ("b", "DailySummary", 30),
        ("c", "DailySummary", record.ALREADY_RUNNING),
        ("d", "WeeklyConsolidation", 0),
        ("e", "IndexPage", 0),
    ):
        record.end(layout, entry(run_id, task=task), status, None)
    record.append(layout, entry("f"))
    ended = record.last_ended(layout)
    assert [(each.run_id, each.status) for each in ended] == [("b", 30), ("d", 0)]


def test_lines_without_the_later_keys_are_read(layout: Layout) -> None:
    """As a version wrote them that knew only the keys that programs rely on."""
    layout.logs.mkdir(parents=True)
    known = {
        **{"run_id": "a", "task": "DailySummary", "date": "2024-01-07", "reason": None},
        **{"started_by": "schedule", "scheduler": "luigid", "version": "0", "log": "logs/a.log"},
    }
    begin = {**known, "event": "started", "at": "2024-01-07T02:00:00+00:00", "status": None}
    end = {**known, "event": "ended", "at": "2024-01-07T02:00:09+00:00", "status": 0}
    layout.run_record.write_text(f"{json.dumps(begin)}\n{json.dumps(end)}\n", encoding="utf-8")
    (run,) = record.entries(layout)
    assert (run.outcome, run.seconds, run.began_at) == ("DONE", 9, AT)


def test_lines_of_another_form_are_skipped(layout: Layout) -> None:
    record.append(layout, entry("a"))
    whole = msgspec.json.encode(entry("c")).decode()
    with layout.run_record.open("ab") as stream:
        for odd in (
            *(b"[]", b'"x"', b"null", b"{}", b"\xff\xfe", b'{"run_id": 1}', b'{"run_id": "b"'),
            b"[" * 100_000,
            whole.replace('"version":""', '"version":7').encode(),
        ):
            stream.write(odd + b"\n")
        stream.write(b'{"run_id": "cut')
    record.end(layout, entry("a"), 0, None)
    (known,) = record.entries(layout)
    assert (known.run_id, known.status) == ("a", 0)


def test_a_large_record_makes_room_and_nothing_is_removed(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "MAX_BYTES", 1_000)
    for number in range(12):
        record.append(layout, entry(str(number), version="x" * 300))
    files = {path.name for path in layout.logs.iterdir()}
    assert files >= {"runs.jsonl", "runs.jsonl.1", "runs.jsonl.2"}
    texts = [path.read_text(encoding="utf-8") for path in layout.logs.iterdir()]
    runs = {json.loads(line)["run_id"] for text in texts for line in text.splitlines()}
    assert runs == {str(number) for number in range(12)}


def test_a_run_that_ended_after_the_record_made_room_is_one_run(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    record.append(layout, entry("a"))
    monkeypatch.setattr(record, "MAX_BYTES", 0)
    record.append(layout, entry("b"))
    record.end(layout, entry("b"), 0, None)
    monkeypatch.undo()
    record.end(layout, entry("a"), 0, None)
    assert layout.run_record.read_text(encoding="utf-8").count("\n") == 2
    first, second = sorted(record.entries(layout), key=lambda run: run.run_id)
    assert (first.run_id, first.outcome, second.outcome) == ("a", "DONE", "DONE")


def test_lines_of_several_writers_never_mix(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "MAX_BYTES", 50_000)

    def write_many(name: int) -> None:
        for number in range(100):
            record.append(layout, entry(f"{name}-{number}", reason="x" * 500))

    writers = [threading.Thread(target=write_many, args=(each,)) for each in range(4)]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    texts = [path.read_text(encoding="utf-8") for path in layout.logs.iterdir()]
    runs = [json.loads(line)["run_id"] for text in texts for line in text.splitlines()]
    assert len(texts) > 2
    assert len(runs) == len(set(runs)) == 400


def test_a_run_without_a_log_counts_as_over_after_its_time_limit(layout: Layout) -> None:
    now = datetime.datetime.now(datetime.UTC)
    assert not record.is_over(layout, entry("young", at=now, started_at=now))
    old = now - datetime.timedelta(hours=10)
    assert record.is_over(layout, entry("old", at=old, started_at=old))


def test_a_pipe_in_place_of_the_run_record_delays_no_run(layout: Layout) -> None:
    layout.logs.mkdir(parents=True)
    os.mkfifo(layout.run_record)
    record.append(layout, entry("a"))
    assert record.entries(layout) == []


def test_a_full_disk_fails_no_run(layout: Layout) -> None:
    layout.logs.mkdir(parents=True)
    layout.run_record.symlink_to("/dev/full")
    record.append(layout, entry("a"))


def test_a_long_run_lists_its_first_documents_only(layout: Layout) -> None:
    journal = layout.journal(AT.date())
    journal.parent.mkdir(parents=True)
    event = {"at": AT.isoformat(), "task": "T", "event": "done", "run": "a.log"}
    rows = [json.dumps({**event, "file": f"raw/{number}.json"}) for number in range(500)]
    journal.write_text("\n".join([*rows, "no json", ""]), encoding="utf-8")
    ended = record.end(layout, entry("a"), 0, None)
    assert ended.documents == [f"raw/{number}.json" for number in range(100)]
    assert lines(layout)[-1]["documents"] == ended.documents
