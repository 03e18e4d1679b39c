"""Tells those on duty, over Apprise: a run that failed, bad quality, a day without films.

Off unless PIPELINE_ALERT_URL is set. One message a cause and day: a file below the data root notes
what was sent, and its lock keeps two processes from sending the same. A message that could not be
delivered is sent at the next occasion. Nothing here ever raises, lasts longer than ten seconds, or
shows a secret.
"""

from __future__ import annotations

import datetime
import fcntl
import importlib.util
import json
import logging
import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pipeline import clock, settings, storage
from pipeline.credential import Secret
from pipeline.errors import PipelineError
from pipeline.layout import Layout
from pipeline.plaintext import plain

LOGGER = logging.getLogger("luigi-interface.pipeline")

TIMEOUT_SECONDS = 10.0
"""For the delivery as a whole, whatever the service at the other end does."""

MOST_ERRORS = 8

_SENT = b"sent\n"
_BUSY = -1
_DELIVERY = Path(__file__).with_name("delivery.py")


def run_failed(task: str, status: int, errors: Sequence[str], log: Path | None) -> None:
    """Tell that a run ended with that status; `errors` are its sentences, `log` its file."""
    told = list(errors[-MOST_ERRORS:]) or ["No reason was logged."]
    where = [f"Log: {log}"] if log else []
    send(f"failed-{task}", f"{task} failed (exit status {status})", "\n".join([*told, *where]))


def quality_if_bad(layout: Layout, day: datetime.date, since: datetime.datetime) -> None:
    """Tell of the day's or the week's validation report if it was made since then and failed."""
    for cause, path in (
        ("quality", layout.validation_report(day)),
        ("quality-of-the-week", layout.weekly_validation_report(day)),
    ):
        try:
            if path.stat().st_mtime < since.timestamp():
                continue
            report = storage.read_report(path)
        except (OSError, PipelineError):
            continue
        if report["verdict"] == "fail":
            text = "\n".join([*_reasons(report)[:MOST_ERRORS], f"Report: {path}"])
            send(cause, f"Quality of {day}: fail", text)


def _reasons(report: storage.Document) -> list[str]:
    """Say which list fell short of which grave rule, a line each."""
    return [
        f"{entry['list']}: {check['id']}: {entry['finding']}"
        for check in report["checks"]
        if check["severity"] == "block"
        for entry in check["evidence"]
        if "finding" in entry
    ]


def nothing_collected(sentence: str) -> None:
    """Tell that a day brought nothing."""
    send("nothing-collected", "Nothing collected for a day", sentence)


def send(cause: str, title: str, text: str) -> bool:
    """Send a message unless one of this cause was sent today; return whether it was delivered.

    Args:
        cause: a plain word, the same for all that needs to be told once a day.
        title: one line.
        text: what to look at; secrets in it are left out.
    """
    try:
        return _send(cause, title, text)
    except (OSError, PipelineError) as error:
        LOGGER.warning("The alert %r was not sent: %s", title, error)
        return False


def _send(cause: str, title: str, text: str) -> bool:
    url = settings.alert_url()
    if url is None:
        return False
    with _marker(Layout(_data_dir()).alert_marker(cause, clock.today())) as marker:
        if marker == _BUSY or _is_sent(marker):
            return False
        problem = _deliver(url, title, text)
        if problem:
            LOGGER.warning("The alert %r was not delivered: %s.", title, problem)
            return False
        if marker is not None:
            os.pwrite(marker, _SENT, 0)
    return True


def _data_dir() -> Path:
    """Return the data root, also where a setting is unusable, which is what is to be told."""
    try:
        return settings.current().data_dir
    except PipelineError:
        return Path(settings.VARIABLES["PIPELINE_DATA_DIR"]).absolute()


@contextmanager
def _marker(path: Path) -> Iterator[int | None]:
    """Open the marker of a cause and day, locked.

    Yields its descriptor; _BUSY while another process sends that message; None where no marker can
    be written: a full disk is what those on duty want to hear of, and rather twice than never.
    """
    try:
        for folder in (path.parent.parent, path.parent):  # luigid's state lies there as well
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        yield None
        return
    try:
        yield descriptor if _locked(descriptor) else _BUSY
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_sent(marker: int | None) -> bool:
    return marker is not None and os.pread(marker, len(_SENT), 0) == _SENT


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
