"""Delete what has expired, in an order in which the next prune finishes an interrupted one.

First the index page, then a line of the record for each date, the pages, the documents that were
made of lists, and the lists last: as long as they are there, all that goes with them is found.
"""

import contextlib
import datetime
import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import msgspec

from pipeline import clock
from pipeline.errors import PipelineError
from pipeline.ops.retention import deleted
from pipeline.ops.retention.expired import (
    BACKUP,
    DERIVED,
    EVIDENCE,
    LIST,
    Found,
    Item,
    read_derived,
)
from pipeline.ops.roots import ROOTS
from pipeline.ops.schedule.job_process import locked
from pipeline.ops.settings import history_url
from pipeline.paths import Layout
from pipeline.storage import documents, local

# The time from the first scheduled prune, which only reports, until the schedule deletes.
NOTICE = datetime.timedelta(days=7)


class State(msgspec.Struct):
    """What scheduled prunes leave for the next one and for `doctor`."""

    first_at: datetime.datetime
    last_at: datetime.datetime
    ok: bool = True


class Result(msgspec.Struct):
    """What was deleted, what is left to the next run or prune and why, and what failed."""

    items: list[Item] = []
    skipped: list[str] = []
    failed: list[str] = []


def read_state(layout: Layout) -> State | None:
    """Return the state; None before the first scheduled prune."""
    with contextlib.suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode(local.read(layout.prune_state), type=State)
    return None


def write_state(layout: Layout, state: State) -> None:
    """Note how the schedule's prune ended."""
    layout.prune_state.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    documents.replace(layout.prune_state, msgspec.json.encode(state).decode())


def delete(layout: Layout, found: Found) -> Result:
    """Delete what was found, each root task's files under its lock, and draw the index again."""
    result = Result()
    if any(item.kind != BACKUP for item in found.items):
        _attempt(layout.index_page, result, partial(_unlink, layout, layout.index_page))
    for family in ROOTS:
        if items := [item for item in found.items if item.task == family]:
            with locked(layout.run_lock(family)) as lock:
                if lock is None:
                    result.skipped.append(f"A run of {family} is in progress: its files stay.")
                else:
                    _delete_dates(layout, items, result)
    _delete_all(layout, [item for item in found.items if item.kind == EVIDENCE], result)
    if backups := [item for item in found.items if item.kind == BACKUP]:
        _attempt(layout.backups, result, lambda: _delete_backups(layout, backups, result))
    if not layout.index_page.exists() and layout.pages.is_dir() and not layout.pages.is_symlink():
        _draw_index(result)
    return result


def purge_history(before: datetime.datetime) -> tuple[int | None, str | None]:
    """Delete older events of the task history: how many, or why it could not be done."""
    from pipeline.ops.history.store import HistoryStore

    try:
        if (url := history_url()) is None:
            return None, None
        with contextlib.closing(HistoryStore(url)) as store:
            return store.purge(before), None
    except PipelineError as error:
        return None, f"Rows of the task history stay until the next prune: {error}"


def _delete_dates(layout: Layout, items: Sequence[Item], result: Result) -> None:
    """Record the dates whose documents go, and delete the files of a root task."""
    derived = [item for item in items if item.kind == DERIVED]
    documents_of = {
        (each.task, each.date): [i for i in derived if i.date == each.date] for each in derived
    }
    known = deleted.dates(layout)
    for (task, day), group in documents_of.items():
        paths = [item.path for item in group if item.path.suffix == ".json"]
        if task and day and paths and (task, day) not in known:
            entry = _scores(task, day, paths)
            if not _attempt(layout.deleted, result, partial(_record, layout, entry)):
                items = [item for item in items if item not in group]  # never without its record
    pages = [item for item in items if item.path.suffix == ".html"]
    rest = [item for item in items if item.kind == DERIVED and item not in pages]
    _delete_all(layout, [*pages, *rest, *(i for i in items if i.kind == LIST)], result)


def _scores(task: str, day: datetime.date, paths: Sequence[Path]) -> deleted.Deleted:
    """Return the scores of a date, which name no movie, by its report or else its summary."""
    stated = [read_derived(path) for path in paths]
    reports = [each.quality_summary or each for each in stated]
    report = max(reports, key=lambda each: len(each.checks))
    return deleted.Deleted(
        task=task, date=day, deleted_at=clock.now(), verdict=report.verdict,
        score=report.overall_quality_score,
        checks={each.id: "pass" if each.success else each.severity for each in report.checks},
    )  # fmt: skip


def _delete_all(layout: Layout, items: Sequence[Item], result: Result) -> None:
    for item in items:
        if _attempt(item.path, result, partial(_unlink, layout, item.path)):
            result.items.append(item)


def _delete_backups(layout: Layout, backups: Sequence[Item], result: Result) -> None:
    with _folder(layout, layout.backups) as folder:
        try:
            local.lock(folder, wait=False)
        except BlockingIOError:
            result.skipped.append("A backup or restore is in progress: the backups stay.")
        else:
            _delete_all(layout, backups, result)


def _record(layout: Layout, entry: deleted.Deleted) -> None:
    with _folder(layout, layout.metadata, make=True) as folder:
        deleted.append(layout, entry, folder)


def _unlink(layout: Layout, path: Path) -> None:
    with contextlib.suppress(FileNotFoundError), _folder(layout, path.parent) as folder:
        os.unlink(path.name, dir_fd=folder)


@contextlib.contextmanager
def _folder(layout: Layout, folder: Path, *, make: bool = False) -> Iterator[int]:
    """Open a folder below the data root by one name after the other, none of which is a link."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    with contextlib.ExitStack() as opened:
        descriptor = os.open(layout.root, flags)
        opened.callback(os.close, descriptor)
        for name in folder.relative_to(layout.root).parts:
            if make:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(name, dir_fd=descriptor)
            descriptor = os.open(name, flags | os.O_NOFOLLOW, dir_fd=descriptor)
            opened.callback(os.close, descriptor)
        yield descriptor


def _attempt(path: Path, result: Result, action: Callable[[], None]) -> bool:
    """Do something with a file, and return whether it could be done; note an error."""
    try:
        action()
    except OSError as error:
        why = f"{path} cannot be deleted or written ({error.strerror})"
        result.failed.append(f"{why}: correct its owner or folder; the next prune goes on.")
        return False
    return True


def _draw_index(result: Result) -> None:
    from pipeline.tasks.index import IndexPage

    try:
        IndexPage(date=clock.today()).run()
    except Exception as error:  # a page never fails what it shows
        result.skipped.append(f"The index page is drawn by the next run only: {error}")
