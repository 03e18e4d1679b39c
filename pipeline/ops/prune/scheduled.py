"""The prune of the schedule: seven days of notice, an alert of each failure, and its state."""

import contextlib
import datetime

import msgspec

from pipeline import clock
from pipeline.errors import PipelineError
from pipeline.ops.alerts import send
from pipeline.ops.prune.delete import prune
from pipeline.ops.schedule.job import PRUNE
from pipeline.ops.settings import keep_days
from pipeline.paths import Layout
from pipeline.retention.expired import Result, find
from pipeline.storage import documents, local

# The time from the first scheduled prune, which only reports, until the schedule deletes.
NOTICE = datetime.timedelta(days=7)


class State(msgspec.Struct):
    """What scheduled prunes leave for the next one and for `doctor`."""

    first_at: datetime.datetime
    last_at: datetime.datetime
    ok: bool = True


def read_state(layout: Layout) -> State | None:
    """Return the state; None before the first scheduled prune."""
    with contextlib.suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode(local.read(layout.prune_state), type=State)
    return None


def prune_by_schedule(layout: Layout, older_than: int | None) -> Result:
    """Delete what is older than the limit, or than so many days; only report it at first."""
    state = read_state(layout) or State(clock.now(), clock.now())
    begins_at = state.first_at + NOTICE
    try:
        days = older_than or keep_days()
        if clock.now() < begins_at:
            done = _announce(layout, days, begins_at)
        else:
            done = prune(layout, days)
    except (PipelineError, OSError) as error:
        _note(layout, state, str(error))
        raise
    _note(layout, state, done.problem)
    return done


def _announce(layout: Layout, days: int | None, begins_at: datetime.datetime) -> Result:
    """Find what the schedule will delete, and alert of it the first time."""
    found = find(layout, days)
    if found.files and not layout.prune_state.exists():
        text = (
            f"{len(found.files)} files hold data older than {days} days, against TMDB's terms. "
            f"They are deleted from {begins_at:%Y-%m-%d} on: see `tmdb-pipeline prune --dry-run` "
            "and docs/how-to/prune.md."
        )
        send.raise_alert(PRUNE, clock.today(), "first", "Old data will be deleted", text)
    found.deletes_from_at = begins_at.isoformat() if days else None
    return found


def _note(layout: Layout, state: State, problem: str | None) -> None:
    """Note the end of a scheduled prune for the next one, and alert if it failed."""
    state.last_at, state.ok = clock.now(), not problem
    if problem:
        send.raise_alert(PRUNE, clock.today(), "failed", "Old data was not deleted", problem)
    elif state.last_at >= state.first_at + NOTICE:
        send.all_clear(PRUNE, clock.today(), "What TMDB's terms no longer allow is deleted.")
    layout.prune_state.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    documents.replace(layout.prune_state, msgspec.json.encode(state))
