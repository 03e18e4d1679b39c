"""Pauses of the schedule, and missed dates that an operator has acknowledged: files below `state/`.

A pause file that cannot be read pauses nothing: rather one run too many than none.
"""

import datetime
from collections.abc import Callable

import msgspec

from pipeline import clock
from pipeline.documents.run_record import Entry
from pipeline.documents.task_runs import NOT_RUN, PAUSED_UNTIL
from pipeline.ops.runs import record
from pipeline.paths import Layout
from pipeline.roots import Root
from pipeline.storage import documents, local
from pipeline.version import VERSION


class Pause(msgspec.Struct, frozen=True, kw_only=True):
    """A pause of the schedule of a root task; `until` is the first date that it runs again."""

    task: str
    alias: str
    until: datetime.date | None = None

    @property
    def reason(self) -> str:
        """Return the sentence that status and run record show."""
        return f"{PAUSED_UNTIL} {self.until or f'`tmdb-pipeline resume {self.alias}`'}."


def begin(layout: Layout, root: Root, until: datetime.date | None) -> Pause:
    """Pause the schedule of a root task, in place of an earlier pause."""
    pause = Pause(task=root.family, alias=root.alias, until=until)
    documents.replace(layout.pause(root.family), msgspec.json.encode(pause))
    return pause


def active(
    layout: Layout, task: str, report: Callable[[str], object] = lambda sentence: None
) -> Pause | None:
    """Return the pause that is in force today; report a file that cannot be read."""
    path = layout.pause(task)
    try:
        pause = msgspec.json.decode(local.read(path), type=Pause)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError, RecursionError):
        report(f"{path} is damaged, so {task} is not paused: remove the file, or pause it again.")
        return None
    return pause if pause.until is None or clock.today() < pause.until else None


def record_skipped(layout: Layout, root: Root, date: datetime.date, pause: Pause) -> None:
    """Record once that a date was not run because of a pause, unless it is done already."""
    if not documents.is_listed(root.document(layout, date)) and not record.has_run(
        layout, root.family, date
    ):
        now = clock.instant()
        record.append(layout, Entry(
            run_id=layout.run_log(now, root.family).stem, task=root.family, date=date,
            event="ended", at=now, started_at=now, status=NOT_RUN, reason=pause.reason,
            started_by="schedule", version=VERSION,
        ))  # fmt: skip


def is_acknowledged(layout: Layout, task: str, date: datetime.date) -> bool:
    """Return whether an operator wants to hear no more of a missed date."""
    return layout.acknowledged(task, date).exists()
