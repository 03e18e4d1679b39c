"""The metrics for Prometheus: luigi's own counters, the newest documents, and the history.

luigi's collector makes labels of whatever a task brings, and fails where one ends that never ran;
since it is called while work is handed out, one such message stops all work. This one knows the
families beforehand, and never fails.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from luigi.contrib.prometheus_metric import PrometheusMetricsCollector
from prometheus_client.core import GaugeMetricFamily, Metric

from pipeline import clock, settings
from pipeline.errors import PipelineError
from pipeline.ops import installation, overdue
from pipeline.ops.roots import ROOTS
from pipeline.ops.scheduler.newest import Gauge, gauges
from pipeline.paths import Layout


class Recorder(Protocol):
    """The figures of the history about itself."""

    @property
    def buffered(self) -> int:
        """Events that are not in the database yet."""

    @property
    def lost(self) -> int:
        """Events that nobody will ever see."""

    @property
    def up(self) -> bool:
        """Return whether the database takes events."""


class PipelineMetrics(PrometheusMetricsCollector):
    """luigi's counters for tasks of the pipeline, with `Documents` and `HistoryState`."""

    def __init__(self, families: frozenset[str], recorder: Recorder) -> None:
        super().__init__(use_task_family_in_labels=True, task_parameters_to_use_in_labels=())
        self._families = families
        self.registry.register(Documents())
        self.registry.register(Overdue())
        self.registry.register(HistoryState(recorder))

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


class Documents:
    """The newest documents below the data root, looked at when Prometheus asks."""

    def collect(self) -> Iterable[Metric]:
        """Yield a gauge for each figure; a document that is not there or damaged has none."""
        try:
            now = settings.current()
            found = gauges(Layout(now.data_dir), now.plan(), clock.today())
        except PipelineError:
            return
        yield from map(_metric, found)

    def describe(self) -> Iterable[Metric]:
        """Read nothing while the collector is registered."""
        return ()


class Overdue:
    """The metric of the overdue root tasks, by the same rule as `status` and `watch`."""

    KEPT_SECONDS = 600.0
    """Seconds for which the installed schedule is cached; reading it starts other programs."""

    def __init__(self) -> None:
        self._read_at = -self.KEPT_SECONDS
        self._schedules: overdue.Schedules = {}

    def collect(self) -> Iterable[Metric]:
        """Yield 1 for each root task that is overdue, 0 for the others; nothing if unknown."""
        try:
            current = settings.current()
            found = overdue.overdue(
                Layout(current.data_dir), self._current_schedules(current), clock.now()
            )
        except (PipelineError, OSError):
            return
        families = {due.root.family for due in found}
        gauge = GaugeMetricFamily(
            "tmdb_overdue",
            "1 while the newest due document of the task is missing",
            labels=["task"],
        )
        for family in ROOTS:
            gauge.add_metric([family], float(family in families))
        yield gauge

    def describe(self) -> Iterable[Metric]:
        """Read nothing while the collector is registered."""
        return ()

    def _current_schedules(self, current: settings.Settings) -> overdue.Schedules:
        now = clock.monotonic()
        if now - self._read_at >= self.KEPT_SECONDS:
            self._schedules = installation.schedules(current.config_dir / "crontab")
            self._read_at = now
        return self._schedules


class HistoryState:
    """The metrics of the task history: buffered and lost events, and the database."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def collect(self) -> Iterable[Metric]:
        """Yield the history's three gauges."""
        for name, text, value in (
            ("tmdb_history_buffered_events", "not in the database yet", self._recorder.buffered),
            ("tmdb_history_lost_events", "lost for good", self._recorder.lost),
            ("tmdb_history_up", "1 while the database takes events", self._recorder.up),
        ):
            yield GaugeMetricFamily(name, f"task history: {text}", value=float(value))


def _metric(gauge: Gauge) -> Metric:
    label = [gauge.label] if gauge.label else None
    family = GaugeMetricFamily(gauge.name, gauge.text, labels=label)
    for value_of_label, value in gauge.values.items():
        family.add_metric([value_of_label] if gauge.label else [], value)
    return family
