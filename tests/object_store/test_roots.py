"""Data roots of a bucket: apart from each other, bound once, and the same bytes as on a disk."""

from __future__ import annotations

import datetime
import functools
import multiprocessing
import os
from pathlib import Path

import luigi
import pytest
from luigi.task_register import Register
from support.bucket_roots import SECOND, contents, upload
from support.moved_clock import SetClock
from support.object_store import Proxy
from support.operate import Operate, document
from support.settings_cache import clear_settings_cache
from support.stored_documents import DOCUMENT, INFO

import pipeline
from pipeline import clock, identity, settings
from pipeline.catalog import iso_week
from pipeline.errors import OtherIdentity
from pipeline.paths import Layout
from pipeline.storage import documents
from pipeline.storage.documents import storage_of
from pipeline.storage.object_path import ObjectPath
from pipeline.tasks.ranges import RangeDaily, RangeWeekly

DAY = datetime.timedelta(days=1)
HOST = ("--runtime", "host")


def test_two_data_roots_in_one_bucket_do_not_touch_each_other(
    command: Operate, disk: Layout, layout: Layout, operator_environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch, data_dir: Path, set_clock: SetClock,
) -> None:  # fmt: skip
    """The name of one begins with the name of the other."""
    monkeypatch.setenv("PIPELINE_DATA_DIR", f"{layout.root}-2")
    other = settings.current().layout
    assert other.work != layout.work
    upload(data_dir, other)
    before, records = contents(other), other.run_record.read_bytes()
    set_clock("2024-07-10T12:00:00")
    assert document(command("prune", "--yes", "--json", *HOST))["files"]
    assert command("backup", "--no-history", *HOST).status == 0
    assert command("pause", "daily", *HOST).status == 0
    assert contents(layout).keys() == {"root.json", "raw/metadata/deleted.jsonl"}
    assert contents(other) == before
    assert other.run_record.read_bytes() == records
    assert not other.backups.exists()
    assert not other.pause("DailySummary").exists()
    shown = document(command("runs", "--json", *HOST, PIPELINE_DATA_DIR=str(other.root)))
    assert shown["runs"]


def publish_first_list(language: str, work_dir: Path) -> None:
    os.environ |= {"PIPELINE_WORK_DIR": str(work_dir), "TMDB_LANGUAGE": language}
    clear_settings_cache()
    layout = settings.current().layout
    path = layout.root / f"raw/movies/daily/popular_{language}_20240107.json"
    info = {**INFO, "language": language, "region": "KR", "source": "demo"}
    try:
        identity.publish_list(layout, path, {**DOCUMENT, "collection_info": info})
    except OtherIdentity:
        os._exit(3)
    os._exit(0)


@pytest.mark.parametrize("_", range(8))
def test_of_two_hosts_with_other_settings_one_binds_the_bucket(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, _: int
) -> None:
    monkeypatch.setenv("TMDB_API_KEY", "demo")
    fork = multiprocessing.get_context("fork")
    hosts = {
        language: fork.Process(target=publish_first_list, args=[language, tmp_path / language])
        for language in ("ko-KR", "en-US")
    }
    for host in hosts.values():
        host.start()
    for host in hosts.values():
        host.join(60)
    statuses = {language: host.exitcode for language, host in hosts.items()}
    assert set(statuses.values()) == {0, 3}
    (first,) = (language for language, status in statuses.items() if status == 0)
    assert documents.read(layout.identity)["language"] == first
    assert [name for name in contents(layout) if name != "root.json"] == [
        f"raw/movies/daily/popular_{first}_20240107.json"
    ]


@pytest.fixture
def year(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> list[datetime.date]:
    """A year of summaries and consolidated weeks, but for one day and one Sunday."""
    monkeypatch.setenv("TMDB_API_KEY", "demo")
    days = [SECOND + number * DAY for number in range(366)]
    paths = [layout.daily_summary(day) for day in days if day != days[100]]
    paths += [layout.consolidated(day) for day in days[::7] if day != days[70]]
    for path in paths:
        storage_of(path).publish(path, [b"{}"])
    return days


def test_a_year_is_looked_up_by_a_handful_of_requests(
    year: list[datetime.date], layout: Layout, proxy: Proxy
) -> None:
    del proxy.requests[:]
    done = pipeline.DailySummary.bulk_complete(year)
    assert len(done) == len(year) - 1
    assert len(proxy.requests) == 1
    for made, missing in (
        (RangeDaily(start=year[0], stop=year[-1] + DAY), year[100]),
        (RangeWeekly(start=year[0], stop=year[-1] + DAY), year[70]),
    ):
        del proxy.requests[:]
        assert [task.date for task in made.requires()] == [missing]
        assert len(proxy.requests) <= 8, proxy.requests


def test_a_listing_of_many_days_is_read_in_pages_of_a_thousand(
    year: list[datetime.date], layout: Layout, proxy: Proxy
) -> None:
    folder = layout.daily_summary(year[0]).parent
    for number in range(700):
        storage_of(folder).publish(folder / f"other_{number}.json", [b"{}"])
    del proxy.requests[:]
    assert len(pipeline.DailySummary.bulk_complete(year)) == len(year) - 1
    assert len(proxy.requests) == 2


def make(root: str, work_dir: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Make a day and a week with their pages, and return the bytes of each document."""
    for name, value in (("DATA_DIR", root), ("WORK_DIR", work_dir)):
        monkeypatch.setenv(f"PIPELINE_{name}", value)
    clear_settings_cache()
    Register.clear_instance_cache()
    for task in (pipeline.DailySummary, pipeline.WeeklyConsolidation, pipeline.IndexPage):
        assert luigi.build([task(date=SECOND)], local_scheduler=True, workers=1)
    return contents(settings.current().layout)


def test_a_day_and_a_week_are_the_same_bytes_as_on_a_disk(
    bucket: ObjectPath, data_dir: Path, tmp_path: Path, set_clock: SetClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    set_clock("2024-01-07T02:00:00")
    monkeypatch.setattr(clock, "monotonic", lambda: 1_000.0)
    monkeypatch.setenv("TMDB_API_KEY", "demo")
    in_bucket = make(str(bucket), str(tmp_path / "machine"), monkeypatch)
    on_disk = make(str(data_dir), "", monkeypatch)
    assert len(in_bucket) == 18 + len(["root.json"])
    week = f"processed/weekly/consolidated_week_{iso_week(SECOND)}_{SECOND:%Y%m%d}.json"
    assert len(in_bucket[week]) > 100_000
    without = functools.partial(map, without_fingerprint)
    assert dict(without(in_bucket.items())) == dict(without(on_disk.items()))


def without_fingerprint(item: tuple[str, bytes]) -> tuple[str, bytes]:
    """Leave out the last line of a page: it has the times at which its documents were stored."""
    name, content = item
    if not name.endswith(".html"):
        return item
    page, fingerprint = content[:-1].rsplit(b"\n", 1)
    assert fingerprint.startswith(b"<!-- drawn from ")
    return name, page
