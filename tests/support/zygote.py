"""Runs of the installed commands, forked from one interpreter that has imported the libraries.

A fork starts with the libraries imported, and with neither luigi nor pipeline: it reads its own
configuration and registers its own tasks as a new process does. That saves more than half of the
CPU time of a short run. What only a new interpreter reads (`PYTHON*`, the locale) needs a real
process; `needs_new_interpreter` says when.

Run as a module, this is the interpreter that is forked.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from support.repository import TESTS

_LIBRARIES = (
    *(
        "argparse",
        "asyncio",
        "configparser",
        "concurrent.futures",
        "csv",
        "difflib",
        "email.parser",
    ),
    *("fcntl", "getpass", "hashlib", "html", "http.client", "inspect", "ipaddress", "json"),
    *("logging.handlers", "multiprocessing", "multiprocessing.queues", "pickle", "queue", "random"),
    *("resource", "shutil", "socket", "sqlite3", "ssl", "subprocess", "tempfile", "threading"),
    *("tomllib", "unicodedata", "urllib.request", "uuid", "zoneinfo"),
    *("certifi", "click", "cronsim", "dateutil.parser", "dotenv", "msgspec.json", "msgspec.toml"),
    *("requests", "tabulate", "urllib3"),
    *("importlib.metadata", "socketserver", "statistics", "xml.etree.ElementTree"),
)
# What luigid imports besides.
_LIBRARIES_OF_LUIGID = (
    *("prometheus_client", "psycopg2", "sqlalchemy.dialects.postgresql.psycopg2"),
    *("tornado.httpclient", "tornado.httpserver", "tornado.netutil", "tornado.web"),
)
_LONGEST_MESSAGE = 1 << 20
_umask_lock = threading.Lock()


class Ended(NamedTuple):
    """The exit status (negative: the signal) and the output of a run."""

    status: int
    out: str
    err: str


class Forked:
    """A command that runs; to be used like a `subprocess.Popen`."""

    def __init__(self, pid: int, replies: socket.socket) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._replies = replies

    def poll(self) -> int | None:
        """Return the exit status, None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end and return the exit status.

        Raises:
            subprocess.TimeoutExpired: it did not end in that many seconds.
        """
        if self.returncode is None:
            self.returncode = _receive(self._replies, timeout)
            if self.returncode is None:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            self._replies.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):  # it ended just now
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once, unless it has ended."""
        self.send_signal(signal.SIGKILL)


class Zygote:
    """The interpreter that is forked, as seen from the tests, in any number of threads."""

    def __init__(self, kind: str = "commands") -> None:
        self._orders, theirs = _socket_pair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "support.zygote", str(theirs.fileno()), kind],
                pass_fds=[theirs.fileno()],
                cwd=TESTS,
                stdin=subprocess.DEVNULL,
            )

    def run(
        self, command: Sequence[str], env: Mapping[str, str], cwd: Path, timeout: float
    ) -> Ended:
        """Run a console script to its end.

        Raises:
            subprocess.TimeoutExpired: the run was killed because it took too long.
        """
        with tempfile.TemporaryDirectory(prefix="zygote-", dir="/tmp") as folder:
            out, err = Path(folder, "out"), Path(folder, "err")
            forked = self.start(command, env, cwd, out, err)
            try:
                status = forked.wait(timeout)
            except subprocess.TimeoutExpired:
                forked.kill()
                forked.wait()
                raise subprocess.TimeoutExpired(list(command), timeout, out.read_bytes()) from None
            return Ended(status, *(path.read_text("utf-8", "replace") for path in (out, err)))

    def start(
        self, command: Sequence[str], env: Mapping[str, str], cwd: Path, out: Path, err: Path
    ) -> Forked:
        """Start a console script that writes its output into these files."""
        order: dict[str, object] = {"command": command, "env": dict(env), "cwd": str(cwd)}
        order["umask"] = current_umask()
        message = json.dumps({**order, "out": str(out), "err": str(err)}).encode()
        replies, theirs = _socket_pair()
        with theirs:
            socket.send_fds(self._orders, [message], [theirs.fileno()])
        return Forked(_receive(replies, None), replies)

    def close(self) -> None:
        """End the interpreter."""
        self._orders.close()
        self._process.wait(20)


def current_umask() -> int:
    """Return the umask of this process; it can only be read by setting it."""
    with _umask_lock:
        umask = os.umask(0)
        os.umask(umask)
    return umask


def _socket_pair() -> tuple[socket.socket, socket.socket]:
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def _receive(replies: socket.socket, timeout: float | None) -> Any:
    ready, _, _ = select.select([replies], [], [], timeout)
    return json.loads(replies.recv(100)) if ready else None


@functools.cache
def shared_zygote(kind: str = "commands") -> Zygote:
    """Return the zygote of this test process; it is started at its first use.

    That of the kind `luigid` has imported what luigid needs besides.
    """
    zygote = Zygote(kind)
    atexit.register(zygote.close)
    return zygote


def needs_new_interpreter(env: Mapping[str, str]) -> bool:
    """Return whether these variables change what an interpreter reads only when it starts."""
    differing = {name for name in {*env, *os.environ} if env.get(name) != os.environ.get(name)}
    return any(
        name.startswith(("PYTHON", "LC_", "LANG", "LD_")) and name != "PYTHONWARNINGS"
        for name in differing
    )


def serve(orders: socket.socket) -> None:
    """Fork a child for each order until the socket is closed."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        message, descriptors, _, _ = socket.recv_fds(orders, _LONGEST_MESSAGE, 1)
        if not message:
            return
        with socket.socket(fileno=descriptors[0]) as replies:
            if os.fork() == 0:
                orders.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                _run_and_report(replies, json.loads(message))


def _run_and_report(replies: socket.socket, order: dict[str, Any]) -> None:
    """Fork the command, send its process id and then its exit status, and end."""
    child = os.fork()
    if child == 0:
        replies.close()
        _become_command(**order)
    replies.send(json.dumps(child).encode())
    _, status = os.waitpid(child, 0)
    replies.send(json.dumps(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def _become_command(
    command: list[str], env: dict[str, str], cwd: str, umask: int, out: str, err: str
) -> None:
    """Run the console script in this process as a new interpreter would, to the end."""
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    os.chdir(cwd)
    for path, descriptor in ((out, 1), (err, 2)):
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        os.dup2(opened, descriptor)
        os.close(opened)
    os.umask(umask)
    if env.get("PYTHONWARNINGS") == "default":
        warnings.simplefilter("default")
    sys.argv = list(command)
    sys.path[0] = str(Path(command[0]).parent)
    runpy.run_path(command[0], run_name="__main__")
    sys.exit(0)


def _import_libraries() -> None:
    """Import what the commands import; tenacity without tornado, because it is faster."""
    for name in _LIBRARIES:
        __import__(name)
    sys.modules["tornado"] = None  # type: ignore[assignment]
    import tenacity  # noqa: F401

    del sys.modules["tornado"]


if __name__ == "__main__":
    _import_libraries()
    if sys.argv[2] == "luigid":
        for _name in _LIBRARIES_OF_LUIGID:
            __import__(_name)
    gc.freeze()
    serve(socket.socket(fileno=int(sys.argv[1])))
