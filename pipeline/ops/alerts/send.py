"""Send alerts to the people on call, over Apprise: one for each task, date and cause.

Off unless PIPELINE_ALERT_URL is set. A marker below `state/alerts/` notes each alert that was
delivered, so that no other run repeats it; what could not be delivered is sent at the next
occasion. Nothing here ever raises, lasts longer than some ten seconds, or shows a secret.
"""

from __future__ import annotations

import contextlib
import datetime
import importlib.util
import json
import logging
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pipeline import clock, settings
from pipeline.errors import PipelineError
from pipeline.ops.private_files import open_private, try_lock
from pipeline.ops.roots import ROOTS
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

_MARKERS = f"{'[0-9]' * 8}_*_*"
_SENT, _CLEARED, _UNSENT = b"sent\n", b"clear", b"new\n\n"
"""Contents of a marker, of one length: on a disk that is full by now the file is overwritten."""

_DELIVERY = Path(__file__).with_name("deliver.py")
_PROBLEMS = {0: "", 2: "PIPELINE_ALERT_URL is no address that Apprise knows"}


class _Marker(NamedTuple):
    path: Path
    day: datetime.date
    task: str


def is_on() -> bool:
    """Return whether alerts can be sent at all."""
    return alert_url() is not None


def run_failed(
    task: str, date: datetime.date | None, status: int, cause: str, errors: Sequence[str],
    log: Path | None,
) -> bool:  # fmt: skip
    """Alert that a run ended so; without a date, once a day. `cause` is of the error tree."""
    where = [f"Log: {log}"] if log else []
    lines = [*(errors[-MAX_ERRORS:] or ["No reason was logged."]), *where]
    title = f"{task}{f' of {date}' if date else ''} failed (exit status {status})"
    return raise_alert(task, date or clock.today(), f"{cause}-{status}", title, "\n".join(lines))


def quality_if_bad(layout: Layout, day: datetime.date, published: Sequence[str]) -> None:
    """Alert of each validation report among these files whose verdict is `fail`."""
    for task, path in ((root.report_task, root.report(layout, day)) for root in ROOTS.values()):
        if layout.relative(path) not in published:
            continue
        report = documents.read_report(path)
        reasons = [
            f"{entry['list']}: {check['id']}: {entry['finding']}"
            for check in report["checks"]
            for entry in check["evidence"]
            if check["severity"] == "block" and "finding" in entry
        ]
        if report["verdict"] == "fail":
            text = "\n".join([*reasons[:MAX_ERRORS], f"Report: {path}"])
            raise_alert(task, day, "quality", f"Quality of {day}: fail", text)
        else:
            all_clear(task, day, f"The lists of {day} passed the rules that block.")


def raise_alert(task: str, day: datetime.date, cause: str, title: str, text: str) -> bool:
    """Send one message unless an alert of that task, day and cause is open already.

    The cause is a plain word, the same for all that is one failure: never the text of an error.
    Returned is whether a message was delivered.
    """
    url, name = alert_url(), f"{day:%Y%m%d}_{task}_{cause}"
    if url is None:
        return False
    with contextlib.ExitStack() as opened:
        descriptor = _open_marker(name, opened)
        if descriptor is not None and not try_lock(descriptor):
            return False  # another process sends it at this moment
        if any(marker.path.name == name for marker in _markers(_SENT)):
            return False
        mine = [] if descriptor is None else [descriptor]
        return _deliver_and_note(url, title, text, mine, _SENT)


def all_clear(task: str, day: datetime.date, text: str) -> bool:
    """Send one message if any alert of the task, of that day or earlier, is still open.

    Returned is whether a message was delivered.
    """
    url, today = alert_url(), clock.today()
    if url is None:
        return False
    with contextlib.ExitStack() as opened:
        mine = []
        for marker in _markers(_SENT):
            # One of a mistyped date in the future is over as well.
            if marker.task != task or day < marker.day <= today:
                continue
            with contextlib.suppress(OSError):
                descriptor = os.open(marker.path, os.O_RDWR | os.O_CLOEXEC)
                opened.callback(os.close, descriptor)
                if try_lock(descriptor) and os.pread(descriptor, len(_SENT), 0) == _SENT:
                    mine.append(descriptor)
        title = f"All clear: {task} of {day}"
        return bool(mine) and _deliver_and_note(url, title, text, mine, _CLEARED)


def is_open(task: str, day: datetime.date | None = None) -> bool:
    """Return whether the last message about the task, of that day or of any, is an alert."""
    markers = _markers(_SENT) if is_on() else []
    return any(each.task == task and day in (None, each.day) for each in markers)


def was_raised(task: str, day: datetime.date) -> bool:
    """Return whether any alert of that task and day was ever delivered."""
    return any((each.task, each.day) == (task, day) for each in _markers(_SENT, _CLEARED))


def send_test() -> str:
    """Send a message of no importance; return why it did not arrive, empty where it did."""
    url = alert_url()
    if url is None:
        return "PIPELINE_ALERT_URL is not set"
    return _deliver(url, "Test of the alerts", "Alerts of tmdb-pipeline arrive here.")


def sweep() -> None:
    """Remove the markers of alerts that are long over."""
    oldest = (clock.now() - datetime.timedelta(days=KEPT_DAYS)).timestamp()
    for folder in _folders() if is_on() else ():
        with contextlib.suppress(OSError):
            for path in folder.glob(_MARKERS):
                if path.stat().st_mtime < oldest:
                    path.unlink()


def _folders() -> tuple[Path, Path]:
    """Return where markers are: below the data root, or where that cannot be written."""
    try:
        root = settings.current().data_dir
    except PipelineError:  # an alert of this very setting has to find its marker, too
        root = Path(settings.VARIABLES["PIPELINE_DATA_DIR"]).absolute()
    return Layout(root).alerts, alerts_without_root(root)


def _markers(*contents: bytes) -> list[_Marker]:
    """Return the markers with one of these contents."""
    found = []
    for folder in _folders():
        with contextlib.suppress(OSError):
            for path in sorted(folder.glob(_MARKERS)):
                day, task, _ = path.name.split("_", 2)
                with contextlib.suppress(OSError, ValueError):
                    date = datetime.datetime.strptime(day, "%Y%m%d").date()
                    if path.read_bytes()[: len(_SENT)] in contents:
                        found.append(_Marker(path, date, task))
    return found


def _open_marker(name: str, opened: contextlib.ExitStack) -> int | None:
    """Open the marker in the first folder that accepts it.

    Where none does, the message is sent all the same: rather one too many than none.
    """
    for folder in _folders():
        with contextlib.suppress(OSError):
            descriptor = open_private(folder / name)
            opened.callback(os.close, descriptor)
            if os.fstat(descriptor).st_size == 0:
                os.pwrite(descriptor, _UNSENT, 0)
            return descriptor
    return None


def _deliver_and_note(
    url: Secret, title: str, text: str, markers: Sequence[int], content: bytes
) -> bool:
    problem = _deliver(url, title, text)
    if problem:
        LOGGER.warning("The message %r was not delivered: %s.", title, problem)
        return False
    for descriptor in markers:
        with contextlib.suppress(OSError):
            os.pwrite(descriptor, content, 0)
    return True


def _deliver(url: Secret, title: str, text: str) -> str:
    """Send in a process of its own, which can be ended; return what went wrong, or nothing."""
    if importlib.util.find_spec("apprise") is None:
        return "PIPELINE_ALERT_URL needs `pip install 'tmdb-pipeline[alerts]'`"
    shown = {"title": f"{title} on {platform.node()}", "text": text}
    message = {name: plain(settings.redacted(words)) for name, words in shown.items()}
    try:
        done = subprocess.run(  # noqa: S603  this Python, our own file
            [sys.executable, "-P", str(_DELIVERY)],
            input=json.dumps({"urls": url.secret, **message}).encode(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"no answer in {TIMEOUT_SECONDS:g} s"
    except OSError as error:
        return f"the process that delivers it cannot be started ({error.strerror})"
    return _PROBLEMS.get(done.returncode, "the service did not accept it")
