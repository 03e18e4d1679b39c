"""The week in Airflow, 2 or 3: a task mapped over the lists, and one for the week with their files.

`at_once` pages of a list are asked for at a time: one where a scheduler runs all lists side by
side, more for `airflow dags test`, which runs one task after the other.
"""

from __future__ import annotations

import datetime
from typing import Any

import movies

try:
    from airflow.sdk import dag, task
except ImportError:  # Airflow 2
    from airflow.decorators import dag, task


@dag(
    schedule="@weekly",
    start_date=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
    catchup=False,
    params={"at_once": 1},
    default_args={"retries": 2, "retry_delay": datetime.timedelta(seconds=10)},
)
def week() -> None:
    @task(map_index_template="{{ name }}")
    def collect(name: str, params: dict[str, Any] | None = None) -> str:
        return movies.collect(name, at_once=(params or {})["at_once"])

    @task
    def consolidate(paths: list[str]) -> str:
        return movies.consolidate(paths)

    consolidate(collect.expand(name=list(movies.WEEK)))


week()
