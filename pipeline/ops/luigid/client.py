"""Ask a luigid over HTTP about itself and its running tasks.

Never through a proxy, and never for longer than a few seconds.
"""

import base64
import datetime
import http.client
import json
import queue
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from pipeline.ops.luigid.policy import ROOT_HEADER, USER
from pipeline.tmdb.credential import Secret

# Time limit of the connection, and of each part of the answer.
TIMEOUT_SECONDS = 3.0
# Time limit of a call, name lookup included: socket timeouts bound each wait, not their sum.
MAX_SECONDS = 8.0
_FAULTS = (OSError, http.client.HTTPException, ValueError)


@dataclass(frozen=True)
class Luigid:
    """The server at an address: whether it is a luigid that answers us, and which one."""

    answers: bool
    why: str
    server: str = ""
    hardened: bool = False
    refuses_password: bool = False
    data_root: str | None = None


def look(url: str, password: Secret | None, seconds: float = MAX_SECONDS) -> Luigid:
    """Ask the luigid at the address whether it is there, for so many seconds at most.

    Never raises, and never waits longer, however slowly the answer comes.
    """
    answers: queue.SimpleQueue[Luigid] = queue.SimpleQueue()
    threading.Thread(target=lambda: answers.put(_look(url, password)), daemon=True).start()
    try:
        return answers.get(timeout=seconds)
    except queue.Empty:
        return Luigid(False, f"no answer in {seconds:g} s")


def _look(url: str, password: Secret | None) -> Luigid:
    try:
        answer, headers = _call(url, "is_paused", {}, password)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code != 401:
            return Luigid(False, f"it answers with HTTP status {error.code}")
        why = "it refuses the password in PIPELINE_LUIGID_PASSWORD, or asks for one"
        return Luigid(False, why, refuses_password=True)
    except _FAULTS as error:
        return Luigid(False, _reason(error))
    if not isinstance(answer, dict) or "paused" not in (answer.get("response") or {}):
        return Luigid(False, "what answers there is no luigid")
    hardened, root = "Content-Security-Policy" in headers, headers.get(ROOT_HEADER)
    return Luigid(True, "", headers.get("Server", ""), hardened, data_root=root)


def running(url: str, password: Secret | None) -> list[dict[str, Any]] | None:
    """Return task, start and worker of what luigid knows to run; None if it does not answer."""
    try:
        answer, _ = _call(url, "task_list", {"status": "RUNNING"}, password)
        return [_task_row(task) for task in answer["response"].values()]
    except (*_FAULTS, KeyError, TypeError, AttributeError):
        return None


def worker_hosts(url: str, password: Secret | None) -> set[str]:
    """Return the hosts of the workers that luigid knows; none if it does not answer."""
    try:
        answer, _ = _call(url, "worker_list", {"include_running": False}, password)
        return {str(worker["host"]) for worker in answer["response"] if worker.get("host")}
    except (*_FAULTS, KeyError, TypeError, AttributeError):
        return set()


def _task_row(task: Mapping[str, Any]) -> dict[str, Any]:
    params = dict(task["params"])
    date, name, began_at = params.pop("date", None), task["name"], task["time_running"]
    since = datetime.datetime.fromtimestamp(began_at or 0, datetime.UTC)
    return {
        "task": f"{name}({', '.join(params.values())})" if params else name,
        "date": date,
        "since": since.isoformat(timespec="seconds") if began_at else None,
        "worker": task["worker_running"],
    }


def _call(
    url: str, method: str, arguments: Mapping[str, object], password: Secret | None
) -> tuple[Any, Mapping[str, str]]:
    address = f"{url.rstrip('/')}/api/{method}"  # http or https: luigi_configuration looked
    request = urllib.request.Request(address, method="POST")  # noqa: S310
    request.data = urlencode({"data": json.dumps(arguments)}).encode()
    if password is not None:
        pair = base64.b64encode(f"{USER}:{password.secret}".encode()).decode()
        request.add_header("Authorization", f"Basic {pair}")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=TIMEOUT_SECONDS) as response:
        return json.load(response), response.headers


def _reason(error: Exception) -> str:
    cause = getattr(error, "reason", error)
    if isinstance(cause, TimeoutError):
        return f"no answer in {TIMEOUT_SECONDS:g} s"
    if isinstance(cause, ConnectionRefusedError):
        return "nothing listens there"
    return str(getattr(cause, "strerror", None) or type(cause).__name__)
