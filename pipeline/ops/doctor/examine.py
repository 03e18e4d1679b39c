"""The findings of `doctor`. Its probes are independent, and each has a time limit."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pipeline import clock, settings
from pipeline.errors import PipelineError

OK, WARNING, PROBLEM = "ok", "warning", "problem"

PROBE_SECONDS = 5.0
"""Time limit of one probe; all of them start at once."""


@dataclass(frozen=True)
class Finding:
    """The result of a probe; `fix` says what to do where the state is not ok."""

    probe: str
    state: str
    found: str
    fix: str = ""


Probe = Callable[[], Finding]


def examined(probes: Mapping[str, Probe], seconds: float = PROBE_SECONDS) -> list[Finding]:
    """Run all probes at once and return their findings in order; a late one is a warning itself.

    A probe that does not come back is left behind in a daemon thread, which ends with the process.
    """
    answers: dict[str, queue.SimpleQueue[Finding]] = {}
    for name, probe in probes.items():
        answers[name] = queue.SimpleQueue()
        thread = threading.Thread(target=_answer, args=(name, probe, answers[name]), daemon=True)
        thread.start()
    deadline = clock.monotonic() + seconds
    return [_received(name, answers[name], deadline) for name in probes]


def _answer(name: str, probe: Probe, answers: queue.SimpleQueue[Finding]) -> None:
    try:
        answers.put(probe())
    except PipelineError as error:
        answers.put(Finding(name, PROBLEM, str(error), "Do what the sentence says."))
    except Exception as error:  # one broken probe must not hide what the others find
        found = settings.redacted(f"the probe itself failed: {type(error).__name__}: {error}")
        answers.put(Finding(name, WARNING, found, "Report it; the other findings hold."))


def _received(name: str, answers: queue.SimpleQueue[Finding], deadline: float) -> Finding:
    try:
        return answers.get(timeout=max(0.0, deadline - clock.monotonic()))
    except queue.Empty:
        found = f"no answer in {PROBE_SECONDS:g} s"
        return Finding(name, PROBLEM, found, "See whether that host, disk or service hangs.")
