"""Delete what has expired, in an order in which the next prune finishes an interrupted one.

First a line of the record for each date, then the index page, the pages, the documents that were
made of lists, and the lists last.
"""

import contextlib
import datetime
import os
from collections.abc import Iterator
from pathlib import Path

from pipeline import clock, settings
from pipeline.errors import PipelineError
from pipeline.ops.schedule.job_process import locked
from pipeline.ops.settings import history_url
from pipeline.paths import Layout
from pipeline.retention import deleted
from pipeline.retention.expired import BACKUP, DERIVED, Result, find
from pipeline.roots import ROOTS
from pipeline.runtime import logs
from pipeline.storage import local
from pipeline.storage.private_files import try_lock


def prune(layout: Layout, days: int | None) -> Result:
    """Delete all that is older than that, old logs and rows of the task history included."""
    if days is None:
        return Result()
    with contextlib.ExitStack() as stack:
        busy = _take_locks(layout, stack)
        done = find(layout, days)  # no run replaces a file from here on
        reasons = {each: busy.get(each.key[0] if each.key else each.kind) for each in done.files}
        done.skipped = list(dict.fromkeys(filter(None, reasons.values())))
        done.files = [item for item, reason in reasons.items() if not reason]
        _delete(layout, done)
    if not layout.index_page.exists() and layout.pages.is_dir() and not layout.pages.is_symlink():
        _draw_index(done)
    logs.sweep(layout, clock.now())
    local.sweep(layout.published_folders)
    before = clock.now() - datetime.timedelta(days=days)
    _purge_history(done, before)
    _prune_warehouse(layout, done, before)
    return done


def _take_locks(layout: Layout, stack: contextlib.ExitStack) -> dict[str, str]:
    """Take the locks of root tasks and backups; return why files stay where another has it."""
    busy = {}
    for family in ROOTS:
        if stack.enter_context(locked(layout.run_lock(family))) is None:
            busy[family] = f"A run of {family} is in progress: its files stay."
    with contextlib.suppress(OSError):  # there are no backups
        if not try_lock(stack.enter_context(_opened(layout, layout.backups))):
            busy[BACKUP] = "A backup or restore is in progress: the backups stay."
    return busy


def _delete(layout: Layout, done: Result) -> None:
    """Delete the files of the result once their dates are recorded; keep those in it that went."""
    items, done.files, failed = done.files, [], []
    documents = [item for item in items if item.kind == DERIVED and item.path.suffix == ".json"]
    known = deleted.dates(layout)
    if new := {item.key for item in documents if item.key and item.key not in known}:
        deleted.record(layout, sorted(new))
    with contextlib.suppress(OSError):
        if any(item.kind != BACKUP for item in items):
            _unlink(layout, layout.index_page)
    for item in items:
        try:
            _unlink(layout, item.path)
            done.files.append(item)
        except OSError as error:
            why = f"{item.path} cannot be deleted ({error.strerror})"
            failed.append(f"{why}: correct its owner or folder; the next prune goes on.")
    done.deleted, done.problem = True, " ".join(failed) or None


def _unlink(layout: Layout, path: Path) -> None:
    with contextlib.suppress(FileNotFoundError), _opened(layout, path.parent) as folder:
        os.unlink(path.name, dir_fd=folder)


@contextlib.contextmanager
def _opened(layout: Layout, folder: Path) -> Iterator[int]:
    """Open a folder below the data root by one name after the other, none of which is a link."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    with contextlib.ExitStack() as stack:
        descriptor = os.open(layout.root, flags)
        stack.callback(os.close, descriptor)
        for name in folder.relative_to(layout.root).parts:
            descriptor = os.open(name, flags | os.O_NOFOLLOW, dir_fd=descriptor)
            stack.callback(os.close, descriptor)
        yield descriptor


def _draw_index(done: Result) -> None:
    from pipeline.tasks.index import IndexPage

    try:
        IndexPage(date=clock.today()).run()
    except Exception as error:  # a page never fails what it shows
        done.skipped.append(f"The index page is drawn by the next run only: {error}")


def _purge_history(done: Result, before: datetime.datetime) -> None:
    """Delete older events of the task history; a database that is away fails no prune."""
    from pipeline.ops.history.store import HistoryStore

    try:
        if url := history_url():
            with contextlib.closing(HistoryStore(url)) as store:
                done.history_rows = store.purge(before)
    except PipelineError as error:
        done.warning = f"Rows of the task history stay until the next prune: {error}"


def _prune_warehouse(layout: Layout, done: Result, before: datetime.datetime) -> None:
    """Delete older rows of the warehouse, also of a file that was in use before PostgreSQL."""
    if not settings.value("PIPELINE_WAREHOUSE_URL") and not layout.warehouse.exists():
        return
    from pipeline.warehouse.store import Warehouse

    try:
        found = [Warehouse(layout.warehouse, None)] if layout.warehouse.exists() else []
        found += [Warehouse(layout.warehouse, url)] if (url := settings.warehouse_url()) else []
        done.warehouse_rows = sum(each.prune(before) for each in found)
    except PipelineError as error:
        why = f"Rows of the warehouse stay until the next prune: {error}"
        done.warning = f"{done.warning} {why}".strip()
