"""Send alerts to the people on call, over Apprise: one for each task, date and cause.

Off unless PIPELINE_ALERT_URL is set. An alert that was delivered has an empty file below
`state/alerts/` until its all-clear; what was not delivered is sent at the next occasion. Nothing
here ever raises, takes more than some ten seconds for a message, or shows a secret.
"""

import contextlib
import datetime
import importlib.util
import json
import logging
import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from pipeline import clock, settings
from pipeline.documents.schema import violations
from pipeline.errors import PipelineError
from pipeline.ops.schedule.job_process import locked
from pipeline.ops.settings import alert_url
from pipeline.paths import Layout, alerts_without_root
from pipeline.roots import ROOTS
from pipeline.sanitize import plain
from pipeline.storage import documents, local
from pipeline.storage.private_files import open_private

LOGGER = logging.getLogger("luigi-interface.pipeline")

TIMEOUT_SECONDS = 10.0  # of a delivery, whatever the service at the other end does

_MAX_ERRORS = 8  # sentences of one alert
_MARKERS = f"{'[0-9]' * 8}_*_*"  # the names of markers: day, task, cause


def run_failed(
    task: str, date: datetime.date | None, status: int, cause: str, errors: Sequence[str],
    log: Path | None = None,
) -> bool:  # fmt: skip
    """Alert that a run ended so; without a date, once a day. `cause` is of the error tree."""
    lines = errors[-_MAX_ERRORS:] or ["No reason was logged."]
    text = "\n".join([*lines, f"Log: {log}"] if log else lines)
    title = f"{task}{f' of {date}' if date else ''} failed (exit status {status})"
    return raise_alert(task, date or clock.today(), f"{cause}-{status}", title, text)


def quality_if_bad(layout: Layout, day: datetime.date, published: Sequence[str]) -> None:
    """Alert of each validation report among these files whose verdict is `fail`."""
    for task, path in ((root.report_task, root.report(layout, day)) for root in ROOTS.values()):
        if layout.relative(path) in published:
            report = documents.read_report(path)
            if report["verdict"] == "fail":
                reasons = violations(report, "block")[:_MAX_ERRORS]
                text = "\n".join([*reasons, f"Report: {path}"])
                raise_alert(task, day, "quality", f"Quality of {day}: fail", text)
            else:
                all_clear(task, day, f"The lists of {day} passed the rules that block.")


def raise_alert(task: str, day: datetime.date, cause: str, title: str, text: str) -> bool:
    """Send one message unless an alert of that task, day and cause is open; return if it arrived.

    The cause is a plain word, the same for all that is one failure: never the text of an error.
    """
    if alert_url() is None:
        return False
    name = f"{day:%Y%m%d}_{task}_{cause}"
    with _lock():
        is_open = any(path.name == name for path, _, _ in _open_alerts())
        if is_open or not _is_delivered(title, text):
            return False
        for folder in _folders():
            with contextlib.suppress(OSError):  # rather one message too many than none
                os.close(open_private(folder / name))
                break
    return True


def all_clear(task: str, day: datetime.date, text: str) -> bool:
    """Send one message if an alert of the task and day, or earlier, is open; return if it arrived.

    An alert of a mistyped date in the future is over as well.
    """
    if not is_open(task):
        return False
    with _lock():
        opened = [(path, of_day) for path, of_day, each in _open_alerts() if each == task]
        mine = [path for path, of_day in opened if not day < of_day <= clock.today()]
        if not mine or not _is_delivered(f"All clear: {task} of {day}", text):
            return False
        for path in mine:
            with contextlib.suppress(OSError):
                path.unlink()
    return True


def is_open(task: str, day: datetime.date | None = None) -> bool:
    """Return whether the last message about the task, of that day or of any, is an alert."""
    return any(each == task and day in (None, of_day) for _, of_day, each in _open_alerts())


def send_test() -> str:
    """Send a message of no importance; return why it did not arrive, empty where it did."""
    return _deliver("Test of the alerts", "Alerts of tmdb-pipeline arrive here.")


def sweep() -> None:
    """Remove the markers of alerts that are long over."""
    local.sweep(_folders(), _MARKERS, 200 * 86_400)


def _folders() -> list[Path]:
    """Return where markers are: below the data root, or where that cannot be written."""
    try:
        layout = settings.current().layout
    except PipelineError:  # an alert of this very setting has to find its marker, too
        layout = Layout(Path(settings.VARIABLES["PIPELINE_DATA_DIR"]).absolute())
    return [layout.alerts, alerts_without_root(layout.root)] if alert_url() else []


def _lock() -> contextlib.AbstractContextManager[object]:
    """Let one process at a time send and note a message."""
    return locked(_folders()[0].with_suffix(".lock"), wait=True)


def _open_alerts() -> Iterator[tuple[Path, datetime.date, str]]:
    """Yield the marker, day and task of each alert without an all-clear."""
    for folder in _folders():
        with contextlib.suppress(OSError):
            for path in sorted(folder.glob(_MARKERS)):
                day, task, _ = path.name.split("_", 2)
                with contextlib.suppress(ValueError):
                    yield path, datetime.date.fromisoformat(day), task


def _is_delivered(title: str, text: str) -> bool:
    if problem := _deliver(title, text):
        LOGGER.warning("The message %r was not delivered: %s.", title, problem)
    return not problem


def _deliver(title: str, text: str) -> str:
    """Send in a process of its own, which can be ended; return what went wrong, or nothing."""
    if (url := alert_url()) is None:
        return "PIPELINE_ALERT_URL is not set"
    if importlib.util.find_spec("apprise") is None:
        return "PIPELINE_ALERT_URL needs `pip install 'tmdb-pipeline[alerts]'`"
    shown = {"title": f"{title} on {platform.node()}", "text": text}
    message = {name: plain(settings.redacted(words)) for name, words in shown.items()}
    content = json.dumps({"urls": url.secret, **message}).encode()
    program, quiet = Path(__file__).with_name("deliver.py"), subprocess.DEVNULL
    try:
        done = subprocess.run(  # noqa: S603  this Python, our own file
            [sys.executable, "-P", program], input=content, stdout=quiet, stderr=quiet,
            timeout=TIMEOUT_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"no answer in {TIMEOUT_SECONDS:g} s"
    except OSError as error:
        return f"the process that delivers it cannot be started ({error.strerror})"
    problems = {0: "", 2: "PIPELINE_ALERT_URL is no address that Apprise knows"}
    return problems.get(done.returncode, "the service did not accept it")
