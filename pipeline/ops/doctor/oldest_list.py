"""Deletion: how old the oldest list is, and whether the schedule deletes it in time."""

import datetime

from pipeline import clock, settings
from pipeline.ops.doctor.examine import Finding, finding
from pipeline.ops.prune.scheduled import read_state
from pipeline.ops.schedule import installed
from pipeline.ops.settings import KEEP_LONGER, keep_days
from pipeline.retention.expired import find

_NOTICE_DAYS = 14  # before the limit


def oldest_list() -> Finding:
    """See whether deletion is on, and whether the schedule deletes what comes near the limit."""
    layout, now = settings.current().layout, clock.now()
    if (limit := keep_days()) is None:
        fix = "Keep what says that TMDB agreed, or set a number of days: see docs/how-to/prune.md."
        return finding(f"off by PIPELINE_KEEP_DAYS={KEEP_LONGER}", fix)
    ages = [(now - item.at).days for item in find(layout, limit - _NOTICE_DAYS).files]
    if not ages:
        return finding(f"no list is older than {limit - _NOTICE_DAYS} days; the limit is {limit}")
    found = f"the oldest list is {max(ages)} days old; the limit is {limit}"
    if not installed.starts("prune", installed.installed()):
        fix = "Add the prune line of config/crontab, or enable tmdb-prune.timer."
        return finding(f"{found}; no prune is scheduled", fix)
    state = read_state(layout)
    if state is None or not state.ok or now - state.last_at > datetime.timedelta(hours=48):
        fix = "See the log of the nightly prune, then run `tmdb-pipeline prune`."
        return finding(f"{found}; the last scheduled prune failed or is missing", fix)
    return finding(found)
