"""The metrics for Prometheus: luigi's own counters, the newest documents, and the history.

luigi's collector fails where a task ends that never ran, and stops all work by that. This one
knows the families beforehand, and never fails.
"""

from __future__ import annotations

import contextlib
import datetime
import functools
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from luigi.contrib.prometheus_metric import PrometheusMetricsCollector
from prometheus_client.core import GaugeMetricFamily, Metric

from pipeline import clock, settings
from pipeline.catalog import Plan
from pipeline.errors import PipelineError
from pipeline.ops.history.recorder import HistoryRecorder
from pipeline.ops.roots import LOOK_BACK_DAYS, ROOTS, Root, newest
from pipeline.paths import Layout
from pipeline.storage import documents

_OF_LISTS = (
    ("tmdb_films_collected", "movies in the newest list", "total_collected"),
    ("tmdb_requests", "requests for the newest list", "requests"),
    ("tmdb_retries", "further attempts among them", "retries"),
)
_OF_REPORT = (
    ("tmdb_quality_score", "newest validation report, 0 to 100", "overall_quality_score"),
    ("tmdb_validation_rate", "newest validation report, percent", "validation_rate"),
)
"""Metric, help text, key of the document."""


class PipelineMetrics(PrometheusMetricsCollector):
    """luigi's counters for tasks of the pipeline, and what further collectors find."""

    def __init__(self, families: Collection[str], *collectors: Callable[[], Iterable[Metric]]):
        super().__init__(use_task_family_in_labels=True, task_parameters_to_use_in_labels=())
        self._families = families
        for collect in collectors:
            self.registry.register(_Collector(collect))

    def handle_task_started(self, task: Any) -> None:
        """Count a start."""
        if task.family in self._families:
            super().handle_task_started(task)

    def handle_task_failed(self, task: Any) -> None:
        """Count a failure, and how long the attempt took if it ever began."""
        self._count(self.task_failed_counter, task)

    def handle_task_disabled(self, task: Any, config: Any) -> None:
        """Count a task that is given up, and how long its last attempt took."""
        self._count(self.task_disabled_counter, task)

    def handle_task_done(self, task: Any) -> None:
        """Count a success, and how long it took unless the file was there already."""
        self._count(self.task_done_counter, task)

    def _count(self, counter: Any, task: Any) -> None:
        if task.family not in self._families:
            return
        counter.labels(family=task.family).inc()
        if task.time_running is not None:
            seconds = task.updated - task.time_running
            self.task_execution_time.labels(family=task.family).set(seconds)


class _Collector:
    """Asks a function when Prometheus asks, and not while it is registered."""

    def __init__(self, collect: Callable[[], Iterable[Metric]]) -> None:
        self.collect = collect


def of_documents() -> Iterator[Metric]:
    """Yield the gauges of the newest documents below the data root, if the settings allow."""
    with contextlib.suppress(PipelineError):
        current = settings.current()
        yield from gauges(Layout(current.data_dir), current.plan(), clock.today())


def of_overdue(find: Callable[[], Collection[str]]) -> Iterator[Metric]:
    """Yield 1 for each root task that is overdue, 0 for the others; nothing if unknown."""
    with contextlib.suppress(PipelineError, OSError):
        overdue = find()
        text = "1 while the newest due document of the task is missing"
        values = {family: int(family in overdue) for family in ROOTS}
        yield _gauge("tmdb_overdue", text, "task", values)


def of_history(recorder: HistoryRecorder) -> Iterator[Metric]:
    """Yield the history's three gauges."""
    for name, text, value in (
        ("tmdb_history_buffered_events", "not in the database yet", recorder.buffered),
        ("tmdb_history_lost_events", "lost for good", recorder.lost),
        ("tmdb_history_up", "1 while the database takes events", recorder.up),
    ):
        yield GaugeMetricFamily(name, f"task history: {text}", value=float(value))


def gauges(layout: Layout, plan: Plan, today: datetime.date) -> Iterator[Metric]:
    """Yield the figures of the newest documents; one that is missing or damaged has none.

    Names are computed and folders never listed, and of a list only its end is read.
    """
    times = {family: _collected_at(root, layout, plan, today) for family, root in ROOTS.items()}
    text = "when the lists of the newest document of the task were collected"
    yield _gauge("tmdb_last_success_timestamp_seconds", text, "task", times)
    infos = {}
    for each in plan.lists:
        last = newest(functools.partial(layout.list_of, each), today)
        infos[each.name] = (last and documents.read_info(last[1])) or {}
    for name, text, key in _OF_LISTS:
        values = {each: info.get(key) for each, info in infos.items()}
        yield _gauge(name, text, "list", values)
    report: dict[str, Any] = {}
    with contextlib.suppress(PipelineError):
        if last := newest(layout.validation_report, today):
            report = documents.read_report(last[1])
    for name, text, key in _OF_REPORT:
        yield _gauge(name, text, "", {"": report.get(key)})


def _collected_at(root: Root, layout: Layout, plan: Plan, today: datetime.date) -> float | None:
    """Return when the last list of the newest document was collected, as the lists themselves say.

    The time of the file would be that of a copy or a restore.
    """
    days = (today - datetime.timedelta(days=back) for back in range(LOOK_BACK_DAYS))
    day = next((day for day in days if root.document(layout, day).exists()), None)
    if day is None:
        return None
    lists = [layout.list_of(each, day) for each in plan.lists if each.cadence == root.alias]
    infos = [documents.read_info(path) or {} for path in lists]
    with contextlib.suppress(KeyError, TypeError, ValueError):
        return max(
            datetime.datetime.fromisoformat(each["collected_at"]).timestamp() for each in infos
        )
    return None


def _gauge(name: str, text: str, label: str, values: Mapping[str, Any]) -> Metric:
    """Return a gauge of what is a number, by the value of its label; "" is without one."""
    family = GaugeMetricFamily(name, text, labels=[label] if label else None)
    for value_of_label, value in values.items():
        if type(value) in (int, float) and math.isfinite(value):
            family.add_metric([value_of_label] if label else [], float(value))
    return family
