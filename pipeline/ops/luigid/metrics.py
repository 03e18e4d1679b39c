"""The metrics for Prometheus: luigi's own counters, the newest documents, last runs, the history.

luigi's collector fails where a task fails that never ran, and stops all work by that. This one
counts it.
"""

import contextlib
import datetime
import math
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from luigi.contrib.prometheus_metric import PrometheusMetricsCollector
from prometheus_client.core import GaugeMetricFamily, Metric

from pipeline import clock, settings
from pipeline.catalog import Plan
from pipeline.errors import PipelineError
from pipeline.ops.history.recorder import HistoryRecorder
from pipeline.paths import Layout
from pipeline.roots import ROOTS, Root
from pipeline.storage import documents
from pipeline.storage.documents import newest

# By root task, as `find_runs` returns them: the ending of the name, help text.
_OF_TASKS = (
    ("overdue", "1 while the newest due document of the task is missing"),
    ("last_run_status", "exit status of the last run of the task that has ended"),
    ("last_run_seconds", "how long that run took"),
    ("last_run_end_timestamp_seconds", "when that run ended"),
)
FindRuns = Callable[[], Mapping[str, Mapping[str, float | None]]]

# Metric, help text, key of the document.
_OF_LISTS = (
    ("tmdb_films_collected", "movies in the newest list", "total_collected"),
    ("tmdb_requests", "requests for the newest list", "requests"),
    ("tmdb_retries", "further attempts among them", "retries"),
)
_OF_REPORT = (
    ("tmdb_quality_score", "newest validation report, 0 to 100", "overall_quality_score"),
    ("tmdb_validation_rate", "newest validation report, percent", "validation_rate"),
)


class PipelineMetrics(PrometheusMetricsCollector):
    """luigi's counters, and what is found whenever Prometheus asks."""

    def __init__(self, find_runs: FindRuns, recorder: HistoryRecorder):
        super().__init__(use_task_family_in_labels=True, task_parameters_to_use_in_labels=())
        self._find_runs, self._recorder = find_runs, recorder
        self.registry.register(self)

    def handle_task_failed(self, task: Any) -> None:
        """Count a failure, and how long the attempt took if it ever began."""
        self._count(self.task_failed_counter, task)

    def handle_task_disabled(self, task: Any, config: Any) -> None:
        """Count a task that is given up, and how long its last attempt took."""
        self._count(self.task_disabled_counter, task)

    def _count(self, counter: Any, task: Any) -> None:
        counter.labels(family=task.family).inc()
        if task.time_running is not None:
            seconds = task.updated - task.time_running
            self.task_execution_time.labels(family=task.family).set(seconds)

    def collect(self) -> Iterator[Metric]:
        """Yield the gauges; what cannot be found, because of the settings or the disk, has none."""
        with contextlib.suppress(PipelineError):
            current = settings.current()
            yield from gauges(current.layout, current.plan(), clock.today())
        with contextlib.suppress(PipelineError, OSError):
            runs = self._find_runs()
            for name, text in _OF_TASKS:
                yield _gauge(f"tmdb_{name}", text, "task", runs[name])
        for name, text, value in (
            ("tmdb_history_buffered_events", "not in the database yet", self._recorder.buffered),
            ("tmdb_history_lost_events", "lost for good", self._recorder.lost),
            ("tmdb_history_up", "1 while the database takes events", int(self._recorder.up)),
        ):
            yield _gauge(name, f"task history: {text}", "", {"": value})


def gauges(layout: Layout, plan: Plan, today: datetime.date) -> Iterator[Metric]:
    """Yield the figures of the newest documents; one that is missing or damaged has none.

    Names are computed and folders never listed, and of a list only its end is read.
    """
    times = {family: _collected_at(root, layout, plan, today) for family, root in ROOTS.items()}
    text = "when the lists of the newest document of the task were collected"
    yield _gauge("tmdb_last_success_timestamp_seconds", text, "task", times)
    last_lists = {each.name: newest(partial(layout.list_of, each), today) for each in plan.lists}
    infos = {
        name: (last and documents.read_info(last[1])) or {} for name, last in last_lists.items()
    }
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
    last = newest(partial(root.document, layout), today)
    if last is None:
        return None
    lists = [layout.list_of(each, last[0]) for each in plan.lists if each.cadence == root.alias]
    infos = [documents.read_info(path) or {} for path in lists]
    with contextlib.suppress(KeyError, TypeError, ValueError):
        collected = [datetime.datetime.fromisoformat(each["collected_at"]) for each in infos]
        return max(collected).timestamp()
    return None


def _gauge(name: str, text: str, label: str, values: Mapping[str, Any]) -> Metric:
    """Return a gauge of what is a number, by the value of its label; "" is without one."""
    family = GaugeMetricFamily(name, text, labels=[label] if label else None)
    for value_of_label, value in values.items():
        if type(value) in (int, float) and math.isfinite(value):
            family.add_metric([value_of_label] if label else [], float(value))
    return family
