"""prune in a bucket: the same goes as on a disk, and a kill leaves nothing that is not found."""

from __future__ import annotations

import json
import subprocess

import pytest
from support.bucket_roots import FIRST, SECOND, contents
from support.moved_clock import SetClock
from support.object_store import Proxy
from support.operate import WORDS, Operate, document
from support.waiting import wait_for

from pipeline.paths import Layout
from pipeline.retention import deleted

HOST = ("--runtime", "host")
PRUNE = ("prune", "--yes", "--json", *HOST)


def titles(layout: Layout) -> set[str]:
    """Return the titles of all lists."""
    lists = [json.loads(each) for name, each in contents(layout).items() if "raw/movies/" in name]
    return {movie["title"] for each in lists for movie in each["movies"] if movie.get("title")}


def test_the_same_goes_and_stays_as_on_a_disk(
    command: Operate, disk: Layout, layout: Layout, set_clock: SetClock
) -> None:
    set_clock("2024-07-04T12:00:00")  # 180 days after the first day
    of_bucket = command(*PRUNE)
    of_disk = command(*PRUNE, PIPELINE_DATA_DIR=str(disk.root), PIPELINE_WORK_DIR="")
    assert of_bucket.status == of_disk.status == 0, of_bucket.output
    gone, gone_of_disk = (document(each)["files"] for each in (of_bucket, of_disk))
    assert sorted(each["file"] for each in gone) == sorted(each["file"] for each in gone_of_disk)
    assert len(gone) > 5
    left = contents(layout)
    assert left.keys() == contents(disk).keys()
    assert layout.relative(layout.consolidated(SECOND)) in left
    assert b"daily_20240106" not in left["reports/index.html"], "it is drawn anew"
    assert deleted.dates(layout) == deleted.dates(disk)


def test_no_title_is_left_in_any_object_and_the_scores_stay(
    command: Operate, disk: Layout, layout: Layout
) -> None:
    known, lists = titles(layout), {name for name in contents(layout) if "raw/movies/" in name}
    assert len(known) > 50
    gone = document(command(*PRUNE))
    assert (gone["deleted"], gone["problem"]) == (True, None)
    assert lists <= {each["file"] for each in gone["files"]}
    left = contents(layout)
    assert left.keys() == {"root.json", "raw/metadata/deleted.jsonl"}
    assert not [title for title in known if title.encode() in b"".join(left.values())]
    assert len(deleted.dates(layout)) == 3
    assert all(each.score for each in deleted.read(layout))
    assert document(command(*PRUNE))["files"] == []
    assert layout.run_record.is_file()


@pytest.mark.parametrize("deletions", [0, 1, 4, 8, 12])
def test_the_next_prune_finishes_one_that_was_killed(
    command: Operate, operator_environment: dict[str, str], disk: Layout, layout: Layout,
    proxy: Proxy, deletions: int,
) -> None:  # fmt: skip
    proxy.faults = [("DELETE", "")] * deletions + [("DELETE", "hang")]
    pruning = subprocess.Popen(
        [*WORDS, *PRUNE], env=operator_environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for(lambda: not proxy.faults, 60)
    finally:
        pruning.kill()
        pruning.wait()
    left = contents(layout).keys()
    assert any(name.startswith("raw/movies/") for name in left), "the lists go last"
    assert document(command(*PRUNE))["problem"] is None
    assert contents(layout).keys() == {"root.json", "raw/metadata/deleted.jsonl"}
    lines = [(each.task, each.date) for each in deleted.read(layout)]
    assert sorted(lines) == [
        ("DailySummary", FIRST), ("DailySummary", SECOND), ("WeeklyConsolidation", SECOND)
    ]  # fmt: skip


def test_a_store_that_refuses_deletions_is_reported_once_and_pruned_later(
    command: Operate, disk: Layout, layout: Layout, proxy: Proxy
) -> None:
    proxy.always = ("DELETE", "403")
    failed = command(*PRUNE)
    assert failed.status == 1
    problem = document(failed)["problem"]
    assert problem.count("the store refuses access") == 3
    assert "more files could not be deleted" in problem
    assert document(failed)["files"] == []
    proxy.always = None
    assert document(command(*PRUNE))["problem"] is None
    assert contents(layout).keys() == {"root.json", "raw/metadata/deleted.jsonl"}
