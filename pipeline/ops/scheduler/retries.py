"""How long a failed task waits before it is tried again.

luigi knows one delay for all tasks. The scheduler here asks for the delay of the task's family. How
often a task is tried in all is said by the task itself.
"""

from __future__ import annotations

from typing import Any

import luigi.configuration
import luigi.scheduler

from pipeline.errors import SettingsError
from pipeline.ops.roots import STEPS

_SECTION = "tmdb_pipeline"
_DELAYS = {
    "DailySummary": ("daily_retry_delay", 300.0),
    "WeeklyConsolidation": ("weekly_retry_delay", 600.0),
}
"""Root task -> the option in luigi's configuration, and its default in seconds."""


def configs_by_family() -> dict[str, Any]:
    """Return luigi's own configuration for each family, with the family's delay in it.

    Raises:
        SettingsError: a delay in `[tmdb_pipeline]` is no number.
    """
    configs = {root: luigi.scheduler.scheduler(retry_delay=_delay(root)) for root in STEPS}
    return {family: configs[root] for root, families in STEPS.items() for family in families}


def _delay(root: str) -> float:
    name, default = _DELAYS[root]
    text = luigi.configuration.get_config().get(_SECTION, name, str(default))
    try:
        delay = float(text)
    except ValueError:
        delay = -1
    if not 0 <= delay <= 86_400:
        raise SettingsError(
            f"[{_SECTION}] {name} in luigi's configuration has to be a number of seconds, at most "
            "a day."
        )
    return delay
