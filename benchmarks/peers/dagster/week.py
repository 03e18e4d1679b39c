"""The week in Dagster: an asset for each list, one for the week, and a job of all of them.

`week` runs with Dagster's default executor, a new interpreter for each asset and two at a time on
two cores; `week_forked` forks them from one that has read all modules, which its guide offers where
starting takes long; `week_in_process` has one process, and the pages of a list are what runs at
once.
"""

from __future__ import annotations

import dagster
import movies

AGAIN = dagster.RetryPolicy(
    max_retries=3, delay=1, backoff=dagster.Backoff.EXPONENTIAL, jitter=dagster.Jitter.FULL
)


FORKED = dagster.multiprocess_executor.configured(
    {"start_method": {"forkserver": {"preload_modules": ["dagster", "movies"]}}}
)


def collected(name: str) -> dagster.AssetsDefinition:
    """Return the asset of one list; its value is where the file is."""

    @dagster.asset(name=name, group_name="lists", retry_policy=AGAIN)
    def asset() -> str:
        return movies.collect(name, at_once=movies.AT_ONCE)

    return asset


@dagster.asset(ins={name: dagster.AssetIn(name) for name in movies.WEEK})
def consolidated(**paths: str) -> str:
    return movies.consolidate(paths.values())


defs = dagster.Definitions(
    assets=[*map(collected, movies.WEEK), consolidated],
    jobs=[
        dagster.define_asset_job("week"),
        dagster.define_asset_job("week_forked", executor_def=FORKED),
        dagster.define_asset_job("week_in_process", executor_def=dagster.in_process_executor),
    ],
)
