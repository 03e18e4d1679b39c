"""The delay before a failed task is retried.

luigi knows one delay for all tasks. The scheduler here asks for the delay of the task's family. How
often a task is tried in all is said by the task itself.
"""

from __future__ import annotations

from typing import Any

import luigi.configuration
import luigi.scheduler

from pipeline.errors import SettingsError
from pipeline.ops.roots import ROOTS, Root

_SECTION = "tmdb_pipeline"


def configs_by_family() -> dict[str, Any]:
    """Return luigi's own configuration for each family, with the family's delay in it.

    Raises:
        SettingsError: a delay in `[tmdb_pipeline]` is no number.
    """
    configs = {root: luigi.scheduler.scheduler(retry_delay=_delay(root)) for root in ROOTS.values()}
    return {family: config for root, config in configs.items() for family in root.steps}


def _delay(root: Root) -> float:
    name = root.retry_delay_option
    text = luigi.configuration.get_config().get(_SECTION, name, str(root.retry_delay_seconds))
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
