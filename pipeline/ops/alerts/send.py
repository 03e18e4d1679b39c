"""Send alerts to the people on call, over Apprise: one for each task, date and cause.

Off unless PIPELINE_ALERT_URL is set. A marker below `state/alerts/` notes each alert that was
delivered, so that no other run repeats it; a message that could not be delivered is sent at the
next occasion. After a failure, the next success sends one all-clear. Nothing here ever raises,
lasts longer than some ten seconds, or shows a secret.
"""

from __future__ import annotations

import datetime
import importlib.util
import json
import logging
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pipeline import clock, settings
from pipeline.errors import PipelineError
from pipeline.ops.private_files import open_private, try_lock
from pipeline.ops.roots import Root
from pipeline.ops.settings import alert_url
from pipeline.paths import Layout, alerts_without_root
from pipeline.sanitize import plain
from pipeline.storage import documents
from pipeline.tmdb.credential import Secret

LOGGER = logging.getLogger("luigi-interface.pipeline")

TIMEOUT_SECONDS = 10.0
"""Time limit of a delivery, whatever the service at the other end does."""

MAX_ERRORS = 8
"""Sentences of one alert."""

KEPT_DAYS = 200
"""Days for which the marker of an alert is kept."""

_SENT, _CLEARED = b"sent\n", b"clear\n"
_DELIVERY = Path(__file__).with_name("delivery.py")
_MARKER = re.compile(r"(?P<day>\d{8})_(?P<task>[^_]+)_(?P<cause>.+)")


def is_on() -> bool:
    """Return whether alerts can be sent at all."""
    return alert_url() is not None


def run_failed(
    task: str,
    date: datetime.date | None,
    status: int,
    cause: str,
    errors: Sequence[str],
    log: Path | None,
) -> bool:
    """Alert that a run ended with that status.

    Args:
        task: what was run.
        date: the date of its data; None is today's, for tasks without one.
        status: the exit status.
        cause: the branch of the error tree.
        errors: the sentences of the run.
        log: its file.
    """
    lines = list(errors[-MAX_ERRORS:]) or ["No reason was logged."]
    where = [f"Log: {log}"] if log else []
    of = f" of {date}" if date else ""
    title = f"{task}{of} failed (exit status {status})"
    day = date or clock.today()
    return raise_alert(task, day, f"{cause}-{status}", title, "\n".join([*lines, *where]))


def quality_if_bad(
    root: Root, layout: Layout, day: datetime.date, since: datetime.datetime
) -> None:
    """Alert if the validation report of a root task was made since then and failed."""
    path, task = root.report(layout, day), root.report_task
    try:
        if path.stat().st_mtime < since.timestamp():
            return
        report = documents.read_report(path)
    except (OSError, PipelineError):
        return
    if report["verdict"] == "fail":
        text = "\n".join([*_reasons(report)[:MAX_ERRORS], f"Report: {path}"])
        raise_alert(task, day, "quality", f"Quality of {day}: fail", text)
    else:
        all_clear(task, day, f"The lists of {day} passed the rules that block.")


def raise_alert(task: str, day: datetime.date, cause: str, title: str, text: str) -> bool:
    """Send one message unless an alert of that task, day and cause is open already.

    Args:
        task: what failed.
        day: the date of its data.
        cause: a plain word, the same for all that is one failure: never the text of an error.
        title: one line.
        text: what to look at; secrets in it are left out.

    Returns:
        Whether a message was delivered.
    """
    try:
        return _raise(task, day, cause, title, text)
    except (OSError, PipelineError) as error:
        LOGGER.warning("The alert %r was not sent: %s", title, error)
        return False


def all_clear(task: str, day: datetime.date, text: str) -> bool:
    """Send one message if any alert of the task, of that day or earlier, is still open.

    Args:
        task: what succeeded.
        day: the date of its data.
        text: what is there again.

    Returns:
        Whether a message was delivered.
    """
    try:
        return _clear(task, day, text)
    except (OSError, PipelineError) as error:
        LOGGER.warning("The all-clear of %s was not sent: %s", task, error)
        return False


def is_open(task: str, day: datetime.date | None = None) -> bool:
    """Return whether the last message about the task, of that day or of any, is an alert."""
    return is_on() and any(day is None or found == day for _, found in _open_markers(task))


def was_raised(task: str, day: datetime.date) -> bool:
    """Return whether any alert of that task and day was ever delivered."""
    name = f"{day:%Y%m%d}_{task}_"
    return any(path.name.startswith(name) and _content(path) for path in _markers())


def send_test() -> str:
    """Send a message of no importance; return why it did not arrive, empty where it did."""
    url = alert_url()
    if url is None:
        return "PIPELINE_ALERT_URL is not set"
    return _deliver(url, "Test of the alerts", "Alerts of tmdb-pipeline arrive here.")


def sweep() -> None:
    """Remove the markers of alerts that are long over."""
    oldest = clock.today() - datetime.timedelta(days=KEPT_DAYS)
    for path in _markers():
        found = _MARKER.fullmatch(path.name)
        if found and found["day"] < f"{oldest:%Y%m%d}":
            path.unlink(missing_ok=True)


def _reasons(report: documents.Document) -> list[str]:
    """Return a line for each list that violates a rule that blocks."""
    return [
        f"{entry['list']}: {check['id']}: {entry['finding']}"
        for check in report["checks"]
        if check["severity"] == "block"
        for entry in check["evidence"]
        if "finding" in entry
    ]


def _raise(task: str, day: datetime.date, cause: str, title: str, text: str) -> bool:
    url = alert_url()
    name = f"{day:%Y%m%d}_{task}_{cause}"
    if url is None:
        return False
    with _locked(name) as is_mine:
        if not is_mine or any(path.name == name and _content(path) == _SENT for path in _markers()):
            return False
        problem = _deliver(url, title, text)
        if problem:
            LOGGER.warning("The alert %r was not delivered: %s.", title, problem)
            return False
        _note(name, _SENT)
    return True


def _clear(task: str, day: datetime.date, text: str) -> bool:
    url = alert_url()
    if url is None:
        return False
    today = clock.today()  # an alert of a mistyped date in the future is over as well
    open_ones = [path for path, of in _open_markers(task) if of <= day or of > today]
    if not open_ones:
        return False
    descriptors = [os.open(path, os.O_RDWR | os.O_CLOEXEC) for path in open_ones]
    try:
        mine = [each for each in descriptors if try_lock(each)]
        if not any(os.pread(each, len(_SENT), 0) == _SENT for each in mine):
            return False
        problem = _deliver(url, f"All clear: {task} of {day}", text)
        if problem:
            LOGGER.warning("The all-clear of %s was not delivered: %s.", task, problem)
            return False
        for each in mine:
            os.ftruncate(each, 0)
            os.pwrite(each, _CLEARED, 0)
    finally:
        for each in descriptors:
            os.close(each)
    return True


def _open_markers(task: str) -> Iterator[tuple[Path, datetime.date]]:
    for path in _markers():
        found = _MARKER.fullmatch(path.name)
        if found and found["task"] == task and _content(path) == _SENT:
            yield path, datetime.datetime.strptime(found["day"], "%Y%m%d").date()


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()[: len(_CLEARED)]
    except OSError:
        return b""


def _folders() -> tuple[Path, Path]:
    """Return where markers are: below the data root, or where that cannot be written."""
    root = _data_dir()
    return Layout(root).alerts, alerts_without_root(root)


def _markers() -> list[Path]:
    found: list[Path] = []
    for folder in _folders():
        try:
            found += [path for path in folder.iterdir() if _MARKER.fullmatch(path.name)]
        except OSError:
            continue
    return sorted(found)


def _data_dir() -> Path:
    """Return the data root, also where another setting is unusable and to be alerted of."""
    try:
        return settings.current().data_dir
    except PipelineError:
        return Path(settings.VARIABLES["PIPELINE_DATA_DIR"]).absolute()


@contextmanager
def _locked(name: str) -> Iterator[bool]:
    """Lock the marker of that name while its message is sent; yield whether it is ours.

    Where no marker can be opened at all, it counts as ours: a full disk is worth an alert, and
    rather one too many than none.
    """
    descriptor = None
    for folder in _folders():
        try:
            descriptor = open_private(folder / name)
            break
        except OSError:
            continue
    try:
        yield descriptor is None or try_lock(descriptor)
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _note(name: str, content: bytes) -> None:
    """Write the marker in the first folder that accepts it."""
    for folder in _folders():
        try:
            descriptor = open_private(folder / name)
        except OSError:
            continue
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, content, 0)
            return
        except OSError:
            continue
        finally:
            os.close(descriptor)


def _deliver(url: Secret, title: str, text: str) -> str:
    """Send in a process of its own, which can be ended; return what went wrong, or nothing."""
    if importlib.util.find_spec("apprise") is None:
        return "PIPELINE_ALERT_URL needs `pip install 'tmdb-pipeline[alerts]'`"
    message = {
        "urls": url.secret,
        "title": plain(settings.redacted(f"{title} on {platform.node()}")),
        "text": plain(settings.redacted(text)),
    }
    try:
        done = subprocess.run(  # noqa: S603  this Python, our own file
            [sys.executable, "-P", str(_DELIVERY)],
            input=json.dumps(message).encode(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"no answer in {TIMEOUT_SECONDS:g} s"
    return _PROBLEMS.get(done.returncode, "the service did not accept it")


_PROBLEMS = {
    0: "",
    2: "PIPELINE_ALERT_URL is no address that Apprise knows",
}
