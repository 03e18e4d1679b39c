"""The week in Prefect: a flow that maps one task over the lists and hands their files to another.

The thread pool's size keeps within the API's rate. Tries again by the task's own retries, with the
backoff and jitter that Prefect's guide shows.
"""

from __future__ import annotations

import movies
from prefect import flow, task
from prefect.task_runners import ThreadPoolTaskRunner
from prefect.tasks import exponential_backoff


@task(
    task_run_name="{name}",
    retries=5,
    retry_delay_seconds=exponential_backoff(backoff_factor=1),
    retry_jitter_factor=0.5,
)
def collect(name: str) -> str:
    return movies.collect(name, retries=0)


@task
def consolidate(paths: list[str]) -> str:
    return movies.consolidate(paths)


@flow(task_runner=ThreadPoolTaskRunner(max_workers=movies.AT_ONCE))
def week() -> str:
    return consolidate(collect.map(list(movies.WEEK)).result())


if __name__ == "__main__":
    week()
