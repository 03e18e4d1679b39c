"""redo in a bucket: what is moved aside is made again, or comes back, wherever it was killed."""

from __future__ import annotations

import datetime
import os
import signal
import subprocess
from pathlib import Path

import pytest
from support.bucket_roots import contents, upload
from support.data_roots import DataRoots
from support.object_store import Proxy
from support.operate import WORDS, Operate, document
from support.waiting import wait_for

from pipeline import clock
from pipeline.ops.schedule.job_process import say
from pipeline.paths import Layout
from pipeline.storage import documents, superseded
from pipeline.storage.documents import storage_of

HOST = ("--runtime", "host")
FILES = ("raw/movies/daily/a.json", "raw/movies/daily/b.json", "reports/index.html")
TASK = "DailySummary"


@pytest.fixture
def today(data_roots: DataRoots, data_dir: Path, layout: Layout) -> datetime.date:
    """Today, whose documents and pages are in the bucket."""
    day = clock.today()
    data_roots.copy(data_dir, ("DailySummary", str(day)), ("IndexPage", str(day)))
    upload(data_dir, layout)
    return day


def test_a_report_is_made_again_with_all_that_needs_it(
    operate: Operate, layout: Layout, today: datetime.date
) -> None:
    before = contents(layout)
    words = ("redo", "ValidationReport", str(today), "--json", *HOST)
    planned = document(operate(*words, "--dry-run"))["redone"][0]
    assert contents(layout) == before
    done = operate(*words, "--yes")
    assert done.status == 0, done.output
    moved = document(done)["redone"][0]["moved"]
    assert moved == planned["moved"]
    assert len(moved) == 4
    after = contents(layout)
    kept = {name: each for name, each in after.items() if name.startswith("superseded/")}
    assert {name.split("/", 2)[2]: each for name, each in kept.items()} == {
        name: before[name] for name in moved
    }
    assert after.keys() - kept.keys() == before.keys()
    assert not storage_of(layout.root).is_folder(layout.redo_folder(TASK))


def test_a_failed_redo_puts_everything_back(
    operate: Operate, layout: Layout, today: datetime.date
) -> None:
    (damaged,) = (name for name in contents(layout) if "popular_movies" in name)
    storage_of(layout.root).replace(layout.root / damaged, [b"{"])
    before = contents(layout)
    done = operate("redo", "ValidationReport", str(today), "--yes", *HOST)
    assert done.status not in (0, 1)
    assert "Put back, because the redo did not succeed" in done.err
    after = contents(layout)
    assert {name: after[name] for name in before} == before


def test_a_killed_redo_is_put_back_by_the_next_run(
    operate: Operate, operator_environment: dict[str, str], clean_environment: Path,
    layout: Layout, today: datetime.date,
) -> None:  # fmt: skip
    summary = layout.daily_summary(today)
    before = storage_of(summary).read(summary)
    redo = subprocess.Popen(
        [*WORDS, "redo", "ValidationReport", str(today), "--yes", *HOST], env=operator_environment,
        cwd=clean_environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        wait_for(lambda: not documents.exists(summary), 60)
    finally:
        os.killpg(redo.pid, signal.SIGKILL)
        redo.wait()
    assert operate("run", "daily", *HOST).status == 0
    assert storage_of(summary).read(summary) == before
    assert not storage_of(layout.root).is_folder(layout.redo_folder(TASK))


def write(layout: Layout, text: str, *names: str) -> None:
    for name in names:
        storage_of(layout.root).replace(layout.root / name, [f"{text} {name}".encode()])


def stop_after(proxy: Proxy, changes: int) -> None:
    """Refuse every change of the bucket after so many, as if this process had ended."""
    proxy.faults = [("PUT DELETE", "")] * changes
    proxy.always = ("PUT DELETE", "403")


@pytest.mark.parametrize("changes", range(7))
def test_a_redo_that_ends_while_it_moves_files_aside_loses_none(
    layout: Layout, proxy: Proxy, changes: int
) -> None:
    write(layout, "old", *FILES)
    before = contents(layout)
    stop_after(proxy, changes)
    if changes < 2 * len(FILES):
        with pytest.raises(Exception, match="refuses access"):
            superseded.move_aside(layout, TASK, FILES)
    else:
        superseded.move_aside(layout, TASK, FILES)
        assert not {*contents(layout)} & {*FILES}
    proxy.always, proxy.faults = None, []
    superseded.settle(layout, TASK, say)
    after = contents(layout)
    assert {name: after[name] for name in FILES} == before
    assert not storage_of(layout.root).is_folder(layout.redo_folder(TASK))


@pytest.mark.parametrize("made_again", [FILES[:1], FILES[1:], FILES], ids=len)
@pytest.mark.parametrize("changes", range(1, 10))
def test_files_that_were_put_back_in_part_are_put_back_by_the_next_call(
    layout: Layout, proxy: Proxy, made_again: tuple[str, ...], changes: int
) -> None:
    write(layout, "old", *FILES)
    superseded.move_aside(layout, TASK, FILES)
    write(layout, "new", *made_again)
    stop_after(proxy, changes)
    superseded.settle(layout, TASK, say)
    proxy.always, proxy.faults = None, []
    superseded.settle(layout, TASK, say)
    after = contents(layout)
    text = "new" if made_again == FILES else "old"
    assert {name: after[name] for name in FILES} == {n: f"{text} {n}".encode() for n in FILES}
    assert not storage_of(layout.root).is_folder(layout.redo_folder(TASK))
    kept = {each.decode() for name, each in after.items() if name.startswith("superseded/")}
    other = {f"old {n}" for n in FILES} if text == "new" else {f"new {n}" for n in made_again}
    assert other <= kept, "what was replaced is kept"
