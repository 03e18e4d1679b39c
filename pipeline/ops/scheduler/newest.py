"""The figures of the newest documents, read cheaply: names are computed, folders never listed.

A list is megabytes of movies with its figures behind them. Only its last few kilobytes are
read; a document is written with its keys in a fixed order and never changes.
"""

from __future__ import annotations

import datetime
import functools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.catalog import Plan
from pipeline.errors import PipelineError
from pipeline.ops.roots import ROOTS
from pipeline.paths import Layout
from pipeline.storage import documents

LOOK_BACK_DAYS = 60
"""The look-back window: an older document is ignored."""

PathOfDay = Callable[[datetime.date], Path]


@dataclass(frozen=True)
class Gauge:
    """A figure for each value of a label; without a label the one value stands under ""."""

    name: str
    text: str
    label: str
    values: Mapping[str, float]


def gauges(layout: Layout, plan: Plan, today: datetime.date) -> list[Gauge]:
    """Return the figures that an operator watches. Never raises for what is missing or damaged."""
    roots = {family: functools.partial(root.document, layout) for family, root in ROOTS.items()}
    infos = dict(_infos(_lists(layout, plan), today))
    report = _report(newest(layout.validation_report, today))
    return [
        Gauge(
            "tmdb_last_success_timestamp_seconds",
            "when the newest document of the task was written",
            "task",
            {task: path.stat().st_mtime for task, path in _newest_of(roots, today)},
        ),
        _of_lists("tmdb_films_collected", "movies in the newest list", infos, "total_collected"),
        _of_lists("tmdb_requests", "requests for the newest list", infos, "requests"),
        _of_lists("tmdb_retries", "further attempts among them", infos, "retries"),
        _of_report("tmdb_quality_score", "0 to 100", report, "overall_quality_score"),
        _of_report("tmdb_validation_rate", "percent", report, "validation_rate"),
    ]


def newest(path_of: PathOfDay, today: datetime.date) -> Path | None:
    """Return the document of the latest day that has one, at most `LOOK_BACK_DAYS` back."""
    for days in range(LOOK_BACK_DAYS):
        path = path_of(today - datetime.timedelta(days=days))
        if path.exists():
            return path
    return None


def _lists(layout: Layout, plan: Plan) -> dict[str, PathOfDay]:
    return {each.name: functools.partial(layout.list_of, each) for each in plan.lists}


def _newest_of(paths: Mapping[str, PathOfDay], today: datetime.date) -> Iterator[tuple[str, Path]]:
    for name, path_of in paths.items():
        if path := newest(path_of, today):
            yield name, path


def _infos(
    lists: Mapping[str, PathOfDay], today: datetime.date
) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, path in _newest_of(lists, today):
        if info := documents.read_info(path):
            yield name, info


def _report(path: Path | None) -> dict[str, Any]:
    try:
        return documents.read_report(path) if path else {}
    except PipelineError:
        return {}


def _of_lists(name: str, text: str, infos: Mapping[str, dict[str, Any]], key: str) -> Gauge:
    values = {each: float(info[key]) for each, info in infos.items() if _is_figure(info.get(key))}
    return Gauge(name, text, "list", values)


def _of_report(name: str, text: str, report: Mapping[str, Any], key: str) -> Gauge:
    value = report.get(key)
    values = {"": float(value)} if value is not None and _is_figure(value) else {}
    return Gauge(name, f"newest validation report, {text}", "", values)


def _is_figure(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value)
