"""The tables and the chart of what was measured."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

import report

from harness.measure import Result, Run
from harness.venvs import OURS, Venv

DISTRIBUTIONS = {
    OURS: "tmdb-pipeline",
    "dlt": "dlt",
    "prefect": "prefect",
    "dagster": "dagster",
    "airflow2": "apache-airflow",
    "airflow3": "apache-airflow",
}


def tables(results: Sequence[Result], venvs: Mapping[str, Venv], movies: int) -> list[str]:
    """Return the lines of all tables, and what each means."""
    standing = [result for result in results if result.idle_mb is not None]
    lines = [
        *report.table(
            (
                "a week",
                "wall s",
                "CPU s",
                "peak MB",
                "processes",
                "refused",
                f"all {movies} movies",
            ),
            [_week_row(result) for result in results],
        ),
        "",
        "The same week a second time, when it is finished:",
        "",
        *report.table(
            ("again", "wall s", "CPU s", "requests", "what it does"),
            [_again_row(result, result.again) for result in results if result.again],
        ),
    ]
    if standing:
        lines += [
            "",
            "What has to be running all the time, its database included:",
            "",
            *report.table(
                ("services", "start s", "idle MB", "processes"),
                [_standing_row(result) for result in standing],
            ),
        ]
    return [
        *lines,
        "",
        "What is installed:",
        "",
        *report.table(
            ("installed", "version", "packages", "MB"),
            [_venv_row(venv) for tool, venv in venvs.items() if tool in DISTRIBUTIONS],
        ),
    ]


def chart(path: Path, results: Sequence[Result]) -> None:
    """Draw wall and CPU seconds of all that have not failed."""
    measured = [result for result in results if not result.failure and result.runs]
    report.bar_chart(
        path,
        "A week: 140 pages, nine lists, merged",
        [result.name for result in measured],
        {
            "wall seconds": [result.wall_seconds for result in measured],
            "CPU seconds": [result.cpu_seconds for result in measured],
        },
    )


def _week_row(result: Result) -> list[str]:
    if result.failure or not result.runs:
        return [result.name, "failed", "", "", "", "", ""]
    weighed = result.weighed.cost if result.weighed else None
    return [
        result.name,
        f"{result.wall_seconds:.2f}",
        f"{result.cpu_seconds:.2f}",
        _figure(weighed.peak_mb if weighed else None),
        _figure(weighed.processes if weighed else None),
        _figure(statistics.median(run.refusals for run in result.runs)),
        "yes" if result.complete else "NO",
    ]


def _again_row(result: Result, again: Run) -> list[str]:
    cost = again.cost
    figures = [f"{cost.wall_seconds:.2f}", f"{cost.cpu_seconds:.2f}", str(again.requests)]
    return [result.name, *figures, result.again_does]


def _standing_row(result: Result) -> list[str]:
    start = statistics.median(result.start_seconds) if result.start_seconds else 0.0
    return [
        result.name,
        f"{start:.1f}",
        _figure(result.idle_mb),
        _figure(result.idle_processes),
    ]


def _venv_row(venv: Venv) -> list[str]:
    distribution = DISTRIBUTIONS[venv.tool]
    version = venv.versions[distribution]
    return [distribution, version, str(venv.packages), _figure(venv.megabytes)]


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"
